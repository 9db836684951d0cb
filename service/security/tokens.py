"""Randomness: row keys, link tokens, client secrets, codes.

Tokens hold at least 128 random bits, so that their SHA-256 is all that is stored.
"""

import secrets
import time
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.ids import reference_from

_TOKEN_BYTES: Final = 24
_SECRET_BYTES: Final = 32


def new_id() -> UUID:
    """UUIDv7 (RFC 9562, section 5.7): grows with time, so that indexes grow at one end.

    Its clock orders rows on disk and nothing else; no rule reads it.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_token() -> str:
    """A link or session token: 192 random bits, URL-safe."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_secret() -> str:
    """A client secret: 256 random bits, so that introspection pays no password hash."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


def new_code(digits: int) -> str:
    """A one-time code, each as likely as any other (ASVS 6.5.1)."""
    return str(secrets.randbelow(10**digits)).zfill(digits)


def new_reference() -> str:
    return reference_from(secrets.token_bytes(5))
