"""A release that was drawn is looked at again, on its ticket's page."""

import pytest
from litestar import Litestar

from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import tickets
from service.operations.house import House
from tests import deciding, proving
from tests import people as cast
from tests.at_desk import AtDesk, at_desk
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await deciding.every_release_is_drawn(house, await cast.a_wallet(house))


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    """Released, and drawn."""
    case = await a_case(house, wallet)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    await proving.proved(house, wallet, case.ticket_id, astrid)
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    waits = await deciding.its_id(house, wallet, case.ticket_id)
    await tickets.approve_release(house, case.ticket_id, waits, by=arne)
    return case


@pytest.fixture
async def sofia(house: House, app: Litestar, wallet: Wallet, case: Case) -> AtDesk:
    assert case
    return await at_desk(house, app, wallet, "sofia", level=3)


async def test_not_in_order_without_words_is_not_recorded_and_says_what_is_missing(
    case: Case, sofia: AtDesk
) -> None:
    act = f"{case.path}/release-review"
    page = await sofia.browser.open(case.path)
    for nothing in ("", "   "):
        page = await page.press(act, finding="not-in-order", words=nothing)
        assert page.status == 422
        assert "Say in a few words what is not in order. Nothing was recorded yet." in page.text
        assert 'aria-invalid="true"' in page.html

    page = await page.press(act, finding="not-in-order", words="Nobody called her back.")

    assert "Recorded." in page.text
    assert act not in [form.action for form in page.forms]
    reviews = await sofia.browser.open("/console/reviews")
    assert "Nobody called her back." in reviews.text


async def test_in_order_needs_no_words(case: Case, sofia: AtDesk) -> None:
    page = await sofia.browser.open(case.path)

    page = await page.press(f"{case.path}/release-review", finding="in-order", words="")

    assert "Recorded." in page.text
