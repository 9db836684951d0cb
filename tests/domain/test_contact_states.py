"""Where a contact's states lead, and that a decline cannot be told from silence."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Final

import pytest
from msgspec.structs import replace

from domain import contacts
from domain.contacts import (
    ACTIVE,
    DECLINED,
    END,
    INVITED,
    LEADS_TO,
    LEAVING,
    ON_A_PLACE,
    SUSPENDED,
    Contact,
    ContactStatus,
)
from domain.events import Event, InvitationWithheld
from domain.policy import ContactPolicy
from domain.refusals import AlreadyInvited, Refused, TooSoon
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    ASTRID,
    CLEO,
    NOON,
    OLGAS,
    a_contact_who_leaves,
    an_account,
    an_invitation,
)
from tests.domain.steps import (
    accepted,
    declined,
    ended,
    invited,
    kept,
    lapsed,
    left,
    reinstated,
    removed,
    removed_for_safety,
    settled,
    somebody_else,
    suspended,
    taken_back,
)

# A decline is private -------------------------------------------------------------------------


def test_a_decline_looks_like_an_unanswered_invitation_at_every_instant() -> None:
    silent = an_invitation(lapses_at=NOON)
    private = declined(silent, NOON - AN_HOUR)

    for now in (NOON - AN_HOUR, NOON - A_MOMENT, NOON, NOON + A_DAY):
        assert private.holds_place(an_account(), now) == silent.holds_place(an_account(), now)
    assert private.place == silent.place
    assert private.lapses_at == silent.lapses_at


@pytest.mark.parametrize("ends", [taken_back, lapsed])
def test_a_decline_and_silence_end_alike_for_the_owner(
    ends: Callable[[Contact, datetime], Contact],
) -> None:
    silent = an_invitation(lapses_at=NOON)
    private = declined(silent, NOON - AN_HOUR)

    def tried(contact: Contact, now: datetime) -> tuple[int | None, bytes | None] | type[Refused]:
        try:
            after = ends(contact, now)
        except Refused as refusal:
            return type(refusal)
        return after.place, after.link_sha256

    for now in (NOON - A_MOMENT, NOON):
        assert tried(private, now) == tried(silent, now)
    assert {tried(silent, NOON - A_MOMENT), tried(silent, NOON)} > {(None, None)}


def test_a_decline_and_silence_are_told_alike() -> None:
    silent = an_invitation(lapses_at=NOON)
    private = declined(silent, NOON - AN_HOUR)

    def told(contact: Contact) -> tuple[object, object]:
        undone = contacts.take_back(contact, account=an_account(), now=NOON - A_MOMENT)
        return undone.events, contacts.lapse(contact, now=NOON).events

    assert told(private) == told(silent)


@pytest.mark.parametrize("ends", [taken_back, lapsed])
def test_a_decline_stays_one_with_its_own_instant(
    ends: Callable[[Contact, datetime], Contact],
) -> None:
    private = declined(an_invitation(lapses_at=NOON), NOON - AN_HOUR)
    now = NOON if ends is lapsed else NOON - A_MOMENT

    after = ends(private, now)

    assert after.status is DECLINED
    assert after.ended_at == NOON - AN_HOUR
    assert after.place is None


def test_a_no_and_a_silence_rest_for_90_days_and_alike() -> None:
    silent = an_invitation(place=1, lapses_at=NOON)
    private = declined(silent, NOON - AN_HOUR)
    again = an_invitation(id=CLEO, place=2)
    rested = NOON + 90 * A_DAY

    for before in (private, lapsed(private), lapsed(silent)):
        with pytest.raises(TooSoon) as refusal:
            invited(again, before, now=rested - A_MOMENT)
        assert refusal.value.retry_at == rested
        assert refusal.value.refused_at == rested - A_MOMENT
        invited(again, before, now=rested)
    with pytest.raises(AlreadyInvited):
        invited(again, private, now=NOON - A_MOMENT)


def test_what_was_taken_back_is_invited_again_alike_and_sent_to_nobody_who_said_no() -> None:
    no_at = NOON - AN_HOUR
    silent = taken_back(an_invitation(sent_at=()), NOON - A_MOMENT)
    private = taken_back(declined(an_invitation(sent_at=()), no_at), NOON - A_MOMENT)
    again = an_invitation(id=CLEO, invited_at=NOON)

    def seen(*before: Contact, now: datetime) -> tuple[object, ...]:
        """What shows of it: place, end, sendings, whether it may be taken back or lapses."""
        new = invited(again, *before, now=now)
        lapses = lapsed(new, new.lapses_at)
        shown = (new.place, new.lapses_at, new.sent_at, new.is_unanswered(now))
        return (*shown, contacts.can_be_taken_back(new, now), lapses.lapsed_at, lapses.place)

    assert seen(silent, now=NOON) == seen(private, now=NOON)
    assert invited(again, silent).status is INVITED
    unsent = invited(again, silent, private)
    assert (unsent.status, unsent.link_sha256, unsent.ended_at) == (DECLINED, None, no_at)
    # The no counts from itself: nobody can see when this rest ends.
    for before in (private, replace(taken_back(unsent, NOON), sent_at=())):
        last = no_at + 90 * A_DAY
        assert invited(again, before, now=last - A_MOMENT).status is DECLINED
        assert invited(again, before, now=last).status is INVITED


def test_an_invitation_that_nobody_is_sent_is_recorded_and_told_like_any_other() -> None:
    def events(before: Contact) -> list[Event]:
        change = contacts.invite(
            an_invitation(id=CLEO),
            account=an_account(),
            others=(before,),
            own_addresses=frozenset(),
            sent_there=(),
            policy=ContactPolicy(),
            now=NOON,
        )
        return list(change.events)

    private = declined(an_invitation(sent_at=()), NOON - AN_HOUR)
    told = events(taken_back(an_invitation(sent_at=()), NOON - A_MOMENT))
    withheld = InvitationWithheld(account_id=OLGAS, contact_id=CLEO, at=NOON)

    assert events(taken_back(private, NOON - A_MOMENT)) == [*told, withheld]


def test_nothing_is_sent_to_whoever_said_they_are_somebody_else() -> None:
    stranger = somebody_else(taken_back(an_invitation(sent_at=()), NOON - AN_HOUR), NOON - AN_HOUR)

    assert invited(an_invitation(id=CLEO), stranger).status is DECLINED
    assert invited(an_invitation(id=CLEO), stranger, now=NOON + 90 * A_DAY).status is INVITED


def test_an_erased_invitation_rests_like_a_silent_one_from_the_day_it_was_over() -> None:
    open_one = an_invitation(lapses_at=NOON + A_DAY)
    for before in (open_one, declined(open_one, NOON - AN_HOUR)):
        gone = ended(before, NOON)
        assert (gone.lapses_at, gone.lapsed_at) == (NOON, NOON)
        # From the very instant on.
        for now in (NOON, NOON + A_DAY):
            with pytest.raises(TooSoon) as refusal:
                invited(an_invitation(id=CLEO), gone, now=now)
            assert refusal.value.retry_at == NOON + 90 * A_DAY


# Where states lead ----------------------------------------------------------------------------

RULES: Final[Mapping[str, Callable[[Contact, datetime], Contact]]] = {
    "accept": accepted,
    "decline": declined,
    "lapse": lapsed,
    "take back": taken_back,
    "remove": removed,
    "stay": kept,
    "settle": settled,
    "leave": left,
    "be somebody else": somebody_else,
    "remove for safety": removed_for_safety,
    "suspend": suspended,
    "reinstate": reinstated,
    "end": ended,
}


def every_step() -> set[tuple[ContactStatus, ContactStatus]]:
    """What all rules make of contacts in every state, in and out of time."""
    steps: set[tuple[ContactStatus, ContactStatus]] = set()
    for status, place, undo_until, rule, later in product(
        ContactStatus,
        (1, None),
        (None, NOON + A_DAY),
        RULES.values(),
        (timedelta(0), 8 * A_DAY),
    ):
        carl = a_contact_who_leaves(
            at=NOON + A_DAY,
            status=status,
            place=place,
            undo_until=undo_until,
            reinstatement_proposed_by=ASTRID,
            link_sha256=None,
            invited_at=NOON - AN_HOUR,
            lapses_at=NOON + 7 * A_DAY - AN_HOUR,
        )
        try:
            steps.add((status, rule(carl, NOON + later).status))
        except Refused:
            continue
    return steps


def test_every_rule_leads_where_the_table_says_and_nowhere_else() -> None:
    moves = {(before, after) for before, after in every_step() if before is not after}

    assert moves == {(before, after) for before, ends in LEADS_TO.items() for after in ends}


def test_who_is_gone_stays_gone() -> None:
    gone = {status for status, ends in LEADS_TO.items() if ends is END}

    assert {after for before, after in every_step() if before in gone} <= gone
    assert gone == set(ContactStatus) - ON_A_PLACE - {INVITED}


def test_the_table_knows_every_state_and_only_known_ones_lead_back_to_active() -> None:
    assert set(LEADS_TO) == set(ContactStatus)
    assert {s for s, ends in LEADS_TO.items() if ACTIVE in ends} == {INVITED, LEAVING, SUSPENDED}
