"""The first page of a link: its token comes from the fragment, or is pasted as a key."""

import re
from typing import Final

from msgspec import Struct

# 24 random bytes in the URL's own letters: what every token of ours looks like.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")


class LinkPage(Struct, frozen=True, kw_only=True):
    """invitation/open.html and report/open.html."""

    # "no-key", "bad-key"
    problem: str | None = None


def pasted_key(fields: dict[str, str]) -> str:
    """The key, without what came along when it was copied: blanks, or the link around it."""
    return "".join(fields.get("token", "").rpartition("#")[2].split())


def flaw_of(key: str) -> str | None:
    """What anyone can see is wrong with a key, without asking whether it opens anything."""
    if not key:
        return "no-key"
    return None if _TOKEN.fullmatch(key) else "bad-key"
