"""Whose ticket it is, what was noted and written to people, and who its people are otherwise."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain import access, tickets
from domain.contacts import Contact, ContactStatus
from domain.ids import ContactId, PersonId, TicketId, TicketNoteId
from domain.tickets import BoostReason, Stage, Ticket, TicketMessage, TicketNote, require_open
from domain.tickets.assigning import assign
from service.operations import agents, desk_messages, notes
from service.operations.colleagues import Colleague, colleagues_for
from service.operations.looking import Looking
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.load.work import Told


class Delivered(StrEnum):
    """What became of a message."""

    QUEUED = "queued"
    # The owner may be in danger: until an agent lets the notices go.
    WAITS = "waits"
    SENT = "sent"
    FAILED = "failed"
    # Sent or given up so long ago that nothing is known of it any more.
    UNKNOWN = "unknown"


class WorkCannot(Struct, frozen=True, kw_only=True):
    """A refusal's code, or None where the agent may."""

    take: str | None
    hand_over: str | None
    boost: str | None
    note: str | None
    write: str | None


class MessageSeen(Struct, frozen=True, kw_only=True):
    reply: str
    # Empty: to the owner.
    contact_name: str
    own_line: str
    delivered: Delivered


class PersonOnFile(Struct, frozen=True, kw_only=True):
    """One of the owner's people, or who reported."""

    contact_id: ContactId
    name: str
    status: ContactStatus
    since: datetime | None
    reported: bool
    # For how many other owners they are a contact, and for how many they reported.
    stands_for: int
    reported_for: int


class EarlierTicket(Struct, frozen=True, kw_only=True):
    ticket_id: TicketId
    reference: str
    stage: Stage
    closed_reason: str | None
    opened_at: datetime
    closed_at: datetime | None


class WorkSeen(Struct, frozen=True, kw_only=True):
    # Empty: nobody.
    assigned_to: str
    is_mine: bool
    cannot: WorkCannot
    # To whom it can be handed over.
    colleagues: tuple[Colleague, ...]
    # By the id that stands in the timeline's line.
    notes: dict[str, str]
    messages: dict[str, MessageSeen]
    people: tuple[PersonOnFile, ...]
    earlier: tuple[EarlierTicket, ...]


class _Rows(Struct, frozen=True, kw_only=True):
    notes: tuple[TicketNote, ...]
    messages: tuple[TicketMessage, ...]
    told: dict[UUID, Told]
    contacts: tuple[Contact, ...]
    counts: dict[PersonId, tuple[int, int]]


async def see(looking: Looking) -> WorkSeen:
    """In a few statements, however many people and notes there are."""
    db, house, ticket, agent = looking.db, looking.house, looking.ticket, looking.agent
    rows = await _load(looking)
    opener = await Opener.for_values(
        db,
        house.keys,
        [
            *(one.said for one in rows.notes),
            *(one.own_line for one in rows.messages),
            *(one.name for one in rows.contacts),
        ],
    )
    named = {one.id: _name(one, opener) for one in rows.contacts}
    cannot = _cannot(looking)
    holder = ticket.assigned_to
    names = await agents.names_of(db, house, () if holder is None else (holder,))
    return WorkSeen(
        assigned_to=names.get(holder, "") if holder is not None else "",
        is_mine=holder == agent.id,
        cannot=cannot,
        colleagues=await _colleagues(looking) if cannot.hand_over is None else (),
        notes={str(one.id): opener.text(notes.place_of(one.id), one.said) for one in rows.notes},
        messages={str(one.id): _message(one, rows, named, opener, ticket) for one in rows.messages},
        people=_people(looking, rows, named),
        earlier=tuple(_earlier(one) for one in await load.earlier_tickets(db, ticket)),
    )


