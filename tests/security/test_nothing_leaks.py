"""The story is lived on real processes, with mistakes and faults; what they said names nobody.

Scanned is all that web, worker and PostgreSQL wrote, and every answer that was a refusal.
"""

import asyncio
import re
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from domain.accounts import AddressKind
from domain.ids import TicketId
from domain.wallets import Wallet
from service.operations import people
from service.operations.people import NewContact
from tests import people as cast
from tests import proving
from tests.browsers import Page
from tests.desks import Authenticator, an_agent
from tests.outage.crowd import CODE
from tests.outage.gateway import Gateway, a_gateway
from tests.outage.town import LOOKS_EVERY, RealBrowser, Town, a_town, until

pytestmark = pytest.mark.anyio
# Nobody else is called so, and no program says such words by itself.
OLGA, OLGAS_MAIL, OLGAS_PHONE = "Olguita", "olguita@correo.example", "+54 9 11 2345-6789"
CARL, CARLS_MAIL, LABEL, NOTE = "Carlitos", "carlitos@correo.example", "Mamita", "xilofone"
REACH, DEVICE, SUBJECT = "011 4321-1234", "Galaxia Roja", "subject-of-olga"
KEY: Final = re.compile(r"\b[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]\b")
EIGHT: Final = re.compile(r"\b\d{8}\b")
WRONG_PASSWORD: Final = "a wrong but long passphrase"
# What may stand in any line, and could by chance hold six digits of a code.
_BY_CHANCE: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\[\d+\]"
)
_OF_THE_INSIDE: Final = re.compile(
    r"Traceback|SELECT |INSERT |UPDATE |sqlalchemy|asyncpg|postgres|\.py\b|site-packages"
)


class Story:
    """Who does what, and every word that must not come out anywhere."""

    def __init__(self, town: Town, wallet: Wallet, gateway: Gateway) -> None:
        self.town = town
        self.wallet = wallet
        self.gateway = gateway
        self.secrets = {
            *(OLGA, OLGAS_MAIL, CARL, CARLS_MAIL, LABEL, NOTE, REACH, DEVICE),
            *(OLGAS_PHONE, OLGAS_PHONE.replace(" ", "").replace("-", ""), "91123456789"),
            *(cast.PASSWORD, WRONG_PASSWORD, gateway.basic.removeprefix("Basic ")),
        }
        self.browsers: list[RealBrowser] = []
        self.answers: list[httpx.Response] = []
        self._read = 0

    def browser(self, origin: str | None = None) -> RealBrowser:
        made = RealBrowser(origin or self.town.origin, self.town.ports[0])
        self.browsers.append(made)
        return made

    def hide(self, secret: str) -> str:
        self.secrets.add(secret)
        return secret

    def read_all_letters(self) -> None:
        """Every code and every link that was in anybody's mailbox."""
        for letter in self.town.mailbox.letters:
            body = letter.get_body(("plain",))
            assert body is not None
            text = body.get_content()
            self.secrets |= {*CODE.findall(text), *re.findall(r"#([\w-]{20,})", text)}

    async def letter(self, having: re.Pattern[str]) -> str:
        """What the first letter not read yet holds; the test's time limit ends a wait in vain."""
        while True:
            for number, letter in enumerate(self.town.mailbox.letters[self._read :], self._read):
                body = letter.get_body(("plain",))
                if body is not None and (found := having.search(body.get_content())):
                    self._read = number + 1
                    return self.hide(found[1] if found.re.groups else found[0])
            await asyncio.sleep(LOOKS_EVERY)

    async def call(self, method: str, path: str, bearer: str, body: object = None) -> Any:
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Idempotency-Key": f"key-{len(self.answers)}",
        }
        answer = await self.gateway.http.request(method, path, headers=headers, json=body)
        self.answers.append(answer)
        return answer.json() if answer.content else None


