"""When somebody is erased, what holds it, and how long a name stays that nobody needs."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from domain import erasures, retention
from domain.contacts import (
    ACTIVE,
    DECLINED,
    ENDED,
    INVITED,
    LAPSED,
    LEAVING,
    LEFT,
    REMOVED,
    SUSPENDED,
    TAKEN_BACK,
    ContactStatus,
)
from domain.erasures import Basis, Erasure, Reason
from domain.events import ErasureAsked, ErasureDone, ErasurePlanned
from domain.ids import ErasureId, PersonId
from domain.policy import DEFAULT, Policy, PrivacyPolicy
from tests.builders import (
    A_DAY,
    A_MOMENT,
    CARL,
    NOON,
    NORTE,
    a_closing_account,
    a_contact,
    an_account,
    an_invitation,
)

CARLS = PersonId(UUID(int=21))
IN_FIVE_DAYS = NOON + 5 * A_DAY


def an_erasure(**changes: object) -> Erasure:
    values: dict[str, object] = {
        "id": ErasureId(UUID(int=40)),
        "wallet_id": NORTE,
        "person_id": CARLS,
        "asked_at": NOON,
        "due_at": IN_FIVE_DAYS,
        **changes,
    }
    return msgspec.convert(values, Erasure)


def test_the_promised_numbers() -> None:
    policy = DEFAULT.privacy

    assert DEFAULT.space.erased_within == 5 * A_DAY
    assert policy.unanswered_kept == 7 * A_DAY
    assert policy.gone_kept == DEFAULT.reports.lately_removed == 30 * A_DAY
    # Eighteen months, whichever they are.
    assert policy.tickets_kept == policy.closed_accounts_kept == 548 * A_DAY


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("unanswered_kept", 0, 7),
        ("gone_kept", 30, 90),
        ("tickets_kept", 180, 3653),
        ("closed_accounts_kept", 30, 3653),
    ],
)
def test_a_wallet_may_keep_things_within_bounds(name: str, least: int, most: int) -> None:
    def keeping(seconds: float) -> Policy:
        return msgspec.convert({"privacy": {name: seconds}}, Policy, strict=False)

    for days in (least, most):
        assert getattr(keeping(days * 86400).privacy, name) == timedelta(days=days)
    for seconds in (least * 86400 - 1, most * 86400 + 1):
        with pytest.raises(msgspec.ValidationError):
            keeping(seconds)


def test_asked_again_the_first_instant_stands() -> None:
    first = erasures.ask(an_erasure(), before=None, contact_id=CARL, now=NOON)
    again = erasures.ask(
        an_erasure(due_at=NOON + 9 * A_DAY), before=first.value, contact_id=CARL, now=NOON + A_DAY
    )

    assert first.value == an_erasure()
    assert first.events == (
        ErasureAsked(
            contact_id=CARL, erasure_id=first.value.id, due_at=first.value.due_at, at=NOON
        ),
    )
    assert (again.value, again.events) == (first.value, ())


def test_what_is_planned_puts_off_nothing_that_was_asked_for() -> None:
    asked = an_erasure()
    later = an_erasure(reason=Reason.ACCOUNT_CLOSED, due_at=NOON + 548 * A_DAY)

    change = erasures.plan(later, before=None, now=NOON)

    assert change.value == later
    assert change.events == (
        ErasurePlanned(
            person_id=CARLS,
            erasure_id=later.id,
            due_at=later.due_at,
            reason="account-closed",
            at=NOON,
        ),
    )
    assert erasures.plan(later, before=asked, now=NOON).value == asked
    assert erasures.plan(later, before=asked, now=NOON).events == ()


def test_the_period_after_a_closing_counts_from_the_instant_it_closed() -> None:
    policy = PrivacyPolicy()
    closing = a_closing_account(at=NOON - 9 * A_DAY)

    late = erasures.after_closing(closing, policy, NOON)
    assert late == NOON - 9 * A_DAY + policy.closed_accounts_kept
    assert erasures.after_closing(an_account(), policy, NOON) == NOON + policy.closed_accounts_kept


def test_an_open_ticket_and_an_open_account_hold_it_and_say_why() -> None:
    assert erasures.hold(ticket_open=False, account_open=False) is None
    assert erasures.hold(ticket_open=True, account_open=False) is Basis.OPEN_TICKET
    assert erasures.hold(ticket_open=True, account_open=True) is Basis.OPEN_ACCOUNT
    assert erasures.hold(ticket_open=False, account_open=True) is Basis.OPEN_ACCOUNT


def test_it_is_carried_out_from_its_deadline_on_once_and_not_while_held() -> None:
    asked = an_erasure()

    assert not erasures.is_due(asked, held=None, now=IN_FIVE_DAYS - A_MOMENT)
    assert erasures.is_due(asked, held=None, now=IN_FIVE_DAYS)
    assert not erasures.is_due(asked, held=Basis.OPEN_TICKET, now=IN_FIVE_DAYS)
    done = erasures.finish(asked, now=IN_FIVE_DAYS)
    assert not erasures.is_due(done.value, held=None, now=IN_FIVE_DAYS + A_DAY)
    assert done.value.done_at == IN_FIVE_DAYS
    assert done.events == (ErasureDone(person_id=CARLS, erasure_id=asked.id, at=IN_FIVE_DAYS),)


# How long a name stays -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [ACTIVE, LEAVING, SUSPENDED])
def test_of_a_contact_everything_is_kept(status: ContactStatus) -> None:
    here = a_contact(status=status)

    assert retention.kept_until(here, has_reported=False, policy=DEFAULT) is None


@pytest.mark.parametrize("status", [INVITED, DECLINED, LAPSED, TAKEN_BACK, ENDED])
@pytest.mark.parametrize("ended_at", [None, NOON, NOON + 3 * A_DAY])
def test_a_no_and_a_silence_are_forgotten_at_the_same_instant(
    status: ContactStatus, ended_at: datetime | None
) -> None:
    gone = an_invitation(status=status, ended_at=ended_at, lapses_at=NOON + 6 * A_DAY)

    kept = retention.kept_until(gone, has_reported=False, policy=DEFAULT)

    assert kept == NOON + 13 * A_DAY


@pytest.mark.parametrize(
    ("status", "disowned", "days"),
    [(LEFT, False, 5), (LEFT, True, 5), (ENDED, True, 5), (REMOVED, False, 30), (ENDED, False, 30)],
)
def test_who_withdrew_goes_first_and_who_was_removed_may_still_be_heard(
    status: ContactStatus, *, disowned: bool, days: int
) -> None:
    gone = a_contact(status=status, disowned=disowned, ended_at=NOON)

    kept = retention.kept_until(gone, has_reported=False, policy=DEFAULT)

    assert kept == NOON + timedelta(days=days)


@pytest.mark.parametrize("status", [LEFT, REMOVED, ENDED])
def test_who_reported_can_be_named_for_as_long_as_a_claim_may_come(status: ContactStatus) -> None:
    gone = a_contact(status=status, ended_at=NOON)

    assert retention.kept_until(gone, has_reported=True, policy=DEFAULT) == NOON + 548 * A_DAY


def test_the_limits_that_protect_somebody_count_on_after_they_are_forgotten() -> None:
    silent = an_invitation(
        status=LAPSED, sent_at=(NOON,), lapses_at=NOON + 7 * A_DAY, ended_at=NOON + 7 * A_DAY
    )
    agreed = a_contact(status=LEFT, sent_at=(NOON, NOON + A_DAY), lapses_at=NOON + 7 * A_DAY)
    unsent = a_contact(status=LEFT, sent_at=(), invited_at=NOON, lapses_at=NOON + 40 * A_DAY)

    assert retention.counted_until(silent, policy=DEFAULT) == NOON + 97 * A_DAY
    assert retention.counted_until(agreed, policy=DEFAULT) == NOON + 31 * A_DAY
    assert retention.counted_until(unsent, policy=DEFAULT) == NOON + 40 * A_DAY


def test_nothing_left_but_references_is_forgotten() -> None:
    assert retention.is_forgotten(a_contact(name=b""))
    assert not retention.is_forgotten(a_contact())
