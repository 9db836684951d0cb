"""What a wallet reports, proves and confirms; and owners whom no message reaches."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain import accounts, tickets, wallet_reports
from domain.accounts import Account, Done
from domain.events import ConfirmationMissed, ProofRecorded, ProofRequested, WalletReportedLoss
from domain.ids import ClientId, WalletReportId
from domain.policy import MessagePolicy, TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    LevelNotCounted,
    PerformedBeforeFreeze,
    PerformedInFuture,
    TicketClosed,
)
from domain.tickets import PROPOSED, PROVED, Proof, ProofKind, Ticket
from domain.wallet_reports import FreezeReason, WalletReport
from tests.builders import NOON, NORTE, OLGAS, TICKET, a_proof, a_ticket, an_account, grounds

WITHIN = timedelta(seconds=60)
A_MOMENT = timedelta(microseconds=1)
A_MINUTE = timedelta(minutes=1)
POLICY = MessagePolicy()


def frozen(**changes: object) -> Account:
    account = an_account(state=accounts.FROZEN, version=3, epoch=2, frozen_at=NOON)
    return replace(account, **changes)


# The wallet's own reports ---------------------------------------------------------------------


def test_a_wallets_report_is_told_with_its_reason() -> None:
    report = WalletReport(
        id=WalletReportId(TICKET),
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        client_id=ClientId(TICKET),
        reason=FreezeReason.SUSPECTED_TAKEOVER,
        device_id=None,
        noticed_at=None,
        in_danger=False,
        joined=True,
        filed_at=NOON,
    )

    filed = wallet_reports.file(report, now=NOON)

    assert filed.value is report
    assert filed.events == (
        WalletReportedLoss(
            account_id=OLGAS,
            ticket_id=TICKET,
            wallet_report_id=report.id,
            reason="suspected-takeover",
            joined=True,
            at=NOON,
        ),
    )


def test_only_what_is_lost_is_no_theft() -> None:
    assert {reason: reason.is_theft for reason in FreezeReason} == {
        FreezeReason.LOST: False,
        FreezeReason.STOLEN: True,
        FreezeReason.SUSPECTED_TAKEOVER: True,
    }


# Confirmations --------------------------------------------------------------------------------


def test_a_confirmation_is_late_from_the_sixtieth_second_on() -> None:
    assert not frozen().confirmation_is_late(WITHIN, NOON + WITHIN - A_MOMENT)
    assert frozen().confirmation_is_late(WITHIN, NOON + WITHIN)
    said = frozen(confirmed_version=3, confirmed_at=NOON)
    assert not said.confirmation_is_late(WITHIN, NOON + WITHIN)
    # What was confirmed of an earlier freeze says nothing of this one.
    assert frozen(confirmed_version=1, confirmed_at=NOON).confirmation_is_late(
        WITHIN, NOON + WITHIN
    )
    assert not an_account().confirmation_is_late(WITHIN, NOON + WITHIN)


def test_what_is_not_done_is_what_was_not_said_of_this_freeze() -> None:
    assert an_account().not_done == ()
    assert frozen().not_done == tuple(Done)
    done = (Done.SESSIONS, Done.CREDIT)
    old = frozen(confirmed_version=1, confirmed_at=NOON, confirmed_done=done)
    assert old.not_done == tuple(Done)
    said = replace(old, confirmed_version=3)
    assert said.not_done == tuple(kind for kind in Done if kind not in done)
    assert replace(said, confirmed_done=tuple(Done)).not_done == ()


def test_a_missing_confirmation_is_said_once_for_each_freeze() -> None:
    late = NOON + WITHIN

    early = accounts.miss_confirmation(
        frozen(), ticket_id=TICKET, policy=POLICY, now=late - A_MOMENT
    )
    first = accounts.miss_confirmation(frozen(), ticket_id=TICKET, policy=POLICY, now=late)
    second = accounts.miss_confirmation(
        first.value, ticket_id=TICKET, policy=POLICY, now=late + WITHIN
    )

    assert (early.value, early.events) == (frozen(), ())
    assert first.value == frozen(alarmed_version=3)
    assert first.events == (
        ConfirmationMissed(account_id=OLGAS, ticket_id=TICKET, version=3, at=late),
    )
    assert (second.value, second.events) == (first.value, ())
    again = accounts.miss_confirmation(
        frozen(alarmed_version=1), ticket_id=TICKET, policy=POLICY, now=late
    )
    assert again.value.alarmed_version == 3


def test_what_was_confirmed_is_not_missed() -> None:
    said = frozen(confirmed_version=3, confirmed_at=NOON)

    change = accounts.miss_confirmation(said, ticket_id=TICKET, policy=POLICY, now=NOON + WITHIN)

    assert (change.value, change.events) == (said, ())


# Owners whom no message reaches ---------------------------------------------------------------


def test_an_owner_nobody_could_tell_is_asked_for_once_and_moves_up() -> None:
    first = tickets.request_proof(a_ticket(boost=2), version=3, now=NOON)
    second = tickets.request_proof(first.value, version=3, now=NOON + WITHIN)

    assert (first.value.boost, first.value.proof_requested_at) == (3, NOON)
    assert first.events == (ProofRequested(account_id=OLGAS, ticket_id=TICKET, version=3, at=NOON),)
    assert (second.value, second.events) == (first.value, ())
    with pytest.raises(TicketClosed):
        tickets.request_proof(a_ticket(closed_at=NOON), version=3, now=NOON)


# Identity proved anew -------------------------------------------------------------------------


def proved_anew(**changes: object) -> Proof:
    proof = a_proof(ProofKind.WALLET_REPROOFING, recorded_by=None, level="ial2")
    return replace(proof, **{"performed_at": NOON + A_MOMENT, **changes})


def prove(proof: Proof, *, ticket: Ticket | None = None, account: Account | None = None) -> Ticket:
    change = tickets.prove_again(
        ticket or a_ticket(),
        proof,
        account=account or frozen(),
        on=grounds(a_proof()),
        clocks_differ=A_MINUTE,
        now=NOON + A_MINUTE,
    )
    (event,) = change.events
    assert isinstance(event, ProofRecorded)
    assert event.kind == ProofKind.WALLET_REPROOFING
    return change.value


def test_identity_proved_anew_is_a_proof_and_voids_what_was_proposed() -> None:
    proved = prove(proved_anew(), ticket=a_ticket(stage=PROPOSED, proposed_at=NOON))

    assert (proved.stage, proved.proved_at) == (PROVED, NOON + A_MINUTE)
    assert (proved.proposed_at, proved.evidence_version) == (None, 1)


def test_it_counts_only_after_the_freeze_and_not_from_the_future() -> None:
    with pytest.raises(PerformedBeforeFreeze):
        prove(proved_anew(performed_at=NOON))
    prove(proved_anew(performed_at=NOON + A_MOMENT))
    prove(proved_anew(performed_at=NOON + 2 * A_MINUTE))
    with pytest.raises(PerformedInFuture):
        prove(proved_anew(performed_at=NOON + 2 * A_MINUTE + A_MOMENT))


def test_it_counts_only_at_a_level_the_wallet_counts() -> None:
    for level in (None, "ial1", "IAL2"):
        with pytest.raises(LevelNotCounted):
            prove(proved_anew(level=level))
    for level in TicketPolicy().reproofing_levels:
        prove(proved_anew(level=level))


def test_without_a_freeze_or_an_open_ticket_nothing_is_proved() -> None:
    with pytest.raises(AccountNotFrozen):
        prove(proved_anew(), account=an_account())
    with pytest.raises(TicketClosed):
        prove(proved_anew(), ticket=a_ticket(closed_at=NOON))
