"""What was just done, told once on the next page; it travels in a cookie, not in an address."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Literal

import msgspec
from litestar.datastructures import Cookie
from msgspec import Struct

from service.pages import AnyRequest, host_cookie

NOTICE_COOKIE: Final = "__Host-notice"
Kind = Literal["invited", "sent-again", "taken-back", "leaving", "gone", "stays", "rehearsing"]


class Notice(Struct, frozen=True, kw_only=True):
    kind: Kind
    name: str


def noticed(kind: Kind, name: str) -> Cookie:
    written = msgspec.json.encode(Notice(kind=kind, name=name))
    return host_cookie(NOTICE_COOKIE, urlsafe_b64encode(written).decode().rstrip("="))


def notice_here(request: AnyRequest) -> Notice | None:
    """None when there is none, or somebody wrote one of their own."""
    kept = request.cookies.get(NOTICE_COOKIE, "")
    try:
        return msgspec.json.decode(urlsafe_b64decode(kept + "=" * (-len(kept) % 4)), type=Notice)
    except ValueError:
        return None
