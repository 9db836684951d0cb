"""An account stays frozen for now: proposed, decided by another, looked at again by a third."""

from domain import tickets
from domain.ids import ProposalId, TicketId
from domain.refusals import OwnDecision
from domain.tickets import KeepReason, Proposal, ProposalKind, ProposalStatus, ToBring
from service.operations import picking, release_hours
from service.operations.agents import SignedIn
from service.operations.at_work import require_seen
from service.operations.deciding import deciding
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import keep


async def propose(
    house: House,
    ticket_id: TicketId,
    *,
    reason: KeepReason,
    to_bring: tuple[ToBring, ...],
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The first of two people, at any stage. Raises LevelTooLow, AlreadyProposed, KeptFrozen,
    AccountNotFrozen, ChangedMeanwhile."""
    async with deciding(house, ticket_id, by) as case:
        work = case.work
        proposal = Proposal(
            id=ProposalId(new_id()),
            wallet_id=work.wallet_id,
            ticket_id=work.ticket.id,
            proposed_by=by.agent.id,
            kind=ProposalKind.KEEP_FROZEN,
            reason=reason.value,
            # Each once, in the order of the list.
            to_bring=tuple(one for one in ToBring if one in to_bring),
            evidence_version=work.ticket.evidence_version,
            proposed_at=work.now,
        )
        change = tickets.propose_keeping(
            work.ticket,
            proposal,
            pending=case.pending,
            policy=case.wallet.policy.tickets,
            by=case.by.agent,
            now=work.now,
        )
        require_seen(work, seen)
        picked = await picking.pick(work.db, case.wallet, work.ticket, proposal, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await keep(work.db, work.wallet_id, None, picked, by=by.actor)


async def approve(
    house: House,
    ticket_id: TicketId,
    proposal_id: ProposalId,
    *,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The second of two people. The owner is told, in general terms; nothing is given back.

    Raises LevelTooLow, TooNewToApprove, NothingPending, OwnProposal, NotPicked, EvidenceChanged,
    ChangedMeanwhile.
    """
    async with deciding(house, ticket_id, by) as case:
        work, pending = case.work, case.named(proposal_id)
        approved, kept = tickets.keep_frozen(
            work.ticket,
            pending,
            version=work.account.version,
            policy=case.wallet.policy.tickets,
            by=case.by.agent,
            now=work.now,
        )
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, pending, approved, by=by.actor)
        await keep(work.db, work.wallet_id, work.ticket, kept, by=by.actor)


async def review(
    house: House, ticket_id: TicketId, *, keeps: bool, by: SignedIn, seen: int | None = None
) -> None:
    """A supervisor who is neither of the two. Raises LevelTooLow, NotKeptFrozen, OwnDecision,
    ChangedMeanwhile."""
    async with deciding(house, ticket_id, by) as case:
        work = case.work
        kept = await load.last_proposal(
            work.db,
            work.wallet_id,
            work.ticket.id,
            ProposalStatus.APPROVED,
            ProposalKind.KEEP_FROZEN,
        )
        change = tickets.review_keeping(
            work.ticket,
            kept,
            keeps=keeps,
            hours=release_hours.spans_from(case.wallet, work.now),
            policy=case.wallet.policy.tickets,
            by=case.by.agent,
            now=work.now,
        )
        if kept is not None and not case.selves.isdisjoint({kept.proposed_by, kept.decided_by}):
            raise OwnDecision
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
