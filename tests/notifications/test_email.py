import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from notifications.channels import Email, Later, Never, Outcome, Sent
from notifications.channels.email import EmailChannel, EmailSettings
from tests.notifications.cast import NOON
from tests.notifications.outside import a_mail_server

pytestmark = pytest.mark.anyio

KEY = UUID(int=77)
LETTER = Email(
    to="olga@mail.example",
    from_name="Norte, S. A.",
    from_address="avisos@norte.example",
    subject="Tu cuenta está protegida",
    text="Una línea que dice señal.\n",
    html="<!doctype html><html lang=es><p>Una línea que dice señal.</p></html>",
    language="es",
    at=NOON,
)


def plain(port: int) -> EmailChannel:
    url = f"smtp://127.0.0.1:{port}"
    return EmailChannel(EmailSettings(url=url, require_tls=False, hello="us.example"))


async def sent(letter: Email = LETTER) -> EmailMessage:
    async with a_mail_server() as mailbox:
        assert await plain(mailbox.port).send(letter, key=KEY) == Sent()
    assert mailbox.recipients == [[letter.to]]
    return mailbox.letters[0]


async def test_a_letter_arrives_with_text_and_page() -> None:
    letter = await sent()

    assert letter["From"] == '"Norte, S. A." <avisos@norte.example>'
    assert letter["To"] == "olga@mail.example"
    assert letter["Subject"] == "Tu cuenta está protegida"
    assert letter["Date"].datetime == NOON
    assert letter["Content-Language"] == "es"
    text, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert letter.get_content_type() == "multipart/alternative"
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == LETTER.text
    assert "señal" in page.get_content()


async def test_a_letter_says_that_a_machine_wrote_it_and_that_it_is_no_list() -> None:
    letter = await sent()

    assert letter["Auto-Submitted"] == "auto-generated"
    assert not [name for name in letter if name.lower().startswith(("list-", "precedence", "x-"))]


async def test_the_message_id_is_the_deliverys_and_stays_so() -> None:
    assert (await sent())["Message-ID"] == f"<{KEY}@norte.example>"
    assert (await sent())["Message-ID"] == (await sent())["Message-ID"]


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        ("MAIL", "450 4.7.1 later", Later(error="smtp-450-4.7.1")),
        ("MAIL", "553 5.1.8 not from you", Never(error="smtp-553-5.1.8")),
        ("RCPT", "451 4.7.1 <olga@mail.example> greylisted", Later(error="smtp-451-4.7.1")),
        ("RCPT", "452 full", Later(error="smtp-452")),
        ("RCPT", "550 5.1.1 <olga@mail.example> unknown", Never(error="smtp-550-5.1.1")),
        ("RCPT", "550 olga@mail.example unknown", Never(error="smtp-550")),
        ("DATA", "421 4.3.2 shutting down", Later(error="smtp-421-4.3.2")),
        ("DATA", "554 5.7.1 refused", Never(error="smtp-554-5.7.1")),
    ],
)
async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(
    command: str, answer: str, outcome: Outcome
) -> None:
    async with a_mail_server() as mailbox:
        mailbox.answers[command] = answer
        assert await plain(mailbox.port).send(LETTER, key=KEY) == outcome


async def answers_first_with(greeting: bytes) -> Outcome:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        return await plain(server.sockets[0].getsockname()[1]).send(LETTER, key=KEY)


async def test_trouble_before_the_message_is_no_word_about_the_message() -> None:
    assert await answers_first_with(b"554 5.3.2 no service\r\n") == Later(
        error="smtp-554-before-mail"
    )
    assert isinstance(await answers_first_with(b""), Later)


