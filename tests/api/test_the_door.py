"""The gateways' own process: whatever both answer, it answers like the web process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import func, update

from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations import clients
from service.operations.house import House
from service.storage.tables import api_clients, wallets
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import Backend, encoded, frozen
from tests.api.doors import OpenDoor, Said, let_into, open_door, request
from tests.houses import client_for

pytestmark = pytest.mark.anyio

DEAD: Final = b'{"active":false}'
OWN_WORDS: Final = frozenset({"date", "connection", "content-length"})
FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")
JSON: Final = ("Content-Type", "application/json")
NOBODY: Final = ("Authorization", f"Basic {encoded('nobody', 'x')}")
Headers = tuple[tuple[str, str], ...]


@pytest.fixture
async def door(
    norte: Backend, house: House, wallet: Wallet, database_url: str
) -> AsyncIterator[OpenDoor]:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    await cast.a_session(house, wallet, "a+b &ñ", cast.LAPTOP)
    async with open_door(database_url) as door:
        yield door


@pytest.fixture
def host(wallet: Wallet) -> str:
    return urlsplit(wallet.origin).netloc


@pytest.fixture
async def same(app: Litestar, wallet: Wallet, door: OpenDoor, host: str) -> AsyncIterator["Same"]:
    async with client_for(app, wallet.origin) as direct:
        yield Same(direct, door, host)


class Same:
    """Asks both the same thing."""

    def __init__(self, app: httpx.AsyncClient, door: OpenDoor, host: str) -> None:
        self._app = app
        self._door = door
        self._host = host

    async def ask(
        self, method: str, path: str, *headers: tuple[str, str], body: bytes = b"", host: str = ""
    ) -> Said:
        """What both said."""
        at = host or self._host
        asked = httpx.Request(
            method,
            httpx.URL(self._app.base_url, raw_path=path.encode()),
            headers=[("Host", at), *((name, value.encode("latin-1")) for name, value in headers)],  # pyright: ignore[reportArgumentType]  # it takes bytes too
            content=body,
        )
        app = await self._app.send(asked)
        said = await self._door.ask(request(method, path, *headers, body=body, host=at))

        assert (said.status, said.body) == (app.status_code, app.content), (method, path, headers)
        assert _kept(said.headers) == _kept(dict(app.headers)), (method, path, headers)
        return said


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name not in OWN_WORDS}
    # In no order of their own.
    kept["allow"] = " ".join(sorted(kept.get("allow", "").split(", ")))
    return kept


def _who(backend: Backend) -> tuple[Headers, Headers]:
    return tuple(backend.basic.items()), tuple(backend.bearer.items())


async def test_a_living_session_is_told_alike(same: Same, norte: Backend) -> None:
    for who in _who(norte):
        said = await same.ask("POST", "/oauth/introspect", *who, FORM, body=b"token=phone-token")

        assert said.status == 200
        assert b'"active":true' in said.body


BODIES: Final = (
    *(
        b"",
        b"token",
        b"token=",
        b"token=&token=",
        b"token=a&token=b",
        b"a&b&c",
        b"&",
        b"token=%",
    ),
    *(
        b"token=phone-token&token_type_hint=access_token",
        b"token_type_hint=x&token=phone-token",
    ),
    *(b"token=a%2Bb+%26%C3%B1", b"token=a%2bb%20%26%c3%b1", b"token=\xc3\xb1", b"token=%ff"),
    *(b"token=phone%2Dtoken", b"%74oken=phone-token", b"token=phone-token;x=y", b"token=%00"),
    *(b"token=a=b", b"token=\x00", b"token=phone-token ", b"token= phone-token", b"token=%zz"),
    *(b"Token=phone-token", b"token=phone-token&", b"token=phone-token&=", b'{"token":"a"}'),
    *(b"&".join(b"f%d=1" % number for number in range(40)), b"token=" + b"a" * 60_000),
    b"&".join((*(b"f%d=1" % number for number in range(31)), b"token=phone-token")),
)


async def test_every_form_of_a_question_is_read_alike(same: Same, norte: Backend) -> None:
    for body in BODIES:
        basic, _ = _who(norte)
        await same.ask("POST", "/oauth/introspect", *basic, FORM, body=body)


MEDIA_TYPES: Final = (
    *("application/x-www-form-urlencoded; charset=utf-8", "APPLICATION/x-www-form-urlencoded"),
    *(" application/x-www-form-urlencoded ;x", "application/x-www-form-urlencoded,a"),
    *("application/json", "text/plain", "multipart/form-data; boundary=a", ";", "ñ"),
)


async def test_every_media_type_is_read_alike(same: Same, norte: Backend) -> None:
    for media_type in MEDIA_TYPES:
        basic, _ = _who(norte)
        kind = ("Content-Type", media_type)
        await same.ask("POST", "/oauth/introspect", *basic, kind, body=b"token=phone-token")


AUTHORIZATIONS: Final = (
    *("", "Basic", "Basic ", "Bearer", "Bearer ", "Bearer nobody", "bearer nobody", "Digest a"),
    *("Basic !!!", "Basic bm9ib2R5", "Basic bm9ib2R5Og==", "Basic /w==", "basic bm9ib2R5OngK"),
    *(f"Basic {encoded('a%00b', 'x')}", f"Basic {encoded('ñ', 'ñ')}", "Bearer ñ", "Bearer a b"),
    *("Basic " + "a" * 1018, "Basic " + "a" * 1020, "Bearer " + "a" * 5000),
)


async def test_whoever_cannot_be_known_is_refused_alike(same: Same) -> None:
    for authorization in AUTHORIZATIONS:
        who = ("Authorization", authorization)
        said = await same.ask("POST", "/oauth/introspect", who, FORM, body=b"token=phone-token")
        assert said.status == 401
        no_form = await same.ask("POST", "/oauth/introspect", who, JSON, body=b"{}")
        assert no_form.status in {400, 401}
        session = ("Authorization", "Bearer phone-token")
        checked = await same.ask(
            "GET", "/v1/session-check", session, ("Resguardo-Client", authorization)
        )
        assert checked.status == 401
        as_session = await same.ask(
            "GET", "/v1/session-check", who, ("Resguardo-Client", NOBODY[1])
        )
        assert as_session.status == 401


async def test_wrong_and_former_secrets_missing_scopes_and_other_wallets_are_refused_alike(
    same: Same, house: House, wallet: Wallet, sur: Backend, norte: Backend
) -> None:
    may_not = await clients.add_client(house, wallet.id, "accountant", (Scope.ACCOUNTS,))
    who = (
        (("Authorization", f"Basic {encoded('accountant', may_not)}"), 403),
        (("Authorization", f"Basic {encoded('accountant', 'wrong')}"), 401),
        (NOBODY, 401),
        (*tuple(sur.basic.items()), 401),
        (*tuple(sur.bearer.items()), 401),
        (*tuple(norte.basic.items()), 200),
    )
    for header, status in who:
        said = await same.ask("POST", "/oauth/introspect", header, FORM, body=b"token=phone-token")
        assert said.status == status
        session = ("Authorization", "Bearer phone-token")
        check = await same.ask("GET", "/v1/session-check", session, ("Resguardo-Client", header[1]))
        assert check.status == (204 if status == 200 else 401)


async def test_the_session_check_is_answered_alike(same: Same, norte: Backend) -> None:
    client = ("Resguardo-Client", norte.basic["Authorization"])
    bearer = ("Authorization", "Bearer phone-token")
    living = await same.ask("GET", "/v1/session-check", bearer, client)
    assert (living.status, living.body) == (204, b"")
    for headers in (
        (client,),
        (bearer,),
        (("Authorization", "Bearer nobody's"), client),
        (("Authorization", f"Basic {encoded('a', 'b')}"), client),
        (("Authorization", "Bearer ñ"), client),
        (client, ("Authorization", "Bearer nobody's"), bearer),
    ):
        assert (await same.ask("GET", "/v1/session-check", *headers)).status == 401
    first = await same.ask(
        "GET", "/v1/session-check", client, bearer, ("Authorization", "Bearer x")
    )
    assert first.status == 204


async def test_other_ways_of_asking_are_refused_alike(same: Same) -> None:
    for path in ("/oauth/introspect", "/v1/session-check", "/v1/nothing-here"):
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"):
            await same.ask(method, path)


PATHS: Final = (
    *(
        "/oauth/introspect?a=b",
        "/oauth/introspect/",
        "/oauth//introspect",
        "/oauth/%69ntrospect",
    ),
    *(
        "/oauth/introspect%2F",
        "/oauth/introspect//",
        "/oauth/INTROSPECT",
        "/oauth/introspect;a",
    ),
)


async def test_an_address_is_read_alike(same: Same, norte: Backend) -> None:
    for path in PATHS:
        basic, _ = _who(norte)
        await same.ask("POST", path, *basic, FORM, body=b"token=phone-token")


HOSTS: Final = ("elsewhere.example", "LOCALHOST:8000", "console.localhost:8000", "localhost", "a:b")


async def test_a_host_is_known_or_not_alike(same: Same, norte: Backend) -> None:
    for host in HOSTS:
        basic, _ = _who(norte)
        await same.ask(
            "POST", "/oauth/introspect", *basic, FORM, body=b"token=phone-token", host=host
        )


async def test_what_is_too_long_is_refused_alike(same: Same, norte: Backend) -> None:
    basic, _ = _who(norte)
    for length, status in ((64 * 1024, 200), (64 * 1024 + 1, 413), (300_000, 413)):
        body = b"token=".ljust(length, b"a")
        said = await same.ask("POST", "/oauth/introspect", *basic, FORM, body=body)
        assert said.status == status
        assert said.keeps is (status == 200)
        assert (await same.ask("POST", "/oauth/introspect", FORM, body=body)).status == 401
        assert (await same.ask("POST", "/oauth/introspect", *basic, JSON, body=body)).status == 400


async def test_the_very_next_question_after_a_freeze_hears_it(
    same: Same, norte: Backend, house: House, wallet: Wallet
) -> None:
    basic, _ = _who(norte)
    asked = ("POST", "/oauth/introspect", *basic, FORM)
    assert b"true" in (await same.ask(*asked, body=b"token=phone-token")).body

    await frozen(house, wallet)

    assert (await same.ask(*asked, body=b"token=phone-token")).body == DEAD
    client = ("Resguardo-Client", norte.basic["Authorization"])
    bearer = ("Authorization", "Bearer phone-token")
    assert (await same.ask("GET", "/v1/session-check", bearer, client)).status == 401


async def test_a_client_that_was_ended_is_refused_at_the_very_next_question(
    same: Same, norte: Backend, house: House, wallet: Wallet
) -> None:
    secret = await clients.add_client(house, wallet.id, "short-lived", (Scope.INTROSPECT,))
    who = ("Authorization", f"Basic {encoded('short-lived', secret)}")
    asked = ("POST", "/oauth/introspect", who, FORM)
    assert (await same.ask(*asked, body=b"token=a")).status == 200

    async with house.engine.begin() as db:
        ended = update(api_clients).where(api_clients.c.client_id == "short-lived")
        await db.execute(ended.values(ended_at=func.now()))

    assert (await same.ask(*asked, body=b"token=a")).status == 401


async def test_without_a_database_nobody_hears_active_and_with_it_again_everybody_does(
    same: Same, norte: Backend, cluster: Cluster, database: str
) -> None:
    basic, _ = _who(norte)
    bearer = ("Authorization", "Bearer phone-token")
    introspect = ("POST", "/oauth/introspect", *basic, FORM)
    check = ("GET", "/v1/session-check", bearer, ("Resguardo-Client", basic[0][1]))
    assert b"true" in (await same.ask(*introspect, body=b"token=phone-token")).body

    await let_into(cluster, database, anybody=False)

    for _ in range(3):
        said = await same.ask(*introspect, body=b"token=phone-token")
        assert (said.status, said.headers["retry-after"]) == (503, "5")
        assert (await same.ask(*check)).status == 503
        # What needs no database is answered as ever.
        assert (await same.ask("POST", "/oauth/introspect", FORM, body=b"token=a")).status == 401

    await let_into(cluster, database, anybody=True)

    assert b"true" in (await same.ask(*introspect, body=b"token=phone-token")).body
    assert (await same.ask(*check)).status == 204


async def test_a_wallet_that_moves_is_found_where_it_lives(
    door: OpenDoor, norte: Backend, house: House, wallet: Wallet, host: str
) -> None:
    head = (*norte.basic.items(), FORM)
    moved = "moved.localhost:8000"
    async with house.engine.begin() as db:
        await db.execute(
            update(wallets).where(wallets.c.id == wallet.id).values(origin="http://" + moved)
        )

    async with asyncio.timeout(60):
        while True:
            asked = request("POST", "/oauth/introspect", *head, body=b"token=a", host=moved)
            if (await door.ask(asked)).status == 200:
                break
            await asyncio.sleep(0.05)
    asked = request("POST", "/oauth/introspect", *head, body=b"token=a", host=host)
    assert (await door.ask(asked)).status == 404


async def test_questions_of_many_callers_at_once_are_not_mixed_up(
    door: OpenDoor, house: House, wallet: Wallet, norte: Backend, host: str
) -> None:
    for number in range(20):
        await cast.a_session(house, wallet, f"token-{number}", cast.LAPTOP)
    may_not = await clients.add_client(house, wallet.id, "accountant", (Scope.ACCOUNTS,))
    callers = (
        (norte.basic["Authorization"], 200),
        (f"Basic {encoded('accountant', may_not)}", 403),
        (f"Basic {encoded(norte.client_id, 'wrong')}", 401),
        (norte.bearer["Authorization"], 200),
    )

    async def ask(number: int) -> None:
        who, status = callers[number % 4]
        head = (("Authorization", who), FORM)
        body = b"token=token-%d" % number
        said = await door.ask(request("POST", "/oauth/introspect", *head, body=body, host=host))
        assert said.status == status
        if status == 200:
            assert (b'"active":true' in said.body) is (number < 20)

    await asyncio.gather(*(ask(number) for number in range(120)))
