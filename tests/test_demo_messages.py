"""The message viewer: real SMTP, the carrier's API, and each message as its recipient sees it."""

import asyncio
import json
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
import jsonschema
import pytest
from aiohttp import web

from notifications.channels import Email, Later, Never, Sent, Sms
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.channels.sms import SmsChannel, SmsSettings
from service.demo.messages.app import create_app
from service.demo.messages.box import MOST, Box, Kept
from service.demo.messages.carrier import CarrierAccount
from service.demo.messages.reading import code_in, with_links
from service.processes import free_port

pytestmark = pytest.mark.anyio

ACCOUNT: Final = CarrierAccount(f"AC{'0' * 32}", "a carrier's secret")
CARL: Final = "carl@correo.example"
CONTRACT: Final = Path(__file__).parent / "contracts" / "twilio_messages.json"


class Viewer:
    def __init__(self, box: Box, port: int, smtp_port: int, http: aiohttp.ClientSession) -> None:
        self.box = box
        self.port = port
        self.http = http
        self.email = EmailChannel(
            EmailSettings(url=f"smtp://127.0.0.1:{smtp_port}", require_tls=False, hello="service")
        )

    def sms(self, token: str = ACCOUNT.token) -> SmsChannel:
        settings = SmsSettings(
            base_url=self.at, account_sid=ACCOUNT.sid, auth_token=token, sender="NORTE"
        )
        return SmsChannel(settings, self.http)

    @property
    def at(self) -> str:
        return f"http://localhost:{self.port}"

    async def page(self, query: str = "") -> str:
        async with self.http.get(f"{self.at}/{query}") as answer:
            assert answer.status == 200
            return await answer.text()


@asynccontextmanager
async def a_viewer(file: Path) -> AsyncGenerator[Viewer]:
    port = free_port()
    smtp_port = free_port(others=(port,))
    box = Box(file)
    runner = web.AppRunner(
        create_app(box, ACCOUNT, port=port, smtp_port=smtp_port), access_log=None
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Viewer(box, port, smtp_port, http)
    finally:
        await runner.cleanup()


@pytest.fixture
async def viewer(tmp_path: Path) -> AsyncGenerator[Viewer]:
    async with a_viewer(tmp_path / "messages.jsonl") as viewer:
        yield viewer


def a_letter(subject: str = "Hola, Carl", text: str = "Hola", html: str = "<p>Hola</p>") -> Email:
    return Email(
        to=CARL,
        from_name="Norte",
        from_address="no-reply@norte.example",
        subject=subject,
        text=text,
        html=html,
        language="es",
        at=datetime.now(UTC),
    )


def kept(text: str, number: int = 0) -> Kept:
    return Kept(
        number=0,
        kind="sms",
        to="+549",
        sender="N",
        text=text,
        key=str(number),
        at=datetime.now(UTC),
    )


async def test_a_letter_arrives_as_it_was_written_and_can_do_nothing(viewer: Viewer) -> None:
    html = '<p>Código: ñ</p><script>alert("1")</script>'
    text = "Abrir:\nhttp://localhost:8000/i#abc_DEF-1\n\n<b>"
    assert await viewer.email.send(a_letter("Año nuevo", text, html), key=uuid4()) == Sent()

    page = await viewer.page(f"?to={CARL}")
    assert "Año nuevo" in page
    assert 'sandbox="allow-same-origin allow-popups' in page
    assert "allow-scripts" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert '<a href="http://localhost:8000/i#abc_DEF-1" target="_blank"' in page
    assert "&lt;b&gt;" in page


async def test_the_same_letter_twice_is_one_message(viewer: Viewer) -> None:
    key = uuid4()
    for _ in range(2):
        assert await viewer.email.send(a_letter(), key=key) == Sent()
    assert await viewer.email.send(a_letter(), key=uuid4()) == Sent()
    (mailbox,) = viewer.box.mailboxes()
    assert [message.number for message in mailbox.messages] == [2, 1]


async def test_a_text_message_shows_its_code_apart(viewer: Viewer) -> None:
    text = "Norte: 042819 es su codigo.\n\n@localhost #042819"
    sent = await viewer.sms().send(Sms(to="+5491123456789", text=text), key=uuid4())
    assert isinstance(sent, Sent)
    page = await viewer.page("?to=%2B5491123456789")
    assert '<span class="digits">042819</span>' in page


async def test_the_carrier_answers_as_the_real_one_does(viewer: Viewer) -> None:
    contract = json.loads(CONTRACT.read_text("utf-8"))
    form = {"To": "+5491123456789", "From": "NORTE", "Body": "Hola"}
    path = contract["path"].replace("{AccountSid}", ACCOUNT.sid)
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT.sid, ACCOUNT.token)}
    async with viewer.http.post(viewer.at + path, data=form, headers=headers) as answer:
        assert answer.status == contract["answer"]["status"]
        told: dict[str, Any] = await answer.json()
    # OpenAPI 3.0 says "nullable" where JSON Schema says a type more: what is null is left out.
    told = {name: value for name, value in told.items() if value is not None}
    jsonschema.validate(told, {**contract["answer"]["schema"], "additionalProperties": False})