async def test_nobody_answering_is_for_later() -> None:
    async with a_mail_server() as mailbox:
        port = mailbox.port

    assert await plain(port).send(LETTER, key=KEY) == Later(error="smtp-SMTPConnectError")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "olga@mail.example\r\nBcc: mallory@mail.example"},
        {"to": "olga@mail.example>\r\nRCPT TO:<mallory@mail.example"},
        {"to": "olga@mail.example, mallory@mail.example"},
        {"to": "Olga <olga@mail.example>"},
        {"to": "olga"},
        {"to": "olga@mail.example(mallory)"},
        {"to": '"olga>"@mail.example'},
        {"to": "ólga@mail.example"},
        {"from_address": "avisos@norte.example\nX-Evil: 1"},
        {"from_name": "Norte\r\nBcc: mallory@mail.example"},
        {"subject": "Hello\r\nBcc: mallory@mail.example"},
        {"language": "es\nX-Evil: 1"},
    ],
)
async def test_nothing_gets_into_a_header_but_its_value(changes: dict[str, str]) -> None:
    async with a_mail_server() as mailbox:
        outcome = await plain(mailbox.port).send(replace(LETTER, **changes), key=KEY)

    assert outcome == Never(error="unsendable-header")
    assert mailbox.letters == []


async def test_a_dot_on_its_own_line_ends_nothing() -> None:
    text = "before\n.\nRCPT TO:<mallory@mail.example>\n..after\n"
    letter = await sent(replace(LETTER, text=text))

    body = letter.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def theirs(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def ours(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


async def test_a_letter_travels_encrypted_by_starttls_or_from_the_first_byte(
    theirs: ssl.SSLContext, ours: ssl.SSLContext
) -> None:
    async with a_mail_server(starttls=theirs, accounts=True) as mailbox:
        url = f"smtp://norte%40relay:p%40ss%2Fword@127.0.0.1:{mailbox.port}"
        channel = EmailChannel(EmailSettings(url=url, hello="us.example"), tls=ours)
        assert await channel.send(LETTER, key=KEY) == Sent()
    assert (mailbox.encrypted, mailbox.signed_in) == ([True], [b"norte@relay"])

    async with a_mail_server(tls=theirs) as mailbox:
        url = f"smtps://127.0.0.1:{mailbox.port}"
        channel = EmailChannel(EmailSettings(url=url, hello="us.example"), tls=ours)
        assert await channel.send(LETTER, key=KEY) == Sent()
    assert len(mailbox.letters) == 1


async def test_nothing_travels_in_the_clear_unless_it_is_asked_for() -> None:
    async with a_mail_server() as mailbox:
        url = f"smtp://127.0.0.1:{mailbox.port}"
        outcome = await EmailChannel(EmailSettings(url=url)).send(LETTER, key=KEY)

    assert isinstance(outcome, Later)
    assert mailbox.letters == []


async def test_a_server_that_cannot_prove_its_name_gets_nothing(theirs: ssl.SSLContext) -> None:
    async with a_mail_server(starttls=theirs) as mailbox:
        url = f"smtp://127.0.0.1:{mailbox.port}"
        outcome = await EmailChannel(EmailSettings(url=url)).send(LETTER, key=KEY)

    assert isinstance(outcome, Later)
    assert mailbox.letters == []


async def test_a_wrong_password_is_our_trouble_and_not_the_messages(
    theirs: ssl.SSLContext, ours: ssl.SSLContext
) -> None:
    async with a_mail_server(starttls=theirs, accounts=True) as mailbox:
        url = f"smtp://norte:wrong@127.0.0.1:{mailbox.port}"
        outcome = await EmailChannel(EmailSettings(url=url), tls=ours).send(LETTER, key=KEY)

    assert outcome == Later(error="smtp-535-before-mail")


@pytest.mark.parametrize("url", ["", "mail.example", "https://mail.example", "smtp://"])
def test_a_wrong_url_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP url"):
        EmailChannel(EmailSettings(url=url))


def test_settings_do_not_show_their_password() -> None:
    settings = EmailSettings(url="smtp://norte:secret@mail.example")

    assert "secret" not in repr(settings) + str([settings])
