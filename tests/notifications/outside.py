"""What lies outside the building: a mail server and a text message carrier, on loopback."""

# ruff: noqa: ARG002, N802 - aiosmtpd names its hooks and says what they are given.

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final

import jsonschema
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DESCRIPTION: Final = json.loads(
    (Path(__file__).parents[1] / "contracts" / "twilio_messages.json").read_text()
)
ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN: Final = "a-carriers-token"


class Mailbox:
    """Receives real SMTP. `answers` says what a command is answered with instead of yes."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.encrypted: list[bool] = []
        self.signed_in: list[bytes] = []
        self.answers: dict[str, str] = {}
        self.on_letter: Callable[[], Awaitable[None]] | None = None
        self.port = 0

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.append(envelope.rcpt_tos)
        self.encrypted.append(session.ssl is not None)
        if self.on_letter is not None:
            await self.on_letter()
        return "250 2.0.0 taken"

    def sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.signed_in.append(given.login)
        return AuthResult(success=given.password == b"p@ss/word", handled=False)


@asynccontextmanager
async def a_mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    accounts: bool = False,
) -> AsyncGenerator[Mailbox]:
    mailbox = Mailbox()

    def session() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mail.example",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=mailbox.sign_in if accounts else None,
            auth_required=accounts,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


class Carrier:
    """Takes texts as its public description says, strictly: a misspelt parameter is refused."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.answer: web.Response | None = None
        self.base_url = ""

    async def take(self, request: web.Request) -> web.Response:
        user, _, password = (
            base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
            .decode()
            .partition(":")
        )
        if (user, password) != (ACCOUNT, AUTH_TOKEN):
            return web.json_response({"code": 20003, "message": "Authenticate"}, status=401)
        assert request.content_type == "application/x-www-form-urlencoded"
        form = {name: str(value) for name, value in (await request.post()).items()}
        as_described(form)
        if self.answer is not None:
            return self.answer
        self.forms.append(form)
        self.keys.append(request.headers["Idempotency-Key"])
        answer = {"sid": "SM" + f"{len(self.forms):032x}", "status": "queued", "to": form["To"]}
        jsonschema.validate(answer, DESCRIPTION["answer"]["schema"])
        return web.json_response(answer, status=201)


def as_described(form: dict[str, str]) -> None:
    """ValidationError for whatever the description does not name."""
    closed = DESCRIPTION["request"] | {
        "additionalProperties": False,
        # One of each is needed, though the description does not say so.
        "required": ["To", "From", "Body"],
    }
    numbers = {"ValidityPeriod"}
    typed = {name: int(value) if name in numbers else value for name, value in form.items()}
    jsonschema.validate(typed, closed)


@asynccontextmanager
async def a_carrier() -> AsyncGenerator[Carrier]:
    carrier = Carrier()
    application = web.Application()
    application.router.add_post(DESCRIPTION["path"].format(AccountSid=ACCOUNT), carrier.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    carrier.base_url = f"http://{host}:{port}"
    try:
        yield carrier
    finally:
        await runner.cleanup()
