"""The metadata (RFC 8414) says what there is: each word of it is tried."""

from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from domain.wallets import Wallet
from service.operations.house import House
from service.security.assertions import ALGORITHMS
from service.storage.values import Scope
from tests.api.backends import Backend
from tests.api.signers import GRANT, signer_of

pytestmark = pytest.mark.anyio
PATH: Final = "/.well-known/oauth-authorization-server"


@pytest.fixture
async def told(norte: Backend) -> dict[str, Any]:
    answer = await norte.http.get(
        PATH, headers={"X-Forwarded-Host": "mallory.example", "Forwarded": "host=mallory.example"}
    )
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_it_names_the_configured_origin(told: dict[str, Any], wallet: Wallet) -> None:
    assert told["issuer"] == wallet.origin
    assert told["token_endpoint"] == f"{wallet.origin}/oauth/token"
    assert told["revocation_endpoint"] == f"{wallet.origin}/oauth/revoke"
    assert told["introspection_endpoint"] == f"{wallet.origin}/oauth/introspect"


async def test_every_endpoint_is_there_and_none_is_left_out(
    app: Litestar, told: dict[str, Any]
) -> None:
    named = {
        urlsplit(str(value)).path for name, value in told.items() if name.endswith("_endpoint")
    }
    served = {
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute)
        if route.path.startswith("/oauth/") and "POST" in route.methods
    }
    assert named == served


async def test_scopes_and_grants_are_those_there_are(told: dict[str, Any]) -> None:
    assert told["scopes_supported"] == [scope.value for scope in Scope]
    assert told["grant_types_supported"] == [GRANT]
    assert told["response_types_supported"] == []
    assert told["token_endpoint_auth_signing_alg_values_supported"] == list(ALGORITHMS)
    assert not {"none", "HS256"} & set(ALGORITHMS)


async def test_every_way_to_prove_oneself_is_one(
    app: Litestar, house: House, wallet: Wallet, norte: Backend, told: dict[str, Any]
) -> None:
    async with signer_of(app, house, wallet) as signer:
        signed = await signer.shows(await signer.assertion())
    ways = {
        "token": {
            "client_secret_basic": await norte.ask_token(grant_type=GRANT),
            "private_key_jwt": signed,
        },
        "revocation": {"client_secret_basic": await norte.revoke("unknown")},
        "introspection": {
            "client_secret_basic": await norte.introspect("unknown"),
            "Bearer": await norte.introspect("unknown", who=norte.bearer),
        },
    }
    for endpoint, answers in ways.items():
        assert told[f"{endpoint}_endpoint_auth_methods_supported"] == list(answers)
        assert {answer.status_code for answer in answers.values()} == {200}
