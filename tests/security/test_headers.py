"""Headers every answer carries, whatever it answers."""

import re
from typing import Final

import httpx
import pytest
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from service.operations.house import House
from service.security.headers import SecurityHeaders, page_policy
from tests import people
from tests.houses import client_for

pytestmark = pytest.mark.anyio

ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
NONCE: Final = re.compile(r"'nonce-([A-Za-z0-9_-]{22})'")


def an_app(content_type: str, *more: tuple[str, str], status: int = 200) -> SecurityHeaders:
    """Answers with these headers and its nonce as the body."""
    headers = [(name.encode(), value.encode()) for name, value in more]
    headers.append((b"Content-Type", content_type.encode()))

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        nonce: str = scope["state"]["csp_nonce"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": nonce.encode(), "more_body": False})

    return SecurityHeaders(answers)


async def asked(app: SecurityHeaders) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]  # two libraries' names for one ASGI
    async with httpx.AsyncClient(transport=transport, base_url="https://norte.example") as client:
        return await client.get("/")


def kept_by(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers.get(name, "") for name in ALWAYS}


@pytest.mark.parametrize(
    "content_type", ["text/html; charset=utf-8", "application/json", "image/png"]
)
@pytest.mark.parametrize("status", [200, 204, 303, 404, 500])
async def test_every_answer_carries_every_header(content_type: str, status: int) -> None:
    answer = await asked(an_app(content_type, status=status))

    assert answer.status_code == status
    assert kept_by(answer) == ALWAYS
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_page_may_use_its_own_nonce_and_nothing_from_elsewhere() -> None:
    answer = await asked(an_app("text/html; charset=utf-8"))

    policy: str = answer.headers["content-security-policy"]
    assert policy == page_policy(answer.text)
    assert NONCE.findall(policy) == [answer.text] * 2
    rules: dict[str, str] = {}
    for rule in policy.split(";"):
        name, _, allowed = rule.strip().partition(" ")
        rules[name] = allowed
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["form-action"] == rules["connect-src"] == "'self'"
    for allowed in rules.values():
        assert not re.search(r"https?:|\*|unsafe-", allowed)


async def test_no_two_answers_share_a_nonce() -> None:
    app = an_app("text/html")

    nonces = [(await asked(app)).text for _ in range(50)]

    assert len(set(nonces)) == len(nonces)
    # 128 random bits.
    assert {len(nonce) for nonce in nonces} == {22}


async def test_what_is_no_page_needs_no_nonce() -> None:
    answer = await asked(an_app("application/json"))

    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_what_an_answer_says_itself_is_said_once_and_stays() -> None:
    own = (("Cache-Control", "max-age=60"), ("Content-Security-Policy", "sandbox"))

    answer = await asked(an_app("text/css", *own))

    assert answer.headers.get_list("cache-control") == ["max-age=60"]
    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert kept_by(answer) == ALWAYS


async def test_what_is_not_http_passes_through() -> None:
    seen: list[str] = []

    async def listens(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])
        assert not scope["state"]

    async def nothing(*_: object) -> None: ...

    scope: dict[str, object] = {"type": "websocket", "state": {}}
    await SecurityHeaders(listens)(scope, nothing, nothing)  # pyright: ignore[reportArgumentType]  # two libraries' names for one ASGI

    assert seen == ["websocket"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/health/live", 200, id="json"),
        pytest.param("GET", "/health/nothing", 404, id="no such path on any host"),
        pytest.param("GET", "/v1/nothing", 404, id="no such path for services"),
        pytest.param("GET", "/nothing", 404, id="no such page"),
        pytest.param("DELETE", "/health/live", 405, id="another method"),
        pytest.param("GET", "/schema/openapi.json", 200, id="document"),
    ],
)
async def test_the_whole_service_answers_with_every_header(
    app: Litestar, house: House, method: str, path: str, status: int
) -> None:
    await people.a_wallet(house)

    async with client_for(app, people.NORTE.origin) as client:
        answer = await client.request(method, path)

    assert answer.status_code == status
    assert kept_by(answer) == ALWAYS
    assert "content-security-policy" in answer.headers


async def test_a_host_nobody_lives_at_is_answered_with_every_header(app: Litestar) -> None:
    async with client_for(app, "http://mallory.example") as client:
        answer = await client.get("/")

    assert answer.status_code == 404
    assert kept_by(answer) == ALWAYS
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
