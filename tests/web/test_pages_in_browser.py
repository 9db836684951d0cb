"""Every page in a real browser: what assistive technology meets, and what the scripts add."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread

import pytest
from playwright.sync_api import Browser, Route, sync_playwright

from service.web.colours import theme_css
from tests.demos import until
from tests.web.rendering import CODES, SERVICE, asset, every_page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
COMPLAINTS = """async (rules) => {
    const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
    const { violations } = await axe.run({ ...only, resultTypes: ["violations"] });
    return violations.flatMap((v) => v.nodes.map((n) => [v.id, n.html, n.failureSummary]));
}"""
# The rules that are about colours.
COLOURS = ("color-contrast", "link-in-text-block")
AT_NIGHT = r"@media ?\(prefers-color-scheme: ?dark\)"


@contextmanager
def a_house_of(pages: dict[str, bytes]) -> Generator[str]:
    """A loopback server that has these pages and the real static files."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            static = SERVICE / "static" / path.removeprefix("/static/")
            body, kind = pages.get(path, b""), "text/html; charset=utf-8"
            if path.startswith("/static/"):
                body = static.read_bytes()
                kind = "text/css" if path.endswith(".css") else "text/javascript"
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self' 'nonce-bm9uY2U'; "
                "script-src 'self' 'nonce-bm9uY2U'; img-src 'self' data:; form-action 'self'; "
                "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


def without(html: str, *scripts: str) -> str:
    """The page minus the scripts that would carry the reader away from it."""
    for script in scripts:
        html = html.replace(f'<script type="module" src="{asset(script)}"></script>', "")
    return html


