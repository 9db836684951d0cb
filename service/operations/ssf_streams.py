"""Streams as a Shared Signals receiver makes, reads, changes and deletes them (SSF 1.0, 8.1.1).

A stream belongs to the client that made it; to every other one it does not exist.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import StreamId
from domain.refusals import NotFound, StreamDiffers, TooManyStreams
from domain.wallets import Wallet
from service.operations import streams
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.ssf_events import delivered
from service.security.signing import Algorithm
from service.security.tokens import new_id
from service.storage.keychain import find_key
from service.storage.rows import clock, every, one
from service.storage.tables import api_clients
from service.storage.tables import streams as table
from service.storage.values import ApiClient, Stream, StreamKind

# Enough for one of each algorithm and delivery in several regions; each is written to for every
# event.
MOST_STREAMS: Final = 10
_SSF: Final = (StreamKind.PUSH.value, StreamKind.POLL.value)


class Receiver(Struct, frozen=True, kw_only=True):
    """What a receiver says of its stream. What it left out is UNSET, what it took away None."""

    kind: StreamKind | UnsetType = UNSET
    # Of a stream that is pushed to.
    url: str | UnsetType | None = UNSET
    # What goes along as `Authorization`. Never shown again.
    authorization: str | UnsetType | None = UNSET
    events_requested: tuple[str, ...] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    algorithm: Algorithm | UnsetType = UNSET


class Change(Struct, frozen=True, kw_only=True):
    """What a receiver asks for, and what it takes to be so meanwhile."""

    told: Receiver
    # In the place of everything said before, or only what is named.
    replaces: bool
    # What only we say of a stream, where the receiver repeats it: it is right, or refused.
    audience: tuple[str, ...] | None = None
    events_delivered: tuple[str, ...] | None = None


# Of a stream about which nothing was said: it is polled, and signed as every receiver understands.
_PLAIN: Final = Receiver(
    kind=StreamKind.POLL,
    url=None,
    authorization=None,
    events_requested=(),
    description=None,
    algorithm=Algorithm.RS256,
)


async def make_stream(
    house: House, wallet: Wallet, by: Caller, told: Receiver, *, request: Request | None
) -> Stream:
    """Raises TooManyStreams. `request` is the caller's Idempotency-Key (raises KeyReused)."""
    async with house.engine.begin() as db:
        # One after the other, so that neither repeats nor the last place are counted twice.
        client = await one(
            db,
            select(api_clients)
            .where(api_clients.c.wallet_id == wallet.id, api_clients.c.id == by.client_id)
            .with_for_update(),
            ApiClient,
        )
        if client is None:
            raise NotFound
        key = await find_key(db, house.keys, wallet.data_key_id)
        if request is not None and (before := await replay(db, key, request)) is not None:
            return msgspec.json.decode(before, type=Stream)
        if len(await _all_of(db, wallet, by)) >= MOST_STREAMS:
            raise TooManyStreams
        empty = Stream(
            id=StreamId(new_id()),
            wallet_id=wallet.id,
            client_id=by.client_id,
            kind=StreamKind.POLL,
            events=(),
            # The receiver knows it by this name when it asks for a token, too.
            audience=(client.client_id,),
            created_at=await clock(db),
        )
        made = await _changed(db, house, wallet, empty, _over(_PLAIN, told))
        await streams.make(db, made)
        if request is not None:
            shown = replace(made, authorization=None)
            await remember(db, key, request, msgspec.json.encode(shown).decode())
        return made


async def see_streams(house: House, wallet: Wallet, by: Caller) -> tuple[Stream, ...]:
    """All of the caller's, in the order in which they were made."""
    async with house.engine.connect() as db:
        return await _all_of(db, wallet, by)


async def see_stream(house: House, wallet: Wallet, by: Caller, stream_id: str) -> Stream:
    """Raises NotFound."""
    async with house.engine.connect() as db:
        return await own_stream(db, wallet, by, stream_id)


async def change_stream(
    house: House,
    wallet: Wallet,
    by: Caller,
    stream_id: str,
    change: Change,
) -> Stream:
    """Raises NotFound, StreamDiffers. What waits there already is told as it was promised."""
    async with house.engine.begin() as db:
        before = await own_stream(db, wallet, by, stream_id, for_change=True)
        _require(before, change)
        whole = _over(_PLAIN, change.told) if change.replaces else change.told
        changed = await _changed(db, house, wallet, before, whole)
        return await streams.change(db, before, await streams.moved(db, before, changed))


async def delete_stream(house: House, wallet: Wallet, by: Caller, stream_id: str) -> None:
    """Raises NotFound. Nothing more is told there."""
    async with house.engine.begin() as db:
        before = await own_stream(db, wallet, by, stream_id, for_change=True)
        await streams.end(db, before, by=by.actor)


async def own_stream(
    db: AsyncConnection, wallet: Wallet, by: Caller, stream_id: str, *, for_change: bool = False
) -> Stream:
    """The caller's own living stream of this id. Raises NotFound."""
    try:
        key = UUID(stream_id)
    except ValueError:
        raise NotFound from None
    asked = select(table).where(_ours(wallet, by), table.c.id == key)
    # The row alone: signals that refer to it may be queued meanwhile.
    asked = asked.with_for_update(key_share=True) if for_change else asked
    found = await one(db, asked, Stream)
    if found is None or str(found.id) != stream_id:
        raise NotFound
    return found


async def _all_of(db: AsyncConnection, wallet: Wallet, by: Caller) -> tuple[Stream, ...]:
    return await every(db, select(table).where(_ours(wallet, by)).order_by(table.c.id), Stream)


def _ours(wallet: Wallet, by: Caller) -> ColumnElement[bool]:
    return and_(
        table.c.wallet_id == wallet.id,
        table.c.client_id == by.client_id,
        table.c.kind.in_(_SSF),
        table.c.ended_at.is_(None),
    )


def _over(before: Receiver, told: Receiver) -> Receiver:
    """What was said, and for the rest what was there before."""
    said = {
        name: value
        for name in Receiver.__struct_fields__
        if (value := getattr(told, name)) is not UNSET
    }
    return replace(before, **said)


def _require(stream: Stream, change: Change) -> None:
    for said, true in (
        (change.audience, stream.audience),
        (change.events_delivered, stream.events),
    ):
        if said is not None and set(said) != set(true):
            raise StreamDiffers


async def _changed(
    db: AsyncConnection, house: House, wallet: Wallet, before: Stream, told: Receiver
) -> Stream:
    changed = before
    if told.kind is not UNSET:
        changed = replace(changed, kind=told.kind)
    if told.url is not UNSET:
        changed = replace(changed, url=told.url)
    if told.events_requested is not UNSET:
        asked = told.events_requested
        changed = replace(changed, events_requested=asked, events=delivered(asked))
    if told.description is not UNSET:
        changed = replace(changed, description=told.description)
    if told.algorithm is not UNSET:
        changed = replace(changed, algorithm=told.algorithm.value)
    if told.authorization is None:
        return replace(changed, authorization=None)
    if told.authorization is UNSET:
        return changed
    key = await find_key(db, house.keys, wallet.data_key_id)
    sealed = streams.sealed(key, before.id, "authorization", told.authorization)
    return replace(changed, authorization=sealed)
