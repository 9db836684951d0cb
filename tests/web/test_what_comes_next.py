"""What a ticket's page says first: the one next thing, how long, and in whose language."""

from datetime import timedelta

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations import owner_codes
from service.operations.house import House
from service.operations.journal import seal_journal
from service.operations.owner_codes import Entered
from tests import people as cast
from tests import proving
from tests.at_desk import AtDesk, at_desk
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
KEY_NEXT = "Next: read the owner the key "


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


async def test_while_the_owner_types_a_code_the_next_thing_is_the_key_to_read_to_them(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert KEY_NEXT not in page.text

    page = await page.press(f"{case.path}/owner-code")

    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    said = f"{KEY_NEXT}{typed.key}. They type it at {case.wallet.origin}/prove"
    assert said in page.text
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED
    again = page.form(case.path, saying="See whether it has arrived")
    assert KEY_NEXT not in (await astrid.browser.open(again.action)).text


async def test_a_code_that_was_not_typed_in_time_is_not_waited_for(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await (await astrid.browser.open(case.path)).press(f"{case.path}/owner-code")
    assert KEY_NEXT in page.text

    await cast.move_clock(house, timedelta(minutes=11))

    assert KEY_NEXT not in (await astrid.browser.open(case.path)).text


async def test_how_long_an_address_is_on_file_is_told_in_days_once_there_are_two(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert "on file for 30 days before the loss" in page.text
    assert "on file for 30 days · verified" in page.text
    assert "30 d 0 h" not in page.text


async def test_a_message_stands_there_once_for_whoever_speaks_the_owner_s_language(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    words = "Necesitamos comunicarnos contigo por tu cuenta de Norte."
    both = await astrid.browser.open(f"{case.path}/messages?to=owner")
    assert both.text.count(words) == 1
    assert "We are trying to reach you about your Norte account." in both.text

    luz = await at_desk(house, app, case.wallet, "luz", level=2, language="es")

    assert (await luz.browser.open(f"{case.path}/messages?to=owner")).text.count(words) == 1


@pytest.mark.parametrize(
    ("level", "places"),
    [(2, []), (3, ["Reviews"]), (4, ["Board", "Record", "Reviews"])],
)
async def test_the_head_of_every_page_leads_where_an_agent_may_go(
    house: House, app: Litestar, wallet: Wallet, level: int, places: list[str]
) -> None:
    bea = await at_desk(house, app, wallet, "bea", level=level)
    page = await bea.browser.open("/console")
    ways = {"/console/board", "/console/journal", "/console/reviews"}

    assert [said for href, said in page.links if href in ways] == places
    for place in places:
        assert (await page.follow(place)).status == 200


async def test_the_record_says_what_an_entry_is_and_not_only_of_which_sort(
    house: House, app: Litestar, case: Case
) -> None:
    bea = await at_desk(house, app, case.wallet, "bea", level=4)
    await seal_journal(house)

    record = (await bea.browser.open("/console/journal")).text

    for said in ("A trusted person was invited", "A trusted person accepted", "Asked for a code"):
        assert said in record


async def test_whoever_may_not_open_a_page_is_told_so_and_not_to_try_again(astrid: AtDesk) -> None:
    page = await astrid.browser.open("/console/journal")

    assert page.status == 403
    assert "This page is for another level" in page.text
    assert "try again" not in page.text
