"""The server in front of the app: what a gateway or a browser sends over a real socket.

The app is asked the same things without it, and has to answer the same.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import func, select

from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.settings import Settings
from service.storage.tables import loss_reports
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import FORM, encoded
from tests.houses import client_for
from tests.leaks import EARS
from tests.outage.crowd import a_verified_browser, an_owner
from tests.outage.town import RealBrowser
from tests.ports import free_port
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio

CLIENT: Final = "gateway"
DEAD: Final = b'{"active":false}'
# What the server adds or each answer makes anew.
OWN_WORDS: Final = frozenset(
    {"date", "server", "connection", "content-length", "content-security-policy", "set-cookie"}
)
ASKED: Final[tuple[tuple[str, str, dict[str, str], bytes], ...]] = (
    ("GET", "/health/live", {}, b""),
    ("GET", "/report?lang=pt-BR", {}, b""),
    ("HEAD", "/report", {}, b""),
    ("GET", "/i", {"Accept-Language": "en;q=0.9, es;q=0.1"}, b""),
    ("POST", "/report", FORM, b"csrf_token=not-ours"),
    ("POST", "/report", {**FORM, "Origin": "http://elsewhere.example"}, b""),
    ("GET", "/nowhere/%C3%B1/%2F?x=%41&y", {}, b""),
    ("GET", "//console", {}, b""),
    ("GET", "/console", {}, b""),
    ("GET", "/report", {"Host": "elsewhere.example"}, b""),
    ("POST", "/v1/sessions", {"Content-Type": "application/json"}, b"{}"),
    ("POST", "/oauth/token", FORM, b"grant_type=client_credentials"),
    ("POST", "/oauth/revoke", FORM, b"token=a"),
    ("POST", "/oauth/introspect", {}, b""),
    ("POST", "/oauth/introspect", FORM, b"token=phone-token"),
    ("POST", "/oauth/introspect", {**FORM, "Authorization": "Basic bm9ib2R5OngK"}, b"token=a"),
    ("POST", "/oauth/introspect", {**FORM, "Authorization": "Bearer nobody"}, b"token=a"),
    ("GET", "/oauth/introspect", {}, b""),
    ("PUT", "/report", {}, b""),
    ("GET", "/static/none.css", {}, b""),
    ("GET", "/report", {"Cookie": "__Host-contact=nothing; a=b"}, b""),
)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    origin = f"http://localhost:{free_port()}"
    return await cast.a_wallet(house, replace(cast.NORTE, origin=origin))


@pytest.fixture
async def server(
    house: House, settings: Settings, wallet: Wallet
) -> AsyncIterator[httpx.AsyncClient]:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    port = int(wallet.origin.rpartition(":")[2])
    with serving(environment_of(settings, port)):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": f"localhost:{port}"}
        ) as http:
            yield http


@pytest.fixture
async def basic(house: House, wallet: Wallet, server: httpx.AsyncClient) -> dict[str, str]:
    secret = await clients.add_client(house, wallet.id, CLIENT, (Scope.INTROSPECT,))
    return {"Authorization": f"Basic {encoded(CLIENT, secret)}"}


async def test_the_server_changes_no_answer(
    app: Litestar, server: httpx.AsyncClient, wallet: Wallet
) -> None:
    async with client_for(app, wallet.origin) as direct:
        for method, path, headers, body in ASKED:
            asked = {**FORM, **headers} if body else headers
            through = await server.request(method, path, headers=asked, content=body)
            without = await direct.request(method, path, headers=asked, content=body)

            assert through.status_code == without.status_code, path
            assert _kept(through) == _kept(without), path
            assert len(through.content) == len(without.content), path
            assert _cookies(through) == _cookies(without), path


async def test_half_a_form_of_a_phone_that_lost_its_network_is_no_form(
    house: House, server: httpx.AsyncClient, wallet: Wallet
) -> None:
    """All that counts has arrived; what is missing is the end of a field that nobody reads."""
    olga = await an_owner(house, wallet, 1, contacts=1)
    port = server.base_url.port or 0
    browser = await a_verified_browser(house, wallet, olga, RealBrowser(wallet.origin, port))
    summary = await browser.open("/r/check")
    whole = urlencode({**summary.form("/r/confirm").fields, "more": "x" * 40}).encode()
    kept = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = (
        f"POST /r/confirm HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {wallet.origin}\r\n"
        f"Cookie: {kept}\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    ).encode()
    half = whole[:-20]
    told = b"Content-Length: %d\r\n\r\n" % len(whole)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(half)

    for cut in (told + half, chunked + half, chunked + half + b"\r\n"):
        assert (await _said(port, head + cut, hangs_up=True)).startswith(b"HTTP/1.1 400 "), cut
        async with house.engine.connect() as db:
            assert await db.scalar(select(func.count()).select_from(loss_reports)) == 0

    sent = await _said(port, head + chunked + half + b"\r\n0\r\n\r\n")
    assert b"location: /r/receipt" in sent


async def test_what_a_phone_has_to_load_travels_compressed(
    server: httpx.AsyncClient, basic: dict[str, str]
) -> None:
    page = await server.get("/report")
    style = await server.get(re.findall(r'href="(/static/[^"]+\.css[^"]*)"', page.text)[0])
    for answer in (page, style):
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.num_bytes_downloaded < len(answer.content) / 2

    plain = await server.get("/report", headers={"Accept-Encoding": "identity"})
    gateway = await server.post("/oauth/introspect", headers=basic, data={"token": "a"})
    for answer in (plain, gateway):
        assert "content-encoding" not in answer.headers


async def test_a_gateway_is_answered_alike_however_it_sends_its_question(
    server: httpx.AsyncClient, basic: dict[str, str]
) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        yield b"tok"
        yield b"en=phone-token"

    short = await server.post("/oauth/introspect", headers=basic, data={"token": "phone-token"})
    pieces = await server.post("/oauth/introspect", headers={**basic, **FORM}, content=in_pieces())
    hinted = await server.post(
        "/oauth/introspect", headers=basic, data={"token": "phone-token", "token_type_hint": "x"}
    )

    assert short.json()["active"] is True
    assert short.content == pieces.content == hinted.content
    assert _kept(short) == _kept(pieces) == _kept(hinted)


@pytest.mark.parametrize(
    "token", ["nobody's", "ñ 😀", "%", "%zz", "a+b", "phone-token ", "a" * 3_000, "a" * 9_000]
)
async def test_what_does_not_live_is_the_same_answer_at_once_and_the_long_way(
    server: httpx.AsyncClient, basic: dict[str, str], token: str
) -> None:
    answer = await server.post("/oauth/introspect", headers=basic, data={"token": token})

    assert (answer.status_code, answer.content) == (200, DEAD)


async def test_questions_of_many_callers_at_once_are_not_mixed_up(
    house: House, wallet: Wallet, server: httpx.AsyncClient, basic: dict[str, str]
) -> None:
    """Batches are made by caller, and each question finds its own answer in them."""
    for number in range(20):
        await cast.a_session(house, wallet, f"token-{number}", cast.LAPTOP)
    may_not = await clients.add_client(house, wallet.id, "accountant", (Scope.ACCOUNTS,))
    callers = (
        (basic, 200),
        ({"Authorization": f"Basic {encoded('accountant', may_not)}"}, 403),
        ({"Authorization": f"Basic {encoded(CLIENT, 'wrong')}"}, 401),
    )

    async def ask(number: int) -> None:
        who, status = callers[number % 3]
        token = f"token-{number}"
        answer = await server.post("/oauth/introspect", headers=who, data={"token": token})
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["active"] is (number < 20)

    await asyncio.gather(*(ask(number) for number in range(90)))


async def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    server: httpx.AsyncClient, basic: dict[str, str]
) -> None:
    form = {**FORM, **basic}
    little_too_long = await server.post("/oauth/token", headers=form, content=b"a" * 70_000)
    assert little_too_long.status_code == 413
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(400):
            sent += 65_536
            yield b"a" * 65_536

    try:
        answer = await server.post("/oauth/token", headers=form, content=endless())
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.ReadError):
        # The server hung up on the rest.
        assert sent < 400 * 65_536


async def _said(port: int, said: bytes, *, hangs_up: bool = False) -> bytes:
    """The answer to it; one still comes to whoever will say no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    if hangs_up:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def _kept(answer: httpx.Response) -> dict[str, str]:
    kept = {name: value for name, value in answer.headers.items() if name not in OWN_WORDS}
    # In no order of their own.
    kept["allow"] = " ".join(sorted(kept.get("allow", "").split(", ")))
    return kept


def _cookies(answer: httpx.Response) -> list[str]:
    return sorted(one.partition("=")[0] for one in answer.headers.get_list("set-cookie"))


async def test_a_key_that_is_no_text_is_refused_and_not_taken_for_none(
    server: httpx.AsyncClient, house: House, wallet: Wallet
) -> None:
    secret = await clients.add_client(house, wallet.id, CLIENT, (Scope.WEBHOOKS,))
    basic = {"Authorization": f"Basic {encoded(CLIENT, secret)}"}
    asked = {"grant_type": "client_credentials"}
    token = (await server.post("/oauth/token", headers=basic, data=asked)).json()["access_token"]
    hook = {"url": "https://hooks.norte.example/"}
    statuses: list[int] = []
    for key in (b"one", b"\xf1", "ñ".encode()):
        headers = [(b"Authorization", f"Bearer {token}".encode()), (b"Idempotency-Key", key)]
        answer = await server.post("/v1/webhook-endpoints", headers=headers, json=hook)
        EARS.hide(*([answer.json()["secret"]] if answer.status_code == 201 else []))
        statuses.append(answer.status_code)

    assert statuses == [201, 400, 400]
