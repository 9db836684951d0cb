"""Norte's identity provider on loopback: real keys, a real server, and all that can go wrong.

It signs what a test asks for, also what no honest one would.
"""

import asyncio
import base64
import hmac
import json
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from litestar import Litestar
from msgspec import Struct

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import wallets
from service.operations.house import House
from service.operations.wallets import OwnersIssuer
from service.storage import load
from tests import people as cast
from tests.api.backends import hold
from tests.houses import client_for

AUDIENCE: Final = "https://resguardo.norte.example"
STRONG: Final = cast.NORTE.strong_acr[0]
LASTS: Final = timedelta(minutes=5)

Key = RSAKey | ECKey | OKPKey
# Making one takes longer than a test.
FIRST: Final = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
SECOND: Final = ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})
FORGED: Final = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
with warnings.catch_warnings():
    # The library warns of what the service must refuse.
    warnings.simplefilter("ignore", SecurityWarning)
    SHORT: Final = RSAKey.generate_key(1024, {"kid": "short", "use": "sig"})


class Identity:
    """One issuer. `ill` says what it does instead of answering."""

    def __init__(self) -> None:
        self.issuer = ""
        # As its discovery document calls it; its own name, if it is honest.
        self.called: str | None = None
        self.jwks_uri: str | None = None
        self.keys: list[Mapping[str, Any]] = [public(FIRST)]
        self.ill = ""
        self.asked: list[str] = []
        self.heard, self.slowly = asyncio.Event(), asyncio.Event()

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(
            request,
            {
                "issuer": self.called or self.issuer,
                "jwks_uri": self.jwks_uri or f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
            },
        )

    async def jwks(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, {"keys": self.keys})

    async def _answer(self, request: web.Request, told: object) -> web.StreamResponse:
        self.asked.append(request.path)
        self.heard.set()
        match self.ill:
            case "slow":
                await self.slowly.wait()
            case "hanging":
                await asyncio.sleep(60)
            case "redirecting":
                raise web.HTTPFound(f"{self.issuer}/elsewhere")
            case "huge":
                return web.json_response({"filler": "x" * 70_000, **json_object(told)})
            case "endless":
                return await self._endless(request)
            case "garbled":
                return web.Response(body=b"\xff\xfe{")
            case "failing":
                raise web.HTTPInternalServerError
            case _:
                pass
        return web.json_response(told)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100_000):
            await response.write(b" " * 4096)
        return response

    async def elsewhere(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"})


class Olga(Struct, frozen=True, kw_only=True):
    """Olga's app: the wallet's own access tokens, and calls with them."""

    http: httpx.AsyncClient
    house: House
    identity: Identity

    async def claims(self, **other: Any) -> dict[str, Any]:
        """Signed in strongly just now; None leaves a claim out."""
        now = int((await cast.now(self.house)).timestamp())
        whole = {
            "iss": self.identity.issuer,
            "sub": cast.OLGA,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + int(LASTS.total_seconds()),
            "auth_time": now,
            "acr": STRONG,
            "client_id": "norte-app",
            "jti": "1",
            **other,
        }
        return {name: value for name, value in whole.items() if value is not None}

    async def token(
        self, *, key: Key = FIRST, header: Mapping[str, Any] | None = None, **other: Any
    ) -> str:
        return signed(await self.claims(**other), key=key, header=header)

    async def account(self, wallet: Wallet) -> Account:
        async with self.house.engine.connect() as db:
            found = await load.account_by_subject(db, wallet.id, cast.OLGA)
        assert found is not None
        return found

    async def asks(
        self,
        path: str = "/v1/me/contacts",
        token: str | None = None,
        *,
        method: str = "GET",
        body: object = None,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Without a `token`: with one that is good in every way."""
        shown = await self.token() if token is None else token
        headers = {"Authorization": f"Bearer {shown}", **(more or {})}
        if body is None:
            return await self.http.request(method, path, headers=headers)
        return await self.http.request(method, path, headers=headers, json=body)


def signed(
    claims: Mapping[str, Any], *, key: Key = FIRST, header: Mapping[str, Any] | None = None
) -> str:
    alg = "ES256" if isinstance(key, ECKey) else "RS256"
    whole: dict[str, Any] = {"alg": alg, "kid": key.kid, "typ": "at+jwt", **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[whole["alg"]], strict_check_header=False)
    return jws.serialize_compact(whole, json.dumps(claims).encode(), key, registry=registry)


def unsigned(claims: Mapping[str, Any], header: Mapping[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand: libraries would not."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed_under_the_old_name(
    claims: Mapping[str, Any], header: Mapping[str, Any], key: OKPKey
) -> str:
    """EdDSA, as most providers still call it. By hand: the library warns of the word."""
    whole = {**header, "alg": "EdDSA", "kid": key.kid}
    said = unsigned(claims, whole).removesuffix(".")
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return unsigned(claims, whole, private.sign(said.encode()))


def with_a_public_key_as_secret(claims: Mapping[str, Any]) -> str:
    """HS256, keyed with what everybody can read: the confusion of RFC 8725, section 2.1."""
    # By hand: the library would not even sign with it.
    header = {"alg": "HS256", "kid": "first", "typ": "at+jwt"}
    said = unsigned(claims, header).removesuffix(".")
    secret = FIRST.as_pem(private=False)
    return unsigned(claims, header, hmac.digest(secret, said.encode(), "sha256"))


def public(key: Key, **other: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **other}


def json_object(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return {str(name): member for name, member in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON


@asynccontextmanager
async def an_issuer() -> AsyncGenerator[Identity]:
    identity = Identity()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", identity.discovery)
    app.router.add_get("/jwks", identity.jwks)
    app.router.add_get("/elsewhere", identity.elsewhere)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    identity.issuer = f"http://{host}:{port}"
    try:
        yield identity
    finally:
        identity.slowly.set()
        await runner.cleanup()


async def trusts(house: House, wallet: Wallet, identity: Identity, **other: Any) -> Wallet:
    """From now on the wallet's owners come with this issuer's tokens."""
    said = OwnersIssuer(issuer=identity.issuer, audience=AUDIENCE, **other)
    return await wallets.change_issuer(house, wallet.origin, said)


@asynccontextmanager
async def olgas_app(
    app: Litestar, house: House, wallet: Wallet, identity: Identity
) -> AsyncGenerator[Olga]:
    """Every answer is held against the OpenAPI document."""
    document = app.openapi_schema.to_schema()

    async def held(response: httpx.Response) -> None:
        await response.aread()
        hold(document, response)

    async with client_for(app, wallet.origin) as http:
        http.event_hooks = {"response": [held]}
        yield Olga(http=http, house=house, identity=identity)


def seconds(instant: datetime) -> int:
    return int(instant.timestamp())
