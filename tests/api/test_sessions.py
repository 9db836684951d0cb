"""The wallet's sessions: begun, repeated, listed, ended; never on what is frozen or reported."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.reports import LossKind
from domain.wallets import Wallet
from service.operations import filing, reports, visits
from service.operations.house import House
from service.operations.visits import Draft
from service.storage.values import BrowserSession
from tests import people as cast
from tests.api.backends import A_MOMENT, Backend, a_session, frozen

LIST = f"/v1/accounts/{cast.OLGA}/sessions"
A_DAY = timedelta(hours=24)
ROUNDS = 50
T = TypeVar("T")


@pytest.fixture
async def _olga(house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet)


pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_olga")]


async def test_a_session_begins_and_is_listed(norte: Backend) -> None:
    begun = await norte.call(
        "POST", "/v1/sessions", a_session(expires_at="2199-01-01T00:00:00-03:00")
    )

    assert begun.status_code == 201
    told = begun.json()
    assert UUID(told["id"]).version == 7
    assert told["subject"] == cast.OLGA
    assert told["expires_at"] == "2199-01-01T03:00:00Z"
    (listed,) = (await norte.call("GET", LIST)).json()["items"]
    assert listed == {
        "id": told["id"],
        "device": "phone-1",
        "active": True,
        "began_at": told["began_at"],
        "expires_at": "2199-01-01T03:00:00Z",
    }


async def test_the_same_token_twice_is_one_session_while_it_lives(norte: Backend) -> None:
    first = await norte.call("POST", "/v1/sessions", a_session())
    upper = a_session(token_sha256=sha256(b"phone-token").hexdigest().upper())
    second = await norte.call("POST", "/v1/sessions", upper)

    assert second.json()["id"] == first.json()["id"]


async def test_a_session_ends_and_ending_it_again_is_no_fault(norte: Backend) -> None:
    begun = (await norte.call("POST", "/v1/sessions", a_session())).json()
    for _ in range(2):
        ended = await norte.call("DELETE", f"/v1/sessions/{begun['id']}")
        assert (ended.status_code, ended.content) == (204, b"")
    assert (await norte.call("GET", LIST)).json() == {"items": [], "next": None}


async def test_a_session_of_another_wallet_cannot_be_ended_nor_begun(
    norte: Backend, sur: Backend
) -> None:
    begun = (await norte.call("POST", "/v1/sessions", a_session())).json()

    assert (await sur.call("DELETE", f"/v1/sessions/{begun['id']}")).status_code == 204
    assert (await norte.introspect("phone-token")).json()["active"] is True
    foreign = await sur.call("POST", "/v1/sessions", a_session("another"))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")


async def test_sessions_are_listed_in_pages_of_at_most_a_hundred(norte: Backend) -> None:
    ids = [
        (await norte.call("POST", "/v1/sessions", a_session(f"token-{n}"))).json()["id"]
        for n in range(5)
    ]

    first = (await norte.call("GET", f"{LIST}?limit=2")).json()
    second = (await norte.call("GET", f"{LIST}?limit=2&cursor={first['next']}")).json()
    third = (await norte.call("GET", f"{LIST}?limit=2&cursor={second['next']}")).json()

    pages = [[one["id"] for one in page["items"]] for page in (first, second, third)]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert third["next"] is None
    exact = (await norte.call("GET", f"{LIST}?limit=5")).json()
    assert exact["next"] is None
    for limit, status in {"100": 200, "101": 400, "1": 200, "0": 400, "x": 400, "": 400}.items():
        assert (await norte.call("GET", f"{LIST}?limit={limit}")).status_code == status
    assert (await norte.call("GET", f"{LIST}?cursor=x")).status_code == 400


async def test_a_repeated_key_gets_the_first_answer(norte: Backend, house: House) -> None:
    key = {"Idempotency-Key": "sign-in-1"}
    first = await norte.call("POST", "/v1/sessions", a_session(), more=key)
    await norte.call("DELETE", f"/v1/sessions/{first.json()['id']}")

    again = await norte.call("POST", "/v1/sessions", a_session(), more=key)
    assert (again.status_code, again.json()) == (201, first.json())
    # Replayed, not done again.
    assert (await norte.introspect("phone-token")).json() == {"active": False}

    other = await norte.call("POST", "/v1/sessions", a_session("another"), more=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.usefixtures("clock_stands")
async def test_a_key_is_remembered_for_24_hours(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    key = {"Idempotency-Key": "sign-in-1"}
    first = (await norte.call("POST", "/v1/sessions", a_session(), more=key)).json()
    await norte.call("DELETE", f"/v1/sessions/{first['id']}")

    await cast.move_clock(house, A_DAY - A_MOMENT)
    fresh = await _signed_in_again(norte)
    same = await fresh.call("POST", "/v1/sessions", a_session(), more=key)
    assert same.json()["id"] == first["id"]

    await cast.move_clock(house, A_MOMENT)
    anew = await fresh.call("POST", "/v1/sessions", a_session(), more=key)
    assert anew.json()["id"] != first["id"]


async def test_a_key_used_by_two_at_once_is_one_session(norte: Backend) -> None:
    key = {"Idempotency-Key": "sign-in-1"}

    answers = await asyncio.gather(
        *(norte.call("POST", "/v1/sessions", a_session(), more=key) for _ in range(5))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_key_used_for_two_accounts_at_once_serves_one(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    for n in range(8):
        await cast.olga(house, wallet, f"olga-{n}x")
    key = {"Idempotency-Key": "sign-in-1"}

    answers = await asyncio.gather(
        *(
            norte.call("POST", "/v1/sessions", a_session(f"t{n}", subject=f"olga-{n}x"), more=key)
            for n in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7


@pytest.mark.parametrize("key", ["", "k" * 256, "two words", "ñ"])
async def test_a_key_is_short_and_plain(norte: Backend, key: str) -> None:
    headers = {**norte.bearer, "Idempotency-Key": key}

    answer = await norte.http.post(
        "/v1/sessions",
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        json=a_session(),
    )

    assert answer.status_code == 400
    longest = await norte.call(
        "POST", "/v1/sessions", a_session(), more={"Idempotency-Key": "k" * 255}
    )
    assert longest.status_code == 201


async def test_no_session_begins_on_a_frozen_account(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    assert (await norte.call("POST", "/v1/sessions", a_session("before"))).status_code == 201
    await frozen(house, wallet)

    for token in ("before", "after"):
        refused = await norte.call("POST", "/v1/sessions", a_session(token))
        assert (refused.status_code, refused.json()["code"]) == (409, "account-frozen")
    items = (await norte.call("GET", LIST)).json()["items"]
    assert items
    assert not any(one["active"] for one in items)


async def test_after_release_no_session_begins_on_a_reported_device(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await frozen(house, wallet)
    await cast.released(house, wallet)

    barred = await norte.call("POST", "/v1/sessions", a_session("new"))
    assert (barred.status_code, barred.json()["code"]) == (409, "device-reported")
    another = {"id": "phone-2", "label": "Moto G", "platform": "android"}
    welcome = await norte.call("POST", "/v1/sessions", a_session("new", device=another))
    assert welcome.status_code == 201


async def test_a_void_token_never_comes_to_life_again(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await norte.call("POST", "/v1/sessions", a_session("before"))
    await frozen(house, wallet)
    await cast.released(house, wallet)

    another = {"id": "phone-2", "label": "Moto G", "platform": "android"}
    again = await norte.call("POST", "/v1/sessions", a_session("before", device=another))

    assert (again.status_code, again.json()["code"]) == (409, "token-used")
    assert (await norte.introspect("before")).json() == {"active": False}


async def test_freeze_against_registration_never_leaves_a_living_session(
    app: Litestar, norte: Backend, wallet: Wallet
) -> None:
    """Both at once, fifty times: whichever is first, in the end nothing lives."""
    house: House = app.state.house
    begun: list[int] = []
    for n in range(ROUNDS):
        subject = f"olga-{n:02}"
        # Names have letters only; each contact has an address, and so codes, of its own.
        name = f"Carl{chr(97 + n // 26)}{chr(97 + n % 26)}"
        visit = await _about_to_report(house, wallet, subject, name)
        phone, laptop = (a_session(f"{subject}-{token}", subject=subject) for token in "ab")
        # Each round one side starts a little later, so that they meet at each of their steps.
        late = {"freeze": n // 2, "sign-in": 0} if n % 2 else {"freeze": 0, "sign-in": n // 2}

        _, first, second = await asyncio.gather(
            _after(late["freeze"], filing.file_report(house, wallet, visit, key="k")),
            _after(late["sign-in"], norte.call("POST", "/v1/sessions", phone)),
            _after(late["sign-in"], norte.call("POST", "/v1/sessions", laptop)),
        )

        begun += [first.status_code, second.status_code]
        listed = (await norte.call("GET", f"/v1/accounts/{subject}/sessions")).json()["items"]
        assert listed
        assert not any(one["active"] for one in listed)
        for token in "ab":
            assert (await norte.introspect(f"{subject}-{token}")).json() == {"active": False}
    # Each side was first at times, so that the race was one.
    assert set(begun) == {201, 409}


async def _after(turns: int, act: Awaitable[T]) -> T:
    """Acts after others had so many turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return await act


async def _about_to_report(house: House, wallet: Wallet, subject: str, name: str) -> BrowserSession:
    """A contact before the summary's button."""
    await cast.olga(house, wallet, subject)
    session = await cast.a_session(house, wallet, f"had-{subject}", subject=subject)
    pages = await cast.at_her_pages(house, wallet, session, subject)
    contact, link = await cast.a_contact(house, wallet, pages, name)
    visit = await cast.a_verified_visit(house, wallet, link)
    await reports.save(house, wallet, visit, Draft(contact_id=contact.id, kind=LossKind.LOST))
    return await visits.current(house, visit)


async def _signed_in_again(backend: Backend) -> Backend:
    answer = await backend.ask_token(grant_type="client_credentials")
    return replace(backend, token=answer.json()["access_token"])
