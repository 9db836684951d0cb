"""How a client proves itself with a key: `private_key_jwt` (RFC 7521, RFC 7523).

What a signed assertion must be like, and which keys count, is decided here alone; an assertion says
only which of its client's registered keys signed it. Nothing is ever fetched.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import shake_256
from typing import Annotated, Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey
from joserfc.jws import CompactSignature
from msgspec import Meta, Struct

from domain.refusals import ClientNotValid
from service.security.issuers import LONGEST_KID, Signatures, newer_name, usable_keys

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The signatures that count, and the one kind of key that each goes with. The last two are old and
# new words for the same.
ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
# Whoever overhears an assertion that was never used may use it this long,
_LASTS: Final = timedelta(minutes=5)
# and two machines' clocks are seldom further apart than this.
_CLOCKS_DIFFER: Final = timedelta(seconds=30)
_LONGEST: Final = 4096
# Of a public key; all of them words.
_MEMBERS: Final = ("kty", "crv", "alg", "use", "n", "e", "x", "y")
# An access token or a signal of ours was never meant to prove who a client is.
_TYPES: Final = frozenset({"jwt", "client-authentication+jwt"})
# Until the year 9999: later ones fit no calendar.
_Instant = Annotated[float, Meta(ge=0, le=253_402_300_799)]
_Text = Annotated[str, Meta(min_length=1, max_length=255)]


class KeyRefused(Exception):
    """Why a key cannot be registered, in words for the operator."""


class Claims(Struct, frozen=True, kw_only=True):
    iss: _Text
    sub: _Text
    aud: str | list[str]
    exp: _Instant
    jti: _Text
    iat: _Instant | None = None
    nbf: _Instant | None = None


class Opened(Struct, frozen=True):
    """Taken apart; nothing in it is believed yet."""

    signed: CompactSignature
    alg: str
    kid: str
    claims: Claims

    @property
    def client_id(self) -> str:
        return self.claims.sub

    @property
    def refused_from(self) -> datetime:
        """Its age alone refuses it from now on: until then it is remembered that it was used."""
        return datetime.fromtimestamp(self.claims.exp, UTC) + _CLOCKS_DIFFER


class _Registry(Signatures):
    max_payload_length = _LONGEST


# A header may carry more than we read (`jku`, `jwk`, `x5c`): it is passed over, never followed.
_REGISTRY: Final = _Registry(algorithms=list(ALGORITHMS), strict_check_header=False)


def opened(assertion: str) -> Opened:
    """Which client it speaks of and which key would have to have signed it.

    Raises ClientNotValid for what no key could help.
    """
    if len(assertion) > _LONGEST or not assertion.isascii():
        raise ClientNotValid
    try:
        signed = jws.extract_compact(assertion.encode(), registry=_REGISTRY)
        claims = msgspec.json.decode(signed.payload, type=Claims)
    except (JoseError, msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        raise ClientNotValid from None
    header = signed.headers()
    alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise ClientNotValid
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID or not kid.isprintable():
        raise ClientNotValid
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in _TYPES:
        raise ClientNotValid
    # An extension that must be understood is none of ours.
    if "crit" in header or "b64" in header or claims.iss != claims.sub:
        raise ClientNotValid
    if not claims.sub.isprintable():
        raise ClientNotValid
    return Opened(signed, alg, kid, claims)


def is_good(told: Opened, jwk: str | None, *, audiences: tuple[str, ...], now: datetime) -> bool:
    """Signed with this key, for us, in time. Without a key it takes as long to say no."""
    known = None if jwk is None else msgspec.json.decode(jwk, type=dict[str, str])
    if known is not None and not _fits(known, told.alg):
        known = None
    is_signed = _is_signed(told, known or _NOBODYS[ALGORITHMS[told.alg][0]])
    return known is not None and is_signed and _is_for_us(told.claims, audiences, now)


def registrable(file: bytes) -> dict[str, str]:
    """The keys of a JWK or JWK set by their ids, as they are stored: nothing else of them counts.

    A key without an id is known by its thumbprint (RFC 7638). Raises KeyRefused.
    """
    try:
        told = msgspec.json.decode(file, type=dict[str, Any])
        listed = msgspec.convert(told.get("keys", [told]), list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise KeyRefused("The file is neither a JWK nor a JWK set.") from None
    found = dict(_registered(one) for one in listed)
    if not found or len(found) != len(listed):
        raise KeyRefused("The file holds no key, or two under the same kid.")
    return found


def _registered(told: dict[str, Any]) -> tuple[str, str]:
    if {"d", "k"} & told.keys():
        raise KeyRefused("The file holds a secret: give the public key, and make a new pair.")
    # Any name will do until its own is known.
    usable = next(iter(usable_keys([{**told, "kid": "unnamed"}]).values()), None)
    if usable is None or not any(_fits(told, alg) for alg in ALGORITHMS):
        raise KeyRefused(f"Only public keys for signatures count: {', '.join(ALGORITHMS)}.")
    kid = told.get("kid", usable.key.thumbprint())
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID or not kid.isprintable():
        raise KeyRefused("A kid is a short word.")
    kept = {name: told[name] for name in _MEMBERS if name in told}
    return kid, msgspec.json.encode({**kept, "kid": kid}).decode()


def _fits(jwk: Mapping[str, str], alg: str) -> bool:
    """A signature is checked with the kind of key its algorithm goes with, or not at all."""
    kind = (jwk["kty"], jwk.get("crv"))
    named = newer_name(jwk.get("alg", alg)) == newer_name(alg)
    return named and kind == ALGORITHMS[alg]


def _is_signed(told: Opened, jwk: Mapping[str, str]) -> bool:
    try:
        # Which algorithm it is for was asked before, under both of its names.
        key = JWKRegistry.import_key({name: jwk[name] for name in jwk if name != "alg"})
        return jws.validate_compact(told.signed, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


def _is_for_us(claims: Claims, audiences: tuple[str, ...], now: datetime) -> bool:
    """For nobody beside us, not over, not of the future, and over soon."""
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    this, differ = now.timestamp(), _CLOCKS_DIFFER.total_seconds()
    begun = (claims.iat or 0, claims.nbf or 0)
    return (
        len(named) == 1
        and named[0] in audiences
        and this < claims.exp + differ
        and claims.exp <= this + _LASTS.total_seconds() + differ
        and all(one <= this + differ for one in begun)
    )


def _nobodys_modulus() -> str:
    """Out of nothing: nobody knows what it is made of."""
    modulus = bytearray(shake_256(b"nobody's key").digest(256))
    modulus[0] |= 0x80
    modulus[-1] |= 1
    return urlsafe_b64encode(bytes(modulus)).rstrip(b"=").decode()


def _nobodys(key: ECKey | OKPKey) -> dict[str, str]:
    return msgspec.convert(key.as_dict(private=False), dict[str, str])


# Checked when there is no other, so that a client that is not there takes no less time.
_NOBODYS: Final[Mapping[str, Mapping[str, str]]] = {
    "RSA": {"kty": "RSA", "n": _nobodys_modulus(), "e": "AQAB"},
    "EC": _nobodys(ECKey.generate_key("P-256")),
    "OKP": _nobodys(OKPKey.generate_key("Ed25519")),
}
