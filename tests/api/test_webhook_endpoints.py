"""Webhook endpoints as a wallet's program manages them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import Backend, backend_of
from tests.leaks import EARS
from tests.signals import scene
from tests.signals.receivers import a_receiver, always
from tests.signals.scene import an_engine

pytestmark = pytest.mark.anyio

PATH = "/v1/webhook-endpoints"
URL = "https://hooks.norte.example/resguardo"


async def made(backend: Backend, url: str = URL, **more: Any) -> dict[str, Any]:
    answer = await backend.call("POST", PATH, {"url": url, **more})
    assert answer.status_code == 201
    EARS.hide(answer.json()["secret"])
    return answer.json()


async def test_an_endpoint_is_made_and_its_secret_shown_once(norte: Backend) -> None:
    endpoint = await made(norte, description="Gateway")

    secret = endpoint.pop("secret")
    assert secret.startswith("whsec_")
    assert endpoint["status"] == "enabled"
    assert "account.frozen" in endpoint["events"]
    assert (await norte.call("GET", f"{PATH}/{endpoint['id']}")).json() == endpoint
    assert (await norte.call("GET", PATH)).json() == {"items": [endpoint], "next": None}


async def test_endpoints_come_in_pages(norte: Backend) -> None:
    ids = [(await made(norte))["id"] for _ in range(3)]

    first = (await norte.call("GET", f"{PATH}?limit=2")).json()
    second = (await norte.call("GET", f"{PATH}?limit=2&cursor={first['next']}")).json()

    assert [[one["id"] for one in page["items"]] for page in (first, second)] == [ids[:2], ids[2:]]
    assert second["next"] is None


async def test_a_client_has_at_most_twenty(norte: Backend) -> None:
    for _ in range(20):
        await made(norte)

    refused = await norte.call("POST", PATH, {"url": URL})

    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-endpoints")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.norte.example/",
        "https://user@hooks.norte.example/",
        "https://10.0.0.1/",
        "https://[fe80::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://169.254.169.254/latest",
        "ftp://hooks.norte.example/",
        "https://hooks.norte.example/#part",
        "hooks.norte.example",
    ],
)
async def test_an_address_nobody_outside_could_reach_is_refused(norte: Backend, url: str) -> None:
    refused = await norte.call("POST", PATH, {"url": url})

    assert (refused.status_code, refused.json()["code"]) == (422, "url-not-allowed")
    endpoint = await made(norte)
    changed = await norte.call("PATCH", f"{PATH}/{endpoint['id']}", {"url": url})
    assert (changed.status_code, changed.json()["code"]) == (422, "url-not-allowed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": "https://two words/"},
        {"url": URL, "events": []},
        {"url": URL, "events": ["account.unheard"]},
        {"url": URL, "secret": "mine"},
        {"url": URL, "description": "a\u0000b"},
        {"url": f"https://hooks.norte.example/{'a' * 2000}"},
    ],
)
async def test_another_form_is_refused(norte: Backend, body: dict[str, Any]) -> None:
    assert (await norte.call("POST", PATH, body)).status_code == 400


async def test_what_is_named_changes_and_the_rest_stays(norte: Backend) -> None:
    endpoint = await made(norte, description="Gateway")
    one = f"{PATH}/{endpoint['id']}"

    fewer = (await norte.call("PATCH", one, {"events": ["account.frozen"]})).json()
    assert (fewer["events"], fewer["description"]) == (["account.frozen"], "Gateway")
    without = (await norte.call("PATCH", one, {"description": None, "status": "paused"})).json()
    assert (without["description"], without["status"]) == (None, "paused")
    assert (await norte.call("PATCH", one, {})).json() == without
    refused = await norte.call("PATCH", one, {"events": []})
    assert refused.status_code == 400


async def test_another_clients_endpoint_does_not_exist(
    app: Litestar, house: House, wallet: Wallet, norte: Backend, sur: Backend
) -> None:
    endpoint = await made(norte)
    one = f"{PATH}/{endpoint['id']}"
    async with backend_of(app, house, wallet, client_id="norte-other") as other:
        for backend in (other, sur):
            answers = [
                await backend.call("GET", one),
                await backend.call("PATCH", one, {"status": "disabled"}),
                await backend.call("DELETE", one),
                await backend.call("POST", f"{one}/secret"),
                await backend.call("POST", f"{one}/test"),
                await backend.call("GET", f"{one}/deliveries"),
                await backend.call("POST", f"{one}/deliveries/{uuid4()}/send-again"),
            ]
            assert {answer.status_code for answer in answers} == {404}
            assert (await backend.call("GET", PATH)).json()["items"] == []
    assert (await norte.call("GET", one)).json()["status"] == "enabled"


async def test_the_scope_is_needed(app: Litestar, house: House, wallet: Wallet) -> None:
    async with backend_of(app, house, wallet, scopes=(Scope.ACCOUNTS,)) as backend:
        assert (await backend.call("GET", PATH)).status_code == 403


async def test_a_repeated_key_gets_the_first_answer(norte: Backend) -> None:
    key = {"Idempotency-Key": "hook-1"}
    first = await norte.call("POST", PATH, {"url": URL}, more=key)
    EARS.hide(first.json()["secret"])

    again = await norte.call("POST", PATH, {"url": URL}, more=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await norte.call("POST", PATH, {"url": f"{URL}/2"}, more=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    one = f"{PATH}/{first.json()['id']}"
    renewed = [await norte.call("POST", f"{one}/secret", more=key) for _ in range(2)]
    EARS.hide(renewed[0].json()["secret"])
    assert renewed[0].json() == renewed[1].json()
    tests = [await norte.call("POST", f"{one}/test", more=key) for _ in range(2)]
    assert tests[0].json()["id"] == tests[1].json()["id"]
    assert len((await norte.call("GET", PATH)).json()["items"]) == 1


async def test_an_ended_endpoint_is_gone(norte: Backend) -> None:
    endpoint = await made(norte)
    one = f"{PATH}/{endpoint['id']}"
    await norte.call("POST", f"{one}/test")

    ended = await norte.call("DELETE", one)

    assert (ended.status_code, ended.content) == (204, b"")
    assert (await norte.call("GET", one)).status_code == 404
    assert (await norte.call("DELETE", one)).status_code == 404


async def test_a_test_is_sent_and_stands_in_the_history(norte: Backend, house: House) -> None:
    async with a_receiver() as receiver, an_engine(house) as worker:
        endpoint = await made(norte, receiver.url)
        one = f"{PATH}/{endpoint['id']}"
        queued = await norte.call("POST", f"{one}/test")
        assert (queued.status_code, queued.json()["state"]) == (202, "due")

        await worker.work()

        (heard,) = receiver.heard
        assert heard.told["type"] == "webhook.test"
        assert heard.is_signed(endpoint["secret"])
        (item,) = (await norte.call("GET", f"{one}/deliveries")).json()["items"]
        assert (item["id"], item["state"], item["last_status"]) == (heard.id, "sent", 204)


async def test_both_secrets_sign_for_a_day(norte: Backend, house: House) -> None:
    async with a_receiver() as receiver, an_engine(house) as worker:
        endpoint = await made(norte, receiver.url)
        one = f"{PATH}/{endpoint['id']}"
        renewed = (await norte.call("POST", f"{one}/secret")).json()
        EARS.hide(renewed["secret"])
        assert renewed["earlier_secret_until"] is not None
        await norte.call("POST", f"{one}/test")
        await worker.work()

        assert receiver.heard[0].is_signed(endpoint["secret"])
        assert receiver.heard[0].is_signed(renewed["secret"])
        await norte.call("POST", f"{one}/test")
        await cast.move_clock(house, timedelta(hours=24))
        await worker.work()
        assert not receiver.heard[1].is_signed(endpoint["secret"])
        assert receiver.heard[1].is_signed(renewed["secret"])


async def test_what_was_sent_is_sent_again_as_it_was(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    olgas = await cast.olga(house, wallet)
    async with a_receiver() as receiver, an_engine(house) as worker:
        endpoint = await made(norte, receiver.url)
        one = f"{PATH}/{endpoint['id']}"
        now = await cast.now(house)
        await scene.happened(house, wallet, scene.a_history(olgas.id, 3, now))
        await worker.work()
        page = (await norte.call("GET", f"{one}/deliveries?limit=2")).json()
        rest = await norte.call("GET", f"{one}/deliveries?limit=2&cursor={page['next']}")
        assert [len(page["items"]), len(rest.json()["items"]), rest.json()["next"]] == [2, 1, None]
        (oldest,) = rest.json()["items"]

        again = await norte.call("POST", f"{one}/deliveries/{oldest['id']}/send-again")
        assert (again.status_code, again.json()["state"]) == (202, "due")
        await worker.work()

        first, *_, last = receiver.heard
        assert (last.id, last.body) == (first.id, first.body)
        assert last.is_signed(endpoint["secret"])
        unknown = await norte.call("POST", f"{one}/deliveries/{uuid4()}/send-again")
        assert unknown.status_code == 404


async def test_nothing_is_sent_to_an_endpoint_that_answered_410_until_it_is_enabled(
    norte: Backend, house: House
) -> None:
    async with a_receiver(always(410)) as receiver, an_engine(house) as worker:
        endpoint = await made(norte, receiver.url)
        one = f"{PATH}/{endpoint['id']}"
        await norte.call("POST", f"{one}/test")
        await worker.work()

        gone = (await norte.call("GET", one)).json()
        assert (gone["status"], gone["status_reason"]) == ("disabled", "gone")
        refused = await norte.call("POST", f"{one}/test")
        assert (refused.status_code, refused.json()["code"]) == (409, "endpoint-not-enabled")
        back = (await norte.call("PATCH", one, {"status": "enabled"})).json()
        assert (back["status"], back["status_reason"]) == ("enabled", None)
        (item,) = (await norte.call("GET", f"{one}/deliveries?state=refused")).json()["items"]
        assert (item["last_status"], item["last_error"]) == (410, "gone")
        assert len(receiver.heard) == 1
