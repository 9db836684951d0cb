"""Push delivery (RFC 8935): one token, one request, and what the receiver's answer means.

202 is success and nothing else is: a proxy's or a login page's 200 has taken no token. A 400 that
says `invalid_…` refuses this very token, and the same bytes would be refused for ever; what it
says of us (`authentication_failed`, `access_denied`) is put right at the receiver, and the token
waits for that like for a receiver that is away. 410 is said on purpose: nobody
listens there, and the stream is paused.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from service.operations.receivers import (
    Delivered,
    Gone,
    Later,
    Leased,
    Outcome,
    Posting,
    Refused,
)
from service.operations.ssf_events import ABOUT_US, refusal
from service.signals.answers import retry_after
from service.signals.ssf.sets import KIND, Sets

_ACCEPTED: Final = 202
_BAD_REQUEST: Final = 400
_GONE: Final = 410


class _Said(Struct, frozen=True):
    err: str


class Push(Sets):
    """Streams that are sent to."""

    def compose(self, leased: Leased) -> Posting:
        url, token = leased.stream.url, leased.signal.token
        if url is None or token is None:
            raise ValueError("a stream without an address, or a token that was not made")
        headers = {"Content-Type": f"application/{KIND}", "Accept": "application/json"}
        if leased.opened.authorization is not None:
            headers["Authorization"] = leased.opened.authorization
        return Posting(url=url, headers=headers, body=token.encode())

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
        if status == _ACCEPTED:
            return Delivered()
        if status == _BAD_REQUEST and (said := _error(body)) is not None:
            return Later(error=said) if said in ABOUT_US else Refused(error=said)
        if status == _GONE:
            return Gone()
        return Later(error=f"status-{status}", retry_after=retry_after(headers))


def _error(body: bytes) -> str | None:
    """None for a 400 that says nothing of the kind: whoever wrote it has not read the token."""
    try:
        err = msgspec.json.decode(body, type=_Said).err
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return refusal(err) if err in ABOUT_US or err.startswith("invalid_") else None
