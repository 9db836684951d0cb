"""Reports that freeze nothing, as their reporter reads it; and judging, at the agents' desk."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.tables import contacts
from tests import people as cast
from tests import proving
from tests.at_desk import AtDesk, at_desk, confirmed_from
from tests.desks import Case, a_case
from tests.web.scene import Scene, a_receipt

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


async def _suspend_all(house: House) -> None:
    async with house.engine.begin() as db:
        active = contacts.c.status == "active"
        await db.execute(update(contacts).where(active).values(status="suspended"))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Your report alone does not block the wallet just now."),
        ("es", "tu aviso solo no bloquea la billetera"),
        ("pt-BR", "o seu aviso sozinho não bloqueia a carteira"),
    ],
)
async def test_whoever_is_suspended_reads_that_nothing_was_stopped_and_whom_to_call(
    house: House, app: Litestar, wallet: Wallet, language: str, said: str
) -> None:
    await cast.olga(house, wallet)
    scene = Scene(app=app, house=house, wallet=wallet)
    key = await scene.contact()
    await _suspend_all(house)
    await cast.move_clock(house, timedelta(minutes=5))

    receipt = await a_receipt(scene, scene.browser(language), key)

    assert said in receipt.text
    assert wallet.support_number in receipt.text
    owner = (await scene.contacts())[0].account_id
    assert not (await cast.the_account(house, wallet, owner)).is_frozen


async def test_a_hint_that_nobody_confirms_is_laid_aside_at_the_desk(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    scene = Scene(app=app, house=house, wallet=wallet)
    key = await scene.contact()
    await _suspend_all(house)
    await cast.move_clock(house, timedelta(minutes=5))
    await a_receipt(scene, scene.browser(), key)
    astrid = await at_desk(house, app, wallet, "astrid", level=2)
    queue = await astrid.browser.open("/console")
    path = next(href for href, _ in queue.links if href.startswith("/console/tickets/"))
    page = await astrid.browser.open(path)
    assert "First reach the owner, or try twice" in page.text

    page = await page.press(f"{path}/attempts", way="other-number")
    await cast.move_clock(house, timedelta(minutes=29))
    page = await (await astrid.browser.open(path)).press(f"{path}/attempts", way="other-number")
    assert f"{path}/closing" not in [form.action for form in page.forms]
    await cast.move_clock(house, timedelta(minutes=1))
    page = await page.press(f"{path}/attempts", way="other-number")
    page = await page.press(f"{path}/closing", reason="not-reached")

    assert "Laid aside. Nothing was frozen." in page.text
    assert "The owner could not be reached" in page.text


async def test_false_is_proposed_by_one_and_confirmed_by_another_at_the_desk(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    case: Case = await a_case(house, wallet)
    astrid: AtDesk = await at_desk(house, app, wallet, "astrid", level=2)
    who = await astrid.signed_in()
    page = await astrid.browser.open(case.path)
    judge = next(f.action for f in page.forms if f.action.endswith("/outcome"))
    refused = await page.press(judge, outcome="false")
    assert "It is not yet certain who the owner is" in refused.text
    await proving.proved(house, wallet, case.ticket_id, who)
    refused = await (await astrid.browser.open(case.path)).press(judge, outcome="false")
    assert "The reporter has not been heard" in refused.text
    hearing = judge.replace("/outcome", "/hearing")
    page = await (await astrid.browser.open(case.path)).press(
        hearing, button="I have heard the reporter"
    )
    page = await page.press(judge, outcome="false")
    assert "Astrid says that it is false." in page.text
    verdict = judge.replace("/outcome", "/verdict/approval")
    own = await page.follow("Read and decide: ")
    assert own.path == verdict
    assert "You said so yourself. Somebody else must confirm it." in own.text
    assert verdict not in [form.action for form in own.forms]

    arne = await at_desk(house, app, wallet, "arne", level=3)
    page = await (await arne.browser.open(case.path)).follow("Read and decide: ")
    page = await confirmed_from(page, arne, verdict)

    assert "Recorded." in page.text
    assert f'action="{judge}"' not in page.text
