"""Text messages over a Twilio-compatible Messages API (2010-04-01).

The API has no way to recognise a repeat; the delivery's id goes along as `Idempotency-Key`
for the carriers that look at it.
"""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import msgspec
from msgspec import Struct

from notifications.channels import Later, Never, Outcome, Sent, Sms

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
_ANSWER_AT_MOST: Final = 64 * 1024
# Refusals of us or of the moment, not of this message: no word in them is about it.
_NOT_THE_MESSAGE: Final = frozenset({401, 408, 425, 429})
# The carrier's own bounds, in seconds; below five it may not even try.
_SHORTEST_VALIDITY: Final = 5
_LONGEST_VALIDITY: Final = 36_000


class SmsSettings(Struct, frozen=True, kw_only=True):
    base_url: str
    account_sid: str
    auth_token: str
    # A number in E.164, a short code or a sender name the carrier has approved.
    sender: str

    def __repr__(self) -> str:
        return "SmsSettings(…)"


class SmsChannel:
    """The session is the caller's, who also closes it."""

    def __init__(self, settings: SmsSettings, http: aiohttp.ClientSession) -> None:
        """ValueError when the url or the account's SID is not one."""
        if urlsplit(settings.base_url).scheme not in {"http", "https"}:
            raise ValueError("the carrier's url is http(s)://host")
        if not re.fullmatch("AC[0-9a-fA-F]{32}", settings.account_sid):
            raise ValueError("an account's SID is AC and 32 hexadecimal digits")
        path = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._url = settings.base_url.rstrip("/") + path
        self._signed = aiohttp.encode_basic_auth(settings.account_sid, settings.auth_token)
        self._sender = settings.sender
        self._http = http

    async def send(self, message: Sms, *, key: UUID) -> Outcome:
        form = {"To": message.to, "From": self._sender, "Body": message.text}
        if message.useful_for is not None:
            form["ValidityPeriod"] = str(_validity(message.useful_for))
        try:
            async with self._http.post(
                self._url,
                data=form,
                headers={"Authorization": self._signed, "Idempotency-Key": str(key)},
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                body = await answer.content.read(_ANSWER_AT_MOST)
                return _outcome(answer, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as reason:
            return Later(error=f"http-{type(reason).__name__}")


def _validity(useful_for: timedelta) -> int:
    seconds = int(useful_for.total_seconds())
    return max(_SHORTEST_VALIDITY, min(seconds, _LONGEST_VALIDITY))


def _outcome(answer: aiohttp.ClientResponse, body: bytes) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Sent(provider_ref=_word(body, "sid"))
    code = _word(body, "code")
    error = f"http-{status}" + (f"-{code}" if code else "")
    if status in _NOT_THE_MESSAGE or not 400 <= status < 500:
        return Later(error=error, retry_after=_retry_after(answer))
    return Never(error=error)


def _word(body: bytes, member: str) -> str | None:
    """A short identifier out of the answer; its sentences may repeat the number."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    word = str(answer.get(member, ""))
    return word if re.fullmatch("[0-9A-Za-z]{1,40}", word) else None


def _retry_after(answer: aiohttp.ClientResponse) -> timedelta | None:
    """Seconds, or an HTTP date measured against the answer's own clock (RFC 9110, 10.2.3)."""
    written = answer.headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", written):
        return timedelta(seconds=int(written))
    try:
        there = parsedate_to_datetime(answer.headers.get("Date", ""))
        wait = parsedate_to_datetime(written) - there
    except (ValueError, TypeError):
        return None
    return max(wait, timedelta(0))
