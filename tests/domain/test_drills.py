"""A rehearsal: its own life, once in 30 days, and nothing is stopped by it."""

from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import drills
from domain.drills import BEGUN, DONE, LEADS_TO, Drill, DrillStatus
from domain.events import DrillBegun, DrillDone
from domain.ids import DrillId, read_reference, rehearsal_reference_from
from domain.policy import DrillPolicy
from domain.refusals import AccountIsFrozen, LinkNotValid, MayNotReport, TooSoon
from tests.builders import (
    A_MOMENT,
    CARL,
    MALLORYS,
    NOON,
    NORTE,
    OLGAS,
    a_contact,
    a_contact_who_leaves,
    a_frozen_account,
    an_account,
    an_invitation,
)

POLICY = DrillPolicy()
WEEK = timedelta(days=7)
DRILL = Drill(
    id=DrillId(UUID(int=62)),
    wallet_id=NORTE,
    account_id=OLGAS,
    contact_id=CARL,
    link_sha256=b"a link",
    begun_at=NOON,
    until=NOON + WEEK,
)
REFERENCE = "TEST-K7QF-3M2X-R"


def test_a_rehearsal_begins_once_in_30_days() -> None:
    month = timedelta(days=30)

    def begun(last: timedelta | None) -> None:
        change = drills.begin(
            DRILL,
            account=an_account(),
            contact=a_contact(),
            last_begun_at=None if last is None else NOON - last,
            policy=POLICY,
            now=NOON,
        )
        assert change.value == DRILL
        assert change.events == (
            DrillBegun(
                account_id=OLGAS,
                contact_id=CARL,
                drill_id=DRILL.id,
                until=DRILL.until,
                at=NOON,
            ),
        )

    begun(None)
    begun(month)
    with pytest.raises(TooSoon) as waits:
        begun(month - A_MOMENT)
    assert waits.value.retry_at == NOON + A_MOMENT
    assert waits.value.refused_at == NOON


def test_only_someone_who_could_report_rehearses_and_never_while_frozen() -> None:
    for contact in (an_invitation(), a_contact(account_id=MALLORYS)):
        with pytest.raises(MayNotReport):
            drills.begin(
                DRILL,
                account=an_account(),
                contact=contact,
                last_begun_at=None,
                policy=POLICY,
                now=NOON,
            )
    with pytest.raises(AccountIsFrozen):
        drills.begin(
            DRILL,
            account=a_frozen_account(),
            contact=a_contact(),
            last_begun_at=None,
            policy=POLICY,
            now=NOON,
        )


def test_a_contact_on_the_way_out_rehearses_until_the_last_moment() -> None:
    for leaves_at, refused in ((NOON + A_MOMENT, False), (NOON, True)):
        with pytest.raises(MayNotReport) if refused else nullcontext():
            drills.begin(
                DRILL,
                account=an_account(),
                contact=a_contact_who_leaves(at=leaves_at),
                last_begun_at=None,
                policy=POLICY,
                now=NOON,
            )


def test_a_rehearsal_is_done_once_within_its_week() -> None:
    change = drills.finish(DRILL, reference=REFERENCE, now=NOON + WEEK - A_MOMENT)

    assert (change.value.status, change.value.reference) == (DONE, REFERENCE)
    assert change.value.done_at == NOON + WEEK - A_MOMENT
    assert change.events == (
        DrillDone(
            account_id=OLGAS,
            contact_id=CARL,
            drill_id=DRILL.id,
            reference=REFERENCE,
            at=NOON + WEEK - A_MOMENT,
        ),
    )
    again = drills.finish(change.value, reference="TEST-other", now=NOON + 2 * WEEK)
    assert (again.value, again.events) == (change.value, ())
    with pytest.raises(LinkNotValid):
        drills.finish(DRILL, reference=REFERENCE, now=NOON + WEEK)


def test_its_states_lead_where_the_table_says() -> None:
    done = drills.finish(DRILL, reference=REFERENCE, now=NOON).value

    assert {BEGUN: frozenset({done.status}), DONE: frozenset()} == LEADS_TO
    assert set(LEADS_TO) == set(DrillStatus)
    assert DRILL.is_open(NOON + WEEK - A_MOMENT)
    assert not DRILL.is_open(NOON + WEEK)
    assert not replace(DRILL, status=DONE).is_open(NOON)


@pytest.mark.parametrize("randomness", [bytes(5), b"\xff" * 5, b"\xd0\x9f\x3c\x11\x00"])
def test_its_reference_is_never_taken_for_a_real_one(randomness: bytes) -> None:
    reference = rehearsal_reference_from(randomness)

    assert reference.startswith("TEST-")
    assert read_reference(reference) is None
    assert read_reference(reference.removeprefix("TEST-")) is not None
