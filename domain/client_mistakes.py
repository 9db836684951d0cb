"""Freezes that one API client made by mistake or with a stolen key, undone together.

    PROPOSED ──approve──▶ APPROVED ──each account, one by one──▶ DONE
        └────reject─────▶ REJECTED

The only release without proofs: two agents of level 4 decide, on a list fixed at the proposal.
Nothing that anybody else had a part in is on it, and each account is looked at again under its
locks before it is given back.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
from domain.events import (
    ClientMistakeApproved,
    ClientMistakeProposed,
    ClientMistakeRejected,
    ClientMistakeUndone,
    FreezeUndone,
)
from domain.ids import (
    AccountId,
    AgentId,
    ClientId,
    ClientMistakeId,
    MistakenFreezeId,
    TicketId,
    WalletId,
)
from domain.policy import TicketPolicy
from domain.refusals import AccountNotFrozen, NothingPending, OwnProposal, WindowNotAllowed
from domain.tickets import KEPT_FROZEN, PROPOSED, Ticket, close_released
from domain.wallet_reports import WalletReport


class MistakeReason(StrEnum):
    MISTAKE = "mistake"
    KEY_STOLEN = "key-stolen"


class MistakeStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    DONE = "done"


END: Final[frozenset[MistakeStatus]] = frozenset()
LEADS_TO: Final = {
    MistakeStatus.PROPOSED: frozenset({MistakeStatus.APPROVED, MistakeStatus.REJECTED}),
    MistakeStatus.APPROVED: frozenset({MistakeStatus.DONE}),
    MistakeStatus.REJECTED: END,
    MistakeStatus.DONE: END,
}


class LeftOut(StrEnum):
    """Why a freeze is not undone together with the others: it goes the usual way."""

    RELEASED = "released"
    CONTACT_JOINED = "contact-joined"
    OWNER_JOINED = "owner-joined"
    OTHER_REPORT = "other-report"
    IN_DANGER = "in-danger"
    BEING_DECIDED = "being-decided"
    REMOVALS_PENDING = "removals-pending"
    CHANGED_SINCE = "changed-since"
    # Of whoever decides; nobody gives back what is their own.
    OWN_TICKET = "own-ticket"


class ClientMistake(Struct, frozen=True, kw_only=True):
    """What one client froze in a window, for two supervisors to decide."""

    id: ClientMistakeId
    wallet_id: WalletId
    client_id: ClientId
    reason: MistakeReason
    # The start is included, the end is not.
    since: datetime
    until: datetime
    proposed_by: AgentId
    proposed_at: datetime
    status: MistakeStatus = MistakeStatus.PROPOSED
    decided_by: AgentId | None = None
    decided_at: datetime | None = None
    done_at: datetime | None = None
    row_version: int = 1


class MistakenFreeze(Struct, frozen=True, kw_only=True):
    """One account on the list; what became of it."""

    id: MistakenFreezeId
    wallet_id: WalletId
    mistake_id: ClientMistakeId
    account_id: AccountId
    ticket_id: TicketId
    # Of the account at the proposal: a later freeze is another one.
    version: int
    left_out: LeftOut | None = None
    done_at: datetime | None = None
    row_version: int = 1


class Freeze(Struct, frozen=True, kw_only=True):
    """A frozen account with everything that anybody did about it."""

    account: Account
    ticket: Ticket
    wallet_reports: tuple[WalletReport, ...]
    # How many contacts reported it, in whatever way.
    contact_reports: int
    # Whether somebody who may be the owner was heard: a card's code, a hint, a dispute, a proof.
    owner_was_heard: bool
    # Whether a removal waits for the owner's word.
    removals_undecided: bool


def require_window(
    since: datetime, until: datetime, *, policy: TicketPolicy, now: datetime
) -> None:
    """Neither empty nor longer than a mistake stays unnoticed."""
    if not since < until or until - since > policy.mistake_lasts or since > now:
        raise WindowNotAllowed


def why_left_out(
    freeze: Freeze, *, client_id: ClientId, since: datetime, until: datetime
) -> LeftOut | None:
    """None where the client, in this window, is the only one who ever said anything."""
    ticket = freeze.ticket
    if not freeze.account.is_frozen or not ticket.is_open:
        return LeftOut.RELEASED
    if freeze.contact_reports:
        return LeftOut.CONTACT_JOINED
    if freeze.owner_was_heard or ticket.unconfirmed:
        return LeftOut.OWNER_JOINED
    if ticket.danger or ticket.duress is not None:
        return LeftOut.IN_DANGER
    if not freeze.wallet_reports or not all(
        one.client_id == client_id and since <= one.filed_at < until
        for one in freeze.wallet_reports
    ):
        return LeftOut.OTHER_REPORT
    if ticket.stage in {PROPOSED, KEPT_FROZEN}:
        return LeftOut.BEING_DECIDED
    return LeftOut.REMOVALS_PENDING if freeze.removals_undecided else None


def propose(mistake: ClientMistake, *, freezes: int, by: Agent) -> Change[ClientMistake]:
    """The first of two supervisors. Raises AccountNotFrozen where nothing would be undone."""
    access.require_level(by, access.SUPERVISES)
    if not freezes:
        raise AccountNotFrozen
    event = ClientMistakeProposed(
        mistake_id=mistake.id,
        client_id=mistake.client_id,
        proposed_by=by.id,
        reason=mistake.reason.value,
        freezes=freezes,
        at=mistake.proposed_at,
    )
    return Change(mistake, (event,))


def approve(mistake: ClientMistake, *, by: Agent, now: datetime) -> Change[ClientMistake]:
    """The second of two supervisors; not within 24 hours of being made."""
    _require_second(mistake, by, now)
    event = ClientMistakeApproved(
        mistake_id=mistake.id, proposed_by=mistake.proposed_by, approved_by=by.id, at=now
    )
    decided = replace(mistake, status=MistakeStatus.APPROVED, decided_by=by.id, decided_at=now)
    return Change(decided, (event,))


def reject(mistake: ClientMistake, *, by: Agent, now: datetime) -> Change[ClientMistake]:
    """Also whoever proposed it, who takes it back so."""
    access.require_level(by, access.SUPERVISES)
    if mistake.status is not MistakeStatus.PROPOSED:
        raise NothingPending
    event = ClientMistakeRejected(mistake_id=mistake.id, rejected_by=by.id, at=now)
    decided = replace(mistake, status=MistakeStatus.REJECTED, decided_by=by.id, decided_at=now)
    return Change(decided, (event,))


def finish(mistake: ClientMistake, *, now: datetime) -> Change[ClientMistake]:
    """Every account on the list is done. `NothingPending` unless two had decided it."""
    if mistake.status is not MistakeStatus.APPROVED:
        raise NothingPending
    event = ClientMistakeUndone(mistake_id=mistake.id, at=now)
    return Change(replace(mistake, status=MistakeStatus.DONE, done_at=now), (event,))


def undo(
    freeze: Freeze, one: MistakenFreeze, mistake: ClientMistake, *, now: datetime
) -> tuple[Change[MistakenFreeze], Change[Ticket]]:
    """What becomes of one account: its ticket is closed as released, or it is left out.

    The caller releases the account where the answer leaves nothing out.
    """
    left_out = why_left_out(
        freeze, client_id=mistake.client_id, since=mistake.since, until=mistake.until
    )
    if left_out is None and freeze.account.version != one.version:
        left_out = LeftOut.CHANGED_SINCE
    done = Change(replace(one, left_out=left_out, done_at=now))
    is_approved = mistake.status is MistakeStatus.APPROVED
    if left_out is not None or not is_approved or mistake.decided_by is None:
        return done, Change(freeze.ticket)
    event = FreezeUndone(
        account_id=one.account_id,
        ticket_id=one.ticket_id,
        mistake_id=mistake.id,
        proposed_by=mistake.proposed_by,
        approved_by=mistake.decided_by,
        at=now,
    )
    return done, Change(close_released(freeze.ticket, now=now), (event,))


def leave_out(one: MistakenFreeze, why: LeftOut, *, now: datetime) -> MistakenFreeze:
    """It goes the usual way."""
    return replace(one, left_out=why, done_at=now)


def _require_second(mistake: ClientMistake, by: Agent, now: datetime) -> None:
    access.require_level(by, access.SUPERVISES)
    access.require_approver(by, now)
    if mistake.status is not MistakeStatus.PROPOSED:
        raise NothingPending
    if mistake.proposed_by == by.id:
        raise OwnProposal
