"""A wallet's program says where JSON is sent when something happens (Standard Webhooks 1.0.0).

An endpoint belongs to the client that made it. Every change locks the client first, so that two
requests with the same Idempotency-Key wait for each other.
"""

import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import SignalId, StreamId
from domain.refusals import EndpointNotEnabled, TooManyEndpoints, UrlNotAllowed
from domain.wallets import Wallet
from service.operations import streams
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.outgoing import may_be_asked
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock
from service.storage.tables import api_clients, signals
from service.storage.values import Signal, SignalState, Stream, StreamKind, StreamStatus

R = TypeVar("R")

# Before the base64 of a secret, so that it is known for what it is wherever it turns up.
PREFIX: Final = "whsec_"
TEST: Final = "webhook.test"
# "webhook-test" among our own names of events.
_TEST_EVENT: Final = "webhook-test"
# Between the 24 and 64 bytes that the standard wants.
_SECRET_BYTES: Final = 32
# Whoever checks signatures has so long to learn the new secret.
_OVERLAP: Final = timedelta(hours=24)
_MOST: Final = 20
_WEBHOOKS: Final = (StreamKind.WEBHOOK,)


class EventType(StrEnum):
    """What an endpoint can be told."""

    ACCOUNT_FROZEN = "account.frozen"
    ACCOUNT_DISPLAY_CHANGED = "account.display_changed"
    ACCOUNT_RELEASED = "account.released"
    ACCOUNT_KEPT_FROZEN = "account.kept_frozen"
    ACCOUNT_CLOSING = "account.closing"
    ACCOUNT_CLOSING_STOPPED = "account.closing_stopped"
    ACCOUNT_CLOSED = "account.closed"
    CONTACTS_CHANGED = "contacts.changed"
    PROOF_REQUESTED = "proof.requested"


class NewEndpoint(Struct, frozen=True, kw_only=True):
    url: str
    # None: whatever there is.
    events: tuple[EventType, ...] | None
    description: str | None


class EndpointChange(Struct, frozen=True, kw_only=True):
    """What is not named stays as it is."""

    url: str | UnsetType = UNSET
    events: tuple[EventType, ...] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    status: StreamStatus | UnsetType = UNSET


class MadeSecret(Struct, frozen=True, kw_only=True):
    """An endpoint and its secret, which is shown this once."""

    endpoint: Stream
    secret: str

    def __repr__(self) -> str:
        return f"MadeSecret({self.endpoint.id})"


class EndpointPage(Struct, frozen=True, kw_only=True):
    items: tuple[Stream, ...]
    next: StreamId | None


class DeliveryPage(Struct, frozen=True, kw_only=True):
    items: tuple[Signal, ...]
    next: SignalId | None


async def add_endpoint(
    house: House,
    wallet: Wallet,
    caller: Caller,
    new: NewEndpoint,
    *,
    loopback: bool,
    request: Request | None,
) -> MadeSecret:
    """Raises UrlNotAllowed, TooManyEndpoints, KeyReused."""

    async def add(db: AsyncConnection) -> MadeSecret:
        _require_fit(new.url, loopback=loopback)
        known = await load.streams_of(db, wallet.id, caller.client_id, _WEBHOOKS, limit=_MOST)
        if len(known) == _MOST:
            raise TooManyEndpoints
        stream_id, secret = StreamId(new_id()), _new_secret()
        key = await find_key(db, house.keys, wallet.data_key_id)
        listed = tuple(EventType) if new.events is None else new.events
        endpoint = Stream(
            id=stream_id,
            wallet_id=wallet.id,
            client_id=caller.client_id,
            kind=StreamKind.WEBHOOK,
            url=new.url,
            secret=streams.sealed(key, stream_id, "secret", secret),
            events=tuple(dict.fromkeys(listed)),
            description=new.description,
            created_at=await clock(db),
        )
        return MadeSecret(endpoint=await streams.make(db, endpoint), secret=secret)

    return await _once(house, wallet, caller, MadeSecret, request=request, act=add)


async def see_endpoint(house: House, wallet: Wallet, caller: Caller, stream_id: StreamId) -> Stream:
    """Raises NotFound, also for another client's."""
    async with house.engine.connect() as db:
        return await load.stream(db, wallet.id, caller.client_id, stream_id, _WEBHOOKS)


async def see_endpoints(
    house: House, wallet: Wallet, caller: Caller, *, after: StreamId | None, limit: int
) -> EndpointPage:
    async with house.engine.connect() as db:
        found = await load.streams_of(
            db, wallet.id, caller.client_id, _WEBHOOKS, after=after, limit=limit + 1
        )
    shown = found[:limit]
    return EndpointPage(items=shown, next=shown[-1].id if len(found) > limit else None)


async def change_endpoint(
    house: House,
    wallet: Wallet,
    caller: Caller,
    stream_id: StreamId,
    change: EndpointChange,
    *,
    loopback: bool,
) -> Stream:
    """Raises NotFound, UrlNotAllowed."""
    async with house.engine.begin() as db:
        endpoint = await _hold(db, wallet, caller, stream_id)
        if change.status is not UNSET and change.status is not endpoint.status:
            endpoint = await streams.set_status(db, endpoint, change.status)
        changed = endpoint
        if change.url is not UNSET and change.url != endpoint.url:
            _require_fit(change.url, loopback=loopback)
            changed = await streams.moved(db, changed, replace(changed, url=change.url))
        if change.events is not UNSET:
            changed = replace(changed, events=tuple(dict.fromkeys(change.events)))
        if change.description is not UNSET:
            changed = replace(changed, description=change.description)
        return await streams.change(db, endpoint, changed)


