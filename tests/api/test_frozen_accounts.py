"""Every frozen account of a wallet: whole, in pages, whatever happens meanwhile."""

from typing import Any

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import Backend, backend_of

pytestmark = pytest.mark.anyio
PATH = "/v1/frozen-accounts"
DONE = ("sessions", "refresh-tokens", "device-keys", "payment-tokens", "payments")
LEFT = ("cash-out", "credit", "changes")


async def freeze(backend: Backend, subject: str) -> Any:
    answer = await backend.call(
        "POST",
        f"/v1/accounts/{subject}/freeze",
        {"reason": "lost"},
        more={"Idempotency-Key": "call"},
    )
    assert answer.status_code == 201
    return answer.json()


async def pages(backend: Backend, limit: int, between: Any = None) -> list[list[str]]:
    """All pages, one after the other."""
    found: list[list[str]] = []
    path = f"{PATH}?limit={limit}"
    while True:
        page = (await backend.call("GET", path)).json()
        found.append([one["subject"] for one in page["items"]])
        if page["next"] is None:
            return found
        if between is not None:
            await between(len(found))
        path = f"{PATH}?limit={limit}&cursor={page['next']}"


async def test_each_is_listed_with_what_the_wallet_has_not_done(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    assert (await norte.call("GET", PATH)).json() == {"items": [], "next": None}
    told = await freeze(norte, cast.OLGA)

    (one,) = (await norte.call("GET", PATH)).json()["items"]
    assert one == {
        "subject": cast.OLGA,
        "version": told["version"],
        "frozen_at": told["sessions_void_before"],
        "sessions_void_before": told["sessions_void_before"],
        "display": "plain",
        "confirmed_at": None,
        "missing": [*DONE, *LEFT],
    }

    body = {"version": 1, "done": list(DONE), "at": "2026-01-01T00:00:00Z"}
    path = f"/v1/accounts/{cast.OLGA}/freeze-confirmation"
    confirmed = (await norte.call("PUT", path, body)).json()
    assert confirmed["missing"] == list(LEFT)
    (one,) = (await norte.call("GET", PATH)).json()["items"]
    assert (one["confirmed_at"], one["missing"]) == (confirmed["confirmed_at"], list(LEFT))
    # What was done for one freeze says nothing of the next.
    await cast.released(house, wallet)
    assert (await norte.call("GET", PATH)).json()["items"] == []
    await norte.call(
        "POST",
        f"/v1/accounts/{cast.OLGA}/freeze",
        {"reason": "lost"},
        more={"Idempotency-Key": "again"},
    )
    (one,) = (await norte.call("GET", PATH)).json()["items"]
    assert (one["version"], one["confirmed_at"], one["missing"]) == (3, None, [*DONE, *LEFT])


async def test_nothing_frozen_throughout_is_skipped_or_told_twice(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    subjects = [f"olga-{n}" for n in range(12)]
    for subject in subjects:
        await cast.olga(house, wallet, subject)
    # Frozen in another order than they were registered in.
    throughout = [subjects[n] for n in (9, 3, 11, 0, 6)]
    for subject in throughout:
        await freeze(norte, subject)

    async def meanwhile(page: int) -> None:
        """Others freeze before and behind where the reader is."""
        for subject in (subjects[2 * page], subjects[12 - page]):
            if subject not in throughout:
                await norte.call(
                    "POST",
                    f"/v1/accounts/{subject}/freeze",
                    {"reason": "lost"},
                    more={"Idempotency-Key": "meanwhile"},
                )

    read = [subject for page in await pages(norte, 2, meanwhile) for subject in page]

    assert len(read) == len(set(read))
    assert set(throughout) <= set(read)
    exact = await pages(norte, len(await _all(norte)))
    assert len(exact) == 1


async def _all(backend: Backend) -> list[str]:
    return [subject for page in await pages(backend, 100) for subject in page]


async def test_pages_hold_at_most_a_hundred(norte: Backend) -> None:
    for limit, status in {"100": 200, "101": 400, "1": 200, "0": 400, "x": 400}.items():
        assert (await norte.call("GET", f"{PATH}?limit={limit}")).status_code == status
    assert (await norte.call("GET", f"{PATH}?cursor=x")).status_code == 400


async def test_only_with_the_scope_and_only_of_the_own_wallet(
    app: Litestar, norte: Backend, sur: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    await freeze(norte, cast.OLGA)

    assert (await sur.call("GET", PATH)).json()["items"] == []
    others = tuple(scope for scope in Scope if scope is not Scope.ACCOUNTS)
    async with backend_of(app, house, wallet, client_id="others", scopes=others) as without:
        assert (await without.call("GET", PATH)).status_code == 403
