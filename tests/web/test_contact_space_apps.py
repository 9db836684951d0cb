"""Authenticator app, printed card, and the contact's own phone that is gone."""

import asyncio
from datetime import datetime, timedelta

import pytest

from service.security.totp import code_at
from tests import people as cast
from tests.browsers import Browser, Page
from tests.web.contact_scene import (
    app_secret,
    at_home,
    at_home_by_address,
    promised,
    with_second,
)
from tests.web.scene import Scene, to_the_report_code
from tests.web.test_report import is_frozen

pytestmark = pytest.mark.anyio

STEP = timedelta(seconds=30)


async def with_app(scene: Scene, browser: Browser) -> str:
    """At home: an app set up with the code before the present one, so that this one is unused."""
    page = await browser.open("/contact/app")
    page = await page.press("/contact/app")
    secret = await app_secret(scene)
    now = await cast.now(scene.house)
    done = await page.press("/contact/app/confirm", code=code_at(secret, now - STEP))
    assert "Your app is set up" in done.text, done.text
    return secret


async def next_code(scene: Scene, secret: str) -> str:
    return code_at(secret, await cast.now(scene.house))


async def test_an_app_counts_only_once_a_code_of_it_was_typed(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await (await carl.open("/contact/app")).press("/contact/app")
    assert "<svg" in page.html
    assert (await app_secret(scene))[:4] in page.text
    code = await to_the_report_code(scene.browser(), key)
    assert "authenticator app" not in code.text

    wrong = await page.press("/contact/app/confirm", code="000000")
    right = await page.press(
        "/contact/app/confirm", code=await next_code(scene, await app_secret(scene))
    )

    assert wrong.status == 422
    assert "autofocus" in wrong.html
    assert "Your app is set up" in right.text
    assert '<svg viewBox="0 0 29' not in right.html
    assert len(await promised(scene, "authenticator-set")) == 1


async def test_the_apps_code_takes_the_place_of_the_one_that_was_sent(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    secret = await with_app(scene, carl)
    code = await to_the_report_code(scene.browser(), key)

    what = await code.press("/r/code/app", code=await next_code(scene, secret))
    receipt = await (await what.press("/r/what", kind="stolen")).press("/r/confirm")

    assert receipt.path == "/r/receipt"
    assert await is_frozen(scene)


async def test_the_code_that_set_the_app_up_does_not_report(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await (await carl.open("/contact/app")).press("/contact/app")
    typed = await next_code(scene, await app_secret(scene))
    await page.press("/contact/app/confirm", code=typed)
    code = await to_the_report_code(scene.browser(), key)

    assert (await code.press("/r/code/app", code=typed)).status == 422


async def test_of_one_apps_code_typed_twice_at_once_one_wins(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    secret = await with_app(scene, carl)
    pages: list[Page] = [await to_the_report_code(scene.browser(), key) for _ in range(4)]
    typed = await next_code(scene, secret)

    tried = await asyncio.gather(*(page.press("/r/code/app", code=typed) for page in pages))

    assert sorted(page.status for page in tried) == [200, 422, 422, 422]
    assert sorted(page.path for page in tried) == ["/r/code/app"] * 3 + ["/r/what"]


async def test_an_apps_code_is_no_use_without_the_personal_link(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    secret = await with_app(scene, carl)
    browser = scene.browser()
    asked = await browser.open("/report/address")
    code = await asked.press("/report/address", address="carl@correo.example")
    assert "authenticator app" not in code.text
    fields = code.form("/r/code/check").fields | {"code": await next_code(scene, secret)}

    await browser.send("/r/code/app", fields)

    assert (await browser.open("/r/what")).path == "/r/code"


async def test_guesses_at_the_app_are_those_of_the_code_that_was_sent(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    secret = await with_app(scene, carl)
    code = await to_the_report_code(scene.browser(), key)
    right = await scene.code()

    for _ in range(5):
        code = await code.press("/r/code/app", code="000000")
    fields = code.form("/r/code/app").fields | {"code": await next_code(scene, secret)}
    browser_page = await code.press("/r/code/app", code=right)

    assert browser_page.status == 422
    assert fields["code"] != "000000"
    assert not [form for form in browser_page.forms if form.action == "/r/code/check"]


async def test_a_removed_app_counts_no_more(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    secret = await with_app(scene, carl)
    code = await to_the_report_code(scene.browser(), key)

    await (await carl.open("/contact/app")).press("/contact/app/remove")

    assert (await code.press("/r/code/app", code=await next_code(scene, secret))).status == 422
    assert len(await promised(scene, "authenticator-removed")) == 1


async def test_a_card_gets_a_new_link_and_the_old_one_stops(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    home = await at_home(scene, carl, key)
    asked = await home.follow("Card to print")
    assert "stop working at once" in asked.text

    card = await asked.press(asked.forms[-1])
    again = await carl.open(card.path)

    new = await scene.secret("link-renewed")
    assert new in card.text
    assert new in again.text
    assert "<svg" in card.html
    assert (await to_the_report_code(scene.browser(), key)).status == 422
    assert (await to_the_report_code(scene.browser(), new)).path == "/r/code"


async def test_when_the_phone_is_gone_links_and_other_browsers_end_at_once(scene: Scene) -> None:
    key = await scene.contact()
    thief = scene.browser()
    await at_home(scene, thief, key)
    carl = scene.browser()
    await at_home_by_address(scene, carl, "carl@correo.example")
    asked = await carl.open("/contact/phone-gone")

    stopped = await asked.press("/contact/phone-gone")

    assert "Your links are stopped" in stopped.title
    assert "The time for this page is over" in (await thief.open("/contact/home")).title
    assert (await to_the_report_code(scene.browser(), key)).status == 422
    assert len(await promised(scene, "link-stopped")) == 1
    renewed = await stopped.press("/contact/phone-gone/link")
    # Without a second address it is sent nowhere: the thief reads the first.
    assert await promised(scene, "link-renewed") == []
    assert len(await promised(scene, "link-shown")) == 1
    new = renewed.text.partition("/r#")[2].split()[0]
    assert (await to_the_report_code(scene.browser(), new)).path == "/r/code"


async def test_the_new_link_goes_to_the_second_address_alone(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    await with_second(scene, carl, "carl.second@otro.example")
    stopped = await (await carl.open("/contact/phone-gone")).press("/contact/phone-gone")

    page = await stopped.press("/contact/phone-gone/link")

    (body,) = await promised(scene, "link-renewed")
    assert '"address_id":null' not in body
    assert await scene.secret("link-renewed") in page.text


async def test_stopping_twice_is_stopping_once(scene: Scene) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    asked = await carl.open("/contact/phone-gone")

    await asked.press("/contact/phone-gone")
    await asked.press("/contact/phone-gone")

    assert len(await promised(scene, "link-stopped")) == 1


async def test_a_new_link_is_not_shown_longer_than_the_visit(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    stopped = await (await carl.open("/contact/phone-gone")).press("/contact/phone-gone")
    page = await stopped.press("/contact/phone-gone/link")
    new = page.text.partition("/r#")[2].split()[0]
    began: datetime = await cast.now(scene.house)
    await cast.move_clock(scene.house, timedelta(minutes=16))

    home = await at_home(scene, carl, new)

    assert await cast.now(scene.house) > began
    assert home.path == "/contact/home"
    assert new not in (await carl.open("/contact/phone-gone")).text
