"""A wallet's backends: who they are and what their tokens allow (RFC 6749, section 4.4)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Update, case, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import THE_OPERATOR, Actor, ActorKind, ClientMade
from domain.ids import ClientId, WalletId
from domain.refusals import ClientNotValid, ScopeMissing
from domain.wallets import Wallet
from service.operations.house import House
from service.security import assertions
from service.security.assertions import Opened
from service.security.authorization import is_secret_of
from service.security.tokens import digest, new_id, new_secret, new_token
from service.storage.rows import clock, one, put, record, row_of
from service.storage.tables import access_tokens, api_clients, client_keys, now, used_assertions
from service.storage.values import AccessToken, ApiClient, Scope

# Often enough to see that nobody calls any more, too seldom to cost anything.
_LAST_SEEN_TO: Final = timedelta(minutes=1)


class Caller(Struct, frozen=True, kw_only=True):
    """An authenticated backend of one wallet."""

    client_id: ClientId
    wallet_id: WalletId
    scopes: tuple[Scope, ...]

    def require(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise ScopeMissing

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.WALLET, self.client_id)


class IssuedToken(Struct, frozen=True, kw_only=True):
    access_token: str
    expires_in: int
    scopes: tuple[Scope, ...]


class _WithSecret(Struct, frozen=True, kw_only=True):
    id: ClientId
    scopes: tuple[Scope, ...]
    secret_sha256: bytes | None
    earlier_sha256: bytes | None


class _WithKey(Struct, frozen=True, kw_only=True):
    id: ClientId
    scopes: tuple[Scope, ...]
    jwk: str | None


async def add_client(
    house: House, wallet_id: WalletId, client_id: str, scopes: Iterable[Scope]
) -> str:
    """Make a client; its secret is shown this once."""
    secret = new_secret()
    async with house.engine.begin() as db:
        client = ApiClient(
            id=ClientId(new_id()),
            wallet_id=wallet_id,
            client_id=client_id,
            secret_sha256=digest(secret),
            scopes=tuple(scopes),
            created_at=await clock(db),
        )
        await put(db, None, client)
        await record(db, wallet_id, [made(client, keys=0)], by=THE_OPERATOR)
    return secret


def made(client: ApiClient, *, keys: int) -> ClientMade:
    """What is recorded of a new client: what it may do, and how it proves who it is."""
    scopes = tuple(scope.value for scope in client.scopes)
    return ClientMade(client_id=client.id, scopes=scopes, keys=keys, at=client.created_at)


async def client_by_secret(house: House, wallet: Wallet, client_id: str, secret: str) -> Caller:
    """HTTP Basic authentication. Raises ClientNotValid; a wallet's client is foreign elsewhere."""
    in_overlap = api_clients.c.earlier_secret_until > now
    columns = (
        api_clients.c.secret_sha256,
        case((in_overlap, api_clients.c.earlier_secret_sha256)).label("earlier_sha256"),
    )
    shown = digest(secret)
    async with house.engine.connect() as db:
        found = await one(db, _of(wallet, client_id, *columns), _WithSecret)
    if found is None or not is_secret_of(
        found.secret_sha256, found.earlier_sha256, shown_sha256=shown
    ):
        raise ClientNotValid
    return Caller(client_id=found.id, wallet_id=wallet.id, scopes=found.scopes)


async def client_by_assertion(
    house: House, wallet: Wallet, assertion: str, *, client_id: str | None
) -> Caller:
    """A signed assertion (RFC 7523), good for one time. `client_id` is what stands beside it.

    Raises ClientNotValid, which does not say what was wrong.
    """
    told = assertions.opened(assertion)
    if client_id not in {None, told.client_id}:
        raise ClientNotValid
    key = (client_keys.c.client_id == api_clients.c.id) & (client_keys.c.kid == told.kid)
    key &= client_keys.c.wallet_id == wallet.id
    asked = _of(wallet, told.client_id, client_keys.c.jwk).outerjoin(client_keys, key)
    audiences = (wallet.origin, token_endpoint(wallet))
    async with house.engine.begin() as db:
        found = await one(db, asked, _WithKey)
        jwk = None if found is None else found.jwk
        is_good = assertions.is_good(told, jwk, audiences=audiences, now=await clock(db))
        if found is None or not is_good or not await _use(db, wallet.id, found.id, told):
            raise ClientNotValid
    return Caller(client_id=found.id, wallet_id=wallet.id, scopes=found.scopes)


