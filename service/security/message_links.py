"""What a link in a message says without a sign-in: "I am not this person", "this was not me".

Made from a key and never stored, so that there is nothing to steal from the database: the row's
id and an HMAC of what is said about it. A link stays good as long as what it speaks of is so.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.ids import ContactId, WalletId
from service.security.keys import KeyRing

_ID: Final = 16
# 128 bits: guessed by nobody, and short enough for a text message.
_SIGNATURE: Final = 16


class Says(StrEnum):
    # By whoever reads at a contact's address: true for as long as the address is enrolled.
    NOT_ME = "not-me"
    # By the owner about one removal: `about` is the instant it was begun.
    NOT_MINE = "not-mine"


def sign(
    keys: KeyRing,
    wallet_id: WalletId,
    says: Says,
    contact_id: ContactId,
    *,
    about: datetime | None = None,
) -> str:
    """The link's token: 43 letters of the URL alphabet, the same each time it is made."""
    signature = _signature(keys, wallet_id, says, contact_id, about)
    return urlsafe_b64encode(contact_id.bytes + signature).decode().rstrip("=")


def contact_in(token: str) -> ContactId | None:
    """Whom a token speaks of, before anyone has checked it. None for what is no token."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (Error, UnicodeEncodeError, ValueError):
        return None
    return ContactId(UUID(bytes=raw[:_ID])) if len(raw) == _ID + _SIGNATURE else None


def is_signed(
    keys: KeyRing,
    wallet_id: WalletId,
    says: Says,
    contact_id: ContactId,
    token: str,
    *,
    about: datetime | None = None,
) -> bool:
    """Whether we made this token, for this wallet, saying this. Compared in constant time."""
    ours = sign(keys, wallet_id, says, contact_id, about=about)
    return hmac.compare_digest(ours.encode(), token.encode())


def _signature(
    keys: KeyRing,
    wallet_id: WalletId,
    says: Says,
    contact_id: ContactId,
    about: datetime | None,
) -> bytes:
    # The index's key, under a name of its own: the one that is never rotated, as these links stand
    # in messages that people keep for years.
    own_key = hmac.digest(
        keys.index.secret, b"message-link|" + wallet_id.bytes + says.value.encode(), sha256
    )
    instant = b"" if about is None else about.astimezone(UTC).isoformat().encode()
    return hmac.digest(own_key, contact_id.bytes + instant, sha256)[:_SIGNATURE]