async def _load(looking: Looking) -> _Rows:
    db, ticket = looking.db, looking.ticket
    wallet_id, account = ticket.wallet_id, looking.account
    contacts = await load.contacts_of(db, wallet_id, account.id)
    reporters = {report.contact_id for report in looking.reports}
    # Whoever neither holds a place nor reported is nobody's business here.
    shown = tuple(
        one
        for one in contacts
        if one.id in reporters
        or (one.holds_place(account, looking.now) and one.status is not ContactStatus.DECLINED)
    )
    messages = await load.messages_of(db, wallet_id, ticket.id)
    return _Rows(
        notes=await load.notes_of(db, wallet_id, ticket.id),
        messages=messages,
        told=await load.told_of(db, wallet_id, [one.outbox_id for one in messages]),
        contacts=shown,
        counts=await load.other_owners_of(
            db, wallet_id, account.id, {one.person_id for one in shown}
        ),
    )


def _cannot(looking: Looking) -> WorkCannot:
    ticket, agent, now = looking.ticket, looking.agent, looking.now

    def write() -> None:
        access.require_level(agent, access.REACHES_OWNER)
        require_open(ticket)

    def note() -> object:
        return tickets.write_note(ticket, _a_note(looking), by=agent, now=now)

    reason = BoostReason.CALL_PROMISED
    return WorkCannot(
        take=refusal_of(lambda: assign(ticket, agent.id, by=agent, now=now)),
        hand_over=refusal_of(
            lambda: tickets.hand_over(ticket, None, sees=False, by=agent, now=now)
        ),
        boost=refusal_of(lambda: tickets.boost(ticket, reason, by=agent, now=now)),
        note=refusal_of(note),
        write=refusal_of(write),
    )


async def _colleagues(looking: Looking) -> tuple[Colleague, ...]:
    """Whoever has it, and whoever looks, is none of them."""
    ticket = looking.ticket
    but = {looking.agent.id, ticket.assigned_to}
    return await colleagues_for(looking.db, looking.house, ticket, but=but)


def _message(
    one: TicketMessage,
    rows: _Rows,
    named: dict[ContactId, str],
    opener: Opener,
    ticket: Ticket,
) -> MessageSeen:
    return MessageSeen(
        reply=one.reply,
        contact_name=named.get(one.contact_id, "") if one.contact_id is not None else "",
        own_line=opener.text(desk_messages.place_of(one.id), one.own_line),
        delivered=_delivered(
            rows.told.get(one.outbox_id), waits=one.contact_id is None and ticket.holds_notices
        ),
    )


def _delivered(told: Told | None, *, waits: bool) -> Delivered:
    if told is None:
        return Delivered.UNKNOWN
    if "sent" in told.states:
        return Delivered.SENT
    if "held" in told.states:
        return Delivered.WAITS
    if "due" in told.states or told.dispatched_at is None:
        return Delivered.WAITS if waits else Delivered.QUEUED
    return Delivered.FAILED


def _people(looking: Looking, rows: _Rows, named: dict[ContactId, str]) -> tuple[PersonOnFile, ...]:
    """Reporters first."""
    reporters = {report.contact_id for report in looking.reports}
    shown = [
        PersonOnFile(
            contact_id=one.id,
            name=named[one.id],
            status=one.status,
            since=one.accepted_at,
            reported=one.id in reporters,
            stands_for=stands,
            reported_for=reported,
        )
        for one in rows.contacts
        for stands, reported in (rows.counts.get(one.person_id, (0, 0)),)
    ]
    return tuple(sorted(shown, key=lambda one: (not one.reported, one.name)))


def _earlier(one: Ticket) -> EarlierTicket:
    return EarlierTicket(
        ticket_id=one.id,
        reference=one.reference,
        stage=one.stage,
        closed_reason=one.closed_reason,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
    )


def _name(one: Contact, opener: Opener) -> str:
    return opener.text(Place("contacts", "name", one.id), one.name)


def _a_note(looking: Looking) -> TicketNote:
    """Tried, and thrown away."""
    return TicketNote(
        id=TicketNoteId(looking.ticket.id),
        wallet_id=looking.ticket.wallet_id,
        account_id=looking.account.id,
        ticket_id=looking.ticket.id,
        said=None,
        noted_by=looking.agent.id,
        noted_at=looking.now,
    )
