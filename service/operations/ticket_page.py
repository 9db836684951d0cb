"""One ticket with all there is to know, read in a few statements however much it holds.

Each question of the page has a module of its own (`ticket_…`); what several of them need is read
once, by `ticket_stored`.
"""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.tickets import Attempt, Ticket
from domain.wallets import Wallet
from service.operations import (
    cleared_devices,
    ticket_clocks,
    ticket_decision,
    ticket_evidence,
    ticket_obeyed,
    ticket_owner,
    ticket_people,
    ticket_proofs,
    ticket_reports,
    ticket_signs,
    ticket_stored,
    ticket_work,
    timeline,
    wallet_on_ticket,
    why_not,
)
from service.operations.house import House
from service.operations.looking import Looking
from service.operations.ticket_clocks import ClocksSeen
from service.operations.ticket_decision import DecisionSeen
from service.operations.ticket_evidence import EvidenceSeen
from service.operations.ticket_obeyed import Confirmation
from service.operations.ticket_owner import AddressOnFile, DeviceOnFile, OwnerSeen
from service.operations.ticket_people import PeopleSeen
from service.operations.ticket_proofs import ProofSeen, ProposalSeen
from service.operations.ticket_reports import DisputeSeen, HintSeen, ReportSeen
from service.operations.ticket_signs import SignsSeen
from service.operations.ticket_stored import Stored
from service.operations.ticket_work import WorkSeen
from service.operations.timeline import Happened
from service.operations.wallet_on_ticket import WalletReportSeen
from service.operations.why_not import Cannot


class TicketSeen(Struct, frozen=True, kw_only=True):
    ticket: Ticket
    wallet: Wallet
    # None while nothing is frozen: the ticket is only a hint so far.
    frozen_at: datetime | None
    owner: OwnerSeen
    confirmation: Confirmation
    addresses: tuple[AddressOnFile, ...]
    devices: tuple[DeviceOnFile, ...]
    sessions_ended: int
    reports: tuple[ReportSeen, ...]
    wallet_reports: tuple[WalletReportSeen, ...]
    hints: tuple[HintSeen, ...]
    disputes: tuple[DisputeSeen, ...]
    attempts: tuple[Attempt, ...]
    proofs: tuple[ProofSeen, ...]
    proofs_are_enough: bool
    proposal: ProposalSeen | None
    people: PeopleSeen
    # Why no device can be marked as back in hand: a refusal's code, or None.
    cannot_clear: str | None
    timeline: tuple[Happened, ...]
    cannot: Cannot
    work: WorkSeen
    evidence: EvidenceSeen
    decision: DecisionSeen
    clocks: ClocksSeen
    signs: SignsSeen
    now: datetime


async def see(db: AsyncConnection, house: House, ticket: Ticket, agent: Agent) -> TicketSeen:
    """The ticket as this agent may see it."""
    stored = await ticket_stored.read(db, ticket)
    opened = await ticket_stored.open_all(db, house, stored)
    looking = _looking(db, house, stored, agent)
    return TicketSeen(
        ticket=ticket,
        wallet=stored.wallet,
        frozen_at=stored.frozen_at,
        owner=ticket_owner.owner(stored, opened),
        confirmation=ticket_obeyed.see(stored),
        addresses=ticket_owner.addresses(stored, opened),
        devices=ticket_owner.devices(stored, opened),
        sessions_ended=stored.sessions_ended,
        reports=ticket_reports.reports(stored, opened),
        wallet_reports=tuple(
            wallet_on_ticket.seen(one, opened.opener) for one in stored.wallet_reports
        ),
        hints=ticket_reports.hints(stored, opened),
        disputes=ticket_reports.disputes(stored, opened),
        attempts=stored.attempts,
        proofs=ticket_proofs.proofs(stored, opened),
        proofs_are_enough=tickets.are_enough(
            stored.proofs, lost_at=stored.lost_at, policy=stored.wallet.policy.tickets
        ),
        proposal=ticket_proofs.proposal(stored, opened, agent),
        people=await ticket_people.see(
            db, house, ticket, stored.account, stored.reports, agent=agent, now=stored.now
        ),
        cannot_clear=_cannot_clear(stored, agent),
        timeline=timeline.told(stored.entries, {**opened.agents, **opened.contacts}),
        work=await ticket_work.see(looking),
        evidence=await ticket_evidence.see(looking),
        decision=await ticket_decision.see(looking),
        clocks=await ticket_clocks.see(looking),
        signs=await ticket_signs.see(looking),
        cannot=why_not.ask(stored, agent),
        now=stored.now,
    )


def _looking(db: AsyncConnection, house: House, stored: Stored, agent: Agent) -> Looking:
    return Looking(
        db=db,
        house=house,
        agent=agent,
        ticket=stored.ticket,
        wallet=stored.wallet,
        account=stored.account,
        reports=stored.reports,
        reporters=tuple(stored.contacts.values()),
        wallet_reports=stored.wallet_reports,
        entries=stored.entries,
        now=stored.now,
    )


def _cannot_clear(stored: Stored, agent: Agent) -> str | None:
    return why_not.refusal_of(
        lambda: cleared_devices.require_verified(
            stored.ticket, stored.account, stored.entries, by=agent
        )
    )
