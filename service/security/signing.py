"""What wallets are told is signed: the keys for it, and the signature.

A key has one algorithm and is called by its thumbprint (RFC 7638). A new one is published at once
and signs a day later, when every receiver's copy of the set has it; the older ones stay in the
set, because what they signed may still be on its way, until the operator retires them.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct


class Algorithm(StrEnum):
    """Which signatures there are, and nothing else: no receiver can ask for a weaker one."""

    # What every receiver must understand (interoperability profile), and slow to make.
    RS256 = "RS256"
    ES256 = "ES256"


# How long a receiver may go on with the copy of the set that it has.
USED_AFTER: Final = timedelta(hours=24)
# How long a receiver may take to look at what it was sent with the last signature of a key.
RETIRED_AFTER: Final = timedelta(hours=24)
_RSA_BITS: Final = 3072
_CURVE: Final = "P-256"


class SigningKey(Struct, frozen=True, kw_only=True):
    id: str
    algorithm: Algorithm
    created_at: datetime
    # PKCS #8.
    secret: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.id!r})"


def new_key(algorithm: Algorithm, *, now: datetime) -> SigningKey:
    """Takes as long as finding two large primes does: seconds, at worst."""
    match algorithm:
        case Algorithm.RS256:
            made: RSAKey | ECKey = RSAKey.generate_key(_RSA_BITS)
        case Algorithm.ES256:
            made = ECKey.generate_key(_CURVE)
    return SigningKey(
        id=made.thumbprint(),
        algorithm=algorithm,
        created_at=now,
        secret=made.as_der(private=True),
    )


def line_of(key: SigningKey) -> str:
    """A key as its file keeps it: id, instant, secret."""
    return f"{key.id} {key.created_at.isoformat()} {b64encode(key.secret).decode()}"


def key_in(line: str, algorithm: Algorithm) -> SigningKey:
    """The key of a line. Raises ValueError for whatever is not one."""
    try:
        name, instant, encoded = line.split(" ")
        secret = b64decode(encoded, validate=True)
    except binascii.Error as fault:
        raise ValueError("not base64") from fault
    created_at = datetime.fromisoformat(instant)
    key = SigningKey(id=name, algorithm=algorithm, created_at=created_at, secret=secret)
    if created_at.tzinfo is None or _private(key).thumbprint() != name:
        raise ValueError("another key than its name says")
    return key


def key_for(keys: Iterable[SigningKey], algorithm: Algorithm, *, now: datetime) -> SigningKey:
    """The newest that every receiver can know by now; the first there was, if none is that old."""
    fitting = sorted(
        (key for key in keys if key.algorithm is algorithm), key=lambda key: key.created_at
    )
    known = [key for key in fitting if key.created_at + USED_AFTER <= now]
    return known[-1] if known else fitting[0]


def unused_since(keys: Iterable[SigningKey], key: SigningKey) -> datetime | None:
    """From when nothing is signed with it; None for one that no newer key takes the place of."""
    newer = [one for one in keys if one.algorithm is key.algorithm]
    newer = [one for one in newer if one.created_at > key.created_at]
    return min(one.created_at for one in newer) + USED_AFTER if newer else None


def signed(key: SigningKey, payload: bytes, *, kind: str) -> str:
    """A JWS in compact form, whose header says its `typ`. RSA takes milliseconds: in a thread."""
    header = {"alg": key.algorithm.value, "typ": kind, "kid": key.id}
    return jws.serialize_compact(header, payload, _private(key), algorithms=list(Algorithm))


def public_key(key: SigningKey) -> dict[str, str]:
    """What a key set says of it: nothing that signs."""
    opened = _private(key)
    public: dict[str, Any] = opened.as_dict(private=False)
    kept = ("kty", "n", "e") if isinstance(opened, RSAKey) else ("kty", "crv", "x", "y")
    members = {name: str(public[name]) for name in kept}
    return {**members, "alg": key.algorithm.value, "use": "sig", "kid": key.id}


@lru_cache(maxsize=64)
def _private(key: SigningKey) -> RSAKey | ECKey:
    """Raises ValueError if it is none, or not of the kind its algorithm goes with."""
    # Whether the primes are primes is not asked again each time a process starts (a third of a
    # second): the file is ours alone, and its key is compared with its name.
    opened = load_der_private_key(key.secret, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(opened, RSAPrivateKey) and key.algorithm is Algorithm.RS256:
        if opened.key_size < _RSA_BITS:
            raise ValueError("too short")
        return RSAKey.import_key(opened)
    if isinstance(opened, EllipticCurvePrivateKey) and key.algorithm is Algorithm.ES256:
        if opened.curve.name != "secp256r1":
            raise ValueError("another curve")
        return ECKey.import_key(opened)
    raise ValueError("another kind of key")
