"""One ticket with all there is to know, read in a few statements however much it holds."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.accounts import Account, AccountAddress, AddressKind, Device, Done, is_barred
from domain.contacts import Contact
from domain.disputes import Dispute
from domain.events import AccountFrozen, FreezeConfirmed, name_of
from domain.ids import AddressId, AgentId, ContactId, DeviceId, ProposalId, ReportId
from domain.outcomes import Verdict, VerdictStatus
from domain.recovery import Hint
from domain.reports import LossKind, LossReport, Outcome, OwnerSafe
from domain.tickets import Attempt, Proof, ProofKind, Proposal, ProposalKind, Ticket
from domain.wallet_reports import WalletReport
from domain.wallets import Wallet
from service.operations import (
    agents,
    cleared_devices,
    ticket_clocks,
    ticket_decision,
    ticket_evidence,
    ticket_people,
    ticket_signs,
    ticket_work,
    timeline,
    wallet_on_ticket,
    why_not,
)
from service.operations.addresses import masked
from service.operations.disputes import place_of as note_place
from service.operations.hints import Said, place_of
from service.operations.house import House
from service.operations.looking import Looking
from service.operations.ticket_clocks import ClocksSeen
from service.operations.ticket_decision import DecisionSeen
from service.operations.ticket_evidence import EvidenceSeen
from service.operations.ticket_people import PeopleSeen
from service.operations.ticket_signs import SignsSeen
from service.operations.ticket_work import WorkSeen
from service.operations.timeline import Entry, Happened
from service.operations.wallet_on_ticket import WalletReportSeen
from service.operations.why_not import Cannot
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock


class OwnerSeen(Struct, frozen=True, kw_only=True):
    name: str
    language: str
    time_zone: str


class ReportSeen(Struct, frozen=True, kw_only=True):
    reference: str
    kind: LossKind
    verified_by: str
    filed_at: datetime
    noticed_at: datetime | None
    contact_name: str
    note: str | None
    # Where the owner may be reached now: a hint, never a proof.
    reach: str | None
    joined: bool
    owner_safe: OwnerSafe
    report_id: ReportId
    row_version: int
    # By a contact whose reports do not freeze just now.
    unconfirmed: bool
    outcome: Outcome | None
    answer_until: datetime | None
    heard_at: datetime | None
    # That it is false, said by one agent and waiting for another.
    verdict: Verdict | None
    verdict_by: str


class DisputeSeen(Struct, frozen=True, kw_only=True):
    """What the owner said against the reports, after a strong sign-in."""

    disputed_at: datetime
    note: str | None
    without_effect: bool


class HintSeen(Struct, frozen=True, kw_only=True):
    """What somebody left who says that they are the owner: never a proof."""

    said: Said | None
    left_at: datetime


class AddressOnFile(Struct, frozen=True, kw_only=True):
    address_id: AddressId
    kind: AddressKind
    masked: str
    added_at: datetime
    verified_at: datetime | None
    removed_at: datetime | None
    # Verified, on file long enough before the loss, and not changed during the freeze.
    counts: bool


class DeviceOnFile(Struct, frozen=True, kw_only=True):
    device_id: DeviceId
    label: str
    platform: str
    linked_at: datetime
    barred: bool
    named_in_report: bool


class Confirmation(Struct, frozen=True, kw_only=True):
    """What the wallet says that it has done to obey this ticket's freeze."""

    at: datetime | None
    done: tuple[Done, ...]
    missing: tuple[Done, ...]
    is_late: bool


class ProofSeen(Struct, frozen=True, kw_only=True):
    kind: ProofKind
    source: str
    recorded_at: datetime
    recorded_by: str
    # Of an identity that the wallet proved anew: how well, and when.
    level: str | None
    performed_at: datetime


class ProposalSeen(Struct, frozen=True, kw_only=True):
    proposal_id: ProposalId
    kind: ProposalKind
    # A word of its kind's own.
    reason: str
    proposed_at: datetime
    proposed_by: str
    is_own: bool


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


class _Stored(Struct, frozen=True, kw_only=True):
    """The rows of the page, as they were at one instant."""

    ticket: Ticket
    wallet: Wallet
    account: Account
    reports: tuple[LossReport, ...]
    wallet_reports: tuple[WalletReport, ...]
    hints: tuple[Hint, ...]
    disputes: tuple[Dispute, ...]
    attempts: tuple[Attempt, ...]
    verdicts: tuple[Verdict, ...]
    contacts: dict[ContactId, Contact]
    addresses: tuple[AccountAddress, ...]
    devices: tuple[Device, ...]
    proofs: tuple[Proof, ...]
    pending: Proposal | None
    entries: tuple[Entry, ...]
    sessions_ended: int
    frozen_at: datetime | None
    now: datetime


