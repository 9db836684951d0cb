"""The wallet tells us of its sessions: begun, ended, and which of them live."""

from datetime import datetime
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts
from domain.accounts import Account, Device, WalletSession
from domain.ids import DeviceId, SessionId
from domain.refusals import AccountIsFrozen, DeviceReported, KeyReused, NotFound, TokenUsed
from domain.signs import TryWay
from domain.wallets import Wallet
from service.operations import refused_tries
from service.operations.accounts import known_account
from service.operations.addresses import plain_text
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, put
from service.storage.tables import idempotency_keys, wallet_sessions


class ToldDevice(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    platform: str


class SeenSession(Struct, frozen=True, kw_only=True):
    session: WalletSession
    device: str | None
    active: bool


class SessionPage(Struct, frozen=True, kw_only=True):
    """Some of an account's sessions; `next` names the last of them if there are more."""

    items: tuple[SeenSession, ...]
    next: SessionId | None


async def begin_session(
    house: House,
    wallet: Wallet,
    subject: str,
    *,
    token_sha256: bytes,
    device: ToldDevice | None,
    expires_at: datetime,
    request: Request | None = None,
) -> WalletSession:
    """Register a session. Takes the lock a freeze takes, so that none slips in between.

    Raises AccountIsFrozen, DeviceReported, TokenUsed. The same token twice is one session while
    it lives; `request` is the caller's Idempotency-Key (raises KeyReused).
    """
    try:
        async with house.engine.begin() as db:
            account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
            if account is None:
                raise NotFound
            begin = partial(
                _begin,
                db,
                house,
                account,
                token_sha256=token_sha256,
                told=device,
                expires_at=expires_at,
            )
            if request is None:
                return await begin()
            key = await find_key(db, house.keys, wallet.data_key_id)
            if (answered := await replay(db, key, request)) is not None:
                return msgspec.json.decode(answered, type=WalletSession)
            session = await begin()
            await remember(db, key, request, msgspec.json.encode(session).decode())
            return session
    except IntegrityError as fault:
        # Requests for one account wait for each other; only another account's can be met here.
        if idempotency_keys.name in str(fault.orig):
            raise KeyReused from None
        if wallet_sessions.c.token_sha256.name in str(fault.orig):
            raise TokenUsed from None
        raise


async def end_session(house: House, wallet: Wallet, session_id: SessionId) -> None:
    """Sign-out: the row goes, and with it the session. Ending it again is no fault."""
    async with house.engine.begin() as db:
        await db.execute(
            delete(wallet_sessions).where(
                wallet_sessions.c.wallet_id == wallet.id, wallet_sessions.c.id == session_id
            )
        )


async def see_sessions(
    house: House, wallet: Wallet, subject: str, *, after: SessionId | None, limit: int
) -> SessionPage:
    """Sessions on file in the order they began, and whether each lives."""
    async with house.engine.connect() as db:
        account = await known_account(db, wallet, subject)
        now = await clock(db)
        devices = {d.id: d.name for d in await load.devices_of(db, wallet.id, account.id)}
        found = await load.sessions_after(db, wallet.id, account.id, after, limit=limit + 1)
    shown = found[:limit]
    items = tuple(
        SeenSession(
            session=session,
            device=devices.get(session.device_id) if session.device_id else None,
            active=session.is_active(account, now),
        )
        for session in shown
    )
    return SessionPage(items=items, next=shown[-1].id if len(found) > limit else None)


async def _begin(
    db: AsyncConnection,
    house: House,
    account: Account,
    *,
    token_sha256: bytes,
    told: ToldDevice | None,
    expires_at: datetime,
) -> WalletSession:
    now = await clock(db)
    known = await load.session_by_token(db, account.wallet_id, account.id, token_sha256)
    if known is not None and known.is_active(account, now):
        return known
    device = told and await load.device_by_name(db, account.wallet_id, account.id, told.id)
    try:
        accounts.allow_session(account, device, now=now)
    except (AccountIsFrozen, DeviceReported):
        refused_tries.note(house, account, TryWay.SESSION, device=device, named=told is not None)
        raise
    if told is not None and device is None:
        device = await _link_device(db, house, account, told, now=now)
    session = WalletSession(
        id=SessionId(new_id()),
        wallet_id=account.wallet_id,
        account_id=account.id,
        device_id=device.id if device is not None else None,
        token_sha256=token_sha256,
        epoch=account.epoch,
        began_at=now,
        expires_at=expires_at,
    )
    return await put(db, None, session)


async def _link_device(
    db: AsyncConnection, house: House, account: Account, told: ToldDevice, *, now: datetime
) -> Device:
    person = await load.person(db, account.wallet_id, account.person_id)
    if person.data_key_id is None:
        raise NotFound
    key = await find_key(db, house.keys, person.data_key_id)
    device_id = DeviceId(new_id())
    label = plain_text(told.label, longest=60)
    device = Device(
        id=device_id,
        wallet_id=account.wallet_id,
        account_id=account.id,
        name=told.id,
        label=key.seal(Place("devices", "label", device_id), label),
        platform=plain_text(told.platform, longest=20),
        epoch=account.epoch,
        linked_at=now,
    )
    return await put(db, None, device)
