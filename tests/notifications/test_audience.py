from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import notifications
from domain.events import Event, name_of
from notifications.audience import (
    AUDIENCE,
    BY_NAME,
    Role,
    Secret,
    Who,
    hearer_in,
    read_event,
    useful_until,
)
from notifications.outbox import Promise, rows
from tests.notifications import cast

TEMPLATES = Path(notifications.__file__).parent / "templates"
OWNER, CONTACT, REPORTERS = Who.OWNER, Who.THAT_CONTACT, Who.REPORTERS

HEARD = {
    "contact-invited": {(CONTACT, Secret.INVITATION), (OWNER, None)},
    "contact-accepted": {(CONTACT, Secret.PERSONAL_LINK), (OWNER, None)},
    "invitation-lapsed": {(OWNER, None)},
    "invitation-taken-back": {(CONTACT, None), (OWNER, None)},
    "code-asked": {(CONTACT, Secret.CODE)},
    "account-frozen": {(OWNER, None)},
    "loss-reported": {(CONTACT, None)},
    "report-withdrawn": {(CONTACT, None)},
    "account-released": {(OWNER, None), (REPORTERS, None)},
}


def every_subclass(of: type[Event]) -> Iterator[type[Event]]:
    for subclass in of.__subclasses__():
        yield subclass
        yield from every_subclass(subclass)


def test_every_event_says_who_hears_it() -> None:
    assert set(every_subclass(Event)) == set(AUDIENCE)
    assert len(BY_NAME) == len(AUDIENCE)


def test_they_hear_what_the_product_promises_and_nobody_hears_anything_else() -> None:
    heard = {
        name_of(kind): {(hearer.who, hearer.secret) for hearer in hearers}
        for kind, hearers in AUDIENCE.items()
        if hearers
    }

    assert heard == HEARD


@pytest.mark.parametrize("kind", AUDIENCE, ids=name_of)
def test_an_event_names_those_who_hear_it(kind: type[Event]) -> None:
    needed = {OWNER: "account_id", CONTACT: "contact_id", REPORTERS: "ticket_id"}
    fields = {field.name for field in msgspec.structs.fields(kind)}

    assert {needed[hearer.who] for hearer in AUDIENCE[kind]} <= fields


@pytest.mark.parametrize("kind", AUDIENCE, ids=name_of)
def test_an_event_speaks_to_a_role_in_one_way_and_tells_secrets_to_contacts_only(
    kind: type[Event],
) -> None:
    roles = [hearer.role for hearer in AUDIENCE[kind]]

    assert len(roles) == len(set(roles))
    assert all(hearer.secret is None for hearer in AUDIENCE[kind] if hearer.role is Role.OWNER)


def test_there_is_a_template_for_each_row_and_none_without() -> None:
    needed = {
        f"{name_of(kind)}/{hearer.role.value}.{form}"
        for kind, hearers in AUDIENCE.items()
        for hearer in hearers
        for form in ("email", "sms")
    }

    assert {f"{path.parent.name}/{path.name}" for path in TEMPLATES.glob("*/*")} == needed


def test_an_event_comes_back_from_the_outbox_as_it_went_in() -> None:
    event = cast.reported()
    row = rows([Promise(id=cast.OLGAS_MAIL, wallet_id=cast.NORTE, event=event)])[0]

    assert read_event(row["event"], row["body"]) == event


def test_only_the_message_with_the_secret_goes_stale() -> None:
    asked, invited = cast.code_asked(), cast.invited()

    assert useful_until(asked, hearer_in(asked, Role.CONTACT)) == asked.expires_at
    assert useful_until(invited, hearer_in(invited, Role.CONTACT)) == invited.lapses_at
    assert useful_until(invited, hearer_in(invited, Role.OWNER)) is None