async def test_the_carrier_knows_its_customer_and_numbers(viewer: Viewer) -> None:
    message = Sms(to="+5491123456789", text="Hola")
    assert await viewer.sms("guessed").send(message, key=uuid4()) == Later(error="http-401-20003")
    for wrong, code in ((Sms(to="carl", text="Hola"), 21211), (Sms(to="+54", text=" "), 21602)):
        refused = await viewer.sms().send(wrong, key=uuid4())
        assert refused == Never(error=f"http-400-{code}")
    assert viewer.box.newest == 0


async def test_only_this_machines_own_names_are_answered(viewer: Viewer) -> None:
    for headers in ({"Host": f"evil.example:{viewer.port}"}, {"Host": "localhost:1"}):
        async with viewer.http.get(viewer.at, headers=headers) as answer:
            assert answer.status == 403


async def test_messages_outlive_a_restart_and_a_broken_line(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    Box(file).put(kept("before", 1))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open("ab") as broken:
        broken.write(b'\n{"number": 2, "ki')
    Box(file).put(kept("after", 2))
    (mailbox,) = Box(file).mailboxes()
    assert [message.text for message in mailbox.messages] == ["after", "before"]


async def test_the_box_keeps_the_last_messages_and_its_file_stays_small(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    box = Box(file)
    for number in range(3 * MOST):
        box.put(kept("x", number))
    for reopened in (box, Box(file)):
        (mailbox,) = reopened.mailboxes()
        assert len(mailbox.messages) == MOST
        assert mailbox.messages[0].number == 3 * MOST
    assert len(file.read_bytes().splitlines()) <= 2 * MOST + 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Escriba:\n\n    428190\n\nVale una vez.", "428190"),
        ("Escriba:\n\n    4281 9012\n", "42819012"),
        ("Llamar al +54 800 555 0101 antes del 20261121.", None),
        ("http://localhost:8000/i#123456", None),
        ("K7QF-3M2X-R", None),
    ],
)
def test_only_a_code_on_a_line_of_its_own_is_one(text: str, code: str | None) -> None:
    assert code_in(kept(text)) == code


def test_a_link_ends_before_the_sentence_does() -> None:
    assert with_links("(http://a.example/b).") == (
        '(<a href="http://a.example/b" target="_blank" rel="noopener noreferrer">'
        "http://a.example/b</a>)."
    )


async def test_many_letters_at_once_all_arrive(viewer: Viewer) -> None:
    sent = [viewer.email.send(a_letter(f"Nr. {n}"), key=uuid4()) for n in range(20)]
    assert set(await asyncio.gather(*sent)) == {Sent()}
    (mailbox,) = viewer.box.mailboxes()
    assert {message.subject for message in mailbox.messages} == {f"Nr. {n}" for n in range(20)}
