"""A wallet's own systems, as the API meets them. Every answer is held against the document.

What the OpenAPI document says of a status, a media type and a body is checked here, so that each
test of behaviour is a test of the document's truth too.
"""

import base64
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import httpx
from jsonschema import Draft202012Validator
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.houses import client_for

ALL: Final = tuple(Scope)
LATER: Final = "2199-12-31T23:59:59Z"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Backend(Struct, frozen=True, kw_only=True):
    """One API client of one wallet, with its access token, at the wallet's origin."""

    http: httpx.AsyncClient
    client_id: str
    secret: str
    token: str = ""

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": f"Basic {encoded(self.client_id, self.secret)}"}

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def call(
        self, method: str, path: str, body: object = None, *, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """With the access token; `body` as JSON if there is one."""
        headers = {**self.bearer, **(more or {})}
        if body is None:
            return await self.http.request(method, path, headers=headers)
        return await self.http.request(method, path, headers=headers, json=body)

    async def send(self, method: str, path: str, body: bytes, media_type: str) -> httpx.Response:
        """The very bytes."""
        headers = {**self.bearer, "Content-Type": media_type}
        return await self.http.request(method, path, headers=headers, content=body)

    async def ask_token(self, **fields: str) -> httpx.Response:
        return await self.http.post("/oauth/token", headers=self.basic, data=fields)

    async def revoke(self, token: str, *, who: Mapping[str, str] | None = None) -> httpx.Response:
        headers = self.basic if who is None else who
        return await self.http.post("/oauth/revoke", headers=headers, data={"token": token})

    async def introspect(
        self, session_token: str, *, who: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = self.basic if who is None else who
        return await self.http.post(
            "/oauth/introspect", headers=headers, data={"token": session_token}
        )

    async def check(
        self, session_token: str, *, who: Mapping[str, str] | None = None
    ) -> httpx.Response:
        client = (self.basic if who is None else who).get("Authorization", "")
        headers = {"Authorization": f"Bearer {session_token}", "Resguardo-Client": client}
        return await self.http.get("/v1/session-check", headers=headers)


@asynccontextmanager
async def backend_of(
    app: Litestar,
    house: House,
    wallet: Wallet,
    *,
    client_id: str = "norte-backend",
    scopes: tuple[Scope, ...] = ALL,
) -> AsyncGenerator[Backend]:
    """A new client of the wallet, signed in."""
    secret = await clients.add_client(house, wallet.id, client_id, scopes)
    document = app.openapi_schema.to_schema()

    async def held_against_the_document(response: httpx.Response) -> None:
        await response.aread()
        hold(document, response)

    async with client_for(app, wallet.origin) as http:
        http.event_hooks = {"response": [held_against_the_document]}
        unsigned = Backend(http=http, client_id=client_id, secret=secret)
        answer = await unsigned.ask_token(grant_type="client_credentials")
        yield replace(unsigned, token=answer.json()["access_token"])


def encoded(client_id: str, secret: str) -> str:
    return base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def hold(document: Mapping[str, Any], response: httpx.Response) -> None:
    """The answer is one that the document names. Other paths and methods are not its business."""
    assert "Traceback" not in response.text
    assert "litestar" not in response.text.lower()
    operation = _operation(document, response.request)
    if operation is None:
        return
    told = operation["responses"].get(str(response.status_code))
    assert told is not None, (response.request.url, response.status_code, response.text)
    content = told.get("content")
    if content is None:
        assert response.content == b""
        return
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in content, (media_type, list(content))
    fits(document, content[media_type]["schema"], response.json())


def fits(document: Mapping[str, Any], schema: Mapping[str, Any], value: object) -> None:
    """The value is of a schema of the document, formats included."""
    validator: Any = Draft202012Validator(
        {**schema, "components": document["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    validator.validate(value)


def _operation(document: Mapping[str, Any], request: httpx.Request) -> dict[str, Any] | None:
    path = request.url.raw_path.decode().partition("?")[0]
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(template)), path):
            return operations.get(request.method.lower())
    return None


def an_account(**other: object) -> dict[str, object]:
    """Olga, as the wallet tells of her."""
    return {
        "first_name": "Olga",
        "display_name": "Olga Ortiz",
        "language": "es",
        "time_zone": "America/Argentina/Buenos_Aires",
        "emails": [{"address": "olga@correo.example", "verified_at": "2020-01-01T00:00:00Z"}],
        "phones": [{"address": "+54 9 11 2345-6789", "verified_at": "2020-01-01T00:00:00Z"}],
        **other,
    }


def a_session(token: str = "phone-token", **other: object) -> dict[str, object]:
    """Olga's phone signs in."""
    return {
        "subject": cast.OLGA,
        "token_sha256": sha256(token.encode()).hexdigest(),
        "device": {"id": "phone-1", "label": "Galaxy A54", "platform": "android"},
        "expires_at": LATER,
        **other,
    }


async def frozen(house: House, wallet: Wallet) -> None:
    """Carl reports Olga's phone stolen."""
    session = await cast.a_session(house, wallet, "what-she-had")
    pages = await cast.at_her_pages(house, wallet, session)
    carl, link = await cast.a_contact(house, wallet, pages)
    await cast.a_report(house, wallet, carl, link)


A_MOMENT: Final = timedelta(seconds=2)
