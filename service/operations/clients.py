"""A wallet's backends: who they are and what their tokens allow (RFC 6749, section 4.4)."""

import hmac
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import delete, insert, select

from domain.events import Actor, ActorKind
from domain.ids import ClientId, WalletId
from domain.refusals import ClientNotValid, ScopeMissing
from domain.wallets import Wallet
from service.operations.house import House
from service.security.tokens import digest, new_id, new_secret, new_token
from service.storage.rows import clock, one, put, row_of
from service.storage.tables import access_tokens, api_clients, now
from service.storage.values import AccessToken, ApiClient, Scope


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


async def add_client(
    house: House, wallet_id: WalletId, client_id: str, scopes: Iterable[Scope]
) -> str:
    """Make a client; its secret is shown this once."""
    secret = new_secret()
    async with house.engine.begin() as db:
        await put(
            db,
            None,
            ApiClient(
                id=ClientId(new_id()),
                wallet_id=wallet_id,
                client_id=client_id,
                secret_sha256=digest(secret),
                scopes=tuple(scopes),
                created_at=await clock(db),
            ),
        )
    return secret


async def client_by_secret(house: House, wallet: Wallet, client_id: str, secret: str) -> Caller:
    """HTTP Basic authentication. Raises ClientNotValid; a wallet's client is foreign elsewhere."""
    async with house.engine.connect() as db:
        found = await one(
            db,
            select(api_clients).where(
                api_clients.c.wallet_id == wallet.id,
                api_clients.c.client_id == client_id,
                api_clients.c.ended_at.is_(None),
            ),
            ApiClient,
        )
    if found is None or not hmac.compare_digest(found.secret_sha256, digest(secret)):
        raise ClientNotValid
    return Caller(client_id=found.id, wallet_id=wallet.id, scopes=found.scopes)


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
        # The table stays as small as what is alive.
        await db.execute(
            delete(access_tokens).where(
                access_tokens.c.client_id == client.client_id, access_tokens.c.expires_at <= now
            )
        )
    return IssuedToken(access_token=token, expires_in=int(lasts.total_seconds()), scopes=scopes)
