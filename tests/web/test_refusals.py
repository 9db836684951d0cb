"""When it does not go as it should: what is said, and that nothing was done."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from domain.ids import ALPHABET
from domain.refusals import LineTooFresh, Refused, TooMany, TooSoon
from service import problems
from service.web.refusals import NOT_NOW, PROBLEMS, REFUSALS, in_words, words_of
from service.web.spelling import ALPHABETS, spelled
from service.wording import translations
from tests.fault.power_cuts import what_is_stored
from tests.web.scene import Scene, a_receipt, to_the_check, to_the_code, to_the_report_code

pytestmark = pytest.mark.anyio

LANGUAGES = ("es", "pt-BR", "en")
GETS = (
    "/i",
    "/i/read",
    "/i/code",
    "/i/code/check",
    "/i/decline",
    "/i/declined",
    "/i/label",
    "/i/done",
    "/r",
    "/r/code",
    "/r/code/check",
    "/r/whose",
    "/r/what",
    "/r/check",
    "/r/confirm",
    "/r/receipt",
    "/owner",
    "/owner/enter",
    "/owner/invite",
)
POSTS = (
    "/i",
    "/i/code",
    "/i/code/check",
    "/i/decline",
    "/i/label",
    "/r",
    "/r/code",
    "/r/code/check",
    "/r/whose",
    "/r/what",
    "/r/confirm",
    "/owner/enter",
    "/owner/invite",
    "/owner/people/0199a5c0-0000-7000-8000-000000000001/take-back",
)


def every_subclass(of: type[Refused]) -> Iterator[type[Refused]]:
    for kind in of.__subclasses__():
        yield kind
        yield from every_subclass(kind)


def test_every_refusal_and_problem_has_words_in_every_language() -> None:
    assert set(REFUSALS) == set(every_subclass(Refused))
    assert set(PROBLEMS) == set(problems.TITLES) - {"not-found"}
    for language in ("es", "pt-BR"):
        spoken = translations(language).gettext
        for words in (*REFUSALS.values(), *PROBLEMS.values(), NOT_NOW):
            for sentence in (words.title, words.explanation, words.next_step):
                # What has no translation is answered as it was asked.
                assert sentence is None or spoken(sentence) != sentence, (language, sentence)


async def test_the_words_name_wallet_number_and_time(scene: Scene) -> None:
    now = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)
    for language in LANGUAGES:
        for kind in REFUSALS:
            refusal = kind(now) if kind in (TooMany, TooSoon, LineTooFresh) else kind()
            words = words_of(refusal, scene.wallet, language, now)
            assert "%" not in f"{words.title}{words.explanation}{words.next_step}"
        for refusal in (TooMany(now), TooSoon(now)):
            assert "14:02" in words_of(refusal, scene.wallet, language, now).explanation
    unavailable = in_words(PROBLEMS["unavailable"], scene.wallet, "en")
    assert unavailable.next_step == "Call Norte: +54 800 555 0101."


def test_a_reference_is_spelled_with_words_that_begin_as_they_should() -> None:
    plain = str.maketrans("ÁÉÍÓÚ", "AEIOU")
    for language, words in ALPHABETS.items():
        for character in ALPHABET:
            said = words.get(character, character)
            assert said.upper().translate(plain).startswith(character), (language, said)
    assert spelled("K7QF-3M2X-R", "en") == (
        *("Kilo", "7", "Quebec", "Foxtrot"),
        *("3", "Mike", "2", "X-ray", "Romeo"),
    )


async def test_looking_changes_nothing_whoever_looks(scene: Scene) -> None:
    """A mail scanner opens every address with the full link in it, and with every cookie."""
    token = await scene.invitation("Cleo")
    key = await scene.contact("Carl")
    scanner = scene.browser()
    opened = await scanner.open(await scene.page_link())
    people = await opened.press("/owner/enter")
    back = next(href for href, words in people.links if "Take back: Cleo" in words)
    unspent = (await scene.page_link()).removeprefix(scanner.origin)
    states: list[dict[str, str]] = []
    await (await scanner.open("/i")).press("/i", token=token)
    states.append(dict(scanner.cookies))
    await to_the_check(scene, scanner, key)
    states.append(dict(scanner.cookies))
    before = await what_is_stored(scene.house)

    for cookies in (*states, {}):
        for path in (*GETS, back, unspent):
            for method in ("GET", "HEAD"):
                scanner.cookies = dict(cookies)
                address = f"{path}{'&' if '?' in path else '?'}token={token}&key={key}"
                answer = await scanner.request(method, address)
                assert answer.status_code < 500, (method, path)

    assert await what_is_stored(scene.house) == before


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_of_another_page_does_nothing(scene: Scene, path: str) -> None:
    browser = scene.browser()
    token = (await browser.open("/i")).form("/i").fields["csrf_token"]
    other = (await scene.browser().open("/i")).form("/i").fields["csrf_token"]
    before = await what_is_stored(scene.house)

    for fields, headers in (
        ({"csrf_token": token}, {"Origin": "http://evil.example"}),
        ({"csrf_token": token}, {"Origin": "null"}),
        ({"csrf_token": token}, {}),
        ({"csrf_token": other}, {"Origin": browser.origin}),
        ({"token": "x"}, {"Origin": browser.origin}),
    ):
        answer = await browser.request("POST", path, fields=fields, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")
    assert await what_is_stored(scene.house) == before


@pytest.mark.parametrize("path", POSTS)
async def test_no_form_is_answered_with_a_fault(scene: Scene, path: str) -> None:
    browser = scene.browser()
    token = (await browser.open("/i")).form("/i").fields["csrf_token"]
    ours = {"Origin": browser.origin}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    file = b'--b\r\nContent-Disposition: form-data; name="token"; filename="a"\r\n\r\n\xff\r\n--b--'
    bodies: list[tuple[bytes, dict[str, str], set[int]]] = [
        (b"", {}, {400}),
        (b"{}", {"Content-Type": "application/json"}, {400}),
        (file, multipart, {400}),
        (file, {"Content-Type": "multipart/form-data"}, {400}),
        (b"token=a&token=b&csrf_token=" + token.encode(), form, {400}),
        (b"&".join(b"a%d=1" % n for n in range(31)), form, {400}),
        (b"a=" + b"x" * 1_000_000, form, {413}),
        (b"\xff\xfe%ff%00&csrf_token=" + token.encode(), form, {303, 401, 410, 422}),
    ]
    before = await what_is_stored(scene.house)

    for body, kind, expected in bodies:
        answer = await browser.request("POST", path, content=body, headers=ours | kind)
        assert answer.status_code in expected, (body[:40], answer.status_code)
    strange = dict.fromkeys(("token", "code", "label", "once", "contact"), "\x00\u202e'\"<b>")
    strange |= {"name": "\u0000", "email": "\u0000@a", "phone": "+", "note": "\u0000"}
    answer = await browser.send(path, strange | {"csrf_token": token})
    assert answer.status in {401, 410, 422}

    assert await what_is_stored(scene.house) == before


async def test_a_code_and_a_press_with_strange_fields_are_answered(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    token = {"csrf_token": code.form("/r/code/check").fields["csrf_token"]}

    assert (await carl.send("/r/code/check", token)).status == 422
    assert (await carl.send("/r/code/check", token | {"code": "9" * 5000})).status == 422
    await code.press("/r/code/check", code=await scene.code())
    assert (await carl.send("/r/whose", token)).path == "/r/what"
    assert (await carl.send("/r/what", token)).status == 422
    summary = await carl.send("/r/what", token | {"kind": "lost", "surprise": "1"})
    assert summary.path == "/r/check"
    assert (await carl.send("/r/confirm", token | {"contact": "x"})).path == "/r/check"
    contact = summary.form("/r/confirm").fields["contact"]
    strange = token | {"contact": contact, "idempotency_key": "\u0000" * 3000}
    assert (await carl.send("/r/confirm", strange)).path == "/r/receipt"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_leads_nowhere_says_so_in_the_wallets_colours(
    scene: Scene, language: str
) -> None:
    browser = scene.browser(language)

    for path in ("/nowhere", "/i/nowhere", "/r/code/x", "/owner/people", "/%00", "/i/%ff"):
        page = await browser.open(path)
        assert page.status == 404, path
        assert f'<html lang="{language}">' in page.html
        assert "Norte" in page.title
        assert "content-security-policy" in page.headers
        assert page.headers["cache-control"] == "no-store"


async def test_a_wrong_method_is_told_apart_from_a_wrong_address(scene: Scene) -> None:
    browser = scene.browser()
    for method, path in (("PUT", "/r/confirm"), ("DELETE", "/owner"), ("POST", "/r/check")):
        answer = await browser.request(method, path, headers={"Origin": browser.origin})
        assert answer.status_code == 405, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "x-robots-tag" in answer.headers


async def test_every_page_forbids_what_it_does_not_need(scene: Scene) -> None:
    page = await scene.browser().open("/r")

    policy = page.headers["content-security-policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert f'nonce="{nonce}"' in page.html
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "same-origin"


async def test_the_door_opens_on_the_wallets_own_host_alone(scene: Scene) -> None:
    browser = scene.browser()
    for host in ("evil.example", "localhost:9", "console.localhost:8000"):
        answer = await browser.request("GET", "/r", headers={"Host": host})
        assert answer.status_code == 404
        assert "Norte" not in answer.text


async def test_no_answer_repeats_a_token_a_code_or_an_address(scene: Scene) -> None:
    token = await scene.invitation()
    carl = scene.browser()
    code = await to_the_code(carl, token)
    page = await code.press("/i/code/check", code=await scene.wrong_code())
    assert token not in page.html
    assert "carl@correo.example" not in page.html

    label = await page.press("/i/code/check", code=await scene.code())
    await label.press(label.form("/i/label", saying="without"))
    receipt = await a_receipt(scene, carl, await scene.secret("contact-accepted"))
    assert await scene.secret("contact-accepted") not in receipt.html


async def test_arriving_from_a_message_leaves_the_forms_of_another_tab_alone(
    scene: Scene,
) -> None:
    key = await scene.contact()
    carl = scene.browser()
    summary = await to_the_check(scene, carl, key)
    strict = {name for name in carl.cookies if name not in {"__Host-seed", "__Host-lang"}}
    kept = {name: carl.cookies.pop(name) for name in strict}

    await carl.open("/r")
    carl.cookies |= kept

    assert (await summary.press("/r/confirm")).path == "/r/receipt"
