"""Removing takes its time: what starts the clock, what stops it, what a freeze does to it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import contacts
from domain.accounts import Account
from domain.contacts import ACTIVE, LEAVING, REMOVED, SUSPENDED, Contact
from domain.events import (
    ContactRemoved,
    OthersAreRemoved,
    RemovalBegun,
    RemovalCancelled,
    RemovalDecided,
    RemovalDisowned,
    RemovalNoticed,
    RemovalResumed,
)
from domain.refusals import (
    AccountIsClosed,
    AccountIsFrozen,
    AccountNotFrozen,
    LevelTooLow,
    NoRemovalPending,
    NotAContact,
    RemovalsUndecided,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    ASTRID,
    CARL,
    CLEO,
    NOON,
    OLGAS,
    a_closing_account,
    a_contact,
    a_contact_who_leaves,
    a_frozen_account,
    an_account,
    an_auditor,
    an_invitation,
    astrid,
)
from tests.domain.steps import POLICY, kept, removed, settled

THREE_DAYS, WEEK = timedelta(hours=72), timedelta(days=7)


def cleo(**changes: Any) -> Contact:
    return a_contact(id=CLEO, place=2, address_index=b"cleo", **changes)


def noticed(
    contact: Contact, at: datetime, *, now: datetime | None = None, account: Account | None = None
) -> Contact:
    return contacts.notice_removal(
        contact, account=account or an_account(), noticed_at=at, now=now or at
    ).value


# Beginning ------------------------------------------------------------------------------------


def test_a_removal_takes_72_hours_and_is_told_with_its_instant() -> None:
    change = contacts.begin_removal(
        a_contact(), account=an_account(), others=(cleo(),), policy=POLICY, now=NOON
    )

    assert (change.value.status, change.value.place) == (LEAVING, 1)
    assert change.value.leaves_at == NOON + THREE_DAYS
    assert change.value.removal_takes == THREE_DAYS
    assert change.events == (
        RemovalBegun(account_id=OLGAS, contact_id=CARL, leaves_at=NOON + THREE_DAYS, at=NOON),
    )


def test_a_second_removal_within_30_days_takes_7_days_and_everybody_hears_without_names() -> None:
    before = a_contact_who_leaves(
        at=NOON, id=CLEO, place=None, status=REMOVED, removal_began_at=NOON - 30 * A_DAY
    )
    dora = cleo()

    def begun(now: datetime) -> contacts.Contact:
        return removed(a_contact(), now, before, dora)

    assert begun(NOON - A_MOMENT).leaves_at == NOON - A_MOMENT + WEEK
    assert begun(NOON).leaves_at == NOON + THREE_DAYS
    change = contacts.begin_removal(
        a_contact(), account=an_account(), others=(before, dora), policy=POLICY, now=NOON - A_DAY
    )
    assert change.events[1:] == (
        OthersAreRemoved(account_id=OLGAS, contact_id=CLEO, at=NOON - A_DAY),
    )


@pytest.mark.parametrize(
    "other",
    [
        an_invitation(id=CLEO),
        cleo(status=SUSPENDED),
        cleo(paused_until=NOON + A_MOMENT),
        a_contact_who_leaves(at=NOON + A_DAY, id=CLEO, removal_began_at=NOON - 30 * A_DAY),
        a_contact(),
    ],
)
def test_the_last_one_who_can_report_takes_7_days(other: Contact) -> None:
    assert removed(a_contact(), NOON, other).leaves_at == NOON + WEEK
    assert removed(a_contact(), NOON, other, cleo()).leaves_at == NOON + THREE_DAYS


def test_of_two_who_are_leaving_the_second_takes_7_days_even_if_others_stay() -> None:
    first = removed(cleo(), NOON - A_DAY, a_contact())

    assert removed(a_contact(), NOON, first, a_contact(place=3)).leaves_at == NOON + WEEK


def test_a_notice_of_an_earlier_removal_does_not_start_this_one() -> None:
    once_told = a_contact(removal_noticed_at=NOON - 90 * A_DAY)

    assert removed(once_told, NOON, cleo()).removal_noticed_at is None


def test_said_again_the_first_instant_stands() -> None:
    leaving = removed(a_contact(), NOON, cleo())

    change = contacts.begin_removal(
        leaving, account=an_account(), others=(), policy=POLICY, now=NOON + AN_HOUR
    )

    assert (change.value, change.events) == (leaving, ())


def test_a_suspended_contact_goes_at_once_and_counts_as_removed() -> None:
    change = contacts.begin_removal(
        a_contact(status=SUSPENDED, reinstatement_proposed_by=ASTRID),
        account=an_account(),
        others=(),
        policy=POLICY,
        now=NOON,
    )

    assert (change.value.status, change.value.place) == (REMOVED, None)
    assert change.value.reinstatement_proposed_by is None
    assert (change.value.removal_began_at, change.value.ended_at) == (NOON, NOON)
    assert change.events == (ContactRemoved(account_id=OLGAS, contact_id=CARL, at=NOON),)


def test_nobody_is_removed_who_is_gone_or_while_frozen_or_closed() -> None:
    def begun(contact: Contact, account: Account) -> None:
        contacts.begin_removal(contact, account=account, others=(), policy=POLICY, now=NOON)

    for carl in (an_invitation(), a_contact(status=REMOVED), a_contact_who_leaves(at=NOON)):
        with pytest.raises(NotAContact):
            begun(carl, an_account())
    with pytest.raises(AccountIsFrozen):
        begun(a_contact(), a_frozen_account())
    with pytest.raises(AccountIsClosed):
        begun(a_contact(), a_closing_account(at=NOON))


# The notice -----------------------------------------------------------------------------------


def test_without_a_notice_a_removal_has_no_effect() -> None:
    untold = a_contact_who_leaves(at=NOON, removal_noticed_at=None)
    told = a_contact_who_leaves(at=NOON)

    for account, now in ((an_account(), NOON), (an_account(), NOON + 90 * A_DAY)):
        assert untold.can_report(account, now)
        assert untold.holds_place(account, now)
        assert not told.can_report(account, now)
    assert settled(untold, NOON) == untold
    assert settled(told, NOON).status is REMOVED


def test_the_whole_length_counts_once_more_from_the_first_notice() -> None:
    leaving = removed(a_contact(), NOON, cleo())
    told_at = NOON + A_DAY

    change = contacts.notice_removal(
        leaving, account=an_account(), noticed_at=told_at, now=told_at + AN_HOUR
    )

    assert change.value.leaves_at == told_at + THREE_DAYS
    assert change.events == (
        RemovalNoticed(
            account_id=OLGAS,
            contact_id=CARL,
            leaves_at=told_at + THREE_DAYS,
            at=told_at + AN_HOUR,
        ),
    )
    assert noticed(change.value, told_at + AN_HOUR) == change.value


def test_a_notice_that_is_recorded_late_still_counts_from_its_own_instant() -> None:
    leaving = removed(a_contact(), NOON, cleo())
    told = noticed(leaving, NOON, now=NOON + THREE_DAYS)

    assert told.can_report(an_account(), NOON + THREE_DAYS - A_MOMENT)
    assert not told.can_report(an_account(), NOON + THREE_DAYS)


def test_a_notice_never_makes_a_removal_come_sooner() -> None:
    # Resumed after a release: its instant lies later than the notice alone would say.
    leaving = a_contact_who_leaves(
        at=NOON + WEEK, removal_began_at=NOON - A_DAY, removal_noticed_at=None
    )

    told = noticed(leaving, NOON)

    assert told.removal_noticed_at == NOON
    assert told.leaves_at == NOON + WEEK


def test_notices_of_an_earlier_removal_or_of_none_or_while_frozen_change_nothing() -> None:
    leaving = removed(a_contact(), NOON, cleo())

    assert noticed(leaving, NOON - A_MOMENT) == leaving
    assert noticed(leaving, NOON) != leaving
    assert noticed(leaving, NOON, account=a_frozen_account()) == leaving
    assert noticed(a_contact(), NOON) == a_contact()
    undone = a_contact(removal_began_at=NOON)
    assert noticed(undone, NOON) == undone


def test_a_notice_to_whom_the_half_year_unconfirmed_ended_changes_nothing() -> None:
    leaving = a_contact_who_leaves(at=NOON, removal_noticed_at=None, ends_at=NOON)

    assert noticed(leaving, NOON - A_MOMENT) != leaving
    assert noticed(leaving, NOON) == leaving


# Stopping it ----------------------------------------------------------------------------------


def test_the_owner_can_change_their_mind_until_the_last_instant() -> None:
    leaving = a_contact_who_leaves(at=NOON)

    change = contacts.stay(leaving, account=an_account(), now=NOON - A_MOMENT)
    with pytest.raises(NoRemovalPending):
        kept(leaving, NOON)

    assert change.value == a_contact()
    assert change.events == (
        RemovalCancelled(account_id=OLGAS, contact_id=CARL, at=NOON - A_MOMENT),
    )


def test_this_was_not_me_stops_it_as_well() -> None:
    leaving = a_contact_who_leaves(at=NOON)

    change = contacts.disown_removal(leaving, account=an_account(), now=NOON - A_MOMENT)

    assert change.value == kept(leaving, NOON - A_MOMENT)
    assert change.events == (
        RemovalDisowned(account_id=OLGAS, contact_id=CARL, at=NOON - A_MOMENT),
    )
    with pytest.raises(NoRemovalPending):
        contacts.disown_removal(leaving, account=an_account(), now=NOON)


def test_only_a_removal_under_way_can_be_stopped_and_never_while_frozen() -> None:
    for carl in (
        a_contact(),
        a_contact(status=SUSPENDED),
        a_contact(leaves_at=NOON + A_DAY),
        an_invitation(),
        a_contact(status=REMOVED),
    ):
        with pytest.raises(NoRemovalPending):
            kept(carl)
    for stop in (contacts.stay, contacts.disown_removal):
        with pytest.raises(AccountIsFrozen):
            stop(a_contact_who_leaves(at=NOON + A_DAY), account=a_frozen_account(), now=NOON)


def test_a_suspended_contact_whose_removal_is_stopped_stays_suspended() -> None:
    both = a_contact_who_leaves(at=NOON + A_DAY, status=SUSPENDED)

    assert kept(both).status is SUSPENDED
    assert kept(both).leaves_at is None


# Its end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [LEAVING, SUSPENDED])
def test_the_instant_comes_and_a_late_job_writes_down_when_it_was(
    status: contacts.ContactStatus,
) -> None:
    leaving = a_contact_who_leaves(at=NOON, status=status)

    def finished(now: datetime) -> Any:
        return contacts.finish_removal(leaving, account=an_account(), now=now)

    with pytest.raises(NoRemovalPending):
        finished(NOON - A_MOMENT)
    change = finished(NOON + A_DAY)

    assert (change.value.status, change.value.place) == (REMOVED, None)
    assert change.value.ended_at == NOON
    assert change.value.link_sha256 == leaving.link_sha256
    assert change.events == (ContactRemoved(account_id=OLGAS, contact_id=CARL, at=NOON + A_DAY),)


def test_nothing_is_finished_twice_or_while_frozen() -> None:
    leaving = a_contact_who_leaves(at=NOON - 2 * AN_HOUR)

    with pytest.raises(AccountIsFrozen):
        contacts.finish_removal(leaving, account=a_frozen_account(), now=NOON)
    with pytest.raises(NoRemovalPending):
        contacts.finish_removal(settled(leaving), account=an_account(), now=NOON)


# A freeze -------------------------------------------------------------------------------------


def test_while_frozen_the_clock_stands_still() -> None:
    leaving = a_contact_who_leaves(at=NOON)
    in_time, too_late = a_frozen_account(at=NOON - A_MOMENT), a_frozen_account(at=NOON)

    assert leaving.can_report(in_time, NOON + 30 * A_DAY)
    assert leaving.holds_place(in_time, NOON + 30 * A_DAY)
    assert not leaving.can_report(too_late, NOON)


def decided(contact: Contact, *, goes_on: bool, account: Account | None = None) -> Contact:
    return contacts.decide_removal(
        contact,
        account=account or a_frozen_account(),
        goes_on=goes_on,
        by=astrid(),
        now=NOON,
    ).value


def test_no_release_before_each_pending_removal_is_decided() -> None:
    leaving = a_contact_who_leaves(at=NOON + A_DAY)
    over = a_contact_who_leaves(at=NOON - 2 * AN_HOUR)

    def required(*stored: Contact) -> None:
        contacts.require_decided(stored, account=a_frozen_account(), now=NOON)

    with pytest.raises(RemovalsUndecided):
        required(a_contact(), leaving)
    required(a_contact(), over, decided(leaving, goes_on=True), decided(leaving, goes_on=False))
    with pytest.raises(RemovalsUndecided):
        contacts.resume_removal(leaving, account=a_frozen_account(), now=NOON)


def test_without_a_freeze_a_removal_is_undecided_until_its_instant() -> None:
    leaving = a_contact_who_leaves(at=NOON)

    contacts.require_decided((leaving,), account=an_account(), now=NOON)
    with pytest.raises(RemovalsUndecided):
        contacts.require_decided((leaving,), account=an_account(), now=NOON - A_MOMENT)


def test_a_removal_that_was_not_begun_takes_no_time() -> None:
    assert a_contact().removal_takes == timedelta()


def test_a_decision_is_recorded_by_an_agent_and_may_be_said_anew() -> None:
    leaving = a_contact_who_leaves(at=NOON + A_DAY)

    change = contacts.decide_removal(
        leaving, account=a_frozen_account(), goes_on=True, by=astrid(), now=NOON
    )

    assert change.events == (
        RemovalDecided(account_id=OLGAS, contact_id=CARL, goes_on=True, at=NOON),
    )
    assert decided(change.value, goes_on=True) == change.value
    assert decided(change.value, goes_on=False).removal_goes_on is False
    with pytest.raises(LevelTooLow):
        contacts.decide_removal(
            leaving, account=a_frozen_account(), goes_on=True, by=an_auditor(), now=NOON
        )


def test_only_a_pending_removal_of_a_frozen_account_is_decided() -> None:
    with pytest.raises(NoRemovalPending):
        decided(a_contact(), goes_on=True)
    with pytest.raises(AccountNotFrozen):
        decided(a_contact_who_leaves(at=NOON + A_DAY), goes_on=True, account=an_account())


def test_after_the_release_it_takes_what_was_left_when_the_clock_stopped() -> None:
    frozen = a_frozen_account(at=NOON - AN_HOUR)
    leaving = decided(a_contact_who_leaves(at=NOON + A_DAY), goes_on=True)

    change = contacts.resume_removal(leaving, account=frozen, now=NOON + 9 * A_DAY)

    left = A_DAY + AN_HOUR
    assert change.value.leaves_at == NOON + 9 * A_DAY + left
    assert change.value.removal_goes_on is None
    assert change.events == (
        RemovalResumed(
            account_id=OLGAS,
            contact_id=CARL,
            leaves_at=NOON + 9 * A_DAY + left,
            at=NOON + 9 * A_DAY,
        ),
    )


def test_of_whom_nobody_was_told_the_whole_length_counts_again() -> None:
    untold = a_contact_who_leaves(at=NOON, removal_noticed_at=None)

    resumed = contacts.resume_removal(
        decided(untold, goes_on=True), account=a_frozen_account(), now=NOON
    ).value

    assert resumed.leaves_at == NOON + THREE_DAYS
    assert resumed.can_report(an_account(), NOON + WEEK)


def test_what_is_left_is_told_only_of_a_clock_that_stands_still() -> None:
    told = a_contact_who_leaves(at=NOON)
    untold = a_contact_who_leaves(at=NOON, removal_noticed_at=None)
    frozen = a_frozen_account(at=NOON - AN_HOUR)

    assert contacts.removal_left(told, account=frozen) == AN_HOUR
    assert contacts.removal_left(untold, account=frozen) == THREE_DAYS
    assert contacts.removal_left(told, account=an_account()) == THREE_DAYS


def test_the_owner_may_let_them_stay_instead() -> None:
    leaving = decided(a_contact_who_leaves(at=NOON + A_DAY), goes_on=False)

    change = contacts.resume_removal(leaving, account=a_frozen_account(), now=NOON)

    assert change.value.status is ACTIVE
    assert change.value == a_contact()
    assert change.events == (RemovalCancelled(account_id=OLGAS, contact_id=CARL, at=NOON),)


def test_a_release_leaves_everybody_else_alone() -> None:
    over = a_contact_who_leaves(at=NOON - 2 * AN_HOUR)
    for carl in (a_contact(), over, an_invitation()):
        change = contacts.resume_removal(carl, account=a_frozen_account(), now=NOON)
        assert (change.value, change.events) == (carl, ())
    with pytest.raises(AccountNotFrozen):
        contacts.resume_removal(a_contact(), account=an_account(), now=NOON)
