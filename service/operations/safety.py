"""An owner does not feel safe with one of their own people: asked here, seen by trained agents.

No notice goes out and no history shows it. To everyone else such a ticket does not exist.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from domain import contacts, safety
from domain.events import Actor, ActorKind
from domain.ids import AgentId, ContactId, SafetyNoteId, TicketId
from domain.refusals import NotFound
from domain.safety import SafetyNote, Wish
from domain.tickets import Ticket, TicketKind
from domain.wallets import Wallet
from service.operations import agents, freezing, handing_over
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work, require_seen
from service.operations.colleagues import Colleague, colleagues_for
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.people import owned
from service.operations.why_not import refusal_of
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession

LONGEST: Final = 2000


class NoteSeen(Struct, frozen=True, kw_only=True):
    # The owner's own wish, or an agent's words; neither once it was erased.
    wish: Wish | None
    words: str
    # Empty for the owner.
    noted_by: str
    noted_at: datetime


class OwnPerson(Struct, frozen=True, kw_only=True):
    """One of the owner's people, who may be the one."""

    contact_id: ContactId
    name: str
    status: str


class SafetySeen(Struct, frozen=True, kw_only=True):
    ticket: Ticket
    wallet: Wallet
    owner_name: str
    language: str
    notes: tuple[NoteSeen, ...]
    people: tuple[OwnPerson, ...]
    # Whose it is; empty: nobody's.
    assigned_to: str
    is_mine: bool
    # A refusal's code, or None where the agent may hand it over; and to whom.
    cannot_hand_over: str | None
    colleagues: tuple[Colleague, ...]
    now: datetime


async def ask(
    house: House, wallet: Wallet, session: BrowserSession, wish: Wish, *, key: str
) -> None:
    """Open the ticket, or join the one that is open. The same form twice asks once."""
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        before = await load.open_safety_ticket_for_change(db, wallet.id, account.id)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        body = msgspec.json.encode(wish)
        request = Request(
            wallet_id=wallet.id, caller=str(session.id), route="safety", key=key, body=body
        )
        if await replay(db, wallet_key, request) is not None:
            return
        ticket = before or replace(
            freezing.new_ticket(wallet, account, reference=new_reference(), now=now),
            kind=TicketKind.SAFETY,
        )
        by = Actor(ActorKind.OWNER, account.id)
        change = safety.ask(ticket, again=before is not None, now=now)
        ticket = await keep(db, wallet.id, before, change, by=by)
        sealing = await owner_key(db, house, account)
        said = replace(wish, words=plain_text(wish.words, longest=LONGEST))
        note = _note(ticket, sealing, msgspec.json.encode(said).decode(), by=None, now=now)
        # The owner's own words have no event: the asking is it.
        await put(db, None, note)
        await remember(db, wallet_key, request, "asked")


async def add_note(house: House, ticket_id: TicketId, words: str, *, by: SignedIn) -> None:
    """What the agent writes down is the document. Raises NotFound for whoever is not trained."""
    async with at_work(house, ticket_id, by, kind=TicketKind.SAFETY) as work:
        await _write(work, house, words, by=by)


async def hand_over(
    house: House,
    ticket_id: TicketId,
    to: AgentId | None,
    *,
    note: str = "",
    by: SignedIn,
    seen: int,
) -> None:
    """To a colleague who is trained for it too, and to whom it is none of their own; None: back to
    the queue of those who are. The note is part of the document. Of two who press at once the
    second is refused: `seen` is the version of the ticket that they had before their eyes.

    Raises NotFound for whoever is not trained, LevelTooLow, TicketClosed, CannotTakeTicket,
    ChangedMeanwhile.
    """
    async with at_work(house, ticket_id, by, kind=TicketKind.SAFETY) as work:
        taker = await handing_over.taker_of(work, to)
        sees = taker is not None and await handing_over.sees(work, taker)
        change = safety.hand_over(work.ticket, taker, sees=sees, by=by.agent, now=work.now)
        require_seen(work, seen)
        if note.strip():
            await _write(work, house, note, by=by)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def remove_contact(
    house: House, ticket_id: TicketId, contact_id: ContactId, *, by: SignedIn
) -> None:
    """At once, silently, and while frozen too: nobody is told, the contact neither."""
    async with house.engine.connect() as db:
        shown = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, shown.wallet_id, shown.account_id)
        contact = await load.contact_for_change(db, shown.wallet_id, contact_id)
        ticket = await load.ticket_for_change(db, shown.wallet_id, ticket_id)
        now = await clock(db)
        safety.require_safety(ticket, by=by.agent)
        if contact.account_id != account.id:
            raise NotFound
        change = contacts.remove_for_safety(contact, now=now)
        await keep(db, shown.wallet_id, contact, change, by=by.actor)


