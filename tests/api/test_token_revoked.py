"""A token given back is worth nothing from then on, anywhere; only its own client gives it back."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.settings import Settings
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import FORM, Backend, backend_of, encoded
from tests.api.signers import GRANT, signer_of
from tests.ports import free_port
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio
PATH = f"/v1/accounts/{cast.OLGA}"
DEAD = b'{"active":false}'


async def test_a_revoked_token_opens_nothing_any_more(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    other = (await norte.ask_token(grant_type=GRANT)).json()["access_token"]
    assert (await norte.call("GET", PATH)).status_code == 200
    assert (await norte.introspect("phone-token", who=norte.bearer)).json()["active"] is True

    answer = await norte.revoke(norte.token)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert (await norte.call("GET", PATH)).status_code == 401
    assert (await norte.introspect("phone-token", who=norte.bearer)).status_code == 401
    assert (await norte.check("phone-token", who=norte.bearer)).status_code == 401
    # The client's others go on.
    spared = {"Authorization": f"Bearer {other}"}
    assert (await norte.introspect("phone-token", who=spared)).json()["active"] is True


async def test_a_strangers_token_is_left_alone_and_the_answer_is_the_same(
    app: Litestar, house: House, wallet: Wallet, norte: Backend, sur: Backend
) -> None:
    async with backend_of(app, house, wallet, client_id="another") as another:
        for who in (another, sur):
            for token in (norte.token, "unknown", "ñ\x00", "phone-token"):
                answer = await who.revoke(token)
                assert (answer.status_code, answer.content) == (200, b""), token
            assert (await norte.call("GET", PATH)).status_code == 404


async def test_twice_is_once(norte: Backend) -> None:
    for _ in range(2):
        assert (await norte.revoke(norte.token)).status_code == 200


async def test_a_client_that_signs_gives_back_with_the_token_itself(
    app: Litestar, house: House, wallet: Wallet, norte: Backend
) -> None:
    async with signer_of(app, house, wallet) as signer:
        first, second = await signer.token(), await signer.token()
    with_first = {"Authorization": f"Bearer {first}"}
    assert (await norte.revoke(second, who=with_first)).status_code == 200
    assert (await norte.revoke(first, who=with_first)).status_code == 200

    again = await norte.revoke(first, who=with_first)
    assert (again.status_code, again.json()) == (401, {"error": "invalid_token"})
    assert again.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_no_client_gives_nothing_back(norte: Backend, sur: Backend) -> None:
    for header, error in (
        ("", "invalid_client"),
        ("Basic " + encoded("norte-backend", "wrong"), "invalid_client"),
        (sur.basic["Authorization"], "invalid_client"),
        (sur.bearer["Authorization"], "invalid_token"),
        ("Bearer nobody's", "invalid_token"),
    ):
        answer = await norte.revoke(norte.token, who={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, {"error": error}), header
        assert answer.headers["cache-control"] == "no-store"
    assert (await norte.call("GET", PATH)).status_code == 404


async def test_a_request_that_is_none_is_an_invalid_request(norte: Backend) -> None:
    for body in (b"", b"token=", b"token=a&token=b", b"token=%ff"):
        answer = await norte.http.post(
            "/oauth/revoke", headers={**norte.basic, **FORM}, content=body
        )
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"}), body


@pytest.fixture
async def served(
    house: House, settings: Settings
) -> AsyncIterator[tuple[Wallet, httpx.AsyncClient]]:
    """The server itself, with its fast way of answering gateways."""
    port = free_port()
    origin = f"http://localhost:{port}"
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=origin))
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    with serving(environment_of(settings, port)):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": f"localhost:{port}"}
        ) as http:
            yield wallet, http


async def test_the_servers_very_next_answer_hears_it(
    house: House, served: tuple[Wallet, httpx.AsyncClient]
) -> None:
    wallet, http = served
    secret = await clients.add_client(house, wallet.id, "gateway", (Scope.INTROSPECT,))
    basic = {"Authorization": f"Basic {encoded('gateway', secret)}"}
    got = await http.post("/oauth/token", headers=basic, data={"grant_type": GRANT})
    token = got.json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    async def asks() -> httpx.Response:
        return await http.post("/oauth/introspect", headers=bearer, data={"token": "phone-token"})

    assert (await asks()).json()["active"] is True
    assert (await asks()).json()["active"] is True
    given_back = await http.post("/oauth/revoke", headers=basic, data={"token": token})
    assert (given_back.status_code, given_back.content) == (200, b"")

    refused = await asks()
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_token"})
