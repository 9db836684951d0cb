"""Agents work on a ticket: reach the owner, propose, and a second one decides."""

from typing import Final

from msgspec.structs import replace

from domain import contacts, tickets
from domain.change import Change
from domain.ids import ContactId, ProposalId, TicketId
from domain.refusals import NotFound, OwnerNotVerified
from domain.tickets import Proposal, RejectReason, ReleaseReason
from service.operations import (
    evidence_on_file,
    picking,
    release_reviews,
    releasing,
    ticket_evidence,
)
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work, require_seen
from service.operations.deciding import deciding
from service.operations.disputes import owner_key
from service.operations.house import House
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import keep

LONGEST_WORDS: Final = 500


async def reach_owner(house: House, ticket_id: TicketId, *, by: SignedIn) -> None:
    """The agent has spoken with the owner."""
    async with at_work(house, ticket_id, by) as work:
        change = tickets.reach_owner(work.ticket, by=by.agent, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def propose_release(
    house: House,
    ticket_id: TicketId,
    *,
    reason: ReleaseReason,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The first of two people. Raises ProofsMissing, LevelTooLow, AlreadyProposed.

    `seen` is the version of the ticket that the agent had before their eyes. Where enough others
    could approve, the second is picked here.
    """
    async with deciding(house, ticket_id, by) as case:
        work = case.work
        proposal = Proposal(
            id=ProposalId(new_id()),
            wallet_id=work.wallet_id,
            ticket_id=work.ticket.id,
            proposed_by=by.agent.id,
            reason=reason.value,
            evidence_version=work.ticket.evidence_version,
            proposed_at=work.now,
        )
        change = tickets.propose(
            work.ticket,
            proposal,
            pending=case.pending,
            proofs=await load.proofs_of(work.db, work.wallet_id, work.ticket.id),
            lost_at=await evidence_on_file.loss_of(work.db, work.ticket),
            policy=case.wallet.policy.tickets,
            by=case.by.agent,
            now=work.now,
        )
        await ticket_evidence.require_ready(work, house)
        await _require_removals_decided(work)
        require_seen(work, seen)
        picked = await picking.pick(work.db, case.wallet, work.ticket, proposal, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await keep(work.db, work.wallet_id, None, picked, by=by.actor)


async def approve_release(
    house: House,
    ticket_id: TicketId,
    proposal_id: ProposalId,
    *,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The second of two people: the account is given back in the same transaction.

    Names the proposal that was read, and with `seen` the version of the ticket, so that nobody
    approves what they did not see.
    """
    async with deciding(house, ticket_id, by) as case:
        work, pending = case.work, case.named(proposal_id)
        approved = tickets.approve(work.ticket, pending, by=case.by.agent, now=work.now)
        await ticket_evidence.require_ready(work, house)
        await _require_removals_decided(work)
        require_seen(work, seen)
        closed = Change(tickets.close_released(work.ticket, now=work.now))
        await keep(work.db, work.wallet_id, pending, approved, by=by.actor)
        await keep(work.db, work.wallet_id, work.ticket, closed, by=by.actor)
        await releasing.release(work, by=by.actor)
        await release_reviews.draw(
            work.db,
            work.ticket,
            policy=case.wallet.policy.tickets,
            involved=(approved.value.proposed_by, by.agent.id, work.ticket.assigned_to),
            by=by.actor,
            now=work.now,
        )


async def reject_release(
    house: House,
    ticket_id: TicketId,
    proposal_id: ProposalId,
    *,
    by: SignedIn,
    reason: RejectReason = RejectReason.OTHER,
    words: str = "",
) -> None:
    """The second person says no, to a release or to keeping it frozen: back to where the ticket's
    facts have brought it. The words are sealed."""
    async with deciding(house, ticket_id, by) as case:
        work, pending = case.work, case.named(proposal_id)
        rejected = tickets.reject(
            work.ticket, pending, by=case.by.agent, now=work.now, reason=reason
        )
        back = Change(tickets.back_to_proofs(work.ticket))
        text = plain_text(words, longest=LONGEST_WORDS)
        if text:
            key = await owner_key(work.db, house, work.account)
            sealed = key.seal(place_of_words(proposal_id), text)
            rejected = Change(replace(rejected.value, reject_words=sealed), rejected.events)
        await keep(work.db, work.wallet_id, pending, rejected, by=by.actor)
        await keep(work.db, work.wallet_id, work.ticket, back, by=by.actor)


async def decide_removal(
    house: House, ticket_id: TicketId, contact_id: ContactId, *, goes_on: bool, by: SignedIn
) -> None:
    """What the verified owner wants of a pending removal after the release. Decided anew, it voids
    a proposal that waits: its approver would have read something else.

    Raises OwnerNotVerified, NoRemovalPending, AccountNotFrozen, TicketClosed; NotFound for a
    contact of somebody else.
    """
    async with at_work(house, ticket_id, by) as work:
        tickets.require_open(work.ticket)
        # Said over the telephone it counts only once it is certain who says it.
        if work.ticket.proved_at is None:
            raise OwnerNotVerified
        contact = await load.contact(work.db, work.wallet_id, contact_id)
        if contact.account_id != work.account.id:
            raise NotFound
        change = contacts.decide_removal(
            contact, account=work.account, goes_on=goes_on, by=by.agent, now=work.now
        )
        if not change.events:
            return
        changed = Change(tickets.evidence_changed(work.ticket))
        await keep(work.db, work.wallet_id, contact, change, by=by.actor)
        pending = await load.pending_proposal(work.db, work.wallet_id, work.ticket.id)
        if pending is not None:
            void = tickets.void_proposal(pending, work.ticket, now=work.now)
            await keep(work.db, work.wallet_id, pending, void, by=by.actor)
        await keep(work.db, work.wallet_id, work.ticket, changed, by=by.actor)


async def _require_removals_decided(work: AtWork) -> None:
    stored = await load.contacts_of(work.db, work.wallet_id, work.account.id)
    contacts.require_decided(stored, account=work.account, now=work.now)


def place_of_words(proposal_id: ProposalId) -> Place:
    """Where the words of a no stand."""
    return Place("proposals", "reject_words", proposal_id)
