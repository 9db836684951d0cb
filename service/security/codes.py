"""One-time codes as they are stored: an HMAC that is useless without the key outside.

A code check costs microseconds, which is what lets every guess be counted first.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from service.security.keys import NamedKey


def hmac_of(key: NamedKey, challenge_id: UUID, code: str) -> bytes:
    return hmac.digest(key.secret, challenge_id.bytes + code.encode(), sha256)


def is_right(
    keys: tuple[NamedKey, ...], challenge_id: UUID, typed: str, stored: tuple[bytes, ...]
) -> bool:
    """Constant time in the typed code; every live key is tried against every live code."""
    right = False
    for key in keys:
        made = hmac_of(key, challenge_id, typed)
        for one in stored:
            right |= hmac.compare_digest(made, one)
    return right