def token_endpoint(wallet: Wallet) -> str:
    """Its whole address, as assertions name it."""
    return f"{wallet.origin}/oauth/token"


async def client_by_token(house: House, wallet: Wallet, token: str) -> Caller:
    """Bearer authentication. Raises ClientNotValid."""
    async with house.engine.connect() as db:
        found = await one(
            db,
            select(access_tokens)
            .join(api_clients, api_clients.c.id == access_tokens.c.client_id)
            .where(
                access_tokens.c.wallet_id == wallet.id,
                access_tokens.c.token_sha256 == digest(token),
                access_tokens.c.expires_at > now,
                api_clients.c.ended_at.is_(None),
            ),
            AccessToken,
        )
    if found is None:
        raise ClientNotValid
    return Caller(client_id=found.client_id, wallet_id=wallet.id, scopes=found.scopes)


async def issue_token(
    house: House, wallet: Wallet, client: Caller, asked: Iterable[Scope] | None
) -> IssuedToken:
    """A bearer token for the scopes asked for (all of the client's when none is named)."""
    scopes = client.scopes if asked is None else tuple(asked)
    for scope in scopes:
        client.require(scope)
    token = new_token()
    lasts = wallet.policy.sessions.access_token_lasts
    async with house.engine.begin() as db:
        issued = AccessToken(
            token_sha256=digest(token),
            wallet_id=wallet.id,
            client_id=client.client_id,
            scopes=scopes,
            expires_at=await clock(db) + lasts,
        )
        await db.execute(insert(access_tokens).values(row_of(issued)))
        await db.execute(_seen(client))
        # The table stays as small as what is alive.
        await db.execute(
            delete(access_tokens).where(
                access_tokens.c.client_id == client.client_id, access_tokens.c.expires_at <= now
            )
        )
    return IssuedToken(access_token=token, expires_in=int(lasts.total_seconds()), scopes=scopes)


async def revoke_token(house: House, client: Caller, token: str) -> None:
    """RFC 7009: it is worth nothing from now on. Not the client's own, and unknown ones: nothing
    happens, and nobody hears of it."""
    async with house.engine.begin() as db:
        await db.execute(
            delete(access_tokens).where(
                access_tokens.c.wallet_id == client.wallet_id,
                access_tokens.c.client_id == client.client_id,
                access_tokens.c.token_sha256 == digest(token),
            )
        )


def _of(wallet: Wallet, client_id: str, *proofs: ColumnElement[Any]) -> Select[Any]:
    """A client of this wallet that has not ended, and what it may prove itself with."""
    return select(api_clients.c.id, api_clients.c.scopes, *proofs).where(
        api_clients.c.wallet_id == wallet.id,
        api_clients.c.client_id == client_id,
        api_clients.c.ended_at.is_(None),
    )


async def _use(db: AsyncConnection, wallet_id: WalletId, client_id: ClientId, told: Opened) -> bool:
    """False if it was used before, or is this very moment."""
    row = {
        "wallet_id": wallet_id,
        "client_id": client_id,
        "jti_sha256": digest(told.claims.jti),
        "expires_at": told.refused_from,
    }
    used = await db.execute(insert_or(used_assertions).values(row).on_conflict_do_nothing())
    return used.rowcount == 1


def _seen(client: Caller) -> Update:
    seen = api_clients.c.last_token_at
    return (
        update(api_clients)
        .where(
            api_clients.c.wallet_id == client.wallet_id,
            api_clients.c.id == client.client_id,
            seen.is_(None) | (seen < now - _LAST_SEEN_TO),
        )
        .values(last_token_at=now)
    )
