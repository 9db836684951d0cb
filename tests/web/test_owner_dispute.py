"""The owner says that nothing was lost, on a page of its own while the wallet is frozen."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.accounts import AccountState
from domain.refusals import SignInVoid
from service.storage.tables import disputes, tickets
from tests import people as cast
from tests.browsers import Page
from tests.clocks import stop_clock
from tests.web.owner_scene import to_dispute
from tests.web.scene import Scene, a_receipt

pytestmark = pytest.mark.anyio


async def boost(scene: Scene) -> int:
    async with scene.house.engine.connect() as db:
        return (await db.execute(select(tickets.c.boost))).scalar_one()


async def frozen(scene: Scene, **told: str) -> None:
    key = await scene.contact("Carl")
    await a_receipt(scene, scene.browser(), key, **told)


async def test_she_says_so_and_the_ticket_moves_up_while_all_stays_stopped(scene: Scene) -> None:
    await frozen(scene)
    before = await boost(scene)
    page = await (await to_dispute(scene)).press("/owner/enter")
    assert page.path == "/owner/dispute"
    assert "Your phone was reported as lost or stolen." in page.text
    # Who it was is for whoever has proved who they are.
    assert "Carl" not in page.text

    done = await page.press("/owner/dispute", note="Lo tengo en la mano")

    assert done.path == "/owner/dispute/done"
    assert "A person at Norte reads it" in done.text
    assert await boost(scene) == before + 1
    (carl,) = await scene.contacts()
    account = await cast.the_account(scene.house, scene.wallet, carl.account_id)
    assert account.state is AccountState.FROZEN
    # The same form again, on the way back, is the same objection.
    await page.press("/owner/dispute", note="Lo tengo en la mano")
    assert await boost(scene) == before + 1


async def test_in_danger_nothing_moves_and_every_word_is_the_same(scene: Scene) -> None:
    async def the_words() -> tuple[str, str]:
        page = await (await to_dispute(scene)).press("/owner/enter")
        done = await page.press("/owner/dispute", note="Estoy bien")
        return clockless(page), clockless(done)

    await frozen(scene)
    await stop_clock(scene.house)
    calm = await the_words()
    moved = await boost(scene)
    async with scene.house.engine.begin() as db:
        await db.execute(tickets.update().values(danger=True))

    in_danger = await the_words()

    assert in_danger == calm
    assert await boost(scene) == moved
    async with scene.house.engine.connect() as db:
        said = list(await db.scalars(select(disputes.c.without_effect).order_by(disputes.c.id)))
    assert said == [False, True]


def clockless(page: Page) -> str:
    return re.sub(r"\d\d:\d\d", "", page.text)


async def test_a_sign_in_from_before_the_freeze_opens_nothing(scene: Scene) -> None:
    await frozen(scene)

    with pytest.raises(SignInVoid):
        await to_dispute(scene, since=timedelta(minutes=4))


async def test_too_long_a_note_is_said_and_kept(scene: Scene) -> None:
    await frozen(scene)
    page = await (await to_dispute(scene)).press("/owner/enter")

    refused = await page.press("/owner/dispute", note="x" * 501)

    assert refused.status == 422
    assert "Please shorten it to 500 letters." in refused.text
    assert refused.form("/owner/dispute").fields["note"] == "x" * 501


async def test_the_page_opens_nothing_else_of_hers(scene: Scene) -> None:
    await frozen(scene)
    page = await (await to_dispute(scene)).press("/owner/enter")

    for path in ("/owner", "/owner/history", "/owner/drill", "/owner/card", "/owner/invite"):
        assert (await page.open(path)).status == 401, path


async def test_a_link_for_anything_else_does_not_open_this_page(scene: Scene) -> None:
    people = await scene.at_her_pages()

    assert (await people.open("/owner/dispute")).status == 401


async def test_kept_open_until_the_release_it_says_calmly_that_nothing_is_stopped(
    scene: Scene,
) -> None:
    await frozen(scene)
    page = await (await to_dispute(scene)).press("/owner/enter")
    await cast.released(scene.house, scene.wallet)

    late = await page.press("/owner/dispute", note="")

    assert late.status == 409
    assert "The wallet is not blocked" in late.title


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_it_speaks_her_language(scene: Scene, language: str) -> None:
    await frozen(scene)

    page = await (await to_dispute(scene, language=language)).press("/owner/enter")

    words = {"es": "No se perdió nada", "pt-BR": "Nada foi perdido", "en": "Nothing is lost"}
    assert page.form("/owner/dispute").words == (words[language],)
