"""Each recipe as a real gateway, between a visitor, an application and the real Resguardo."""

import socket
import time
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import AsyncExitStack, contextmanager

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace

from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.settings import Settings
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import encoded
from tests.gateways import programs
from tests.gateways.around import Application, Around, a_certificate, an_application, around
from tests.gateways.recipes import (
    ALL,
    MOD_AUTH_OPENIDC,
    MOD_OAUTH2,
    NGINX,
    Change,
    Recipe,
    as_it_is,
)
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio
PHONE = "the-session-on-the-phone"
OTHERS = "the-session-of-somebody-else"
CLIENT = "edge"
_IMPOSTOR = """
server {
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate;
    ssl_certificate_key {folder}/key;
    default_type application/json;
    location = /v1/session-check { return 204; }
    location = /oauth/introspect { return 200 '{"active":true,"sub":"anybody"}'; }
}
"""


class Scene(Struct, frozen=True, kw_only=True):
    """Two owners who are signed in, and where Resguardo will be."""

    house: House
    wallet: Wallet
    settings: Settings
    port: int
    secret: str

    async def freeze(self) -> None:
        """Carl reports, and his report is answered."""
        pages_session = await cast.a_session(self.house, self.wallet, "in-the-pages", cast.LAPTOP)
        pages = await cast.at_her_pages(self.house, self.wallet, pages_session)
        carl, link = await cast.a_contact(self.house, self.wallet, pages)
        await cast.a_report(self.house, self.wallet, carl, link)


class Visitor(Struct, frozen=True):
    """An app that keeps its connection to one gateway."""

    http: httpx.AsyncClient

    async def asks(self, token: str | None, path: str = "/payments") -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.http.get(path, headers=headers)


@pytest.fixture
async def scene(house: House, settings: Settings) -> Scene:
    (port,) = programs.ports(1)
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=f"https://localhost:{port}"))
    await cast.olga(house, wallet)
    await cast.olga(house, wallet, "someone-2")
    await cast.a_session(house, wallet, PHONE)
    await cast.a_session(house, wallet, OTHERS, subject="someone-2")
    secret = await clients.add_client(house, wallet.id, CLIENT, (Scope.INTROSPECT,))
    return Scene(house=house, wallet=wallet, settings=settings, port=port, secret=secret)


@pytest.fixture
async def ends() -> AsyncIterator[AsyncExitStack]:
    """Gateways that a test starts one by one."""
    async with AsyncExitStack() as ends:
        yield ends


def stands_around(scene: Scene, ends: AsyncExitStack) -> Around:
    host = f"localhost:{scene.port}"
    return ends.enter_context(
        around(port=scene.port, host=host, client=CLIENT, secret=scene.secret)
    )


async def at(
    recipe: Recipe, street: Around, ends: AsyncExitStack, *, change: Change = as_it_is
) -> Visitor:
    gate = ends.enter_context(recipe.running(street, change=change))
    http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{gate}", trust_env=False, timeout=20)
    return Visitor(await ends.enter_async_context(http))


def without(words: str, instead: str = "") -> Change:
    """A recipe that somebody "simplified"."""

    def change(text: str) -> str:
        assert words in text
        return text.replace(words, instead)

    return change


believing = without("introspect.ssl_verify=true", "introspect.ssl_verify=false")


async def test_a_request_passes_until_the_account_is_frozen_and_the_very_next_does_not(
    scene: Scene, ends: AsyncExitStack
) -> None:
    street = stands_around(scene, ends)
    gates = [(recipe, await at(recipe, street, ends)) for recipe in ALL]
    # What is switched off in the recipes is what would let them pass.
    forgetful = [
        await at(MOD_OAUTH2, street, ends, change=without("&expiry=0")),
        await at(MOD_AUTH_OPENIDC, street, ends, change=without("Interval -1", "Interval 0")),
    ]
    with serving(environment_of(scene.settings, scene.port)):
        await strangers_are_refused_and_the_phone_passes(gates)
    # Resguardo is down: nobody passes. It is back: all is well.
    reached = len(street.application.asked)
    for recipe, visitor in gates:
        refused = await visitor.asks(PHONE)
        assert (recipe.name, refused.status_code) == (recipe.name, recipe.away)
    assert len(street.application.asked) == reached

    with serving(environment_of(scene.settings, scene.port)):
        await strangers_are_refused_and_the_phone_passes(gates)
        for visitor in forgetful:
            assert (await visitor.asks(PHONE)).status_code == 200
        reached = len(street.application.asked)

        await scene.freeze()

        for recipe, visitor in gates:
            assert (recipe.name, (await visitor.asks(PHONE)).status_code) == (recipe.name, 401)
        assert len(street.application.asked) == reached
        for recipe, visitor in gates:
            assert (recipe.name, (await visitor.asks(OTHERS)).status_code) == (recipe.name, 200)
        for visitor in forgetful:
            assert (await visitor.asks(PHONE)).status_code == 200


async def strangers_are_refused_and_the_phone_passes(
    gates: Sequence[tuple[Recipe, Visitor]],
) -> None:
    for recipe, visitor in gates:
        for stranger in ("nobodys-session", None):
            refused = await visitor.asks(stranger)
            assert (recipe.name, refused.status_code) == (recipe.name, 401)
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        passed = await visitor.asks(PHONE)
        assert (recipe.name, passed.status_code) == (recipe.name, 200)
        assert passed.json()["path"] == "/payments"