async def test_nothing_that_was_said_names_anybody() -> None:
    async with a_town() as (town, wallet):
        await town.open()
        story = Story(town, wallet, await a_gateway(town, wallet, town.ports[0]))
        bearer = story.hide(await story.gateway.access_token())
        phone = await _wallet_tells(story, bearer)
        token = await _olga_invites(story, bearer, phone)
        link = await _carl_accepts(story, token)
        await _carl_reports(story, link)
        await _agents_release(story)
        await _mistakes(story, bearer)
        await _faults(story, bearer)
        story.read_all_letters()
        await story.gateway.http.aclose()
        for browser in story.browsers:
            story.secrets |= set(browser.cookies.values()) | browser.dropped
            story.answers += browser.answers
        town.stop()
        said = {file.name: file.read_text() for file in town.said.iterdir()}
        said["postgres"] = (town.postgres / "log").read_text()

    _they_did_speak(said)
    # Which language somebody reads is no secret.
    secrets = story.secrets - {"en"}
    for name, lines in said.items():
        kept = _BY_CHANCE.sub("", lines)
        found = [secret for secret in secrets if secret in kept or quote(secret) in kept]
        assert not found, (name, found)
    refusals = [answer for answer in story.answers if answer.status_code >= 400]
    assert {answer.status_code for answer in refusals} >= {400, 401, 404, 422, 503}
    for answer in refusals:
        assert not _OF_THE_INSIDE.search(answer.text), (answer.request.url, answer.text)
        assert str(Path(__file__).parents[2]) not in answer.text


def _they_did_speak(said: dict[str, str]) -> None:
    """Silence would prove nothing."""
    assert "worker.ready" in said["worker"]
    assert "delivery.recorded" in said["worker"]
    assert any("request.database-away" in lines for lines in said.values())
    assert "ready to accept connections" in said["postgres"]


async def _wallet_tells(story: Story, bearer: str) -> str:
    """Olga and her phone; answers the session's id."""
    verified = {"verified_at": "2020-01-01T00:00:00Z"}
    account = {
        "first_name": OLGA,
        "display_name": f"{OLGA} Ortiz",
        "language": "en",
        "time_zone": "America/Argentina/Buenos_Aires",
        "emails": [{"address": OLGAS_MAIL} | verified],
        "phones": [{"address": OLGAS_PHONE} | verified],
    }
    await story.call("PUT", f"/v1/accounts/{SUBJECT}", bearer, account)
    token = story.hide("the-token-of-Olgas-phone-4711")
    session = {
        "subject": SUBJECT,
        "token_sha256": sha256(token.encode()).hexdigest(),
        "device": {"id": "phone-1", "label": DEVICE, "platform": "android"},
        "expires_at": "2199-12-31T23:59:59Z",
    }
    begun = await story.call("POST", "/v1/sessions", bearer, session)
    assert "id" in begun, (begun, story.answers[0].text)
    assert (await story.gateway.introspect(token)).json()["active"] is True
    session_id: str = begun["id"]
    return session_id


async def _olga_invites(story: Story, bearer: str, session_id: str) -> str:
    """The invitation's token, from Carl's letter."""
    now = await cast.now(story.town.house)
    asked = {
        "auth_time": now.isoformat(),
        "acr": cast.NORTE.strong_acr[0],
        "purpose": "manage",
        "session_id": session_id,
    }
    link = await story.call("POST", f"/v1/accounts/{SUBJECT}/page-links", bearer, asked)
    story.hide(link["url"].partition("once=")[2])
    arrived = await story.browser().open(link["url"])
    list_page = await arrived.press("/owner/enter")
    form = await list_page.follow("Invite someone")
    refused = await form.press("/owner/invite", name=CARL, email=f"{NOTE}-at-nowhere")
    assert refused.status == 422
    await refused.press("/owner/invite", name=CARL, email=CARLS_MAIL)
    return await story.letter(re.compile(r"/i#([\w-]{20,})"))


async def _carl_accepts(story: Story, token: str) -> str:
    """His personal link's token, from his letter."""
    opened = await story.browser().open(f"/i#{token}")
    read = await opened.press("/i", token=token)
    page = await read.press("/i/code")
    code = await story.letter(CODE)
    wrong = await page.press("/i/code/check", code=_another(code))
    label = await wrong.press("/i/code/check", code=code)
    await label.press(label.form("/i/label", saying="Save"), label=LABEL)
    return await story.letter(re.compile(r"/r#([\w-]{20,})"))


async def _carl_reports(story: Story, link: str) -> None:
    opened = await story.browser().open(f"/r#{link}")
    page = await opened.press("/r", token=link)
    what = await page.press("/r/code/check", code=await story.letter(CODE))
    check = await what.press("/r/what", kind="stolen", reach=REACH, note=NOTE)
    receipt = await check.press("/r/confirm")
    assert receipt.path == "/r/receipt"