async def see(db: AsyncConnection, house: House, ticket: Ticket, agent: Agent) -> TicketSeen:
    """The ticket as this agent may see it."""
    stored = await _load(db, ticket)
    opener = await Opener.for_values(db, house.keys, _sealed(stored))
    names = await agents.names_of(db, house, _agents_of(stored))
    contacts = {one.id: _contact_name(one, opener) for one in stored.contacts.values()}
    account = stored.account
    looking = Looking(
        db=db,
        house=house,
        agent=agent,
        ticket=ticket,
        wallet=stored.wallet,
        account=account,
        reports=stored.reports,
        wallet_reports=stored.wallet_reports,
        entries=stored.entries,
        now=stored.now,
    )
    name = opener.text(Place("accounts", "display_name", account.id), account.display_name)
    return TicketSeen(
        ticket=ticket,
        wallet=stored.wallet,
        frozen_at=stored.frozen_at,
        owner=OwnerSeen(name=name, language=account.language, time_zone=account.time_zone),
        confirmation=_confirmation(stored),
        addresses=tuple(_address(one, stored, opener) for one in stored.addresses),
        devices=tuple(_device(one, stored, opener) for one in stored.devices),
        sessions_ended=stored.sessions_ended,
        reports=tuple(
            _report(one, contacts[one.contact_id], _pending_on(one, stored), names.get, opener)
            for one in stored.reports
        ),
        wallet_reports=tuple(wallet_on_ticket.seen(one, opener) for one in stored.wallet_reports),
        hints=tuple(_hint(one, opener) for one in stored.hints),
        disputes=tuple(_dispute(one, opener) for one in stored.disputes),
        attempts=stored.attempts,
        proofs=tuple(_proof(one, names.get, opener) for one in stored.proofs),
        proofs_are_enough=tickets.are_enough(stored.proofs, stored.wallet.policy.tickets),
        proposal=stored.pending and _proposal(stored.pending, names.get, agent),
        people=await ticket_people.see(
            db, house, ticket, account, stored.reports, agent=agent, now=stored.now
        ),
        cannot_clear=why_not.refusal_of(
            lambda: cleared_devices.require_verified(ticket, account, stored.entries, by=agent)
        ),
        timeline=timeline.told(stored.entries, {**names, **contacts}),
        work=await ticket_work.see(looking),
        evidence=await ticket_evidence.see(looking),
        decision=await ticket_decision.see(looking),
        clocks=await ticket_clocks.see(looking),
        signs=await ticket_signs.see(looking),
        cannot=why_not.ask(
            ticket,
            agent=agent,
            proofs=stored.proofs,
            pending=stored.pending,
            policy=stored.wallet.policy.tickets,
            attempts=stored.attempts,
            frozen=account.is_frozen,
            now=stored.now,
        ),
        now=stored.now,
    )


async def _load(db: AsyncConnection, ticket: Ticket) -> _Stored:
    wallet = await load.wallet(db, ticket.wallet_id)
    account = await load.account(db, wallet.id, ticket.account_id)
    now = await clock(db)
    reports = await load.reports_of(db, wallet.id, ticket.id)
    contacts = await load.contacts_with(db, wallet.id, {report.contact_id for report in reports})
    entries = await timeline.entries_of(db, ticket)
    frozen = next((e for e in entries if e.event == name_of(AccountFrozen)), None)
    ended = 0
    if frozen is not None:
        epoch = int(frozen.what["epoch"])
        ended = await load.count_sessions_ended(
            db, wallet.id, account.id, epoch=epoch, at=frozen.at
        )
    return _Stored(
        ticket=ticket,
        wallet=wallet,
        account=account,
        reports=reports,
        wallet_reports=await load.wallet_reports_of(db, wallet.id, ticket.id),
        hints=await load.hints_of(db, wallet.id, ticket.id),
        disputes=await load.disputes_of(db, wallet.id, ticket.id),
        attempts=await load.attempts_on(db, wallet.id, ticket.id),
        verdicts=await load.verdicts_on(db, wallet.id, ticket.id),
        contacts={contact.id: contact for contact in contacts},
        addresses=await load.addresses_of(db, wallet.id, account.id),
        devices=await load.devices_of(db, wallet.id, account.id),
        proofs=await load.proofs_of(db, wallet.id, ticket.id),
        pending=await load.pending_proposal(db, wallet.id, ticket.id),
        entries=entries,
        sessions_ended=ended,
        frozen_at=frozen.at if frozen is not None else None,
        now=now,
    )


def _agents_of(stored: _Stored) -> set[AgentId]:
    found = {proof.recorded_by for proof in stored.proofs if proof.recorded_by is not None}
    if stored.pending is not None:
        found.add(stored.pending.proposed_by)
    found |= {verdict.proposed_by for verdict in stored.verdicts}
    return found | timeline.agents_in(stored.entries)


