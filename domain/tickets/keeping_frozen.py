"""An account that is not given back for now: decided by two, looked at again by a third."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import AccountKeptFrozen, KeepingProposed, KeepingReviewed
from domain.policy import TicketPolicy
from domain.refusals import EvidenceChanged, NotKeptFrozen, OwnDecision
from domain.tickets.decisions import require_proposable, waiting_for_second
from domain.tickets.hours import Span
from domain.tickets.pausing import end_on_sign
from domain.tickets.proposal import (
    Proposal,
    ProposalKind,
    ProposalStatus,
    decided,
    require_another,
    require_turn,
)
from domain.tickets.ticket import KEPT_FROZEN, Ticket, require_open, work_again


def propose_keeping(
    ticket: Ticket,
    proposal: Proposal,
    *,
    pending: Proposal | None,
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """The first of two people, level 2 or above, at any stage: it takes nothing from anybody.

    The second one has as long as for a release. Raises LevelTooLow, TicketClosed, AccountNotFrozen,
    AlreadyProposed, KeptFrozen.
    """
    require_proposable(ticket, pending=pending, by=by)
    event = KeepingProposed(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        proposed_by=by.id,
        reason=str(proposal.reason),
        at=now,
    )
    return Change(waiting_for_second(ticket, policy=policy, now=now), (event,))


def keep_frozen(
    ticket: Ticket,
    proposal: Proposal | None,
    *,
    version: int,
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> tuple[Change[Proposal], Change[Ticket]]:
    """The second of two people. The ticket stays open, and a supervisor looks at it in time.

    `version` is the account's: which freeze it is about.
    """
    access.require_approver(by, now)
    require_open(ticket)
    waiting = require_another(proposal, ProposalKind.KEEP_FROZEN, agent_id=by.id)
    require_turn(waiting, agent_id=by.id, now=now)
    if waiting.evidence_version != ticket.evidence_version:
        raise EvidenceChanged
    until = now + policy.kept_frozen_reviewed_within
    # Nothing is waited for any more. Ended later, the rest of the pause would count as waited.
    ended = end_on_sign(ticket, now=now)
    kept = replace(
        ended.value,
        stage=KEPT_FROZEN,
        proposed_at=None,
        approval_until=None,
        kept_frozen_at=now,
        review_until=until,
    )
    event = AccountKeptFrozen(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=waiting.id,
        proposed_by=waiting.proposed_by,
        approved_by=by.id,
        reason=str(waiting.reason),
        to_bring=tuple(one.value for one in waiting.to_bring),
        version=version,
        review_until=until,
        at=now,
    )
    approved = decided(waiting, ProposalStatus.APPROVED, agent_id=by.id, now=now)
    return Change(approved), Change(kept, (event, *ended.events))


def review_keeping(
    ticket: Ticket,
    kept: Proposal | None,
    *,
    keeps: bool,
    hours: Sequence[Span],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """A supervisor who is neither of the two: it stays so for as long again, or is worked on.

    `kept` is the decision that it rests on; `hours` are those in which the wallet decides releases.
    Raises LevelTooLow, TicketClosed, NotKeptFrozen, OwnDecision.
    """
    access.require_level(by, access.SUPERVISES)
    require_open(ticket)
    if ticket.stage is not KEPT_FROZEN:
        raise NotKeptFrozen
    if kept is None or by.id in {kept.proposed_by, kept.decided_by}:
        raise OwnDecision
    until = now + policy.kept_frozen_reviewed_within if keeps else None
    event = KeepingReviewed(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        reviewed_by=by.id,
        keeps=keeps,
        review_until=until,
        at=now,
    )
    seen = replace(ticket, reviewed_at=now)
    if keeps:
        return Change(replace(seen, review_until=until), (event,))
    again = work_again(seen, hours=hours, decided_within=policy.decided_within, now=now)
    return Change(again, (event,))
