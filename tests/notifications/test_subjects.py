"""What stands in the list of letters before any is opened."""

import re
from collections import defaultdict

from domain.events import name_of
from notifications.audience import Role
from notifications.channels import Email
from tests.notifications.readings import EMAIL, READINGS, every_language, written

# The same for whoever reads it: what stopped a removal is for the owner alone.
SAME_TO_A_CONTACT = {"removal-cancelled", "removal-disowned"}
# Mail programs cut longer ones off.
LONGEST = 78
HURRY = {
    "en": "urgent|immediately|right away|asap|last chance|warning|alert|verify|suspend|act now",
    "es": "urgente|inmediat|ya mismo|última|advertencia|alerta|verific|suspend|actúa",
    "pt-BR": "urgente|imediat|agora mesmo|última|aviso importante|alerta|suspens|aja",
}


def subjects(language: str, role: Role) -> dict[str, set[str]]:
    """Each subject with the events it announces."""
    found: dict[str, set[str]] = defaultdict(set)
    for reading in READINGS:
        if reading.role is role:
            message = written(reading.event, role, EMAIL, language)
            assert isinstance(message, Email)
            found[message.subject].add(name_of(reading.event))
    return found


@every_language
def test_no_two_letters_to_one_person_look_alike_before_they_are_opened(language: str) -> None:
    for role in (Role.OWNER, Role.CONTACT):
        for subject, events in subjects(language, role).items():
            alike = len(events) > 1 and not (role is Role.CONTACT and events == SAME_TO_A_CONTACT)
            assert not alike, (subject, events)


@every_language
def test_a_subject_is_short_and_quiet(language: str) -> None:
    for role in Role:
        for subject in subjects(language, role):
            assert len(subject) <= LONGEST, subject
            assert "!" not in subject
            assert "http" not in subject


@every_language
def test_nothing_hurries_an_owner(language: str) -> None:
    """A letter that presses looks like one that wants something."""
    for subject in subjects(language, Role.OWNER):
        assert not re.search(HURRY[language], subject, re.IGNORECASE), subject
        # Whoever is named, or a number to call, is for the inside.
        assert not re.search(r"\d|Carl", subject), subject
