"""A small browser over the real app: it keeps cookies, follows, reads forms and presses buttons.

It stands at one origin, sends `Origin` with forms as browsers do, and insists on what the pages
promise: every cookie is `__Host-`, Secure, HttpOnly and SameSite. An HTTP client would not of its
own accord send Secure cookies over the test's plain http.
"""

from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlsplit

import httpx
from litestar import Litestar
from litestar.status_codes import HTTP_303_SEE_OTHER

from tests.houses import client_for

AT_HOME: Final = "http://localhost:8000"
# These open nothing, and have to be there when somebody comes from a message.
ARRIVING: Final = frozenset({"__Host-seed", "__Host-lang"})
# Where text is not shown to anybody.
_SILENT: Final = frozenset({"head", "script", "style", "svg"})
_APART: Final = frozenset(
    {"br", "p", "div", "li", "dt", "dd", "h1", "h2", "h3", "button", "option"}
)
_VOID: Final = frozenset({"meta", "link", "input", "br", "wbr", "hr", "img"})


class Button:
    """One way to send a form: its words, and the field it adds when it has a name."""

    def __init__(self, name: str | None, value: str) -> None:
        self.name = name
        self.value = value
        self.words = ""


class Form:
    """A form as it stands on the page: where it goes and what is filled in."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: dict[str, str] = {}
        # Every name that something can be typed into or chosen for.
        self.names: set[str] = set()
        # What each choice (radio buttons, options) offers.
        self.offered: dict[str, list[str]] = {}
        self.buttons: list[Button] = []

    @property
    def words(self) -> tuple[str, ...]:
        """What stands on its buttons."""
        return tuple(" ".join(button.words.split()) for button in self.buttons)

    def button(self, words: str | None) -> Button | None:
        """The one with these words on it; without words the first, as Enter would press."""
        if words is None:
            return self.buttons[0] if self.buttons else None
        found = [b for b in self.buttons if words in " ".join(b.words.split())]
        assert len(found) == 1, (words, self.words)
        return found[0]


class _Reader(HTMLParser):
    """Reads a page once: its words, links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._button: Button | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append(tag)
        if tag in _APART:
            self.words.append(" ")
        found = {name: value or "" for name, value in attrs}
        match tag:
            case "a":
                self.links.append((found.get("href", ""), ""))
            case "form":
                self._form = Form(found.get("action", ""), found.get("method", "get"))
                self.forms.append(self._form)
            case "input" | "select" | "option" | "textarea" | "button" if self._form:
                self._part(self._form, tag, found)
            case _:
                pass

    def _part(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "button":
            self._button = Button(found.get("name"), value)
            form.buttons.append(self._button)
            form.names |= {name} - {""}
        elif tag == "option":
            select = self._select or ""
            is_first = select not in form.offered
            self._offer(form, select, value, chosen=is_first or "selected" in found)
        elif found.get("type") in {"radio", "checkbox"}:
            form.names.add(name)
            self._offer(form, name, found.get("value", "on"), chosen="checked" in found)
        else:
            form.names.add(name)
            form.fields[name] = value
            self._select = name if tag == "select" else None
            self._area = name if tag == "textarea" else None

    @staticmethod
    def _offer(form: Form, name: str, value: str, *, chosen: bool) -> None:
        offered = form.offered.setdefault(name, [])
        offered.append(value)
        if chosen:
            form.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and tag in self._open:
            while self._open.pop() != tag:
                pass
        match tag:
            case "form":
                self._form = None
            case "button":
                self._button = None
            case "textarea":
                self._area = None
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
        if self._area is not None and self._form is not None:
            # HTML drops the line break right after the opening tag.
            before = self._form.fields[self._area]
            self._form.fields[self._area] = before + data if before else data.removeprefix("\n")
        if self._button is not None:
            self._button.words += data
        if not _SILENT & set(self._open):
            self.words.append(data)
            if "a" in self._open and self.links:
                href, words = self.links[-1]
                self.links[-1] = (href, words + data)


class Page:
    """What the browser shows after following all redirects."""

    def __init__(self, browser: "Browser", answer: httpx.Response) -> None:
        self.browser = browser
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.text
        self.path = answer.request.url.raw_path.decode()
        reader = _Reader()
        reader.feed(self.html)
        reader.close()
        self.title = " ".join(reader.title.split())
        # What a person reads, with every run of white space as one blank.
        self.text = " ".join("".join(reader.words).split())
        self.links = [(href, " ".join(words.split())) for href, words in reader.links]
        self.forms = reader.forms

    def form(self, action: str, *, saying: str | None = None) -> Form:
        """The form that goes there; of several, the one with these words on its button."""
        found = [form for form in self.forms if form.action == action]
        if saying is not None:
            found = [form for form in found if any(saying in words for words in form.words)]
        assert len(found) == 1, (action, [form.action for form in self.forms], self.text)
        return found[0]

    async def press(self, form: Form | str, *, button: str | None = None, **typed: str) -> "Page":
        """Type into the form's fields and press its button, the first one unless named."""
        chosen = self.form(form) if isinstance(form, str) else form
        unknown = set(typed) - chosen.names
        assert not unknown, (unknown, chosen.names)
        fields = chosen.fields | typed
        pressed = chosen.button(button)
        if pressed is not None and pressed.name and pressed.name not in typed:
            fields[pressed.name] = pressed.value
        return await self.browser.send(chosen.action or self.path, fields)

    async def open(self, address: str) -> "Page":
        """Type another address into the same browser."""
        return await self.browser.open(address)

    async def follow(self, words: str) -> "Page":
        """Press the link with these words."""
        found = {href for href, said in self.links if words in said}
        assert len(found) == 1, (words, self.links)
        return await self.browser.open(found.pop())


class Browser:
    """One person's browser, with cookies of its own."""

    def __init__(self, app: Litestar, origin: str = AT_HOME, *, language: str = "es") -> None:
        self._app = app
        self.origin = origin
        self.language = language
        self.cookies: dict[str, str] = {}

    async def open(self, address: str) -> Page:
        """Type an address. What stands behind its `#` stays in the browser, as it does."""
        return await self._until_shown("GET", address.partition("#")[0], {})

    async def send(self, path: str, fields: dict[str, str]) -> Page:
        """Send these fields as our own page would. Tests press buttons; this is for wrong ones."""
        return await self._until_shown("POST", path, fields)

    async def request(
        self,
        method: str,
        path: str,
        *,
        fields: dict[str, str] | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One request, exactly as told, with this browser's cookies; nothing is followed."""
        sent = {"Accept-Language": self.language}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= headers or {}
        async with client_for(self._app, self.origin) as client:
            answer = await client.request(method, path, data=fields, content=content, headers=sent)
        self._keep(answer)
        return answer

    async def _until_shown(self, method: str, address: str, fields: dict[str, str]) -> Page:
        for _ in range(5):
            headers = {"Origin": self.origin} if method == "POST" else {}
            sent = fields if method == "POST" else None
            answer = await self.request(method, self._path(address), fields=sent, headers=headers)
            if answer.status_code != HTTP_303_SEE_OTHER:
                return Page(self, answer)
            method, address, fields = "GET", answer.headers["Location"], {}
        raise AssertionError("redirected in circles: " + address)

    def _path(self, address: str) -> str:
        """The path of an address at home. Going elsewhere would be a fault of the pages."""
        parts = urlsplit(address)
        if parts.netloc:
            assert f"{parts.scheme}://{parts.netloc}" == self.origin, address
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _keep(self, answer: httpx.Response) -> None:
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                assert name.startswith("__Host-"), header
                assert morsel["secure"], header
                assert morsel["httponly"], header
                assert (morsel["path"], morsel["domain"]) == ("/", ""), header
                allowed = {"strict", "lax" if name in ARRIVING else "strict"}
                assert morsel["samesite"].lower() in allowed, header
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
