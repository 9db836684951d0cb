"""What the operator changes about a client: its secret, its keys, its cap, its end.

A secret is shown once, when it is made. Taking something away at once is for when it may be in the
wrong hands: whatever was got with it ends too. Each change stands in the record of its wallet.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import (
    THE_OPERATOR,
    ClientCapChanged,
    ClientEnded,
    ClientKeyRemoved,
    ClientKeysAdded,
    ClientSecretEnded,
    ClientSecretRotated,
    Event,
)
from domain.ids import ClientId, WalletId
from service.operations import clients, streams
from service.operations.house import House
from service.security import assertions
from service.security.tokens import digest, new_id, new_secret
from service.storage import load, tables
from service.storage.rows import clock, every, one, put, record, row_of
from service.storage.tables import access_tokens, api_clients, client_keys, now, used_assertions
from service.storage.values import ApiClient, ClientKey, Scope, Stream


class ClientWrong(Exception):
    """There is no such client, or it cannot be changed so; in words for the operator."""


class ClientSeen(Struct, frozen=True, kw_only=True):
    """A client as the operator sees it: nothing that anyone could call with."""

    client_id: str
    origin: str
    scopes: tuple[Scope, ...]
    methods: tuple[str, ...]
    keys: tuple[ClientKey, ...]
    created_at: datetime
    # When the secret before the present one ends; None while there is none.
    overlap_until: datetime | None
    exp_cap: timedelta | None
    # Access tokens that live.
    tokens: int
    last_token_at: datetime | None
    ended_at: datetime | None


async def add_client_with_keys(
    house: House, wallet_id: WalletId, client_id: str, scopes: Sequence[Scope], file: bytes
) -> tuple[str, ...]:
    """Make a client that has no secret; answers the ids of its keys. Raises KeyRefused."""
    keys = assertions.registrable(file)
    async with house.engine.begin() as db:
        client = ApiClient(
            id=ClientId(new_id()),
            wallet_id=wallet_id,
            client_id=client_id,
            secret_sha256=None,
            scopes=tuple(scopes),
            created_at=await clock(db),
        )
        await put(db, None, client)
        await _add(db, client, keys)
        await _told(db, client, clients.made(client, keys=len(keys)))
    return tuple(keys)


async def rotate_secret(house: House, client_id: str, *, overlap: timedelta | None) -> str:
    """A new secret. The one before it stays good for the overlap; without one it ends at once, and
    so does every token. Raises ClientWrong."""
    secret = new_secret()
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        if client.secret_sha256 is None:
            raise ClientWrong(f"{client_id} signs with a key, and has no secret.")
        instant = await clock(db)
        until = client.earlier_secret_until
        if overlap is not None and until is not None and instant < until:
            # It was promised to whoever still uses the first one.
            raise ClientWrong(
                f"The secret before is good until {until.isoformat()}: wait, or rotate at once."
            )
        after = replace(
            client,
            secret_sha256=digest(secret),
            earlier_secret_sha256=None if overlap is None else client.secret_sha256,
            earlier_secret_until=None if overlap is None else instant + overlap,
        )
        await put(db, client, after)
        if overlap is None:
            await _end_tokens(db, client)
        rotated = ClientSecretRotated(client_id=client.id, at_once=overlap is None, at=instant)
        await _told(db, client, rotated)
    return secret


async def end_secret(house: House, client_id: str) -> None:
    """From now on it signs with its keys alone. Raises ClientWrong if it has none."""
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        if not await _keys_of(db, client):
            raise ClientWrong(f"{client_id} has no key: without its secret it could not call.")
        await put(
            db,
            client,
            replace(
                client, secret_sha256=None, earlier_secret_sha256=None, earlier_secret_until=None
            ),
        )
        await _told(db, client, ClientSecretEnded(client_id=client.id, at=await clock(db)))


async def add_keys(house: House, client_id: str, file: bytes) -> tuple[str, ...]:
    """Those of a JWK or JWK set, beside the ones it has; answers their ids.

    Raises ClientWrong and KeyRefused.
    """
    keys = assertions.registrable(file)
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        known = {key.kid for key in await _keys_of(db, client)}
        if twice := sorted(known & set(keys)):
            raise ClientWrong(f"{client_id} has a key {twice[0]} already.")
        await _add(db, client, keys)
        added = ClientKeysAdded(client_id=client.id, keys=len(keys), at=await clock(db))
        await _told(db, client, added)
    return tuple(keys)


async def remove_key(house: House, client_id: str, kid: str, *, at_once: bool) -> None:
    """It signs nothing any more. `at_once` ends every token too. Raises ClientWrong."""
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        kids = {key.kid for key in await _keys_of(db, client)}
        if kid not in kids:
            raise ClientWrong(f"{client_id} has no key {kid}.")
        if kids == {kid} and client.secret_sha256 is None and not at_once:
            raise ClientWrong(f"It is the only one: {client_id} could not call without it.")
        await db.execute(
            delete(client_keys).where(_its(client_keys, client), client_keys.c.kid == kid)
        )
        if at_once:
            await _end_tokens(db, client)
        removed = ClientKeyRemoved(client_id=client.id, at_once=at_once, at=await clock(db))
        await _told(db, client, removed)


async def cap_exp(house: House, client_id: str, seconds: int | None) -> None:
    """No session is told to this client to live longer than so many seconds from the answer on.

    Raises ClientWrong.
    """
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        await put(db, client, replace(client, exp_cap_seconds=seconds))
        capped = ClientCapChanged(client_id=client.id, seconds=seconds, at=await clock(db))
        await _told(db, client, capped)


async def end_client(house: House, client_id: str) -> None:
    """It calls no more, and nothing is told to it: secrets, keys, tokens, streams and webhooks end
    with it. Its name is not given again.

    Raises ClientWrong.
    """
    async with house.engine.begin() as db:
        client = await _for_change(db, client_id)
        now = await clock(db)
        after = replace(
            client,
            ended_at=now,
            secret_sha256=None,
            earlier_secret_sha256=None,
            earlier_secret_until=None,
        )
        await put(db, client, after)
        await _end_tokens(db, client)
        await db.execute(delete(client_keys).where(_its(client_keys, client)))
        await db.execute(delete(used_assertions).where(_its(used_assertions, client)))
        theirs = select(tables.streams).where(
            _its(tables.streams, client), tables.streams.c.ended_at.is_(None)
        )
        for stream in await every(db, theirs.with_for_update(), Stream):
            await streams.end(db, stream, by=THE_OPERATOR)
        await _told(db, client, ClientEnded(client_id=client.id, at=now))


async def show(house: House, wallet_id: WalletId | None = None) -> tuple[ClientSeen, ...]:
    """Every client of a wallet, or of all; those that have ended last."""
    async with house.engine.connect() as db:
        instant = await clock(db)
        origins = {wallet.id: wallet.origin for wallet in await load.all_wallets(db)}
        asked = select(api_clients).order_by(
            api_clients.c.ended_at.nulls_first(), api_clients.c.client_id
        )
        if wallet_id is not None:
            asked = asked.where(api_clients.c.wallet_id == wallet_id)
        clients = await every(db, asked, ApiClient)
        keys = await every(db, select(client_keys).order_by(client_keys.c.added_at), ClientKey)
        living = (
            select(access_tokens.c.client_id, func.count())
            .where(access_tokens.c.expires_at > now)
            .group_by(access_tokens.c.client_id)
        )
        tokens = {row[0]: row[1] for row in await db.execute(living)}
    return tuple(
        _seen(
            client,
            origin=origins[client.wallet_id],
            keys=tuple(key for key in keys if key.client_id == client.id),
            tokens=tokens.get(client.id, 0),
            instant=instant,
        )
        for client in clients
    )


def _seen(
    client: ApiClient, *, origin: str, keys: tuple[ClientKey, ...], tokens: int, instant: datetime
) -> ClientSeen:
    until, cap = client.earlier_secret_until, client.exp_cap_seconds
    methods = ("client_secret_basic",) if client.secret_sha256 is not None else ()
    return ClientSeen(
        client_id=client.client_id,
        origin=origin,
        scopes=client.scopes,
        methods=(*methods, *(("private_key_jwt",) if keys else ())),
        keys=keys,
        created_at=client.created_at,
        overlap_until=until if until is not None and instant < until else None,
        exp_cap=None if cap is None else timedelta(seconds=cap),
        tokens=0 if client.ended_at is not None else tokens,
        last_token_at=client.last_token_at,
        ended_at=client.ended_at,
    )


async def _for_change(db: AsyncConnection, client_id: str) -> ApiClient:
    asked = select(api_clients).where(api_clients.c.client_id == client_id).with_for_update()
    client = await one(db, asked, ApiClient)
    if client is None:
        raise ClientWrong(f"There is no client {client_id}.")
    if client.ended_at is not None:
        raise ClientWrong(f"{client_id} has ended.")
    return client


async def _keys_of(db: AsyncConnection, client: ApiClient) -> tuple[ClientKey, ...]:
    return await every(db, select(client_keys).where(_its(client_keys, client)), ClientKey)


async def _add(db: AsyncConnection, client: ApiClient, keys: Mapping[str, str]) -> None:
    instant = await clock(db)
    added = [
        ClientKey(
            wallet_id=client.wallet_id, client_id=client.id, kid=kid, jwk=jwk, added_at=instant
        )
        for kid, jwk in keys.items()
    ]
    await db.execute(insert(client_keys), [row_of(key) for key in added])


async def _told(db: AsyncConnection, client: ApiClient, event: Event) -> None:
    await record(db, client.wallet_id, [event], by=THE_OPERATOR)


async def _end_tokens(db: AsyncConnection, client: ApiClient) -> None:
    await db.execute(delete(access_tokens).where(_its(access_tokens, client)))


def _its(table: Table, client: ApiClient) -> ColumnElement[bool]:
    return (table.c.wallet_id == client.wallet_id) & (table.c.client_id == client.id)