def _sealed(stored: _Stored) -> Iterator[bytes | None]:
    yield stored.account.display_name
    yield from (one.address for one in stored.addresses)
    yield from (one.label for one in stored.devices)
    yield from (one.note for one in stored.reports)
    yield from (one.reach for one in stored.reports)
    yield from wallet_on_ticket.sealed(stored.wallet_reports)
    yield from (one.said for one in stored.hints)
    yield from (one.note for one in stored.disputes)
    yield from (one.name for one in stored.contacts.values())
    yield from (one.source for one in stored.proofs)


def _contact_name(contact: Contact, opener: Opener) -> str:
    return opener.text(Place("contacts", "name", contact.id), contact.name)


def _address(one: AccountAddress, stored: _Stored, opener: Opener) -> AddressOnFile:
    doubt = tickets.doubt_of(
        one,
        lost_at=tickets.lost_at(
            stored.ticket,
            (report.noticed_at for report in (*stored.reports, *stored.wallet_reports)),
        ),
        replaced=tickets.replaced_lines(stored.proofs),
        policy=stored.wallet.policy.tickets,
    )
    clear = opener.text(Place("account_addresses", "address", one.id), one.address)
    return AddressOnFile(
        address_id=one.id,
        kind=one.kind,
        masked=masked(one.kind, clear),
        added_at=one.added_at,
        verified_at=one.verified_at,
        removed_at=one.removed_at,
        counts=doubt is None,
    )


def _device(one: Device, stored: _Stored, opener: Opener) -> DeviceOnFile:
    return DeviceOnFile(
        device_id=one.id,
        label=opener.text(Place("devices", "label", one.id), one.label),
        platform=one.platform,
        linked_at=one.linked_at,
        barred=is_barred(one, stored.account),
        named_in_report=any(
            report.device_id == one.id for report in (*stored.reports, *stored.wallet_reports)
        ),
    )


def _confirmation(stored: _Stored) -> Confirmation:
    """From the record of this ticket's time: the account may have been frozen again since."""
    said = [entry for entry in stored.entries if entry.event == name_of(FreezeConfirmed)]
    done = msgspec.convert(said[-1].what["done"], tuple[Done, ...]) if said else ()
    expected = stored.wallet.policy.messages.confirmation_expected_within
    return Confirmation(
        at=said[0].at if said else None,
        done=done,
        missing=tuple(kind for kind in Done if kind not in done),
        is_late=not said
        and stored.frozen_at is not None
        and stored.now >= stored.frozen_at + expected,
    )


def _pending_on(report: LossReport, stored: _Stored) -> Verdict | None:
    waiting = VerdictStatus.PENDING
    ours = (v for v in stored.verdicts if v.report_id == report.id and v.status is waiting)
    return next(ours, None)


def _dispute(one: Dispute, opener: Opener) -> DisputeSeen:
    return DisputeSeen(
        disputed_at=one.disputed_at,
        note=opener.open(note_place(one.id), one.note),
        without_effect=one.without_effect,
    )


def _report(
    one: LossReport,
    contact_name: str,
    verdict: Verdict | None,
    name: Callable[..., str | None],
    opener: Opener,
) -> ReportSeen:
    return ReportSeen(
        reference=one.reference,
        kind=one.kind,
        verified_by=one.verified,
        filed_at=one.filed_at,
        noticed_at=one.noticed_at,
        contact_name=contact_name,
        note=opener.open(Place("loss_reports", "note", one.id), one.note),
        reach=opener.open(Place("loss_reports", "reach", one.id), one.reach),
        joined=one.joined,
        owner_safe=one.owner_safe,
        report_id=one.id,
        row_version=one.row_version,
        unconfirmed=one.unconfirmed,
        outcome=one.outcome,
        answer_until=one.answer_until,
        heard_at=one.heard_at,
        verdict=verdict,
        verdict_by=name(verdict.proposed_by) or "" if verdict is not None else "",
    )


def _hint(one: Hint, opener: Opener) -> HintSeen:
    said = opener.open(place_of(one.id), one.said)
    return HintSeen(
        said=msgspec.json.decode(said, type=Said) if said is not None else None,
        left_at=one.left_at,
    )


def _proof(one: Proof, name: Callable[..., str | None], opener: Opener) -> ProofSeen:
    return ProofSeen(
        kind=one.kind,
        source=opener.text(Place("proofs", "source", one.id), one.source),
        recorded_at=one.recorded_at,
        recorded_by=name(one.recorded_by) or "",
        level=one.level,
        performed_at=one.performed_at,
    )


def _proposal(pending: Proposal, name: Callable[..., str | None], agent: Agent) -> ProposalSeen:
    return ProposalSeen(
        proposal_id=pending.id,
        kind=pending.kind,
        reason=pending.reason,
        proposed_at=pending.proposed_at,
        proposed_by=name(pending.proposed_by) or "",
        is_own=pending.proposed_by == agent.id,
    )
