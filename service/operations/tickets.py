"""Agents work on a ticket: reach the owner, record proofs, propose, and a second one decides."""

from domain import accounts, contacts, tickets
from domain.change import Change
from domain.ids import ContactId, ProofId, ProposalId, TicketId
from domain.refusals import NotFound, OwnerNotVerified
from domain.tickets import Proof, ProofKind, Proposal, ReleaseReason
from notifications.deliveries import drop_held
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work, require_seen
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import keep, put


async def reach_owner(house: House, ticket_id: TicketId, *, by: SignedIn) -> None:
    """The agent has spoken with the owner."""
    async with at_work(house, ticket_id, by) as work:
        change = tickets.reach_owner(work.ticket, by=by.agent, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def record_proof(
    house: House,
    ticket_id: TicketId,
    *,
    kind: ProofKind,
    source: str,
    by: SignedIn,
    key: str | None = None,
) -> None:
    """Write down a fact, with where it can be found again. It voids a proposal that waits.

    With the page's `key`, a button pressed twice is one proof.
    """
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        wallet_key = await find_key(work.db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=work.wallet_id,
            caller=str(by.agent.id),
            route=f"console/proofs/{ticket_id}",
            key=key or str(new_id()),
            body=f"{kind}|{source}".encode(),
        )
        if await replay(work.db, wallet_key, request) is not None:
            return
        proof = await _new_proof(work, house, kind=kind, source=source, by=by)
        before = await load.proofs_of(work.db, work.wallet_id, work.ticket.id)
        policy = wallet.policy.tickets
        change = tickets.record_proof(
            work.ticket, proof, before=before, policy=policy, by=by.agent, now=work.now
        )
        pending = await load.pending_proposal(work.db, work.wallet_id, work.ticket.id)
        if pending is not None:
            void = tickets.void_proposal(pending, work.ticket, now=work.now)
            await keep(work.db, work.wallet_id, pending, void, by=by.actor)
        await put(work.db, None, proof)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await remember(work.db, wallet_key, request, str(proof.id))


async def propose_release(
    house: House,
    ticket_id: TicketId,
    *,
    reason: ReleaseReason,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The first of two people. Raises ProofsMissing, LevelTooLow, AlreadyProposed.

    `seen` is the version of the ticket that the agent had before their eyes.
    """
    async with at_work(house, ticket_id, by) as work:
        policy = (await load.wallet(work.db, work.wallet_id)).policy.tickets
        proposal = Proposal(
            id=ProposalId(new_id()),
            wallet_id=work.wallet_id,
            ticket_id=work.ticket.id,
            proposed_by=by.agent.id,
            reason=reason,
            evidence_version=work.ticket.evidence_version,
            proposed_at=work.now,
        )
        change = tickets.propose(
            work.ticket,
            proposal,
            pending=await load.pending_proposal(work.db, work.wallet_id, work.ticket.id),
            proofs=await load.proofs_of(work.db, work.wallet_id, work.ticket.id),
            policy=policy,
            by=by.agent,
            now=work.now,
        )
        await _require_removals_decided(work)
        require_seen(work, seen)
        await put(work.db, None, proposal)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


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
    async with at_work(house, ticket_id, by) as work:
        pending = await _pending(work, proposal_id)
        approved = tickets.approve(work.ticket, pending, by=by.agent, now=work.now)
        await _require_removals_decided(work)
        require_seen(work, seen)
        released = accounts.release(work.account, ticket_id=work.ticket.id, now=work.now)
        closed = Change(tickets.close_released(work.ticket, now=work.now))
        await keep(work.db, work.wallet_id, pending, approved, by=by.actor)
        await keep(work.db, work.wallet_id, work.ticket, closed, by=by.actor)
        await keep(work.db, work.wallet_id, work.account, released, by=by.actor)
        await _resume_removals(work, by)
        # What waited because of danger is no longer news: the release is told instead.
        await drop_held(work.db, work.wallet_id, work.account.id)


async def reject_release(
    house: House, ticket_id: TicketId, proposal_id: ProposalId, *, by: SignedIn
) -> None:
    """The second person says no: back to the proofs."""
    async with at_work(house, ticket_id, by) as work:
        pending = await _pending(work, proposal_id)
        rejected = tickets.reject(work.ticket, pending, by=by.agent, now=work.now)
        back = Change(tickets.back_to_proofs(work.ticket))
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


async def _resume_removals(work: AtWork, by: SignedIn) -> None:
    """The clocks go on, as the owner decided; `work.account` is still the frozen one."""
    for contact in await load.contacts_of(work.db, work.wallet_id, work.account.id):
        change = contacts.resume_removal(contact, account=work.account, now=work.now)
        await keep(work.db, work.wallet_id, contact, change, by=by.actor)


async def _pending(work: AtWork, proposal_id: ProposalId) -> Proposal | None:
    pending = await load.pending_proposal(work.db, work.wallet_id, work.ticket.id)
    return pending if pending is not None and pending.id == proposal_id else None


async def _new_proof(
    work: AtWork, house: House, *, kind: ProofKind, source: str, by: SignedIn
) -> Proof:
    person = await load.person(work.db, work.wallet_id, work.account.person_id)
    if person.data_key_id is None:
        raise NotFound
    key = await find_key(work.db, house.keys, person.data_key_id)
    proof_id = ProofId(new_id())
    text = plain_text(source, longest=200)
    return Proof(
        id=proof_id,
        wallet_id=work.wallet_id,
        ticket_id=work.ticket.id,
        kind=kind,
        performed_at=work.now,
        recorded_by=by.agent.id,
        recorded_at=work.now,
        source=key.seal(Place("proofs", "source", proof_id), text) if text else None,
    )
