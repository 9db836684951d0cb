"""Tokens: who gets one, for what, for how long."""

from datetime import timedelta

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import A_MOMENT, FORM, Backend, backend_of, encoded

pytestmark = pytest.mark.anyio
GRANT = "client_credentials"
AN_HOUR = timedelta(minutes=60)


async def test_a_client_gets_a_token_for_the_scopes_it_asks_for(norte: Backend) -> None:
    answer = await norte.ask_token(grant_type=GRANT, scope="sessions accounts")

    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["expires_in"], told["scope"]) == (
        "Bearer",
        3600,
        "sessions accounts",
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


async def test_without_a_scope_it_is_all_of_the_clients(norte: Backend) -> None:
    for fields in ({}, {"scope": ""}):
        answer = await norte.ask_token(grant_type=GRANT, **fields)
        assert answer.json()["scope"] == " ".join(Scope)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": GRANT, "scope": "release"}, "invalid_scope"),
        ({"grant_type": GRANT, "scope": "accounts\tsessions"}, "invalid_scope"),
    ],
)
async def test_a_wrong_request_is_told_in_oauths_words(
    norte: Backend, fields: dict[str, str], error: str
) -> None:
    answer = await norte.ask_token(**fields)

    assert answer.status_code == 400
    assert answer.json() == {"error": error}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"grant_type=%ff",
        b"\xff\xfe",
        b"grant_type=client_credentials&" + b"a=1&" * 40,
    ],
)
async def test_a_form_that_is_none_is_an_invalid_request(norte: Backend, body: bytes) -> None:
    answer = await norte.http.post("/oauth/token", headers={**norte.basic, **FORM}, content=body)

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_a_form_is_no_json(norte: Backend) -> None:
    answer = await norte.http.post("/oauth/token", headers=norte.basic, json={"grant_type": GRANT})

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_a_form_has_its_limit_too(norte: Backend) -> None:
    sizes = {65_536: 400, 65_537: 413}
    for size, status in sizes.items():
        body = b"a=".ljust(size, b"b")
        answer = await norte.http.post(
            "/oauth/token", headers={**norte.basic, **FORM}, content=body
        )
        assert answer.status_code == status


NOBODY = (
    "",
    "Basic",
    "Basic !",
    "Basic " + encoded("norte-backend", "wrong"),
    "Basic " + encoded("nobody", "wrong"),
    "Basic " + encoded("nor\x00te", "wrong"),
    "Basic " + encoded("nor%00te", "wrong"),
    "Basic /w==",
    "Basic " + "a" * 2000,
    "Bearer abc",
    "Digest abc",
)


async def test_who_is_no_client_gets_no_token(norte: Backend) -> None:
    for header in NOBODY:
        answer = await norte.http.post(
            "/oauth/token", headers={"Authorization": header}, data={"grant_type": GRANT}
        )
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"}), header
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_client_of_one_wallet_is_unknown_to_another(norte: Backend, sur: Backend) -> None:
    at_sur = await sur.http.post("/oauth/token", headers=norte.basic, data={"grant_type": GRANT})

    assert (at_sur.status_code, at_sur.json()) == (401, {"error": "invalid_client"})


async def test_a_token_of_one_wallet_is_unknown_to_another(norte: Backend, sur: Backend) -> None:
    path = f"/v1/accounts/{cast.OLGA}"

    assert (await norte.call("GET", path)).status_code == 404
    at_sur = await sur.http.get(path, headers=norte.bearer)
    assert at_sur.status_code == 401
    assert at_sur.headers["www-authenticate"] == 'Bearer realm="resguardo", error="invalid_token"'


@pytest.mark.usefixtures("clock_stands")
async def test_a_token_lasts_sixty_minutes(norte: Backend, house: House) -> None:
    path = f"/v1/accounts/{cast.OLGA}"
    await cast.move_clock(house, AN_HOUR - A_MOMENT)
    assert (await norte.call("GET", path)).status_code == 404

    await cast.move_clock(house, A_MOMENT)
    assert (await norte.call("GET", path)).status_code == 401


async def test_a_scope_the_client_has_not_is_not_granted_nor_let_in(
    app: Litestar, house: House, wallet: Wallet, norte: Backend
) -> None:
    async with backend_of(
        app, house, wallet, client_id="gateway", scopes=(Scope.INTROSPECT,)
    ) as gateway:
        asked = await gateway.ask_token(grant_type=GRANT, scope="introspect accounts")
        assert (asked.status_code, asked.json()) == (400, {"error": "invalid_scope"})

        for method, path in (
            ("GET", f"/v1/accounts/{cast.OLGA}"),
            ("PUT", f"/v1/accounts/{cast.OLGA}"),
            ("GET", f"/v1/accounts/{cast.OLGA}/freeze-state"),
            ("PUT", f"/v1/accounts/{cast.OLGA}/freeze-confirmation"),
            ("POST", "/v1/sessions"),
            ("DELETE", "/v1/sessions/019a0000-0000-7000-8000-000000000000"),
            ("GET", f"/v1/accounts/{cast.OLGA}/sessions"),
            ("POST", f"/v1/accounts/{cast.OLGA}/page-links"),
        ):
            answer = await gateway.call(method, path)
            assert answer.status_code == 403, path
            assert answer.json()["code"] == "scope-missing"
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
            without = await gateway.http.request(method, path)
            assert without.status_code == 401
            assert without.headers["www-authenticate"] == 'Bearer realm="resguardo"'


async def test_a_client_secret_alone_opens_no_account(norte: Backend) -> None:
    answer = await norte.http.get(f"/v1/accounts/{cast.OLGA}", headers=norte.basic)

    assert answer.status_code == 401
