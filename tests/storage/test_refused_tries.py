"""Whoever is turned away at a frozen account: counted, by the minute, and nobody waits for it."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from domain.refusals import AccountIsFrozen, DeviceReported, SignInVoid, StrongSignInNeeded
from domain.sign_ins import SignIn
from domain.signs import TryWay
from service.operations import (
    disputes,
    hints,
    housekeeping,
    page_links,
    purging,
    refused_tries,
    removals,
)
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.sessions import ToldDevice
from service.storage import load
from service.storage.refused import RefusedTries
from service.storage.tables import refused_tries as rows
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.api.backends import a_session, backend_of
from tests.forgetting import A_DAY, Scene, a_scene
from tests.helpless import a_card, asks_for_help
from tests.storage.test_recovery_cards import WRONG

# Tries are counted by the minute: none must pass unless the test says so.
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("clock_stands")]
A_MINUTE: Final = timedelta(minutes=1)
A_YEAR_AND_A_HALF: Final = 548 * A_DAY
STRONG: Final = cast.NORTE.strong_acr[0]


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def _freeze(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)


async def _sign_in(scene: Scene, device: ToldDevice = cast.PHONE) -> None:
    await cast.a_session(scene.house, scene.wallet, "another token", device)


async def _stored(house: House) -> list[dict[str, Any]]:
    """What is written down, once it is."""
    await refused_tries.write_down(house)
    async with house.engine.connect() as db:
        found = await db.execute(select(rows).order_by(rows.c.minute, rows.c.way, rows.c.device))
        return [dict(row) for row in found.mappings()]


async def _counted(house: House) -> dict[tuple[str, str], int]:
    return {(row["way"], row["device"]): row["tries"] for row in await _stored(house)}


async def _phone_id(scene: Scene) -> str:
    async with scene.house.engine.connect() as db:
        known = await load.devices_of(db, scene.wallet.id, scene.account.id)
    return str(next(one.id for one in known if one.name == cast.PHONE.id))


async def test_a_refused_sign_in_is_counted_with_the_device_it_came_from(scene: Scene) -> None:
    await _freeze(scene)

    for device in (cast.PHONE, cast.LAPTOP, cast.PHONE):
        with pytest.raises(AccountIsFrozen):
            await _sign_in(scene, device)

    known = await _phone_id(scene)
    assert await _counted(scene.house) == {("session", known): 2, ("session", "new"): 1}
    (row, _) = await _stored(scene.house)
    assert row["wallet_id"] == scene.wallet.id
    assert row["minute"] <= row["last_at"] < row["minute"] + A_MINUTE


async def test_while_nothing_is_frozen_nothing_is_counted(scene: Scene) -> None:
    await _sign_in(scene, cast.LAPTOP)
    await asks_for_help(scene.house, scene.wallet, number="+54 11 4321-1234")
    await hints.file_hints(scene.house)

    assert not scene.house.refused.is_waiting
    assert await _stored(scene.house) == []


async def test_a_barred_device_is_counted_after_the_release_too(scene: Scene) -> None:
    await _freeze(scene)
    await cast.released(scene.house, scene.wallet)

    with pytest.raises(DeviceReported):
        await _sign_in(scene)
    await _sign_in(scene, cast.LAPTOP)

    assert await _counted(scene.house) == {("session", await _phone_id(scene)): 1}


@pytest.mark.parametrize(
    ("purpose", "acr", "refusal", "way"),
    [
        (LinkPurpose.MANAGE, STRONG, AccountIsFrozen, TryWay.PAGE_LINK),
        (LinkPurpose.DISPUTE, "urn:norte:pin", StrongSignInNeeded, TryWay.DISPUTE),
    ],
)
async def test_a_refused_way_into_the_owner_s_pages_is_counted(
    scene: Scene, purpose: LinkPurpose, acr: str, refusal: type[Exception], way: TryWay
) -> None:
    await _freeze(scene)
    await scene.later(A_MINUTE)
    now = await cast.now(scene.house)
    asked = AskedLink(purpose=purpose, session_id=None, auth_time=now, acr=acr)

    with pytest.raises(refusal):
        await page_links.make_page_link(scene.house, scene.wallet, cast.OLGA, asked)

    assert await _counted(scene.house) == {(way.value, ""): 1}


async def test_a_dispute_on_what_the_thief_s_phone_still_held_is_counted(scene: Scene) -> None:
    before = await cast.now(scene.house)
    await _freeze(scene)

    with pytest.raises(SignInVoid):
        await disputes.dispute(
            scene.house,
            scene.wallet,
            scene.account.id,
            sign_in=SignIn(at=before, acr=STRONG),
            note="",
            caller="app",
            key="k",
        )

    assert await _counted(scene.house) == {("dispute", ""): 1}


async def test_a_code_that_is_not_on_the_card_is_counted_and_a_mere_hint_apart(
    scene: Scene,
) -> None:
    await a_card(scene.house, scene.wallet, scene.pages)
    await _freeze(scene)

    await asks_for_help(scene.house, scene.wallet, WRONG)
    await asks_for_help(scene.house, scene.wallet, number="+54 11 4321-1234")
    assert await _counted(scene.house) == {}
    await hints.file_hints(scene.house)

    assert await _counted(scene.house) == {("card", ""): 1, ("hint", ""): 1}


async def test_tries_of_one_minute_are_one_row_and_those_of_the_next_another(scene: Scene) -> None:
    await _freeze(scene)
    for _ in range(3):
        with pytest.raises(AccountIsFrozen):
            await _sign_in(scene)
        await refused_tries.write_down(scene.house)
    (row,) = await _stored(scene.house)
    assert row["tries"] == 3

    await scene.later(A_MINUTE)
    with pytest.raises(AccountIsFrozen):
        await _sign_in(scene)

    first, second = await _stored(scene.house)
    assert (first["tries"], second["tries"]) == (3, 1)
    assert second["minute"] == first["minute"] + A_MINUTE


async def test_a_flood_leaves_few_rows_and_loses_no_try(scene: Scene) -> None:
    await _freeze(scene)
    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    for number in range(10_000):
        refused_tries.note(scene.house, account, TryWay.SESSION, named=True)
        if number % 1000 == 0:
            await refused_tries.write_down(scene.house)

    stored = await _stored(scene.house)

    # One a minute.
    assert [row["tries"] for row in stored] == [10_000]


async def test_two_who_write_at_once_write_each_try_once(scene: Scene) -> None:
    await _freeze(scene)
    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    other = replace(scene.house, refused=RefusedTries())
    for house in (scene.house, other):
        for _ in range(50):
            refused_tries.note(house, account, TryWay.TOKEN)

    await asyncio.gather(
        *(refused_tries.write_down(house) for house in (scene.house, other, scene.house, other))
    )

    assert sum(row["tries"] for row in await _stored(scene.house)) == 100


async def test_what_cannot_be_written_fails_nobody_and_is_tried_no_more(
    scene: Scene, free_tcp_port: int
) -> None:
    nowhere = f"postgresql+asyncpg://nobody@127.0.0.1:{free_tcp_port}/nothing"
    engine = create_async_engine(nowhere)
    away = replace(scene.house, engine=engine, refused=RefusedTries())
    refused_tries.note(away, scene.account, TryWay.SESSION)

    await refused_tries.write_down(away)

    assert not away.refused.is_waiting
    assert not away.refused.is_being_written
    await engine.dispose()


async def test_over_http_it_is_written_once_the_answer_has_gone(
    scene: Scene, app: Litestar
) -> None:
    await _freeze(scene)
    async with backend_of(app, scene.house, scene.wallet) as norte:
        for _ in range(2):
            refused = await norte.call("POST", "/v1/sessions", a_session("another"))
            assert (refused.status_code, refused.json()["code"]) == (409, "account-frozen")

    # Nothing was noted in this house: the app wrote down what its own had counted.
    assert not scene.house.refused.is_waiting
    assert await _counted(scene.house) == {("session", await _phone_id(scene)): 2}


async def test_when_the_last_try_and_the_last_change_were(scene: Scene) -> None:
    async def last() -> tuple[Any, Any]:
        async with scene.house.engine.connect() as db:
            ids = (scene.wallet.id, scene.account.id)
            return await load.last_refused_try_at(db, *ids), await load.last_change_at(db, *ids)

    assert await last() == (None, scene.carl.accepted_at)
    await scene.later(A_MINUTE)
    await removals.remove(scene.house, scene.wallet, scene.pages, scene.carl.id)
    began = (await scene.contact()).removal_began_at
    assert await last() == (None, began)
    await _freeze(scene)
    with pytest.raises(AccountIsFrozen):
        await _sign_in(scene)
    (row,) = await _stored(scene.house)

    assert await last() == (row["last_at"], began)


async def test_an_account_without_contacts_that_was_never_changed_has_no_last_change(
    house: House,
) -> None:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)

    async with house.engine.connect() as db:
        assert await load.last_change_at(db, wallet.id, account.id) is None


async def test_tries_are_kept_while_somebody_works_on_the_account_and_as_long_as_tickets(
    scene: Scene,
) -> None:
    await _freeze(scene)
    with pytest.raises(AccountIsFrozen):
        await _sign_in(scene)
    assert len(await _stored(scene.house)) == 1
    await scene.later(A_YEAR_AND_A_HALF)
    await purging.purge(scene.house)
    assert len(await _stored(scene.house)) == 1

    await housekeeping.settle_contacts(scene.house)
    await cast.released(scene.house, scene.wallet)
    await purging.purge(scene.house)

    assert await _stored(scene.house) == []
