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
ADDRESS = Who.THAT_ADDRESS

HEARD = {
    "contact-invited": {(CONTACT, Secret.INVITATION), (OWNER, None)},
    "contact-accepted": {(CONTACT, Secret.PERSONAL_LINK), (OWNER, None)},
    "invitation-lapsed": {(OWNER, None)},
    "invitation-sent-again": {(CONTACT, Secret.INVITATION)},
    "invitation-ready": {(CONTACT, None)},
    "invitation-taken-back": {(CONTACT, None), (OWNER, None)},
    "code-asked": {(ADDRESS, Secret.CODE)},
    "owner-code-asked": {(Who.OWN_ADDRESS, Secret.CODE)},
    "second-address-added": {(CONTACT, None), (ADDRESS, None)},
    "second-address-removed": {(CONTACT, None)},
    "contact-addresses-changed": {(OWNER, None)},
    "authenticator-set": {(CONTACT, None)},
    "authenticator-removed": {(CONTACT, None)},
    "link-stopped": {(CONTACT, None)},
    "link-renewed": {(ADDRESS, Secret.PERSONAL_LINK)},
    "link-shown": {(CONTACT, None)},
    "erasure-asked": {(CONTACT, None)},
    "account-frozen": {(OWNER, None)},
    "loss-reported": {(CONTACT, None)},
    "report-withdrawn": {(CONTACT, None)},
    "account-released": {(OWNER, None), (REPORTERS, None)},
    "account-kept-frozen": {(OWNER, None)},
    "removal-begun": {(OWNER, None), (CONTACT, None)},
    "removal-resumed": {(OWNER, None), (CONTACT, None)},
    "removal-cancelled": {(OWNER, None), (CONTACT, None)},
    "removal-disowned": {(OWNER, None), (CONTACT, None)},
    "others-are-removed": {(CONTACT, None)},
    "contact-removed": {(OWNER, None), (CONTACT, None)},
    "contact-left": {(OWNER, None), (CONTACT, None)},
    "contact-reinstated": {(OWNER, None), (CONTACT, None)},
    "contact-reminded": {(OWNER, None), (CONTACT, None)},
    "contact-paused": {(CONTACT, None)},
    "contact-suspended": {(CONTACT, None)},
    "addresses-changed": {(OWNER, None)},
    "account-closing-begun": {(OWNER, None)},
    "closing-announced": {(CONTACT, None)},
    "unconfirmed-loss-reported": {(CONTACT, None)},
    "reporter-asked": {(CONTACT, None)},
    "unconfirmed-ticket-closed": {(REPORTERS, None)},
    "owner-written-to": {(OWNER, None)},
    "contact-written-to": {(CONTACT, None)},
    "drill-begun": {(CONTACT, Secret.DRILL), (OWNER, None)},
    "on-call-rung": {(Who.ON_CALL, None)},
    "on-call-tested": {(Who.ON_CALL, None)},
    "drill-done": {(CONTACT, None), (OWNER, None)},
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
    needed = {
        OWNER: {"account_id"},
        CONTACT: {"contact_id"},
        ADDRESS: {"contact_id", "address_id"},
        Who.OWN_ADDRESS: {"account_id", "address_id"},
        REPORTERS: {"ticket_id"},
        Who.ON_CALL: {"person_id"},
    }
    fields = {field.name for field in msgspec.structs.fields(kind)}

    for hearer in AUDIENCE[kind]:
        assert needed[hearer.who] <= fields


@pytest.mark.parametrize("kind", AUDIENCE, ids=name_of)
def test_an_event_speaks_to_a_role_in_one_way_and_tells_no_secret_to_every_address_of_an_owner(
    kind: type[Event],
) -> None:
    # The old and the new address of a contact read the same words.
    ways = {(hearer.role, hearer.secret, hearer.may_object) for hearer in AUDIENCE[kind]}

    assert len(ways) == len({role for role, _, _ in ways})
    assert all(hearer.secret is None for hearer in AUDIENCE[kind] if hearer.who is OWNER)


def test_a_removal_under_way_is_what_an_owner_stops_from_the_notice_itself() -> None:
    stoppable = {
        (name_of(kind), hearer.role)
        for kind, hearers in AUDIENCE.items()
        for hearer in hearers
        if hearer.may_object
    }

    assert stoppable == {("removal-begun", Role.OWNER), ("removal-resumed", Role.OWNER)}


def test_what_is_never_told_outside_stays_inside() -> None:
    for name in (
        *("contact-removed-for-safety", "safety-asked", "safety-noted", "safety-ticket-closed"),
        *("contact-declined", "address-disowned", "reports-disputed", "outcome-decided"),
    ):
        assert AUDIENCE[BY_NAME[name]] == ()


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
    again, drill = cast.invited_again(), cast.drill_begun()

    assert useful_until(asked, hearer_in(asked, Role.CONTACT)) == asked.expires_at
    assert useful_until(invited, hearer_in(invited, Role.CONTACT)) == invited.lapses_at
    assert useful_until(invited, hearer_in(invited, Role.OWNER)) is None
    assert useful_until(again, hearer_in(again, Role.CONTACT)) == cast.IN_3_DAYS
    assert useful_until(drill, hearer_in(drill, Role.CONTACT)) == cast.IN_3_DAYS
    assert useful_until(drill, hearer_in(drill, Role.OWNER)) is None
