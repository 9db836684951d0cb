"""What somebody who was invited reads and does, in their own language."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from domain.contacts import ContactStatus
from service.storage.tables import contacts
from tests import people as cast
from tests.web.scene import Scene, accept, to_the_code

pytestmark = pytest.mark.anyio


async def test_whoever_was_invited_reads_accepts_and_gets_a_personal_link(scene: Scene) -> None:
    token = await scene.invitation()
    carl = scene.browser()

    opened = await carl.open(f"/i#{token}")
    read = await opened.press("/i", token=token)
    assert read.path == "/i/read"
    assert "Olga would like to count on you" in read.title
    assert "c•••@c•••.example" in read.text

    code = await read.press("/i/code")
    assert code.path == "/i/code"
    label = await code.press("/i/code/check", code=await scene.code())
    assert label.path == "/i/label"
    done = await label.press(label.form("/i/label", saying="Save"), label="Mum")

    assert done.path == "/i/done"
    key = await scene.secret("contact-accepted")
    assert f"http://localhost:8000/r#{key}" in done.text
    (contact,) = await scene.contacts()
    assert contact.status is ContactStatus.ACTIVE
    assert contact.consent_language == "en"
    again = await carl.open("/i/label")
    assert again.form("/i/label", saying="Save").fields["label"] == "Mum"


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", "Aceptar"), ("pt-BR", "Aceitar"), ("en", "Accept")],
)
async def test_consent_is_kept_in_the_language_it_was_read_in(
    scene: Scene, language: str, words: str
) -> None:
    token = await scene.invitation()
    carl = scene.browser(language)

    code = await to_the_code(carl, token)
    assert any(words in said for said in code.form("/i/code/check").words)
    await code.press("/i/code/check", code=await scene.code())

    (contact,) = await scene.contacts()
    assert contact.consent_language == language


async def test_the_language_chosen_on_a_page_stays_chosen(scene: Scene) -> None:
    token = await scene.invitation()
    carl = scene.browser("fr")
    opened = await carl.open("/i")
    portuguese = await opened.follow("Português")

    read = await portuguese.press("/i", token=token)

    assert '<html lang="pt-BR">' in read.html


async def test_an_own_name_for_the_owner_follows_the_rule_for_names(scene: Scene) -> None:
    code = await to_the_code(scene.browser(), await scene.invitation())
    label = await code.press("/i/code/check", code=await scene.code())

    refused = await label.press(label.form("/i/label", saying="Save"), label="Mum 2 <b>")

    assert refused.status == 422
    assert refused.form("/i/label", saying="Save").fields["label"] == "Mum 2 <b>"
    assert "<b>" not in refused.html.partition("<main")[2].partition("<input")[0]
    assert (await refused.press(refused.form("/i/label", saying="without"))).path == "/i/done"


async def test_saying_no_is_private_and_can_be_pressed_twice(scene: Scene) -> None:
    token = await scene.invitation()
    opened = await scene.browser().open("/i")
    read = await opened.press("/i", token=token)

    declined = await read.press("/i/decline")
    assert declined.path == "/i/declined"
    assert "You said no" in declined.title
    assert (await read.press("/i/decline")).path == "/i/declined"

    (contact,) = await scene.contacts()
    assert contact.status is ContactStatus.DECLINED
    people = await scene.at_her_pages()
    assert "Carl has not answered yet" in people.text


async def test_a_key_is_found_in_what_was_copied_around_it(scene: Scene) -> None:
    token = await scene.invitation()
    opened = await scene.browser().open("/i")

    read = await opened.press("/i", token=f"  http://localhost:8000/i#{token}\n")

    assert read.path == "/i/read"


async def test_used_expired_foreign_and_made_up_invitations_look_alike(scene: Scene) -> None:
    used = await scene.invitation()
    await accept(scene, scene.browser(), used)
    taken_back = await scene.invitation("Cleo")
    people = await scene.at_her_pages()
    ask = await people.follow("Take back: Cleo")
    await ask.press(ask.path)
    lapsed = await scene.invitation("Bruno")
    foreign = await _invitation_of_another_wallet(scene)
    await cast.move_clock(scene.house, timedelta(days=7))

    answers: set[tuple[int, str]] = set()
    for token in (used, taken_back, lapsed, foreign, "x" * 32):
        opened = await scene.browser().open("/i")
        page = await opened.press("/i", token=token)
        answers.add((page.status, page.text))

    ((status, text),) = answers
    assert status == 410
    assert "This invitation no longer works" in text


async def test_what_is_no_key_at_all_can_be_pasted_again(scene: Scene) -> None:
    opened = await scene.browser().open("/i")

    empty = await opened.press("/i")
    assert empty.status == 422
    cut_off = await empty.press("/i", token="xJ4vQ0")
    assert cut_off.status == 422
    assert "This key does not work" in cut_off.text


async def test_an_invitation_taken_back_meanwhile_cannot_be_accepted(scene: Scene) -> None:
    token = await scene.invitation()
    code = await to_the_code(scene.browser(), token)
    people = await scene.at_her_pages()
    ask = await people.follow("Take back: Carl")
    await ask.press(ask.path)

    page = await code.press("/i/code/check", code=await scene.code())

    assert page.status == 409
    assert "This invitation no longer works" in page.title
    async with scene.house.engine.connect() as db:
        statuses = (await db.execute(select(contacts.c.status))).scalars().all()
    assert statuses == ["taken-back"]


async def test_a_wrong_code_says_how_many_tries_are_left_and_the_last_ends_it(
    scene: Scene,
) -> None:
    code = await to_the_code(scene.browser(), await scene.invitation())
    wrong = await scene.wrong_code()

    for left in (4, 3, 2, 1):
        code = await code.press("/i/code/check", code=wrong)
        assert code.status == 422
        assert ("2 tries left" in code.text) == (left == 2)
        assert ("1 try left" in code.text) == (left == 1)
    used_up = await code.press("/i/code/check", code=wrong)
    assert "Too many wrong codes" in used_up.text

    right = await code.press("/i/code/check", code=await scene.code())
    assert right.status == 422
    assert "Too many wrong codes" in right.text
    (contact,) = await scene.contacts()
    assert contact.status is ContactStatus.INVITED


async def test_the_answer_to_a_wrong_code_changes_its_language_too(scene: Scene) -> None:
    code = await to_the_code(scene.browser(), await scene.invitation())
    wrong = await code.press("/i/code/check", code=await scene.wrong_code())

    spanish = await wrong.follow("Español")

    assert spanish.path.startswith("/i/code?")
    assert '<html lang="es">' in spanish.html


async def test_what_is_no_code_costs_no_guess(scene: Scene) -> None:
    code = await to_the_code(scene.browser(), await scene.invitation())

    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        for _ in range(2):
            code = await code.press("/i/code/check", code=typed)
            assert code.status == 422

    right = await scene.code()
    grouped = f" {right[:3]}-{right[3:]} "
    assert (await code.press("/i/code/check", code=grouped)).path == "/i/label"


async def test_steps_out_of_order_lead_to_the_right_one(scene: Scene) -> None:
    token = await scene.invitation()
    carl = scene.browser()
    code = await to_the_code(carl, token)

    assert (await carl.open("/i/label")).path == "/i/code"
    assert (await carl.open("/i/done")).path == "/i/code"
    assert (await carl.open("/i/code/check")).path == "/i/code"
    await code.press("/i/code/check", code=await scene.code())
    assert (await carl.open("/i/read")).path == "/i/done"
    assert (await carl.open("/i/code")).path == "/i/done"


async def test_a_page_kept_open_too_long_says_how_to_go_on(scene: Scene) -> None:
    token = await scene.invitation()
    carl = scene.browser()
    code = await to_the_code(carl, token)
    await cast.move_clock(scene.house, timedelta(minutes=15))

    late = await code.press("/i/code/check", code=await scene.code())
    assert late.status == 401
    assert "Start again" in late.text

    assert (await to_the_code(carl, token)).path == "/i/code"


async def test_the_same_link_pressed_again_keeps_the_code_that_is_on_its_way(
    scene: Scene,
) -> None:
    token = await scene.invitation()
    carl = scene.browser()
    await to_the_code(carl, token)
    first = await scene.code()

    again = await to_the_code(carl, token)

    assert "Another can be sent from" in again.text
    assert (await again.press("/i/code/check", code=first)).path == "/i/label"


async def test_a_code_asked_for_in_another_browser_is_of_no_use_here(scene: Scene) -> None:
    token = await scene.invitation()
    await to_the_code(scene.browser(), token)

    page = await to_the_code(scene.browser(), token)

    assert "It was asked for in another window" in page.text
    assert [form.action for form in page.forms] == ["/i/code"]


async def _invitation_of_another_wallet(scene: Scene) -> str:
    """The same owner and contact, as another wallet of the installation knows them."""
    new = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur", short_name="Sur")
    sur = await cast.a_wallet(scene.house, new)
    await cast.olga(scene.house, sur)
    phone = await cast.a_session(scene.house, sur, "phone at Sur")
    pages = await cast.at_her_pages(scene.house, sur, phone)
    await cast.invited(scene.house, sur, pages)
    return await cast.told_secret(scene.house, sur, "contact-invited")