async def end_endpoint(house: House, wallet: Wallet, caller: Caller, stream_id: StreamId) -> None:
    """Raises NotFound."""
    async with house.engine.begin() as db:
        await streams.end(db, await _hold(db, wallet, caller, stream_id), by=caller.actor)


async def renew_secret(
    house: House, wallet: Wallet, caller: Caller, stream_id: StreamId, *, request: Request | None
) -> MadeSecret:
    """For 24 hours both secrets sign. Raises NotFound, KeyReused."""

    async def renew(db: AsyncConnection) -> MadeSecret:
        endpoint = await _hold(db, wallet, caller, stream_id)
        secret = _new_secret()
        key = await find_key(db, house.keys, wallet.data_key_id)
        renewed = replace(
            endpoint,
            secret=streams.sealed(key, stream_id, "secret", secret),
            secret_before=endpoint.secret,
            secret_before_until=await clock(db) + _OVERLAP,
        )
        return MadeSecret(endpoint=await streams.change(db, endpoint, renewed), secret=secret)

    return await _once(house, wallet, caller, MadeSecret, request=request, act=renew)


async def send_test(
    house: House, wallet: Wallet, caller: Caller, stream_id: StreamId, *, request: Request | None
) -> Signal:
    """Raises NotFound, EndpointNotEnabled, KeyReused."""

    async def test(db: AsyncConnection) -> Signal:
        _require_enabled(await _hold(db, wallet, caller, stream_id))
        now = await clock(db)
        signal_id = SignalId(new_id())
        await db.execute(
            insert(signals).values(
                id=signal_id,
                wallet_id=wallet.id,
                stream_id=stream_id,
                event=_TEST_EVENT,
                body="{}",
                type=TEST,
                due_at=now,
                queued_at=now,
            )
        )
        return await load.signal(db, wallet.id, stream_id, signal_id)

    return await _once(house, wallet, caller, Signal, request=request, act=test)


async def see_deliveries(
    house: House,
    wallet: Wallet,
    caller: Caller,
    stream_id: StreamId,
    *,
    before: SignalId | None,
    state: SignalState | None,
    limit: int,
) -> DeliveryPage:
    """The newest first. Raises NotFound."""
    async with house.engine.connect() as db:
        await load.stream(db, wallet.id, caller.client_id, stream_id, _WEBHOOKS)
        found = await load.signals_of(
            db, wallet.id, stream_id, before=before, state=state, limit=limit + 1
        )
    shown = found[:limit]
    return DeliveryPage(items=shown, next=shown[-1].id if len(found) > limit else None)


async def send_again(
    house: House,
    wallet: Wallet,
    caller: Caller,
    stream_id: StreamId,
    signal_id: SignalId,
    *,
    request: Request | None,
) -> Signal:
    """The same bytes under the same id, with a whole schedule of tries. What is due stays as it is.

    Raises NotFound, EndpointNotEnabled, KeyReused.
    """

    async def again(db: AsyncConnection) -> Signal:
        _require_enabled(await _hold(db, wallet, caller, stream_id))
        await load.signal(db, wallet.id, stream_id, signal_id)
        ours = (signals.c.wallet_id == wallet.id) & (signals.c.stream_id == stream_id)
        await db.execute(
            update(signals)
            .where(ours, signals.c.id == signal_id, signals.c.state != SignalState.DUE.value)
            .values(state=SignalState.DUE.value, attempts=0, due_at=await clock(db), sent_at=None)
        )
        return await load.signal(db, wallet.id, stream_id, signal_id)

    return await _once(house, wallet, caller, Signal, request=request, act=again)


def _require_fit(url: str, *, loopback: bool) -> None:
    if not may_be_asked(url, loopback=loopback):
        raise UrlNotAllowed


def _require_enabled(endpoint: Stream) -> None:
    if endpoint.status is not StreamStatus.ENABLED:
        raise EndpointNotEnabled


def _new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def _hold(db: AsyncConnection, wallet: Wallet, caller: Caller, stream_id: StreamId) -> Stream:
    return await load.stream_for_change(db, wallet.id, caller.client_id, stream_id, _WEBHOOKS)


async def _once(
    house: House,
    wallet: Wallet,
    caller: Caller,
    answer: type[R],
    *,
    request: Request | None,
    act: Callable[[AsyncConnection], Awaitable[R]],
) -> R:
    """Act, or answer what was answered to the same request before."""
    async with house.engine.begin() as db:
        mine = (api_clients.c.wallet_id == wallet.id) & (api_clients.c.id == caller.client_id)
        await db.execute(select(api_clients.c.id).where(mine).with_for_update())
        if request is None:
            return await act(db)
        key = await find_key(db, house.keys, wallet.data_key_id)
        if (answered := await replay(db, key, request)) is not None:
            return msgspec.json.decode(answered, type=answer)
        done: Any = await act(db)
        await remember(db, key, request, msgspec.json.encode(done).decode())
        return done
