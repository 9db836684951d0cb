"""The owner without a phone: one form, and one answer for everyone."""

from collections.abc import Mapping

import pytest

from domain.accounts import AccountState
from service.operations import desk, hints
from service.storage import load
from tests import people as cast
from tests.browsers import Page
from tests.helpless import NOBODYS_MAIL, OLGAS_MAIL
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio
WRONG = "0000-0000-0000-0000"
NUMBER = "011 4321-1234"


async def is_frozen(scene: Scene) -> bool:
    async with scene.house.engine.connect() as db:
        account = await load.account_by_subject(db, scene.wallet.id, cast.OLGA)
    assert account is not None
    return account.state is AccountState.FROZEN


async def a_card(scene: Scene) -> tuple[str, ...]:
    """The codes as the page shows them once."""
    people = await scene.at_her_pages()
    card = await people.follow("My recovery card")
    shown = await card.press("/owner/card")
    words = shown.text.split()
    return tuple(word for word in words if len(word) == 19 and word.count("-") == 3)


async def asked(scene: Scene, language: str = "en", **typed: str) -> Page:
    form = await scene.browser(language).open("/mine")
    return await form.press("/mine", **typed)


async def test_a_code_of_the_printed_card_blocks_the_wallet(scene: Scene) -> None:
    codes = await a_card(scene)
    assert len(codes) == 10

    done = await asked(scene, address=OLGAS_MAIL, code=codes[4].lower())

    assert done.path == "/mine/done"
    assert await is_frozen(scene)


async def test_the_way_from_the_page_without_a_link(scene: Scene) -> None:
    start = await scene.browser().open("/report")

    form = await start.follow("My own phone")

    assert form.title == "Is your own phone gone? · Norte"


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_the_answer_is_the_same_for_everyone(scene: Scene, language: str) -> None:
    codes = await a_card(scene)
    typed: tuple[Mapping[str, str], ...] = (
        {"address": OLGAS_MAIL, "code": codes[0]},
        {"address": OLGAS_MAIL, "code": codes[0]},
        {"address": OLGAS_MAIL, "code": WRONG},
        {"address": OLGAS_MAIL, "number": NUMBER},
        {"address": NOBODYS_MAIL, "code": WRONG},
        {"address": NOBODYS_MAIL, "number": NUMBER},
        {"address": "+54 9 11 2345-6789", "code": WRONG},
        {"address": "+54 9 11 2345-6700", "code": WRONG},
    )

    answers = [await asked(scene, language, **one) for one in typed]

    first, *others = answers
    assert first.path == "/mine/done"
    assert {one.status for one in others} == {first.status}
    assert {one.text for one in others} == {first.text}
    assert {len(one.html) for one in others} == {len(first.html)}
    # Compressed, the very same words differ by a few bytes from one answer's nonce to the next.
    kept = {"content-type", "cache-control"}
    assert all(one.headers[name] == first.headers[name] for one in others for name in kept)


async def test_the_direct_answer_is_the_same_down_to_its_headers(scene: Scene) -> None:
    """What a machine sees before it follows."""
    await a_card(scene)
    seen: list[tuple[int, list[str], bytes]] = []
    for address in (OLGAS_MAIL, NOBODYS_MAIL):
        browser = scene.browser()
        form = (await browser.open("/mine")).form("/mine")
        answer = await browser.request(
            "POST",
            "/mine",
            fields=form.fields | {"address": address, "code": WRONG, "number": NUMBER},
            headers={"Origin": browser.origin},
        )
        seen.append((answer.status_code, sorted(answer.headers), answer.content))

    assert seen[0] == seen[1]
    assert seen[0][0] == 303


async def test_what_was_left_reaches_the_ticket_as_it_was_typed(scene: Scene) -> None:
    await asked(
        scene,
        address=OLGAS_MAIL,
        number=NUMBER,
        voice="text",
        good_time="evening",
        language="pt-BR",
    )
    assert await hints.file_hints(scene.house) == 1

    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    (row,) = (await desk.see_queue(scene.house, astrid)).rows
    (hint,) = (await desk.see_ticket(scene.house, row.ticket_id, astrid)).hints
    assert hint.said is not None
    said = hint.said
    assert (said.number, said.voice, said.good_time, said.language) == (
        "+54 11 4321-1234",
        "text",
        "evening",
        "pt-BR",
    )


async def test_what_cannot_be_understood_is_said_and_stays_typed(scene: Scene) -> None:
    empty = await asked(scene)
    assert empty.status == 422
    for words in ("Write the e-mail address or mobile number", "Type a code of your card"):
        assert words in empty.text

    wrong = await asked(
        scene, address="olga", code="7K2Q", number="at home", voice="text", good_time="morning"
    )

    assert wrong.status == 422
    assert wrong.title.startswith("Please check:")
    for words in ("Write a whole e-mail", "16 letters and digits", "digits only"):
        assert words in wrong.text
    fields = wrong.form("/mine").fields
    assert (fields["address"], fields["code"], fields["number"]) == ("olga", "7K2Q", "at home")
    assert (fields["voice"], fields["good_time"]) == ("text", "morning")


async def test_choices_that_were_not_offered_are_not_taken(scene: Scene) -> None:
    browser = scene.browser()
    form = (await browser.open("/mine")).form("/mine")
    strange = {"voice": "shout", "good_time": "never", "language": "tlh", "address": "olga"}

    again = await browser.send("/mine", form.fields | strange)

    fields = again.form("/mine").fields
    assert (fields["voice"], fields["good_time"], fields["language"]) == ("call", "any", "en")


async def test_one_browser_tries_ten_times_and_keeps_what_it_typed(scene: Scene) -> None:
    codes = await a_card(scene)
    mallory = scene.browser()
    for _ in range(10):
        form = await mallory.open("/mine")
        assert (await form.press("/mine", address=OLGAS_MAIL, code=WRONG)).path == "/mine/done"

    refused = await (await mallory.open("/mine")).press(
        "/mine", address=OLGAS_MAIL, code=codes[0], number=NUMBER
    )

    assert refused.status == 429
    assert "The wallet may not be blocked. Call Norte now." in refused.text
    assert refused.form("/mine").fields["number"] == NUMBER
    assert not await is_frozen(scene)
    assert (await asked(scene, address=OLGAS_MAIL, code=codes[0])).path == "/mine/done"
    assert await is_frozen(scene)
