"""Tickets for a wallet's own help desk: it reads them, adds notes, and says what it did.

Nothing of this proposes, approves, reveals, or moves a ticket. Safety tickets and rehearsals do not
exist here; nobody's address, name or note is told, but the program's own notes to itself.
"""

from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import help_desks, tickets
from domain.accounts import Account
from domain.help_desks import ExternalStage, ToldStage
from domain.ids import TicketId, TicketNoteId, WalletId
from domain.refusals import (
    AccountIsClosed,
    ChangedSinceRead,
    IfMatchNeeded,
    NotFound,
    NothingSaid,
)
from domain.tickets import Stage, Ticket, TicketNote
from domain.wallets import Wallet
from service.operations.addresses import plain_text
from service.operations.clients import Caller
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.notes import LONGEST, place_of
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.load import help_desks as stored
from service.storage.load.help_desks import After, ReportRow, TicketRow
from service.storage.rows import clock, keep


class TicketTold(Struct, frozen=True, kw_only=True):
    ticket: TicketRow
    reports: tuple[ReportRow, ...]
    external: ToldStage | None

    @property
    def etag(self) -> str:
        """Another one as soon as anything of it is different."""
        return f'"{sha256(msgspec.json.encode(self)).hexdigest()[:32]}"'


class TicketPage(Struct, frozen=True, kw_only=True):
    """`next` is the last of them if there are more."""

    items: tuple[TicketTold, ...]
    next: After | None


class NoteTold(Struct, frozen=True, kw_only=True):
    id: TicketNoteId
    text: str
    noted_at: datetime


class NotePage(Struct, frozen=True, kw_only=True):
    items: tuple[NoteTold, ...]
    next: TicketNoteId | None


class Asked(Struct, frozen=True, kw_only=True):
    """Which tickets; what is not said does not matter."""

    stage: Stage | None = None
    is_open: bool | None = None
    since: datetime | None = None


class _Held(Struct, frozen=True, kw_only=True):
    """A ticket under its locks."""

    account: Account
    ticket: Ticket
    told: TicketTold
    now: datetime


async def see_tickets(
    house: House, wallet: Wallet, asked: Asked, *, after: After | None, limit: int
) -> TicketPage:
    """What changes while pages are read comes again on a later one; nothing is missed."""
    async with house.engine.connect() as db:
        found = await stored.told_tickets(
            db,
            wallet.id,
            stage=asked.stage,
            is_open=asked.is_open,
            since=asked.since,
            after=after,
            limit=limit + 1,
        )
        shown = found[:limit]
        items = await _with_the_rest(db, wallet.id, shown)
    more = After(shown[-1].changed_at, shown[-1].id) if len(found) > limit else None
    return TicketPage(items=items, next=more)


async def see_ticket(house: House, wallet: Wallet, ticket_id: TicketId) -> TicketTold:
    """Raises NotFound."""
    async with house.engine.connect() as db:
        return await _one(db, wallet.id, ticket_id)


async def see_notes(
    house: House,
    wallet: Wallet,
    caller: Caller,
    ticket_id: TicketId,
    *,
    after: TicketNoteId | None,
    limit: int,
) -> NotePage:
    """Those this program left. Raises NotFound."""
    async with house.engine.connect() as db:
        await stored.told_ticket(db, wallet.id, ticket_id)
        found = await stored.notes_by_client(
            db, wallet.id, ticket_id, caller.client_id, after=after, limit=limit + 1
        )
        shown = found[:limit]
        opener = await Opener.for_values(db, house.keys, [one.said for one in shown])
    items = tuple(
        NoteTold(id=one.id, text=opener.text(place_of(one.id), one.said), noted_at=one.noted_at)
        for one in shown
    )
    return NotePage(items=items, next=items[-1].id if len(found) > limit else None)