async def close(house: House, ticket_id: TicketId, *, by: SignedIn) -> None:
    """Done, as the owner wanted."""
    async with at_work(house, ticket_id, by, kind=TicketKind.SAFETY) as work:
        change = safety.close(work.ticket, by=by.agent, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def see(house: House, ticket_id: TicketId, *, by: SignedIn) -> SafetySeen:
    """The ticket with its notes, and the owner's people. NotFound for whoever is not trained."""
    kinds = (TicketKind.SAFETY,) if by.agent.trained_for_safety else ()
    async with house.engine.connect() as db:
        sight = replace(await load.sight_of(db, by.agent), kinds=kinds)
        ticket = await load.ticket_anywhere(db, ticket_id, sight)
        wallet = await load.wallet(db, ticket.wallet_id)
        account = await load.account(db, wallet.id, ticket.account_id)
        now = await clock(db)
        notes = await load.safety_notes_of(db, wallet.id, ticket.id)
        people = await load.contacts_of(db, wallet.id, account.id)
        held = [one for one in people if one.holds_place(account, now)]
        opener = await Opener.for_values(
            db,
            house.keys,
            [account.display_name, *(n.said for n in notes), *(c.name for c in held)],
        )
        holder = ticket.assigned_to
        named = {one for one in (holder, *(n.noted_by for n in notes)) if one is not None}
        names = await agents.names_of(db, house, named)
        cannot = refusal_of(
            lambda: safety.hand_over(ticket, None, sees=False, by=by.agent, now=now)
        )
        colleagues: tuple[Colleague, ...] = ()
        if cannot is None:
            colleagues = await colleagues_for(db, house, ticket, but={by.agent.id, holder})
    return SafetySeen(
        ticket=ticket,
        wallet=wallet,
        owner_name=opener.text(Place("accounts", "display_name", account.id), account.display_name),
        language=account.language,
        notes=tuple(_seen(n, opener, names) for n in notes),
        people=tuple(
            OwnPerson(
                contact_id=c.id,
                name=opener.text(Place("contacts", "name", c.id), c.name),
                status=c.status.value,
            )
            for c in held
        ),
        assigned_to=names.get(holder, "") if holder is not None else "",
        is_mine=holder == by.agent.id,
        cannot_hand_over=cannot,
        colleagues=colleagues,
        now=now,
    )


async def _write(work: AtWork, house: House, words: str, *, by: SignedIn) -> None:
    sealing = await owner_key(work.db, house, work.account)
    text = plain_text(words, longest=LONGEST)
    written = _note(work.ticket, sealing, text, by=by, now=work.now)
    change = safety.note(work.ticket, written, by=by.agent, now=work.now)
    await keep(work.db, work.wallet_id, None, change, by=by.actor)


def _note(
    ticket: Ticket, sealing: DataKey, said: str, *, by: SignedIn | None, now: datetime
) -> SafetyNote:
    note_id = SafetyNoteId(new_id())
    return SafetyNote(
        id=note_id,
        wallet_id=ticket.wallet_id,
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        said=sealing.seal(_place(note_id), said),
        noted_by=by.agent.id if by is not None else None,
        noted_at=now,
    )


def _seen(note: SafetyNote, opener: Opener, names: Mapping[AgentId, str]) -> NoteSeen:
    name = names.get(note.noted_by, "") if note.noted_by is not None else ""
    said = opener.open(_place(note.id), note.said)
    wish, words = None, said or ""
    if note.noted_by is None and said is not None:
        wish, words = msgspec.json.decode(said, type=Wish), ""
    return NoteSeen(wish=wish, words=words, noted_by=name, noted_at=note.noted_at)


def _place(note_id: SafetyNoteId) -> Place:
    return Place("safety_notes", "said", note_id)
