"""Introspection and session check: never "active" for what does not live, not a moment late."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations.house import House
from service.storage.tables import api_clients
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import A_MOMENT, FORM, Backend, a_session, backend_of, encoded, frozen

DEAD = b'{"active":false}'
A_DAY = timedelta(days=1)


@pytest.fixture
async def _phone(house: House, wallet: Wallet) -> None:
    """Olga's phone, signed in for a day."""
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")


pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_phone")]


async def test_a_living_session_is_told_in_rfc_7662s_words(norte: Backend) -> None:
    for who in (norte.basic, norte.bearer):
        answer = await norte.introspect("phone-token", who=who)

        told = answer.json()
        assert set(told) == {"active", "sub", "iat", "exp"}
        assert (told["active"], told["sub"]) == (True, cast.OLGA)
        assert told["exp"] - told["iat"] in {86_399, 86_400}
        assert answer.headers["cache-control"] == "no-store"
        check = await norte.check("phone-token", who=who)
        assert (check.status_code, check.content) == (204, b"")
        assert check.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/token-introspection+jwt", ""])
async def test_introspection_speaks_json_to_everyone(norte: Backend, accept: str) -> None:
    answer = await norte.http.post(
        "/oauth/introspect",
        headers={**norte.basic, "Accept": accept},
        data={"token": "phone-token", "token_type_hint": "access_token"},
    )

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["active"] is True


@pytest.mark.parametrize("token", ["nobody's", "ñ\x00😀", " ", "phone-token ", "a" * 60_000])
async def test_an_unknown_token_is_not_active_and_nothing_else(norte: Backend, token: str) -> None:
    answer = await norte.introspect(token)

    assert (answer.status_code, answer.content) == (200, DEAD)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("clock_stands")
async def test_a_session_ends_at_its_very_instant(norte: Backend, house: House) -> None:
    await cast.move_clock(house, A_DAY - 2 * A_MOMENT)
    assert (await norte.introspect("phone-token")).json()["active"] is True

    await cast.move_clock(house, 2 * A_MOMENT)
    assert (await norte.introspect("phone-token")).content == DEAD
    assert (await norte.check("phone-token")).status_code == 401


async def test_the_very_next_question_after_a_freeze_hears_it(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    assert (await norte.introspect("phone-token")).json()["active"] is True
    assert (await norte.check("phone-token")).status_code == 204

    await frozen(house, wallet)

    assert (await norte.introspect("phone-token")).content == DEAD
    assert (await norte.check("phone-token")).status_code == 401
    await cast.released(house, wallet)
    assert (await norte.introspect("phone-token")).content == DEAD


async def test_the_very_next_question_after_sign_out_hears_it(norte: Backend) -> None:
    begun = (await norte.call("POST", "/v1/sessions", a_session("laptop-token"))).json()
    assert (await norte.introspect("laptop-token")).json()["active"] is True

    await norte.call("DELETE", f"/v1/sessions/{begun['id']}")

    assert (await norte.introspect("laptop-token")).content == DEAD


async def test_a_session_of_another_wallet_is_not_active(norte: Backend, sur: Backend) -> None:
    assert (await norte.introspect("phone-token")).json()["active"] is True
    assert (await sur.introspect("phone-token")).content == DEAD
    assert (await sur.check("phone-token")).status_code == 401


async def test_who_is_no_client_hears_nothing(norte: Backend, sur: Backend) -> None:
    strangers: dict[str, Callable[[Backend], dict[str, str]]] = {
        "invalid_client": lambda who: who.basic,
        "invalid_token": lambda who: who.bearer,
    }
    for error, credentials in strangers.items():
        answer = await norte.introspect("phone-token", who=credentials(sur))
        assert (answer.status_code, answer.json()) == (401, {"error": error})
        assert answer.headers["cache-control"] == "no-store"
        assert "www-authenticate" in answer.headers
        assert (await norte.check("phone-token", who=credentials(sur))).status_code == 401
    for header in (
        "",
        "Basic " + encoded("norte-backend", "wrong"),
        "Basic " + encoded("nor\x00te", "x"),
        "Bearer phone-token",
        "Basic",
    ):
        who = {"Authorization": header}
        assert (await norte.introspect("phone-token", who=who)).status_code == 401
        assert (await norte.check("phone-token", who=who)).status_code == 401


async def test_an_ended_client_and_its_tokens_are_void_at_once(
    norte: Backend, house: House
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(api_clients).values(ended_at=await cast.now(house)))

    for who in (norte.basic, norte.bearer):
        assert (await norte.introspect("phone-token", who=who)).status_code == 401
        assert (await norte.check("phone-token", who=who)).status_code == 401


async def test_a_gateways_token_ends_while_its_secret_does_not(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.move_clock(house, timedelta(minutes=60))

    assert (await norte.introspect("phone-token", who=norte.bearer)).status_code == 401
    assert (await norte.introspect("phone-token", who=norte.basic)).json()["active"] is True


async def test_asking_needs_the_scope(
    app: Litestar, house: House, wallet: Wallet, norte: Backend
) -> None:
    scopes = (Scope.ACCOUNTS, Scope.SESSIONS)
    async with backend_of(app, house, wallet, client_id="ledger", scopes=scopes) as ledger:
        for who in (ledger.basic, ledger.bearer):
            answer = await ledger.introspect("phone-token", who=who)
            assert (answer.status_code, answer.json()) == (403, {"error": "insufficient_scope"})
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
            assert (await ledger.check("phone-token", who=who)).status_code == 401


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", FORM["Content-Type"]),
        (b"token=", FORM["Content-Type"]),
        (b"token=phone-token&token=phone-token", FORM["Content-Type"]),
        (b"token=%ff", FORM["Content-Type"]),
        (b"token=phone-token", "text/plain"),
        (b'{"token":"phone-token"}', "application/json"),
    ],
)
async def test_a_question_that_is_none_is_an_invalid_request(
    norte: Backend, body: bytes, media_type: str
) -> None:
    answer = await norte.http.post(
        "/oauth/introspect", headers={**norte.basic, "Content-Type": media_type}, content=body
    )

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_a_check_needs_a_session_token(norte: Backend) -> None:
    client = norte.basic["Authorization"]
    for session in ("", "Bearer", "phone-token", client):
        answer = await norte.http.get(
            "/v1/session-check", headers={"Authorization": session, "Resguardo-Client": client}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "session-not-active")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_without_a_database_nobody_hears_active(
    norte: Backend, cluster: Cluster, database: str
) -> None:
    assert (await norte.introspect("phone-token")).status_code == 200
    await _shut(cluster, database)

    for answer in (
        await norte.introspect("phone-token"),
        await norte.check("phone-token"),
        await norte.call("POST", "/v1/sessions", a_session("laptop-token")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"]


async def _shut(cluster: Cluster, database: str) -> None:
    """Nobody gets into the database any more, and who is in is thrown out."""
    engine = create_async_engine(cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as db:
        await db.execute(text(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false'))
        await db.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": database},
        )
    await engine.dispose()
