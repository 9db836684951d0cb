"""Accounts as the wallet tells them, the freeze state, and the wallet's confirmation."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.tables import account_addresses, accounts
from tests import people as cast
from tests.api.backends import Backend, an_account, frozen

pytestmark = pytest.mark.anyio
PATH = f"/v1/accounts/{cast.OLGA}"
STATE = f"{PATH}/freeze-state"
CONFIRMATION = f"{PATH}/freeze-confirmation"
AT = "2026-01-01T00:00:00-03:00"


async def test_an_account_is_created_then_updated_under_the_wallets_own_id(norte: Backend) -> None:
    created = await norte.call("PUT", PATH, an_account())
    updated = await norte.call("PUT", PATH, an_account(language="pt-BR"))

    assert (created.status_code, updated.status_code) == (201, 200)
    assert (created.json()["language"], updated.json()["language"]) == ("es", "pt-BR")
    assert (await norte.call("GET", PATH)).json() == updated.json()


async def test_an_account_is_shown_with_masked_addresses_and_no_name(norte: Backend) -> None:
    await norte.call("PUT", PATH, an_account())

    answer = await norte.call("GET", PATH)

    told = answer.json()
    assert (told["subject"], told["state"], told["version"]) == (cast.OLGA, "active", 0)
    (email,), (phone,) = told["emails"], told["phones"]
    assert email == {
        "address": "o•••@c•••.example",
        "verified_at": "2020-01-01T00:00:00Z",
        "added_while_frozen": False,
    }
    assert phone["address"].endswith("89")
    assert "Olga" not in answer.text
    assert "23456789" not in answer.text.replace(" ", "").replace("-", "")


async def test_replaced_addresses_are_kept_but_not_shown(norte: Backend, house: House) -> None:
    await norte.call("PUT", PATH, an_account())
    await norte.call("PUT", PATH, an_account(emails=[{"address": "nueva@correo.example"}]))

    told = (await norte.call("GET", PATH)).json()
    assert [one["address"][0] for one in told["emails"]] == ["n"]
    assert told["emails"][0]["verified_at"] is None
    async with house.engine.connect() as db:
        kept = select(func.count()).where(account_addresses.c.removed_at.isnot(None))
        assert await db.scalar(kept) == 1


async def test_an_account_of_another_wallet_does_not_exist(norte: Backend, sur: Backend) -> None:
    await norte.call("PUT", PATH, an_account())

    for path in (PATH, STATE, f"{PATH}/sessions"):
        assert (await norte.call("GET", path)).status_code == 200
        at_sur = await sur.call("GET", path)
        assert (at_sur.status_code, at_sur.json()["code"]) == (404, "not-found")
    assert (await sur.call("PUT", PATH, an_account(language="en"))).status_code == 201
    assert (await norte.call("GET", PATH)).json()["language"] == "es"


SUBJECTS = ("o", "o" * 255, "ñandú|42", "a b", "a%2Fb", "?#&=+", "😀" * 255, "'; --", '"')


async def test_a_subject_is_whatever_the_wallet_says(norte: Backend) -> None:
    for subject in SUBJECTS:
        path = f"/v1/accounts/{quote(subject, safe='')}"
        answer = await norte.call("PUT", path, an_account())
        assert (answer.status_code, answer.json()["subject"]) == (201, subject)
        assert (await norte.call("GET", path)).json()["subject"] == subject


NO_SUBJECTS = ("o" * 256, "a%00b", "a%0Ab", "a%7F", "a%C2%85b", "a%FFb", "%ED%A0%80")


async def test_what_cannot_be_a_subject_is_refused(norte: Backend) -> None:
    for written in NO_SUBJECTS:
        answer = await norte.call("PUT", f"/v1/accounts/{written}", an_account())
        assert answer.status_code == 400, written
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/subject"]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("first_name", "Olga1", "name-not-allowed"),
        ("emails", [{"address": "no address"}], "address-not-allowed"),
        ("phones", [{"address": "12345"}], "address-not-allowed"),
        ("phones", [{"address": "9" * 254}], "address-not-allowed"),
    ],
)
async def test_a_rule_refuses_and_nothing_is_stored(
    norte: Backend, member: str, value: object, code: str
) -> None:
    answer = await norte.call("PUT", PATH, an_account(**{member: value}))

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await norte.call("GET", PATH)).status_code == 404


async def test_two_who_register_one_subject_at_once_both_succeed(
    norte: Backend, house: House
) -> None:
    answers = await asyncio.gather(*(norte.call("PUT", PATH, an_account()) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    async with house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(accounts)) == 1
        assert await db.scalar(select(func.count()).select_from(account_addresses)) == 2


async def test_the_freeze_state_follows_freeze_and_release(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    before = await norte.call("GET", STATE)
    assert before.json() == {
        "state": "active",
        "version": 0,
        "sessions_void_before": None,
        "display": "plain",
    }

    await frozen(house, wallet)
    during = (await norte.call("GET", STATE)).json()
    assert (during["state"], during["version"]) == ("frozen", 1)
    assert during["sessions_void_before"].endswith("Z")

    await cast.released(house, wallet)
    after = (await norte.call("GET", STATE)).json()
    assert (after["state"], after["version"]) == ("active", 2)


async def test_with_its_etag_the_freeze_state_is_sent_only_when_it_has_changed(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    etag = (await norte.call("GET", STATE)).headers["etag"]
    assert etag.startswith('"')

    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        same = await norte.call("GET", STATE, more={"If-None-Match": header})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == etag
    for header in ('"x"', etag.strip('"'), ""):
        assert (await norte.call("GET", STATE, more={"If-None-Match": header})).status_code == 200

    await frozen(house, wallet)
    changed = await norte.call("GET", STATE, more={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert changed.headers["cache-control"] == "private, no-cache"


async def test_the_wallet_confirms_and_adds_what_it_has_done_since(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    await frozen(house, wallet)

    first = await norte.call("PUT", CONFIRMATION, {"version": 1, "done": ["payments"], "at": AT})
    await cast.move_clock(house, timedelta(minutes=1))
    more = {"version": 1, "done": ["sessions", "sessions"], "at": AT}
    second = await norte.call("PUT", CONFIRMATION, more)

    assert first.status_code == 200
    assert first.json()["done"] == ["payments"]
    assert second.json()["done"] == ["sessions", "payments"]
    assert second.json()["confirmed_at"] == first.json()["confirmed_at"]


async def test_a_confirmation_of_another_version_or_of_no_freeze_is_refused(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    body = {"version": 1, "done": ["sessions"], "at": AT}
    assert (await norte.call("PUT", CONFIRMATION, body)).status_code == 404
    await cast.olga(house, wallet)
    unfrozen = await norte.call("PUT", CONFIRMATION, body)
    assert (unfrozen.status_code, unfrozen.json()["code"]) == (409, "account-not-frozen")

    await frozen(house, wallet)
    for version in (0, 2, 2**53 - 1):
        wrong = await norte.call("PUT", CONFIRMATION, {**body, "version": version})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "version-mismatch")
    assert (await norte.call("PUT", CONFIRMATION, body)).status_code == 200


async def test_instants_come_back_in_utc(norte: Backend) -> None:
    email = {"address": "olga@correo.example", "verified_at": "2020-01-01T00:00:00-03:00"}
    await norte.call("PUT", PATH, an_account(emails=[email]))

    shown = (await norte.call("GET", PATH)).json()

    assert shown["emails"][0]["verified_at"] == "2020-01-01T03:00:00Z"
    assert shown["created_at"].endswith("Z")