@pytest.mark.parametrize("lang", CODES)
def test_axe_finds_nothing_on_any_page_by_day_or_night(browser: Browser, lang: str) -> None:
    shown = every_page(lang)
    # The samples of one template differ in the same way in each language: all once, then the first.
    first = {template: name for name in reversed(shown) if (template := name[0])}
    names = list(shown) if lang == "es" else list(first.values())
    pages = {f"/{n}": without(shown[name], "enter.js").encode() for n, name in enumerate(names)}
    complaints: list[str] = []

    with a_house_of(pages) as house:
        # Reduced motion: a colour must not be measured on its way to another.
        context = browser.new_context(
            viewport={"width": 320, "height": 740}, reduced_motion="reduce"
        )
        tab = context.new_page()
        tab.on("console", lambda said: complaints.append(said.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        for path, name in zip(pages, names, strict=True):
            tab.emulate_media(color_scheme="light")
            tab.goto(house + path)
            tab.evaluate(AXE)
            # Folded parts are pages too; the animation that shows a field late is over at once.
            tab.evaluate(
                """() => {
                    document.querySelectorAll("main details").forEach((d) => (d.open = true));
                    document.getAnimations().forEach((a) => a.finish());
                }"""
            )
            assert tab.evaluate(COMPLAINTS, None) == [], name
            assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth"), name
            # At night the same elements have other colours; nothing else can differ (see below).
            tab.emulate_media(color_scheme="dark")
            assert tab.evaluate(COMPLAINTS, COLOURS) == [], name
        context.close()
    assert complaints == []


def test_at_night_nothing_but_colours_and_shadows_is_another() -> None:
    """So that a page that was looked at by day needs only its colours looked at by night."""
    sheets = [sheet.read_text("utf-8") for sheet in sorted((SERVICE / "static").glob("*.css"))]
    said = [*sheets, theme_css("#0a5c52")]
    at_night = [block for one in said for block in re.split(AT_NIGHT, one)[1:]]
    assert len(at_night) == len(re.findall("prefers-color-scheme", "".join(said))) >= 3
    for block in at_night:
        (rule,) = re.findall(r"\A ?\{\s*:root ?\{([^{}]*)\}\s*\}", block)
        for declaration in filter(None, map(str.strip, rule.split(";"))):
            assert re.fullmatch(r"--[\w-]+: ?#[0-9a-f]{3,6}|--shadow: none", declaration), rule


Shown = Callable[[str, str], bytes]


@pytest.fixture(scope="module")
def english() -> Shown:
    pages = every_page("en")
    return lambda template, what: pages[template, what].encode()


def test_the_links_key_leaves_the_address_and_enters_the_form(
    browser: Browser, english: Shown
) -> None:
    with a_house_of({"/r": english("report/open.html", "")}) as house:
        tab = browser.new_page()
        tab.goto(f"{house}/r#xJ4vQ0mTz8")
        tab.wait_for_function("document.querySelector('[name=token]').type === 'hidden'")

        assert tab.url == f"{house}/r"
        assert tab.input_value("[name=token]") == "xJ4vQ0mTz8"
        assert tab.get_by_label("Paste the key").count() == 0

        tab.reload()
        tab.wait_for_function("document.querySelector('[name=token]').type === 'hidden'")
        assert tab.input_value("[name=token]") == "xJ4vQ0mTz8"
        tab.close()


def test_a_link_opened_where_its_page_stands_already_is_taken_too(
    browser: Browser, english: Shown
) -> None:
    with a_house_of({"/r": english("report/open.html", "")}) as house:
        tab = browser.new_page()
        tab.goto(f"{house}/r")
        # It appears when no key has come in time.
        tab.get_by_label("Paste the key").wait_for()

        tab.goto(f"{house}/r#xJ4vQ0mTz8")
        tab.wait_for_function("document.querySelector('[name=token]').type === 'hidden'")

        assert tab.url == f"{house}/r"
        assert tab.input_value("[name=token]") == "xJ4vQ0mTz8"
        tab.close()


def test_without_script_the_key_can_be_typed(browser: Browser, english: Shown) -> None:
    with a_house_of({"/r": english("report/open.html", "")}) as house:
        context = browser.new_context(java_script_enabled=False)
        tab = context.new_page()
        tab.goto(f"{house}/r")

        tab.get_by_label("Paste the key printed under the link").fill("xJ4vQ0mTz8")
        assert tab.get_by_role("button", name="Get a code").is_visible()
        context.close()


def test_a_button_pressed_twice_sends_once(browser: Browser, english: Shown) -> None:
    with a_house_of({"/r/check": english("report/check.html", "")}) as house:
        tab = browser.new_page()
        sent: list[str] = []

        def answer_nothing(route: Route) -> None:
            sent.append(route.request.method)
            route.fulfill(status=204)

        # The page stays as it is, as on a slow line, and the thumb presses again.
        tab.route("**/r/confirm", answer_nothing)
        tab.goto(f"{house}/r/check")
        tab.evaluate(
            """() => {
                window.let_through = 0;
                addEventListener("submit", (e) => { window.let_through += !e.defaultPrevented; });
            }"""
        )
        button = tab.get_by_role("button", name="Block Olga's wallet")
        for _ in range(3):
            button.dispatch_event("click")

        assert tab.evaluate("window.let_through") == 1
        # What the page has let through leaves the browser in its own time.
        tab.wait_for_timeout(100)
        until(lambda: sent or tab.wait_for_timeout(20))
        assert sent == ["POST"]
        assert button.get_attribute("aria-disabled") == "true"
        tab.close()


def test_the_wait_for_the_next_code_counts_down_and_ends(browser: Browser, english: Shown) -> None:
    with a_house_of({"/r/code": english("report/code.html", "")}) as house:
        tab = browser.new_page()
        # It stands still until it is moved: a slow machine would find some seconds gone already.
        tab.clock.install(time=0)
        tab.clock.pause_at(1_000)
        tab.goto(f"{house}/r/code")
        waiting = tab.get_by_role("button", name="New code in 1:00")
        waiting.wait_for()
        assert waiting.get_attribute("aria-disabled") == "true"

        tab.clock.run_for(61_000)
        ready = tab.get_by_role("button", name="Send a new code")
        assert ready.get_attribute("aria-disabled") is None
        assert tab.locator("#again-ready").text_content() == "Another code can be sent now."
        tab.close()


def test_a_refused_form_gives_the_focus_to_what_went_wrong(
    browser: Browser, english: Shown
) -> None:
    with a_house_of({"/r/code": english("report/code.html", "wrong")}) as house:
        context = browser.new_context(java_script_enabled=False)
        tab = context.new_page()
        tab.goto(f"{house}/r/code")

        assert tab.locator("#problem:focus").count() == 1
        assert tab.locator("#problem").get_by_role("link").get_attribute("href") == "#code"
        context.close()


def test_what_was_typed_survives_a_dead_line_until_the_receipt(
    browser: Browser, english: Shown
) -> None:
    pages = {
        "/r/what": english("report/what.html", ""),
        "/failed": english("not_stopped.html", "nothing typed"),
        "/r/receipt": english("report/receipt.html", ""),
    }
    with a_house_of(pages) as house:
        tab = browser.new_page()
        tab.goto(f"{house}/r/what")
        tab.get_by_label("Stolen").check()
        tab.get_by_text("Add what you know").click()
        tab.get_by_label("Anything that helps").fill("We were on the bus.")

        tab.reload()
        assert tab.get_by_label("Stolen").is_checked()
        assert tab.get_by_label("Anything that helps").input_value() == "We were on the bus."

        tab.goto(f"{house}/failed")
        assert tab.get_by_text("We were on the bus.").is_visible()

        tab.goto(f"{house}/r/receipt")
        tab.goto(f"{house}/failed")
        assert not tab.get_by_text("We were on the bus.").is_visible()
        tab.close()


def test_the_owner_is_led_on_at_once_and_back_leads_out_again(
    browser: Browser, english: Shown
) -> None:
    pages = {"/owner/enter": english("owner/enter.html", ""), "/before": b"<p>before"}
    with a_house_of(pages) as house:
        tab = browser.new_page()
        sent: list[str | None] = []

        def receive(route: Route) -> None:
            if route.request.method == "GET":
                route.fallback()
                return
            sent.append(route.request.post_data)
            route.fulfill(content_type="text/html", body="<p>five places")

        tab.route("**/owner/enter*", receive)
        tab.goto(f"{house}/before")
        tab.goto(f"{house}/owner/enter?once=b1946ac92492d234", wait_until="commit")
        tab.get_by_text("five places").wait_for()
        assert sent == ["csrf_token=c3Jm&once=b1946ac92492d234"]

        # A slow machine may have kept an entry of the page between; the script leads past it.
        tab.go_back(wait_until="commit")
        tab.wait_for_url(f"{house}/before")
        assert len(sent) == 1
        tab.close()


def test_the_receipt_is_shared_without_a_name(browser: Browser, english: Shown) -> None:
    with a_house_of({"/r/receipt": english("report/receipt.html", "")}) as house:
        tab = browser.new_page()
        # The share sheet belongs to the telephone; here it only notes what it was given.
        tab.add_init_script(
            "navigator.share = async (what) => { window.shared = what.text; };"
            "window.print = () => { window.printed = true; };"
        )
        tab.goto(f"{house}/r/receipt")
        tab.get_by_role("button", name="Share").click()
        tab.get_by_role("button", name="Print or save").click()

        assert tab.evaluate("window.shared") == (
            "A Norte wallet was blocked at 14:02. Reference K7QF-3M2X-R. "
            "Norte by phone: 0800 555 0199."
        )
        assert tab.evaluate("window.printed") is True
        tab.close()


def test_what_opens_from_the_band_is_clean_too(browser: Browser, english: Shown) -> None:
    with a_house_of({"/r": english("report/open.html", "")}) as house:
        context = browser.new_context(reduced_motion="reduce")
        tab = context.new_page()
        tab.goto(f"{house}/r")
        tab.evaluate(AXE)
        for opened in ("How to know that this page is real", "Language"):
            tab.locator("header summary", has_text=opened).click()
            assert tab.evaluate(COMPLAINTS, None) == []
        assert tab.get_by_role("link", name="Português").get_attribute("href") == "?lang=pt-BR"
        context.close()
