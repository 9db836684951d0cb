"""What agents look at: the queue of open tickets, and one ticket with all there is to know."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.accounts import Account, AddressKind, is_barred
from domain.ids import AgentId, ProposalId, TicketId
from domain.refusals import Refused
from domain.reports import LossKind, LossReport
from domain.tickets import Proof, ProofKind, Proposal, ReleaseReason, Stage, Ticket
from domain.wallets import Wallet
from service.operations import agents
from service.operations.addresses import masked
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock


class QueueRow(Struct, frozen=True, kw_only=True):
    """One open ticket in the queue, most urgent first."""

    ticket_id: TicketId
    reference: str
    wallet_name: str
    stage: Stage
    boost: int
    kinds: tuple[LossKind, ...]
    country: str
    language: str
    opened_at: datetime
    next_deadline: datetime
    owner_reached: bool
    verified_by: tuple[str, ...]


class ReportSeen(Struct, frozen=True, kw_only=True):
    reference: str
    kind: LossKind
    verified_by: str
    filed_at: datetime
    noticed_at: datetime | None
    contact_name: str
    note: str | None
    reach: str | None
    joined: bool


class AddressOnFile(Struct, frozen=True, kw_only=True):
    kind: AddressKind
    masked: str
    added_at: datetime
    verified_at: datetime | None
    removed_at: datetime | None
    # Verified, on file long enough before the loss, and not changed during the freeze.
    counts: bool


class DeviceOnFile(Struct, frozen=True, kw_only=True):
    label: str
    platform: str
    linked_at: datetime
    barred: bool
    named_in_report: bool


class ProofSeen(Struct, frozen=True, kw_only=True):
    kind: ProofKind
    source: str
    recorded_at: datetime
    recorded_by: str


class ProposalSeen(Struct, frozen=True, kw_only=True):
    proposal_id: ProposalId
    reason: ReleaseReason
    proposed_at: datetime
    proposed_by: str
    is_own: bool


class Happened(Struct, frozen=True, kw_only=True):
    """A line of the timeline: the event as it was recorded, and who did it."""

    at: datetime
    event: str
    what: dict[str, Any]
    by_kind: str
    by_name: str | None


class TicketSeen(Struct, frozen=True, kw_only=True):
    ticket: Ticket
    wallet: Wallet
    owner_name: str
    owner_language: str
    owner_time_zone: str
    account: Account
    confirmed_at: datetime | None
    addresses: tuple[AddressOnFile, ...]
    devices: tuple[DeviceOnFile, ...]
    sessions_ended: int
    reports: tuple[ReportSeen, ...]
    proofs: tuple[ProofSeen, ...]
    proofs_are_enough: bool
    proposal: ProposalSeen | None
    timeline: tuple[Happened, ...]
    # Why this agent may not propose or approve now: a refusal's code, or None.
    cannot_propose: str | None
    cannot_approve: str | None
    now: datetime


async def see_queue(house: House, by: SignedIn) -> tuple[QueueRow, ...]:
    """Open loss tickets of the wallets the agent serves: breached first, then time left, boost, age."""
    async with house.engine.connect() as db:
        wallets = {w.id: w for w in await load.all_wallets(db) if by.agent.serves(w.id)}
        rows: list[QueueRow] = []
        for ticket in await load.open_tickets(db, tuple(wallets)):
            account = await load.account(db, ticket.wallet_id, ticket.account_id)
            reports = await load.reports_of(db, ticket.wallet_id, ticket.id)
            rows.append(
                QueueRow(
                    ticket_id=ticket.id,
                    reference=ticket.reference,
                    wallet_name=wallets[ticket.wallet_id].name,
                    stage=ticket.stage,
                    boost=ticket.boost,
                    kinds=tuple(r.kind for r in reports),
                    country=wallets[ticket.wallet_id].country,
                    language=account.language,
                    opened_at=ticket.opened_at,
                    next_deadline=_next_deadline(ticket),
                    owner_reached=ticket.owner_reached_at is not None,
                    verified_by=tuple(r.verified_by for r in reports),
                )
            )
        return tuple(sorted(rows, key=lambda r: (r.next_deadline, -r.boost, r.opened_at)))


async def see_ticket(house: House, ticket_id: TicketId, by: SignedIn) -> TicketSeen:
    """All facts of a ticket. NotFound for wallets the agent does not serve."""
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, by.agent.wallets)
        wallet = await load.wallet(db, ticket.wallet_id)
        account = await load.account(db, wallet.id, ticket.account_id)
        now = await clock(db)
        reports = await load.reports_of(db, wallet.id, ticket.id)
        addresses = await load.addresses_of(db, wallet.id, account.id)
        devices = await load.devices_of(db, wallet.id, account.id)
        proofs = await load.proofs_of(db, wallet.id, ticket.id)
        pending = await load.pending_proposal(db, wallet.id, ticket.id)
        contacts = {r.contact_id: await load.contact(db, wallet.id, r.contact_id) for r in reports}
        opener = await Opener.for_values(
            db,
            house.keys,
            [
                account.display_name,
                *(a.address for a in addresses),
                *(d.label for d in devices),
                *(v for r in reports for v in (r.note, r.reach)),
                *(c.name for c in contacts.values()),
                *(p.source for p in proofs),
            ],
        )
        people = {p.recorded_by for p in proofs if p.recorded_by is not None}
        people |= {pending.proposed_by} if pending else set()
        names = await agents.names_of(db, house, people)
        lost_at = _lost_at(ticket, reports)
        counts_after = wallet.policy.tickets.address_counts_after
        return TicketSeen(
            ticket=ticket,
            wallet=wallet,
            owner_name=opener.text(
                Place("accounts", "display_name", account.id), account.display_name
            ),
            owner_language=account.language,
            owner_time_zone=account.time_zone,
            account=account,
            confirmed_at=account.freeze_confirmed_at if account.is_frozen else None,
            addresses=tuple(
                AddressOnFile(
                    kind=a.kind,
                    masked=masked(
                        a.kind, opener.text(Place("account_addresses", "address", a.id), a.address)
                    ),
                    added_at=a.added_at,
                    verified_at=a.verified_at,
                    removed_at=a.removed_at,
                    counts=(
                        a.verified_at is not None
                        and not a.added_while_frozen
                        and a.added_at + counts_after <= lost_at
                    ),
                )
                for a in addresses
            ),
            devices=tuple(
                DeviceOnFile(
                    label=opener.text(Place("devices", "label", d.id), d.label),
                    platform=d.platform,
                    linked_at=d.linked_at,
                    barred=is_barred(d, account),
                    named_in_report=any(r.device_id == d.id for r in reports),
                )
                for d in devices
            ),
            sessions_ended=await load.count_sessions_before(db, wallet.id, account),
            reports=tuple(
                ReportSeen(
                    reference=r.reference,
                    kind=r.kind,
                    verified_by=r.verified_by,
                    filed_at=r.filed_at,
                    noticed_at=r.noticed_at,
                    contact_name=opener.text(
                        Place("contacts", "name", r.contact_id), contacts[r.contact_id].name
                    ),
                    note=opener.open(Place("loss_reports", "note", r.id), r.note),
                    reach=opener.open(Place("loss_reports", "reach", r.id), r.reach),
                    joined=r.joined,
                )
                for r in reports
            ),
            proofs=tuple(
                ProofSeen(
                    kind=p.kind,
                    source=opener.text(Place("proofs", "source", p.id), p.source),
                    recorded_at=p.recorded_at,
                    recorded_by=names.get(p.recorded_by, "") if p.recorded_by else "",
                )
                for p in proofs
            ),
            proofs_are_enough=tickets.are_enough(proofs, wallet.policy.tickets),
            proposal=pending and _proposal(pending, names, by.agent),
            timeline=await _timeline(db, house, ticket),
            cannot_propose=_refusal_of_proposing(ticket, pending, proofs, wallet, by.agent, now),
            cannot_approve=_refusal_of_approving(ticket, pending, by.agent, now),
            now=now,
        )


def _next_deadline(ticket: Ticket) -> datetime:
    if ticket.owner_reached_at is None:
        return min(ticket.first_attempt_until, ticket.decision_until)
    return ticket.decision_until


def _lost_at(ticket: Ticket, reports: tuple[LossReport, ...]) -> datetime:
    """The earliest instant the phone may have been gone: report or "noticed at"."""
    noticed = [r.noticed_at for r in reports if r.noticed_at is not None]
    return min([ticket.opened_at, *noticed])


def _proposal(pending: Proposal, names: dict[AgentId, str], agent: Agent) -> ProposalSeen:
    return ProposalSeen(
        proposal_id=pending.id,
        reason=pending.reason,
        proposed_at=pending.proposed_at,
        proposed_by=names.get(pending.proposed_by, ""),
        is_own=pending.proposed_by == agent.id,
    )


def _refusal_of_proposing(
    ticket: Ticket,
    pending: Proposal | None,
    proofs: tuple[Proof, ...],
    wallet: Wallet,
    agent: Agent,
    now: datetime,
) -> str | None:
    """The rule itself is asked, so that page and rule can never disagree."""
    trial = Proposal(
        id=ProposalId(ticket.id),
        wallet_id=wallet.id,
        ticket_id=ticket.id,
        proposed_by=agent.id,
        reason=ReleaseReason.OWNER_SAFE,
        evidence_version=ticket.evidence_version,
        proposed_at=now,
    )
    try:
        tickets.propose(
            ticket,
            trial,
            pending=pending,
            proofs=proofs,
            policy=wallet.policy.tickets,
            by=agent,
            now=now,
        )
    except Refused as refusal:
        return refusal.code
    return None


def _refusal_of_approving(
    ticket: Ticket, pending: Proposal | None, agent: Agent, now: datetime
) -> str | None:
    try:
        tickets.approve(ticket, pending, by=agent, now=now)
    except Refused as refusal:
        return refusal.code
    return None


async def _timeline(db: AsyncConnection, house: House, ticket: Ticket) -> tuple[Happened, ...]:
    """From the journal: what was done to this account while the ticket was open."""
    entries = await load.journal_of(db, ticket.wallet_id, ticket.account_id, since=ticket.opened_at)
    told = [(at, msgspec.json.decode(entry, type=dict[str, Any])) for at, entry in entries]
    told = [(at, one) for at, one in told if ticket.closed_at is None or at <= ticket.closed_at]
    agent_ids = {
        AgentId(msgspec.convert(one["by"]["id"], AgentId))
        for _, one in told
        if one["by"]["kind"] == "agent"
    }
    names = await agents.names_of(db, house, agent_ids)
    return tuple(
        Happened(
            at=at,
            event=one["what"]["event"],
            what=one["what"],
            by_kind=one["by"]["kind"],
            by_name=_agent_name(one["by"], names),
        )
        for at, one in told
    )


def _agent_name(by: dict[str, Any], names: dict[AgentId, str]) -> str | None:
    if by["kind"] != "agent":
        return None
    return names.get(msgspec.convert(by["id"], AgentId))
