"""How a wallet's backend says who it is: HTTP Basic or a bearer token in a request's header."""

import base64
import binascii
import hmac
from typing import Final
from urllib.parse import unquote_plus

from msgspec import Struct

_LONGEST: Final = 1024


class Basic(Struct, frozen=True):
    client_id: str
    secret: str


class Bearer(Struct, frozen=True):
    token: str


def read(header: str | None) -> Basic | Bearer | None:
    """What an `Authorization` header says; None if there is none, or none of a known form."""
    if header is None or len(header) > _LONGEST:
        return None
    scheme, _, rest = header.strip().partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(rest.strip())
        case "bearer":
            return Bearer(rest.strip()) if rest.strip() else None
        case _:
            return None


def is_secret_of(
    client_sha256: bytes | None, earlier_sha256: bytes | None, *, shown_sha256: bytes
) -> bool:
    """A client has one secret, or none, and for a while the one before it."""
    return (client_sha256 is not None and hmac.compare_digest(client_sha256, shown_sha256)) or (
        earlier_sha256 is not None and hmac.compare_digest(earlier_sha256, shown_sha256)
    )


def _basic(encoded: str) -> Basic | None:
    """Id and secret, each form-encoded before they were joined (RFC 6749, section 2.3.1)."""
    try:
        joined = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = joined.partition(":")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    # The database could not even be asked for an id with a NUL in it.
    if not colon or not client_id.isprintable():
        return None
    return Basic(client_id, secret)