async def _agents_release(story: Story) -> None:
    astrid = await an_agent(story.town.house, story.wallet, "astrid", level=2)
    arne = await an_agent(story.town.house, story.wallet, "arne", level=3)
    story.secrets |= {astrid.secret, arne.secret}
    page = await _at_the_ticket(story, astrid)
    path = page.path
    page = await page.press(f"{path}/owner-reached")
    async with story.town.house.engine.begin() as db:
        # On file for a month, though her wallet told of them only now.
        await db.execute(
            text("UPDATE account_addresses SET added_at = added_at - interval '30 days'")
        )
    page = await page.open(path)
    page = await page.press(f"{path}/owner-code")
    key = story.hide(KEY.findall(page.text)[0])
    asked = await story.browser().open("/prove")
    proved = await asked.press("/prove", key=key, code=await story.letter(EIGHT))
    assert proved.path == "/prove/done"
    ticket_id = TicketId(UUID(path.rpartition("/")[2]))
    await proving.reproved(story.town.house, story.wallet, ticket_id)
    page = await page.open(path)
    page = await page.press(f"{path}/checklist")
    await page.press(f"{path}/proposal", reason="owner-safe")
    second = await (await _at_the_ticket(story, arne)).follow("Read and decide")
    code = story.hide(await arne.new_code())
    done = await second.press(f"{path}/approval", password=cast.PASSWORD, code=code)
    assert done.status == 200, done.text


async def _at_the_ticket(story: Story, agent: Authenticator) -> Page:
    door = await story.browser(story.town.console).open("/console/sign-in")
    code = story.hide(await agent.new_code())
    refused = await door.press(
        "/console/sign-in", login=agent.login, password=WRONG_PASSWORD, code=code
    )
    assert refused.status == 401
    code = story.hide(await agent.new_code())
    queue = await refused.press(
        "/console/sign-in", login=agent.login, password=cast.PASSWORD, code=code
    )
    found = next(href for href, _ in queue.links if re.search(r"/console/tickets/[\w-]{36}$", href))
    return await story.browsers[-1].open(found)


async def _mistakes(story: Story, bearer: str) -> None:
    """What does not fit, with somebody in it."""
    http, basic = story.gateway.http, story.gateway.basic
    for body in ({"first_name": OLGA, CARLS_MAIL: NOTE}, {"emails": [{"address": NOTE}]}, [NOTE]):
        await story.call("PUT", f"/v1/accounts/{SUBJECT}", bearer, body)
    await story.call("GET", f"/v1/accounts/{quote(CARLS_MAIL)}", bearer)
    await story.call("GET", f"/v1/accounts/{SUBJECT}", f"{bearer}x")
    form = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic}
    for content in (b"token=%ff", b"token=%ff%00" + NOTE.encode(), b"token=\xff", b"nothing=1"):
        answer = await http.post("/oauth/introspect", headers=form, content=content)
        assert answer.status_code == 400, (content, answer.status_code, answer.text)
        story.answers.append(answer)
    browser = story.browser()
    for path in (
        f"/nothing/{CARLS_MAIL}?x={quote(OLGAS_PHONE)}",
        f"/r?token={bearer}",
        "/owner",
        f"/owner/enter?once={bearer}",
    ):
        await browser.request("GET", path)
    await browser.request("POST", "/r", fields={"token": bearer, "note": NOTE})
    await browser.request("POST", "/r/confirm", content=NOTE.encode() * 20_000)


async def _faults(story: Story, bearer: str) -> None:
    """The mail server repeats an address; the database goes in the middle of a form."""
    town = story.town
    town.mailbox.answers["RCPT"] = f"550 5.1.1 {CARLS_MAIL} ({OLGA}) is unknown"
    wallet = story.wallet
    laptop = "a-laptop-0815"
    session = await cast.a_session(town.house, wallet, laptop, cast.LAPTOP, SUBJECT)
    pages = await cast.at_her_pages(town.house, wallet, session, SUBJECT)
    new = NewContact(name="Otto", kind=AddressKind.EMAIL, address=f"otto-{CARLS_MAIL}")
    await people.invite(town.house, wallet, pages, new, key="otto")
    await until(lambda: "never" in (town.said / "worker").read_text())
    del town.mailbox.answers["RCPT"]
    town.kill_database()
    browser = story.browser()
    for path in ("/r/what", "/r/confirm", f"/owner/{CARLS_MAIL}"):
        fields = {"note": NOTE, "reach": REACH, "token": bearer}
        await browser.request("POST", path, fields=fields, headers={"Origin": browser.origin})
    await story.call("GET", f"/v1/accounts/{quote(CARLS_MAIL)}", bearer)
    await story.gateway.introspect(story.hide("a-token-that-Came-too-late-1"))
    town.start_database()
    await town.is_ready()


def _another(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
