"""Who is rung, in which order, until when."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import on_call, tickets
from domain.access import Agent
from domain.accounts import AddressKind
from domain.events import OnCallAnswered, OnCallGivenUp, OnCallRung
from domain.ids import KeyId, OnCallId, RingId, WalletId
from domain.on_call import OnCallPerson, Ring, RingWhy
from domain.policy import TicketPolicy
from domain.refusals import LevelTooLow, NothingRings
from domain.tickets import PROPOSED, PROVED, RELEASED
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
)

POLICY: Final = TicketPolicy()
FIVE: Final = timedelta(minutes=5)
QUARTER: Final = timedelta(minutes=15)
WAITS: Final = a_ticket(
    attempted_at=NOON,
    stage=PROPOSED,
    proved_at=NOON,
    proposed_at=NOON,
    approval_until=NOON + QUARTER,
)


def a_person(number: int, *, wallet_id: WalletId | None = NORTE) -> OnCallPerson:
    return OnCallPerson(
        id=OnCallId(UUID(int=number)),
        wallet_id=wallet_id,
        place=number,
        name=b"sealed",
        kind=AddressKind.PHONE,
        address=b"sealed",
        data_key_id=KeyId(UUID(int=7)),
        language="es",
        time_zone="America/Bogota",
        added_at=NOON,
    )


def a_ring(why: RingWhy = RingWhy.NO_APPROVER) -> Ring:
    return Ring(
        id=RingId(UUID(int=5)),
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        why=why,
        began_at=NOON,
        next_at=NOON,
    )


FIRST, SECOND, THE_HOUSE = a_person(1), a_person(2), a_person(0, wallet_id=None)


def test_a_proposal_without_an_answer_rings_once_its_quarter_of_an_hour_is_over() -> None:
    def why(at: datetime) -> tuple[RingWhy, ...]:
        after = tickets.run_out(WAITS, policy=POLICY, now=at).value
        return on_call.reasons(WAITS, after)

    assert why(NOON + QUARTER - A_MOMENT) == ()
    assert why(NOON + QUARTER) == (RingWhy.NO_APPROVER,)
    known = tickets.run_out(WAITS, policy=POLICY, now=NOON + QUARTER).value
    later = tickets.run_out(known, policy=POLICY, now=NOON + 2 * QUARTER).value
    assert on_call.reasons(known, later) == ()
    # It goes up in the next hour, for the same breach: that rings nobody anew.
    an_hour_on = tickets.run_out(known, policy=POLICY, now=NOON + QUARTER + AN_HOUR).value
    assert (an_hour_on.level, on_call.reasons(known, an_hour_on)) == (3, ())


def test_a_proposal_rings_although_something_else_ran_out_before_it() -> None:
    before = replace(WAITS, breached_until=NOON, level=2)

    after = tickets.run_out(before, policy=POLICY, now=NOON + QUARTER).value

    assert on_call.reasons(before, after) == (RingWhy.NO_APPROVER,)


def test_a_ticket_that_has_come_all_the_way_up_rings_the_operator() -> None:
    def why(level: int) -> tuple[RingWhy, ...]:
        before = a_ticket(level=level)
        after = tickets.run_out(before, policy=POLICY, now=NOON + QUARTER).value
        return on_call.reasons(before, after)

    assert why(2) == ()
    assert why(3) == (RingWhy.LEVEL_4,)
    # Already there: each further breach rings again.
    assert why(4) == (RingWhy.LEVEL_4,)


def test_it_rings_the_operator_too_when_an_old_breach_takes_it_up_and_then_no_more() -> None:
    before = a_ticket(level=3, breached_until=NOON + QUARTER, raised_again_at=NOON + AN_HOUR)

    after = tickets.run_out(before, policy=POLICY, now=NOON + AN_HOUR).value

    assert (after.breached_until, after.level) == (before.breached_until, 4)
    assert on_call.reasons(before, after) == (RingWhy.LEVEL_4,)
    assert on_call.reasons(after, after) == ()


def test_the_next_person_every_five_minutes_and_from_the_top_again() -> None:
    ring, rung = a_ring(), list[OnCallId]()
    for minutes in (0, 5, 10):
        now = NOON + timedelta(minutes=minutes)
        early = on_call.ring_next(
            ring, WAITS, persons=(SECOND, FIRST), policy=POLICY, now=now - A_MOMENT
        )
        assert early.value == ring
        change = on_call.ring_next(ring, WAITS, persons=(SECOND, FIRST), policy=POLICY, now=now)
        (event,) = change.events
        assert isinstance(event, OnCallRung)
        assert (event.reference, event.reason) == (WAITS.reference, "no-approver")
        rung.append(event.person_id)
        ring = change.value

    assert rung == [FIRST.id, SECOND.id, FIRST.id]
    assert ring.next_at == NOON + 3 * FIVE


def test_a_wallet_s_own_people_first_and_at_level_four_those_who_run_the_house() -> None:
    persons = (THE_HOUSE, SECOND, FIRST)

    assert on_call.order(persons, RingWhy.NO_APPROVER) == (FIRST, SECOND, THE_HOUSE)
    assert on_call.order(persons, RingWhy.LEVEL_4) == (THE_HOUSE, FIRST, SECOND)


def test_at_level_four_those_who_run_the_house_are_rung_first_and_told_until_when() -> None:
    ring, persons = a_ring(RingWhy.LEVEL_4), (FIRST, THE_HOUSE)

    change = on_call.ring_next(ring, WAITS, persons=persons, policy=POLICY, now=NOON)

    assert change.events == (
        OnCallRung(
            account_id=OLGAS,
            ticket_id=TICKET,
            person_id=THE_HOUSE.id,
            reason="level-4",
            reference=WAITS.reference,
            # As long as the bell can ring at most.
            until=NOON + POLICY.most_rings * FIVE,
            at=NOON,
        ),
    )


def test_it_is_silent_once_it_was_decided() -> None:
    decided = replace(WAITS, stage=PROVED, proposed_at=None)
    released = replace(WAITS, stage=RELEASED, closed_at=NOON)

    for ring, ticket in (
        (a_ring(), decided),
        (a_ring(), released),
        (a_ring(RingWhy.LEVEL_4), released),
    ):
        change = on_call.ring_next(ring, ticket, persons=(FIRST,), policy=POLICY, now=NOON)
        assert (change.value.ended_at, change.events) == (NOON, ())
    still = on_call.ring_next(
        a_ring(RingWhy.LEVEL_4), decided, persons=(FIRST,), policy=POLICY, now=NOON
    )
    assert still.events


def test_after_so_many_it_gives_up_and_says_so() -> None:
    last = replace(a_ring(), rung=POLICY.most_rings - 1)
    change = on_call.ring_next(last, WAITS, persons=(FIRST,), policy=POLICY, now=NOON)
    assert change.value.rung == POLICY.most_rings

    after = on_call.ring_next(change.value, WAITS, persons=(FIRST,), policy=POLICY, now=NOON + FIVE)

    assert after.value.ended_at == NOON + FIVE
    assert after.events == (OnCallGivenUp(account_id=OLGAS, ticket_id=TICKET, at=NOON + FIVE),)


def test_an_empty_list_counts_on_so_that_somebody_added_now_is_rung_next() -> None:
    change = on_call.ring_next(a_ring(), WAITS, persons=(), policy=POLICY, now=NOON)

    assert (change.value.rung, change.events) == (1, ())
    then = on_call.ring_next(change.value, WAITS, persons=(FIRST,), policy=POLICY, now=NOON + FIVE)
    assert then.events


@pytest.mark.parametrize("by", [an_agent(1), an_officer()])
def test_i_have_it_ends_it_once(by: Agent) -> None:
    change = on_call.answer(a_ring(), by=by, now=NOON)

    assert (change.value.answered_by, change.value.ended_at) == (by.id, NOON)
    assert change.events == (OnCallAnswered(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    with pytest.raises(NothingRings):
        on_call.answer(change.value, by=by, now=NOON + AN_HOUR)
    rung = on_call.ring_next(
        change.value, WAITS, persons=(FIRST,), policy=POLICY, now=NOON + AN_HOUR
    )
    assert rung.value == change.value


@pytest.mark.parametrize("by", [an_auditor(), an_agent(4, ended_at=NOON)])
def test_who_only_reads_answers_for_nobody(by: Agent) -> None:
    with pytest.raises(LevelTooLow):
        on_call.answer(a_ring(), by=by, now=NOON)
