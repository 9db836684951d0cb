"""Facts that may be kept for ever: how they are named, and what they never hold."""

from datetime import datetime
from runpy import run_path
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import pytest

from domain.events import (
    AccountFrozen,
    Actor,
    ActorKind,
    ContactAccepted,
    Event,
    InvitationTakenBack,
    name_of,
)
from domain.events import event as event_module
from tests.builders import NOON, OLGAS, TICKET

# Words of ours that an event may hold; a new one is a decision, so it stands here by name.
WORDS = {
    *("done", "kind", "language", "limit", "outcome", "purpose", "reason", "reference"),
    "text_version",
    "to_bring",
    "changed_addresses",
    # How somebody was tried, and which of the fixed messages was sent.
    *("way", "reply"),
    # Of agents.
    "role",
    # Of programs, and what a help desk tells.
    *("algorithm", "scopes", "stage", "status"),
}


def every_event() -> list[type[Event]]:
    return Event.__subclasses__()


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (AccountFrozen, "account-frozen"),
        (ContactAccepted, "contact-accepted"),
        (InvitationTakenBack, "invitation-taken-back"),
    ],
)
def test_an_event_is_stored_under_its_name_in_small_letters(event: type[Event], name: str) -> None:
    assert name_of(event) == name


def test_the_name_is_made_of_the_class_s_own_words() -> None:
    # The names are made while classes are, so what makes them is read anew.
    anew = run_path(str(event_module.__file__), run_name=event_module.__name__)

    def made_anew(name: str) -> Any:
        return msgspec.defstruct(name, [], bases=(anew["Event"],), frozen=True, kw_only=True)

    assert {made.__name__: name_of(made_anew(made.__name__)) for made in every_event()} == {
        made.__name__: name_of(made) for made in every_event()
    }
    assert name_of(made_anew("ContactRemovedForSafety")) == "contact-removed-for-safety"


def test_a_stored_event_says_its_name_and_reads_back() -> None:
    event = AccountFrozen(
        account_id=OLGAS, ticket_id=TICKET, version=1, epoch=1, stolen=True, at=NOON
    )

    stored = msgspec.json.encode(event)

    assert msgspec.json.decode(stored)["event"] == name_of(event) == "account-frozen"
    assert msgspec.json.decode(stored, type=AccountFrozen) == event


def test_no_two_events_share_a_name() -> None:
    names = [name_of(event) for event in every_event()]

    assert len(names) > 20
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("event", every_event(), ids=name_of)
def test_an_event_holds_references_instants_and_numbers_and_no_words_of_a_person(
    event: type[Event],
) -> None:
    for field, said in get_type_hints(event).items():
        plain = getattr(said, "__supertype__", said)
        if field in WORDS:
            assert plain in {str, tuple[str, ...]}
        elif field not in {"__match_args__", "__struct_config__", "__struct_fields__"}:
            # A reference may be missing; nothing else about it may be loose.
            one_of = {getattr(part, "__supertype__", part) for part in _parts(plain)}
            # A word out of a fixed few is as good as a number.
            assert one_of <= {UUID, datetime, int, bool, ActorKind, type(None)}, field


def test_who_did_it_is_a_kind_and_at_most_a_reference() -> None:
    assert set(Actor.__struct_fields__) == {"kind", "id"}
    assert {kind.value for kind in ActorKind} == {
        *("owner", "contact", "agent", "wallet", "operator", "clock", "stranger"),
    }


def _parts(said: object) -> tuple[object, ...]:
    return getattr(said, "__args__", (said,))
