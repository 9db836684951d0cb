"""Ways in, as the tables guard them: how a browser came, whose a code is, what is withdrawn."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from domain.challenges import Challenge
from domain.reports import Way
from domain.wallets import Wallet
from service.operations import browsers
from service.operations.house import House
from service.security.tokens import new_id
from service.storage.rows import put
from service.storage.tables import loss_reports
from service.storage.values import BrowserKind, BrowserSession
from tests import people as cast
from tests.builders import NOON, a_challenge

pytestmark = pytest.mark.anyio


@pytest.fixture
async def norte(house: House) -> Wallet:
    return await cast.a_wallet(house)


def a_browser(wallet: Wallet, **changes: Any) -> BrowserSession:
    opened = browsers.begin(
        kind=BrowserKind.CONTACT, purpose="report", wallet_id=wallet.id, at=NOON, expires_at=NOON
    )
    return replace(opened.session, **changes)


async def refused(house: House, value: BrowserSession | Challenge, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        async with house.engine.begin() as db:
            await put(db, None, value)


async def test_a_browser_came_by_an_address_exactly_when_one_was_typed(
    house: House, norte: Wallet
) -> None:
    await refused(house, a_browser(norte, way=Way.ADDRESS), "came_by")
    await refused(house, a_browser(norte, address_index=b"typed"), "came_by")
    async with house.engine.begin() as db:
        await put(db, None, a_browser(norte))
        await put(db, None, a_browser(norte, way=Way.ADDRESS, address_index=b"typed"))


async def test_a_challenge_is_somebodys_or_an_addresss(house: House, norte: Wallet) -> None:
    browser = a_browser(norte, way=Way.ADDRESS, address_index=b"typed")
    async with house.engine.begin() as db:
        await put(db, None, browser)
    decoy = a_challenge(
        wallet_id=norte.id,
        person_id=None,
        contact_id=None,
        browser_session_id=browser.id,
        way=Way.ADDRESS,
        address_index=b"typed",
    )

    await refused(house, replace(decoy, address_index=None), "whose")
    await refused(house, replace(decoy, person_id=new_id()), "whose")
    async with house.engine.begin() as db:
        await put(db, None, decoy)


async def test_a_report_is_withdrawn_exactly_when_it_says_since_when(
    house: House, norte: Wallet
) -> None:
    await cast.olga(house, norte)
    phone = await cast.a_session(house, norte, "phone-token")
    carl, link = await cast.a_contact(house, norte, await cast.at_her_pages(house, norte, phone))
    await cast.a_report(house, norte, carl, link)

    for change in ({"status": "withdrawn"}, {"withdrawn_at": NOON}):
        with pytest.raises(IntegrityError, match="withdrawn"):
            async with house.engine.begin() as db:
                await db.execute(update(loss_reports).values(change))
