"""The mailbox's end of SMTP: takes every letter and puts it into the box."""

import email.policy
import html
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from service.demo.messages.box import Box, Kept

_LARGEST: Final = 1_000_000


class Postman:
    """aiosmtpd's handler; its names are the library's."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002  # aiosmtpd's name and arguments
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 No letter"
        letter = message_from_bytes(content, policy=email.policy.default)
        for recipient in envelope.rcpt_tos:
            self._box.put(kept(letter, recipient))
        return "250 2.0.0 Delivered"

    def protocol(self) -> SMTP:
        return SMTP(self, data_size_limit=_LARGEST, enable_SMTPUTF8=True, hostname="localhost")


def kept(letter: EmailMessage, recipient: str) -> Kept:
    at = datetime.now(UTC)
    rich = letter.get_body(("html",))
    plain = letter.get_body(("plain",))
    markup = None if rich is None else str(rich.get_content())
    text = as_text(markup or "") if plain is None else str(plain.get_content())
    return Kept(
        number=0,
        kind="email",
        to=recipient,
        sender=str(letter.get("From", "")),
        subject=str(letter.get("Subject", "")),
        text=text,
        html=markup,
        language=str(letter.get("Content-Language", "")),
        key=str(letter.get("Message-ID", at.isoformat())),
        at=at,
    )


def as_text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", markup))
