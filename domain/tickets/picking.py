"""Who approves: where enough people could, the system picks one, so that no two can arrange it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ApproverPicked
from domain.ids import AgentId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import Refused
from domain.tickets.proposal import Proposal
from domain.tickets.ticket import Ticket

# One of several, by chance; the caller throws the dice.
Draw = Callable[[Sequence[AgentId]], AgentId]


def could_approve(
    agent: Agent, *, wallet_id: WalletId, proposed_by: AgentId, now: datetime
) -> bool:
    """Serves the wallet, may approve now, and is not who proposed. Which tickets they see is asked
    where the rows are: an owner's or contact's own is known only by comparing addresses."""
    if agent.id == proposed_by or not agent.serves(wallet_id):
        return False
    try:
        access.require_approver(agent, now)
    except Refused:
        return False
    return True


def pick(
    proposal: Proposal,
    ticket: Ticket,
    candidates: Sequence[AgentId],
    *,
    draw: Draw,
    policy: TicketPolicy,
    now: datetime,
) -> Change[Proposal]:
    """One of those on shift who could; with too few to choose from, whoever can.

    Whoever was picked before is passed over while others remain.
    """
    before = (
        proposal.passed_over
        if proposal.approver_id is None
        else (*proposal.passed_over, proposal.approver_id)
    )
    if len(candidates) < policy.approvers_to_pick_from:
        return _free(proposal, ticket, before, now)
    others = [one for one in candidates if one not in before]
    if not others:
        # Everyone was asked once: it begins anew, but not with the one who just was.
        others = [one for one in candidates if one != proposal.approver_id]
        before = before[-1:]
    picked = replace(
        proposal,
        approver_id=draw(others),
        picked_at=now,
        answers_until=now + policy.approver_answers_within,
        passed_over=before,
    )
    return Change(picked, (_event(picked, ticket, now),))


def must_pick_again(proposal: Proposal, candidates: Sequence[AgentId], *, now: datetime) -> bool:
    """The one who was picked did not answer in time, or cannot any more."""
    if not proposal.is_pending or proposal.approver_id is None:
        return False
    return (
        not proposal.is_turn_of(proposal.approver_id, now) or proposal.approver_id not in candidates
    )


def _free(
    proposal: Proposal, ticket: Ticket, before: tuple[AgentId, ...], now: datetime
) -> Change[Proposal]:
    free = replace(
        proposal, approver_id=None, picked_at=None, answers_until=None, passed_over=before
    )
    if proposal.approver_id is None:
        return Change(free)
    return Change(free, (_event(free, ticket, now),))


def _event(proposal: Proposal, ticket: Ticket, now: datetime) -> ApproverPicked:
    return ApproverPicked(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        approver_id=proposal.approver_id,
        at=now,
    )