async def test_nginx_asks_with_the_token_alone_and_hands_on_the_whole_request(
    ends: AsyncExitStack,
) -> None:
    application, asked = ends.enter_context(an_application()), ends.enter_context(an_application())
    # Listens in Resguardo's place, and answers 200, which passes as well.
    front = around(port=asked.port, host="wallet.example", client=CLIENT, secret="told-once")
    street = replace(ends.enter_context(front), application=application)
    visitor = await at(NGINX, street, ends)
    headers = {"Authorization": f"Bearer {PHONE}", "Cookie": "a=b", "Resguardo-Client": "Basic x"}

    passed = await visitor.http.post("/transfers?to=1", headers=headers, content=b"amount=1")

    assert passed.status_code == 200
    (question,), (request,) = asked.asked, application.asked
    assert (question["method"], question["path"], question["body"]) == (
        "GET",
        "/v1/session-check",
        "",
    )
    assert question["headers"] == {
        "host": "wallet.example",
        "authorization": f"Bearer {PHONE}",
        "resguardo-client": f"Basic {encoded(CLIENT, 'told-once')}",
    }
    assert (request["method"], request["path"], request["body"]) == (
        "POST",
        "/transfers?to=1",
        "amount=1",
    )
    assert request["headers"]["authorization"] == f"Bearer {PHONE}"
    two = [("Authorization", f"Bearer {PHONE}"), ("Authorization", "Bearer another")]
    assert (await visitor.http.get("/", headers=two)).status_code == 400


@pytest.mark.parametrize("recipe", [MOD_OAUTH2, MOD_AUTH_OPENIDC], ids=lambda recipe: recipe.name)
async def test_apache_tells_the_application_whose_session_it_is_and_no_visitor_can(
    recipe: Recipe, ends: AsyncExitStack
) -> None:
    application = ends.enter_context(an_application())
    port, own = ends.enter_context(an_impostor())
    visitor = await at(recipe, a_street(application, port, own), ends)
    name = "OAUTH2_CLAIM_" if recipe is MOD_OAUTH2 else "OIDC_CLAIM_"
    pretended = [(name + "sub", "me"), (name.replace("_", "-") + "sub", "me"), (name + "acr", "2")]

    headers = [("Authorization", f"Bearer {PHONE}"), *pretended]
    assert (await visitor.http.get("/", headers=headers)).status_code == 200

    (request,) = application.asked
    about_them = {told: value for told, value in request["headers"].items() if "claim" in told}
    # One of the two modules counts the token itself as a claim.
    about_them.pop("oauth2_claim_access_token", None)
    assert about_them.keys() == {f"{name}active".lower(), f"{name}sub".lower()}
    assert about_them[f"{name}sub".lower()] == "anybody"


@pytest.mark.parametrize("recipe", [NGINX, MOD_AUTH_OPENIDC], ids=lambda recipe: recipe.name)
async def test_silence_is_no_permission(recipe: Recipe, ends: AsyncExitStack) -> None:
    """mod_oauth2 waits fifteen seconds, and has no setting for it: its page says so."""
    application = ends.enter_context(an_application())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        certificate, _ = a_certificate()
        street = a_street(application, silent.getsockname()[1], certificate)
        visitor = await at(recipe, street, ends)
        began = time.monotonic()
        refused = await visitor.asks(PHONE)
    assert (refused.status_code, application.asked) == (recipe.away, [])
    # It gives up after two seconds, or four; on a busy machine there is some turn to wait for.
    assert time.monotonic() - began < 12


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.name)
async def test_an_impostor_with_a_certificate_of_its_own_lets_nobody_in(
    recipe: Recipe, ends: AsyncExitStack
) -> None:
    """It would say yes to everybody, and does so to a gateway that believes it."""
    application = ends.enter_context(an_application())
    port, own = ends.enter_context(an_impostor())
    certificate, _ = a_certificate()
    careful = await at(recipe, a_street(application, port, certificate), ends)
    careless = await at(recipe, a_street(application, port, own), ends)

    assert (await careful.asks(PHONE)).status_code == recipe.away
    assert application.asked == []
    assert (await careless.asks(PHONE)).status_code == 200


async def test_apache_that_checks_no_certificate_believes_anybody(ends: AsyncExitStack) -> None:
    application = ends.enter_context(an_application())
    port, _ = ends.enter_context(an_impostor())
    certificate, _ = a_certificate()
    street = a_street(application, port, certificate)
    careless = await at(MOD_OAUTH2, street, ends, change=believing)

    assert (await careless.asks(PHONE)).status_code == 200


def a_street(application: Application, port: int, certificate: str) -> Around:
    """With somebody else where Resguardo should be."""
    return Around(
        application=application,
        https_port=port,
        certificate=certificate,
        client=CLIENT,
        secret="of-no-use",
    )


@contextmanager
def an_impostor() -> Generator[tuple[int, str]]:
    """Its port, and the certificate it has made for itself."""
    (port,) = programs.ports(1)
    certificate, key = a_certificate()
    files = {"certificate": certificate, "key": key}
    with programs.nginx(_IMPOSTOR.replace("{port}", str(port)), port, files):
        yield port, certificate
