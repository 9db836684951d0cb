"""How contacts go: by themselves, for safety, unconfirmed, with the account; and what stops it."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain import contacts
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
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
    Contact,
    ContactStatus,
    Ending,
    MayReport,
    StaysSuspended,
)
from domain.events import (
    AddressDisowned,
    ContactAddressConfirmed,
    ContactDeclined,
    ContactEnded,
    ContactLeft,
    ContactPaused,
    ContactReinstated,
    ContactReminded,
    ContactRemovedForSafety,
    ContactSuspended,
    InvitationLapsed,
    ReinstatementProposed,
    ReinstatementRejected,
)
from domain.policy import DEFAULT
from domain.refusals import (
    AccountIsFrozen,
    AlreadyProposed,
    LevelTooLow,
    NotAContact,
    NothingPending,
    NotSuspended,
    OwnProposal,
    TooNewToApprove,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    ARNE,
    ASTRID,
    CARL,
    NOON,
    OLGAS,
    a_closing_account,
    a_contact,
    a_contact_who_leaves,
    a_frozen_account,
    an_account,
    an_invitation,
    an_officer,
    arne,
    astrid,
)
from tests.domain.steps import (
    POLICY,
    declined,
    ended,
    left,
    removed_for_safety,
    settled,
    somebody_else,
    suspended,
)

HERE = (ACTIVE, LEAVING, SUSPENDED)
AWAY = tuple(sorted({REMOVED, LEFT, ENDED, LAPSED, TAKEN_BACK, DECLINED, INVITED}))
LEFT_TOLD = ContactLeft(account_id=OLGAS, contact_id=CARL, at=NOON)


def carl(status: ContactStatus, **changes: Any) -> Contact:
    if status is LEAVING:
        return a_contact_who_leaves(**({"at": NOON + A_DAY} | changes))
    return a_contact(status=status, **changes)


# Leaving --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", HERE)
@pytest.mark.parametrize("account", [an_account(), a_frozen_account()])
def test_a_contact_leaves_at_once_also_during_a_freeze(status: ContactStatus, account: Any) -> None:
    change = contacts.leave(carl(status), account=account, now=NOON)

    assert (change.value.status, change.value.place, change.value.link_sha256) == (LEFT, None, None)
    assert change.value.ended_at == NOON
    assert change.events == (LEFT_TOLD,)


@pytest.mark.parametrize("status", AWAY)
def test_who_is_gone_cannot_leave(status: ContactStatus) -> None:
    with pytest.raises(NotAContact):
        left(carl(status))


def test_who_goes_is_not_proposed_for_reinstatement_any_more() -> None:
    proposed = carl(SUSPENDED, reinstatement_proposed_by=ASTRID)

    for gone in (left(proposed), removed_for_safety(proposed), ended(proposed)):
        assert gone.reinstatement_proposed_by is None
        assert gone.ended_at == NOON


def test_leaving_is_possible_until_the_instant_of_the_removal() -> None:
    leaving = a_contact_who_leaves(at=NOON)

    left(leaving, NOON - A_MOMENT)
    with pytest.raises(NotAContact):
        left(leaving, NOON)


# Somebody else reads here ---------------------------------------------------------------------


@pytest.mark.parametrize("place", [1, None])
def test_an_invitation_to_somebody_else_looks_like_silence(place: int | None) -> None:
    invitation = an_invitation(place=place)

    change = contacts.not_this_person(invitation, account=a_frozen_account(), now=NOON)

    assert change.value.disowned
    assert (change.value.status, change.value.place) == (DECLINED, place)
    assert change.value == replace(declined(invitation), disowned=True)
    assert change.events == (
        AddressDisowned(account_id=OLGAS, contact_id=CARL, at=NOON),
        ContactDeclined(account_id=OLGAS, contact_id=CARL, at=NOON),
    )


@pytest.mark.parametrize("status", HERE)
def test_a_contact_who_is_somebody_else_has_left_to_the_owner(status: ContactStatus) -> None:
    change = contacts.not_this_person(carl(status), account=a_frozen_account(), now=NOON)

    assert change.value.disowned
    assert (change.value.status, change.value.ended_at) == (LEFT, NOON)
    assert change.value.link_sha256 is None
    assert change.events[1:] == (LEFT_TOLD,)


@pytest.mark.parametrize("status", sorted(set(AWAY) - {INVITED}))
def test_the_address_is_stopped_in_any_state_and_once(status: ContactStatus) -> None:
    gone = carl(status)

    change = contacts.not_this_person(gone, account=an_account(), now=NOON)

    assert change.value.disowned
    assert change.value.status is status
    assert change.value.link_sha256 is None
    assert change.events == (AddressDisowned(account_id=OLGAS, contact_id=CARL, at=NOON),)
    again = contacts.not_this_person(change.value, account=an_account(), now=NOON)
    assert (again.value, again.events) == (change.value, ())


def test_a_lapsed_invitation_nobody_settled_is_stopped_too() -> None:
    overdue = an_invitation(lapses_at=NOON)

    assert somebody_else(overdue, NOON - A_MOMENT).status is DECLINED
    assert somebody_else(overdue, NOON).status is INVITED
    assert somebody_else(overdue, NOON).disowned


# Safety ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [*HERE, REMOVED])
def test_removed_for_safety_is_removed_at_once_and_tells_nobody_outside(
    status: ContactStatus,
) -> None:
    change = contacts.remove_for_safety(carl(status), now=NOON)

    assert (change.value.status, change.value.place, change.value.link_sha256) == (
        *(REMOVED, None, None),
    )
    assert change.events == (ContactRemovedForSafety(account_id=OLGAS, contact_id=CARL, at=NOON),)
    again = contacts.remove_for_safety(change.value, now=NOON + A_DAY)
    assert (again.value, again.events) == (change.value, ())


def test_who_was_removed_before_keeps_that_instant() -> None:
    assert removed_for_safety(carl(REMOVED, ended_at=NOON - A_DAY)).ended_at == NOON - A_DAY
    assert removed_for_safety(carl(ACTIVE)).ended_at == NOON


@pytest.mark.parametrize("status", sorted(set(AWAY) - {REMOVED}))
def test_only_who_is_or_was_a_contact_is_removed_for_safety(status: ContactStatus) -> None:
    with pytest.raises(NotAContact):
        removed_for_safety(carl(status))


# What a report does ---------------------------------------------------------------------------


def may(contact: Contact, now: Any = NOON, account: Any = None) -> MayReport:
    return contacts.may_report(
        contact, account=account or an_account(), policy=DEFAULT.reports, now=now
    )


def test_a_paused_contact_is_heard_without_effect_until_the_pause_ends() -> None:
    paused = a_contact(paused_until=NOON)

    assert may(paused, NOON - A_MOMENT) is MayReport.UNCONFIRMED
    assert may(paused, NOON) is MayReport.FREEZES
    assert not paused.can_report(an_account(), NOON - A_MOMENT)


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_contact_lately_removed_is_heard_for_30_days_however_late_the_job(
    is_settled: bool,
) -> None:
    leaving = a_contact_who_leaves(at=NOON)
    gone = settled(leaving, NOON + A_DAY) if is_settled else leaving

    assert may(leaving, NOON - A_MOMENT) is MayReport.FREEZES
    assert may(gone, NOON + A_DAY) is MayReport.UNCONFIRMED
    assert may(gone, NOON + 30 * A_DAY - A_MOMENT) is MayReport.UNCONFIRMED
    assert may(gone, NOON + 30 * A_DAY) is MayReport.NOT


def test_suspended_contacts_are_heard_and_nobody_who_left_or_never_was_one() -> None:
    heard = {status for status in ContactStatus if may(carl(status)) is MayReport.UNCONFIRMED}

    assert heard == {SUSPENDED}
    assert may(carl(REMOVED, ended_at=NOON)) is MayReport.UNCONFIRMED


def test_removed_for_safety_is_never_heard() -> None:
    for before in (a_contact(), carl(SUSPENDED), carl(REMOVED, ended_at=NOON)):
        assert may(before) is not MayReport.NOT
        assert may(removed_for_safety(before)) is MayReport.NOT


def test_never_confirmed_for_half_a_year_is_not_heard() -> None:
    asked = a_contact(ends_at=NOON, unconfirmed_from=NOON - A_DAY)

    assert may(asked, NOON - A_MOMENT) is MayReport.FREEZES
    assert may(asked, NOON) is MayReport.NOT
    # A freeze stops this clock like the others.
    assert may(asked, NOON, a_frozen_account(at=NOON - A_MOMENT)) is MayReport.FREEZES


def test_for_a_closed_account_nobody_is_heard() -> None:
    for contact in (a_contact(), carl(SUSPENDED)):
        assert may(contact, NOON - A_MOMENT, a_closing_account(at=NOON)) is not MayReport.NOT
        assert may(contact, NOON, a_closing_account(at=NOON)) is MayReport.NOT


# False reports --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [ACTIVE, LEAVING])
def test_a_pause_takes_7_days_and_is_never_shortened(status: ContactStatus) -> None:
    def paused(contact: Contact, now: Any) -> Any:
        return contacts.pause(contact, account=an_account(), policy=DEFAULT.reports, now=now)

    first = paused(carl(status), NOON)
    assert first.value.paused_until == NOON + 7 * A_DAY
    assert first.events == (
        ContactPaused(account_id=OLGAS, contact_id=CARL, until=NOON + 7 * A_DAY, at=NOON),
    )
    again = paused(first.value, NOON)
    assert (again.value, again.events) == (first.value, ())
    assert paused(first.value, NOON + A_MOMENT).value.paused_until == NOON + 7 * A_DAY + A_MOMENT


@pytest.mark.parametrize("status", [*AWAY, SUSPENDED])
def test_who_is_gone_or_suspended_is_neither_paused_nor_suspended(status: ContactStatus) -> None:
    gone = carl(status)

    paused = contacts.pause(gone, account=an_account(), policy=DEFAULT.reports, now=NOON)
    assert (paused.value, paused.events) == (gone, ())
    assert suspended(gone) == gone


def test_a_removal_that_is_over_is_not_turned_into_a_suspension() -> None:
    leaving = a_contact_who_leaves(at=NOON)

    assert suspended(leaving, NOON) == leaving
    paused = contacts.pause(leaving, account=an_account(), policy=DEFAULT.reports, now=NOON)
    assert paused.value == leaving


@pytest.mark.parametrize("status", [ACTIVE, LEAVING])
def test_a_suspended_contact_keeps_the_place_and_a_removal_under_way(
    status: ContactStatus,
) -> None:
    change = contacts.suspend(carl(status), account=an_account(), now=NOON)

    assert change.value.status is SUSPENDED
    assert change.value.leaves_at == carl(status).leaves_at
    assert change.value.holds_place(an_account(), NOON)
    assert not change.value.can_report(an_account(), NOON)
    assert change.events == (ContactSuspended(account_id=OLGAS, contact_id=CARL, at=NOON),)


def test_a_suspended_contact_is_removed_when_an_earlier_instant_comes() -> None:
    both = suspended(a_contact_who_leaves(at=NOON), NOON - A_DAY)

    assert settled(both, NOON - A_MOMENT) == both
    assert settled(both, NOON).status is REMOVED


def test_it_takes_two_agents_to_reinstate() -> None:
    first = contacts.propose_reinstatement(
        carl(SUSPENDED), account=an_account(), by=arne(), now=NOON
    )
    assert first.events == (
        ReinstatementProposed(account_id=OLGAS, contact_id=CARL, proposed_by=ARNE, at=NOON),
    )
    with pytest.raises(AlreadyProposed):
        contacts.propose_reinstatement(first.value, account=an_account(), by=astrid(), now=NOON)

    def reinstated(contact: Contact, by: Any) -> Any:
        return contacts.reinstate(contact, account=an_account(), by=by, now=NOON)

    with pytest.raises(OwnProposal):
        reinstated(first.value, arne())
    with pytest.raises(NothingPending):
        reinstated(carl(SUSPENDED), arne())
    second = reinstated(first.value, an_officer())
    assert second.value == a_contact()
    assert second.events == (
        ContactReinstated(
            account_id=OLGAS,
            contact_id=CARL,
            proposed_by=ARNE,
            approved_by=an_officer().id,
            at=NOON,
        ),
    )


def test_who_may_propose_and_who_may_reinstate() -> None:
    proposed = carl(SUSPENDED, reinstatement_proposed_by=ASTRID)

    with pytest.raises(LevelTooLow):
        contacts.propose_reinstatement(
            carl(SUSPENDED), account=an_account(), by=an_officer(), now=NOON
        )
    with pytest.raises(LevelTooLow):
        contacts.reinstate(proposed, account=an_account(), by=astrid(), now=NOON)
    with pytest.raises(TooNewToApprove):
        contacts.reinstate(
            proposed, account=an_account(), by=arne(can_approve_from=NOON + A_MOMENT), now=NOON
        )


def test_reinstating_undoes_pause_and_removal() -> None:
    both = a_contact_who_leaves(
        at=NOON + A_DAY,
        status=SUSPENDED,
        paused_until=NOON + A_DAY,
        removal_goes_on=True,
        reinstatement_proposed_by=ASTRID,
    )

    back = contacts.reinstate(both, account=an_account(), by=arne(), now=NOON).value

    assert back == a_contact()
    assert back.can_report(an_account(), NOON)


def test_the_second_may_say_no_and_why_and_it_may_be_proposed_anew() -> None:
    proposed = carl(SUSPENDED, reinstatement_proposed_by=ASTRID)

    def reject(
        contact: Contact, by: Agent | None = None, account: Account | None = None
    ) -> Change[Contact]:
        return contacts.reject_reinstatement(
            contact,
            account=account or an_account(),
            by=by or arne(),
            because=StaysSuspended.NOT_EXPLAINED,
            now=NOON,
        )

    change = reject(proposed)
    assert change.value == carl(SUSPENDED)
    assert change.events == (
        ReinstatementRejected(
            account_id=OLGAS,
            contact_id=CARL,
            proposed_by=ASTRID,
            rejected_by=ARNE,
            reason="not-explained",
            at=NOON,
        ),
    )
    contacts.propose_reinstatement(change.value, account=an_account(), by=astrid(), now=NOON)
    with pytest.raises(NothingPending):
        reject(change.value)
    with pytest.raises(LevelTooLow):
        reject(proposed, astrid())
    with pytest.raises(OwnProposal):
        reject(carl(SUSPENDED, reinstatement_proposed_by=ARNE))
    with pytest.raises(AccountIsFrozen):
        reject(proposed, account=a_frozen_account())
    with pytest.raises(NotSuspended):
        reject(a_contact(reinstatement_proposed_by=ASTRID))


def test_only_a_suspended_contact_is_reinstated_and_not_while_frozen() -> None:
    over = a_contact_who_leaves(at=NOON, status=SUSPENDED, reinstatement_proposed_by=ASTRID)
    for contact in (a_contact(reinstatement_proposed_by=ASTRID), over):
        with pytest.raises(NotSuspended):
            contacts.reinstate(contact, account=an_account(), by=arne(), now=NOON)
    with pytest.raises(AccountIsFrozen):
        contacts.propose_reinstatement(
            carl(SUSPENDED), account=a_frozen_account(), by=astrid(), now=NOON
        )


def test_a_reinstatement_is_proposed_until_the_removal_is_over() -> None:
    both = a_contact_who_leaves(at=NOON, status=SUSPENDED)

    contacts.propose_reinstatement(both, account=an_account(), by=astrid(), now=NOON - A_MOMENT)
    with pytest.raises(NotSuspended):
        contacts.propose_reinstatement(both, account=an_account(), by=astrid(), now=NOON)


# The address is asked about -------------------------------------------------------------------


def reminded(contact: Contact, now: Any = NOON, account: Any = None) -> Any:
    return contacts.remind(contact, account=account or an_account(), policy=POLICY, now=now)


def test_both_are_asked_when_half_a_year_is_over_and_once() -> None:
    due = a_contact(remind_at=NOON)

    assert reminded(due, NOON - A_MOMENT).events == ()
    change = reminded(due, NOON)
    assert change.value.unconfirmed_from == NOON + 30 * A_DAY
    assert change.value.ends_at == NOON + 180 * A_DAY
    assert change.events == (
        ContactReminded(
            account_id=OLGAS, contact_id=CARL, unconfirmed_from=NOON + 30 * A_DAY, at=NOON
        ),
    )
    again = reminded(change.value, NOON + A_DAY)
    assert (again.value, again.events) == (change.value, ())


def test_nobody_is_asked_who_is_gone_or_while_frozen_or_closed() -> None:
    due = a_contact(remind_at=NOON)
    for contact, account in (
        (carl(REMOVED, remind_at=NOON), None),
        (a_contact(remind_at=None), None),
        (due, a_frozen_account()),
        (due, a_closing_account(at=NOON)),
    ):
        assert reminded(contact, NOON, account).value == contact


def test_after_30_days_unconfirmed_is_a_mark_and_after_180_the_end() -> None:
    asked = reminded(a_contact(remind_at=NOON)).value
    marked_at, ends_at = NOON + 30 * A_DAY, NOON + 180 * A_DAY

    assert not a_contact().is_unconfirmed(NOON)
    assert not asked.is_unconfirmed(marked_at - A_MOMENT)
    assert asked.is_unconfirmed(marked_at)
    assert asked.can_report(an_account(), ends_at - A_MOMENT)
    assert not asked.can_report(an_account(), ends_at)
    assert not asked.holds_place(an_account(), ends_at)
    assert settled(asked, ends_at - A_MOMENT) == asked
    change = contacts.settle(asked, account=an_account(), now=ends_at)
    assert change.value.status is ENDED
    assert change.events == (
        ContactEnded(account_id=OLGAS, contact_id=CARL, reason="unconfirmed", at=ends_at),
        ContactLeft(account_id=OLGAS, contact_id=CARL, at=ends_at),
    )


@pytest.mark.parametrize("account", [an_account(), a_frozen_account()])
def test_a_confirmed_address_has_half_a_year_again(account: Any) -> None:
    asked = reminded(a_contact(remind_at=NOON)).value

    change = contacts.confirm_address(asked, account=account, policy=POLICY, now=NOON + A_DAY)

    assert change.value.confirmed_at == NOON + A_DAY
    assert change.value.remind_at == NOON + 183 * A_DAY
    assert (change.value.unconfirmed_from, change.value.ends_at) == (None, None)
    assert change.events == (
        ContactAddressConfirmed(account_id=OLGAS, contact_id=CARL, at=NOON + A_DAY),
    )


def test_only_a_contact_confirms() -> None:
    asked = reminded(a_contact(remind_at=NOON)).value
    for contact in (an_invitation(), asked):
        with pytest.raises(NotAContact):
            contacts.confirm_address(
                contact, account=an_account(), policy=POLICY, now=NOON + 180 * A_DAY
            )


# The end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", HERE)
@pytest.mark.parametrize("because", Ending)
def test_a_contact_who_ends_looks_to_the_owner_as_if_they_had_left(
    status: ContactStatus, because: Ending
) -> None:
    change = contacts.end(carl(status), because=because, now=NOON)

    assert (change.value.status, change.value.place, change.value.link_sha256) == (
        *(ENDED, None, None),
    )
    assert change.value.lapsed_at is None
    assert change.events[0] == ContactEnded(
        account_id=OLGAS, contact_id=CARL, reason=because.value, at=NOON
    )
    # That an account closes was announced.
    assert change.events[1:] == (() if because is Ending.ACCOUNT_CLOSED else (LEFT_TOLD,))


def test_an_erased_invitation_looks_as_if_it_were_not_answered() -> None:
    lapsed = InvitationLapsed(account_id=OLGAS, contact_id=CARL, at=NOON)
    private = declined(an_invitation(), NOON - A_MOMENT)
    for invitation, status in ((an_invitation(), ENDED), (private, DECLINED)):
        change = contacts.end(invitation, because=Ending.ERASED, now=NOON)
        assert (change.value.status, change.value.place) == (status, None)
        assert change.value.lapsed_at == NOON
        assert change.events[1:] == (lapsed,)
    assert ended(private).ended_at == NOON - A_MOMENT


@pytest.mark.parametrize("status", sorted({REMOVED, LEFT, ENDED, LAPSED, TAKEN_BACK}))
def test_who_is_gone_does_not_end_again(status: ContactStatus) -> None:
    gone = carl(status, lapsed_at=NOON)

    assert ended(gone) == gone


# What the clock settles -----------------------------------------------------------------------


def test_while_frozen_nothing_is_settled() -> None:
    for overdue in (
        an_invitation(lapses_at=NOON),
        a_contact_who_leaves(at=NOON - 2 * AN_HOUR),
        a_contact(ends_at=NOON, unconfirmed_from=NOON),
    ):
        assert settled(overdue, NOON) != overdue
        change = contacts.settle(overdue, account=a_frozen_account(), now=NOON)
        assert (change.value, change.events) == (overdue, ())


@pytest.mark.parametrize("place", [1, None])
@pytest.mark.parametrize("decline", [True, False])
def test_an_unanswered_invitation_lapses_once_with_or_without_a_place(
    place: int | None, decline: bool
) -> None:
    invitation = an_invitation(place=place, lapses_at=NOON)
    if decline:
        invitation = declined(invitation, NOON - AN_HOUR)

    assert settled(invitation, NOON - A_MOMENT) == invitation
    change = contacts.settle(invitation, account=an_account(), now=NOON)
    assert change.events == (InvitationLapsed(account_id=OLGAS, contact_id=CARL, at=NOON),)
    assert change.value.lapsed_at == NOON
    assert settled(change.value, NOON + A_DAY) == change.value


def test_contacts_of_a_closed_account_end_and_nobody_is_told_again() -> None:
    for contact in (a_contact(), an_invitation()):
        change = contacts.settle(contact, account=a_closing_account(at=NOON), now=NOON)
        assert change.value.status is ENDED
        assert change.value.ended_at == NOON
        assert change.events == (
            ContactEnded(account_id=OLGAS, contact_id=CARL, reason="account-closed", at=NOON),
        )
    early = contacts.settle(a_contact(), account=a_closing_account(at=NOON), now=NOON - A_MOMENT)
    assert early.value == a_contact()


@pytest.mark.parametrize("status", [*HERE, LAPSED, TAKEN_BACK, REMOVED, LEFT, ENDED])
def test_what_is_not_overdue_stays(status: ContactStatus) -> None:
    assert settled(carl(status)) == carl(status)