async def add_note(
    house: House,
    wallet: Wallet,
    caller: Caller,
    ticket_id: TicketId,
    words: str,
    *,
    if_match: str | None,
    request: Request,
) -> NoteTold:
    """For the agents to read. Raises NotFound, IfMatchNeeded, ChangedSinceRead, TicketClosed,
    NothingSaid, KeyReused; AccountIsClosed once the owner was erased."""
    text = plain_text(words, longest=LONGEST)
    if not text:
        raise NothingSaid
    async with house.engine.begin() as db:
        held = await _hold(db, wallet, ticket_id)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        if (before := await replay(db, wallet_key, request)) is not None:
            return msgspec.json.decode(before, type=NoteTold)
        _require_read(held, if_match)
        note = await _sealed(db, house, caller, held, text)
        change = tickets.write_note(held.ticket, note, by=None, now=held.now)
        await keep(db, wallet.id, None, change, by=caller.actor)
        told = NoteTold(id=note.id, text=text, noted_at=note.noted_at)
        await remember(db, wallet_key, request, msgspec.json.encode(told).decode())
        return told


async def tell_stage(
    house: House,
    wallet: Wallet,
    caller: Caller,
    ticket_id: TicketId,
    stage: ExternalStage,
    *,
    if_match: str | None,
) -> TicketTold:
    """The same again is right, whatever was read before: a lost answer may be asked for again.

    Raises NotFound, IfMatchNeeded, ChangedSinceRead, TicketClosed.
    """
    async with house.engine.begin() as db:
        held = await _hold(db, wallet, ticket_id)
        before = await stored.told_stage_for_change(db, wallet.id, ticket_id)
        change = help_desks.tell_stage(
            held.ticket, before, stage, by=caller.client_id, now=held.now
        )
        if not change.events:
            return held.told
        _require_read(held, if_match)
        await keep(db, wallet.id, before, change, by=caller.actor)
        await stored.mark_changed(db, wallet.id, ticket_id)
        return await _one(db, wallet.id, ticket_id)


async def _hold(db: AsyncConnection, wallet: Wallet, ticket_id: TicketId) -> _Held:
    """In the house's order: the account, then its ticket."""
    await stored.told_ticket(db, wallet.id, ticket_id)
    seen = await load.ticket(db, wallet.id, ticket_id)
    account = await load.account_for_change(db, wallet.id, seen.account_id)
    ticket = await load.ticket_for_change(db, wallet.id, ticket_id)
    return _Held(
        account=account,
        ticket=ticket,
        told=await _one(db, wallet.id, ticket_id),
        now=await clock(db),
    )


def _require_read(held: _Held, if_match: str | None) -> None:
    """Compared strongly, as RFC 9110 wants for If-Match (section 13.1.1)."""
    if if_match is None:
        raise IfMatchNeeded
    listed = {one.strip() for one in if_match.split(",")}
    if if_match.strip() != "*" and held.told.etag not in listed:
        raise ChangedSinceRead


async def _sealed(
    db: AsyncConnection, house: House, caller: Caller, held: _Held, text: str
) -> TicketNote:
    note_id = TicketNoteId(new_id())
    try:
        key = await owner_key(db, house, held.account)
    except NotFound:
        raise AccountIsClosed from None
    return TicketNote(
        id=note_id,
        wallet_id=held.ticket.wallet_id,
        account_id=held.account.id,
        ticket_id=held.ticket.id,
        said=key.seal(place_of(note_id), text),
        noted_by=None,
        client_id=caller.client_id,
        noted_at=held.now,
    )


async def _one(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> TicketTold:
    row = await stored.told_ticket(db, wallet_id, ticket_id)
    return (await _with_the_rest(db, wallet_id, (row,)))[0]


async def _with_the_rest(
    db: AsyncConnection, wallet_id: WalletId, rows: tuple[TicketRow, ...]
) -> tuple[TicketTold, ...]:
    ids = [row.id for row in rows]
    reports = await stored.told_reports(db, wallet_id, ids)
    stages = {one.id: one for one in await stored.told_stages(db, wallet_id, ids)}
    return tuple(
        TicketTold(
            ticket=row,
            reports=tuple(one for one in reports if one.ticket_id == row.id),
            external=stages.get(row.id),
        )
        for row in rows
    )
