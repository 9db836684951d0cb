"""E-mail over SMTP.

Promises: one recipient a message; nothing in a header that was not written as its value; the
Message-ID comes from the delivery's id, so a message sent twice is recognised as one. 4xx and
anything about the connection is tried again, 5xx about this message is not (RFC 5321, 4.2.1).
"""

import asyncio
import contextlib
import re
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
from msgspec import Struct

from notifications.channels import Email, Later, Never, Outcome, Sent

_TAKES_AT_MOST: Final = 25
_GOODBYE_TAKES: Final = 2
_PORTS: Final = {"smtp": 587, "smtps": 465}
# Nothing that ends a header, an address or an SMTP command.
_BARE_ADDRESS: Final = re.compile(r"[^\s<>\x00-\x1f\x7f,;:\"()\[\]\\@]+@[A-Za-z0-9.-]+")
_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class EmailSettings(Struct, frozen=True, kw_only=True):
    """`url` is ``smtp://user:password@host:port`` (STARTTLS) or ``smtps://…`` (TLS at once)."""

    url: str
    # Codes and links travel here. Only a mail catcher on one's own machine goes without.
    require_tls: bool = True
    # The name we greet with; by default this machine's own.
    hello: str | None = None

    def __repr__(self) -> str:
        return "EmailSettings(…)"


class EmailChannel:
    def __init__(self, settings: EmailSettings, *, tls: ssl.SSLContext | None = None) -> None:
        """ValueError when the url is not one."""
        parts = urlsplit(settings.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("an SMTP url is smtp://host or smtps://host")
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls_at_once = parts.scheme == "smtps"
        # None upgrades when the server offers it, True insists.
        self._start_tls = False if self._tls_at_once else (True if settings.require_tls else None)
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._hello = settings.hello
        self._tls = tls

    async def send(self, message: Email, *, key: UUID) -> Outcome:
        try:
            letter = _letter(message, key)
        except ValueError:
            return Never(error="unsendable-header")
        client = self._client()
        try:
            async with asyncio.timeout(_TAKES_AT_MOST):
                await client.connect()
                await client.send_message(
                    letter, sender=message.from_address, recipients=[message.to]
                )
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as refusal:
            return _outcome(refusal)
        else:
            # Taken: whatever happens while saying goodbye changes nothing any more.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_GOODBYE_TAKES)
            return Sent()
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls_at_once,
            start_tls=self._start_tls,
            tls_context=self._tls,
            local_hostname=self._hello,
            timeout=_TAKES_AT_MOST,
        )


def _letter(message: Email, key: UUID) -> EmailMessage:
    """The message with its headers. ValueError for anything that does not fit into one."""
    if not (_BARE_ADDRESS.fullmatch(message.to) and _BARE_ADDRESS.fullmatch(message.from_address)):
        raise ValueError("not a bare address")
    sender = Address(display_name=message.from_name, addr_spec=message.from_address)
    letter = EmailMessage(policy=ON_THE_WIRE)
    letter["From"] = sender
    letter["To"] = Address(addr_spec=message.to)
    letter["Subject"] = message.subject
    letter["Date"] = message.at
    letter["Message-ID"] = f"<{key}@{sender.domain}>"
    # Nobody's holiday reply answers it (RFC 3834).
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="quoted-printable")
    letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
    # Last, because setting content moves what begins with Content- into the parts.
    letter["Content-Language"] = message.language
    return letter


def _outcome(refusal: Exception) -> Outcome:
    match refusal:
        case aiosmtplib.SMTPRecipientsRefused():
            return _answered(refusal.recipients[0])
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPDataError():
            return _answered(refusal)
        case aiosmtplib.SMTPResponseException():
            # Greeting, TLS or password: the server's trouble with us, not with this message.
            return Later(error=f"smtp-{refusal.code}-before-mail")
        case _:
            return Later(error=f"smtp-{type(refusal).__name__}")


def _answered(refusal: aiosmtplib.SMTPResponseException) -> Outcome:
    """Only the numbers are kept: the server's words often repeat the address."""
    enhanced = _ENHANCED_CODE.match(refusal.message)
    error = f"smtp-{refusal.code}" + (f"-{enhanced.group()}" if enhanced else "")
    return Never(error=error) if 500 <= refusal.code < 600 else Later(error=error)
