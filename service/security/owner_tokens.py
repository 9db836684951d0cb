"""The wallet's own access tokens: signed JWTs (RFC 7519, RFC 9068), read with the best practices
of RFC 8725. Who signed is decided by the wallet's settings alone, never by what a token says.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature
from msgspec import Meta, Struct

from domain.policy import SignInPolicy
from domain.refusals import TokenNotValid
from domain.sign_ins import SignIn
from domain.wallets import Wallet
from service.security.issuers import (
    ASYMMETRIC,
    LONGEST_KID,
    IssuerKey,
    Signatures,
    newer_name,
)

# An identity provider's token with every group of its user in it is about half of this.
_LONGEST: Final = 8192
_LONGEST_HEADER: Final = 4096
# Claims of the far future would not fit a calendar: until the year 9999.
_Instant = Annotated[float, Meta(ge=0, le=253_402_300_799)]
_Text = Annotated[str, Meta(min_length=1, max_length=255)]


class Claims(Struct, frozen=True, kw_only=True):
    """Those that count here; RFC 9068 requires the first five of each token."""

    iss: str
    sub: _Text
    aud: str | list[str]
    exp: _Instant
    iat: _Instant
    nbf: _Instant | None = None
    auth_time: _Instant | None = None
    acr: _Text | None = None


class Opened(Struct, frozen=True):
    """Taken apart; nothing in it is believed yet."""

    signed: CompactSignature
    alg: str
    kid: str


class Vouched(Struct, frozen=True, kw_only=True):
    """What the wallet's identity provider says with its signature."""

    subject: str
    sign_in: SignIn


class _Registry(Signatures):
    max_header_length = _LONGEST_HEADER
    max_payload_length = _LONGEST


# A header may carry more than we read (`jku`, `jwk`, `x5c`): it is passed over, never followed.
_REGISTRY: Final = _Registry(algorithms=list(ASYMMETRIC), strict_check_header=False)


def opened(token: str, wallet: Wallet) -> Opened:
    """Which key would have to have signed it. Raises TokenNotValid for what no key could help."""
    if len(token) > _LONGEST or not token.isascii():
        raise TokenNotValid
    try:
        signed = jws.extract_compact(token.encode(), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenNotValid from None
    header = signed.headers()
    alg, kid = header.get("alg"), header.get("kid")
    allowed = {newer_name(one) for one in wallet.token_algorithms}
    if not isinstance(alg, str) or alg not in ASYMMETRIC or newer_name(alg) not in allowed:
        raise TokenNotValid
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise TokenNotValid
    # An extension that must be understood is none of ours.
    if "crit" in header or "b64" in header or not _is_of_type(header.get("typ"), wallet):
        raise TokenNotValid
    return Opened(signed, alg, kid)


def vouched(token: Opened, key: IssuerKey, wallet: Wallet, *, now: datetime) -> Vouched:
    """What a token says whose signature, issuer, audience and times are good.

    Raises TokenNotValid, which does not say what was wrong.
    """
    if not key.fits(token.alg) or not _is_signed(token, key):
        raise TokenNotValid
    try:
        claims = msgspec.json.decode(token.signed.payload, type=Claims)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise TokenNotValid from None
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    is_ours = claims.iss == wallet.issuer and wallet.audience in audiences
    if not is_ours or not _is_its_time(claims, wallet.policy.sign_ins, now):
        raise TokenNotValid
    if not claims.sub.isprintable():
        raise TokenNotValid
    at = None if claims.auth_time is None else datetime.fromtimestamp(claims.auth_time, UTC)
    return Vouched(subject=claims.sub, sign_in=SignIn(at=at, acr=claims.acr))


def _is_signed(token: Opened, key: IssuerKey) -> bool:
    try:
        return jws.validate_compact(token.signed, key.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


def _is_of_type(typ: object, wallet: Wallet) -> bool:
    """Compared as media types are: in any case of letters, `application/` left out or not."""
    said = "JWT" if typ is None else typ
    if not isinstance(said, str):
        return False
    accepted = {one.lower() for one in wallet.token_types}
    return said.lower().removeprefix("application/") in accepted


def _is_its_time(claims: Claims, policy: SignInPolicy, now: datetime) -> bool:
    """Begun, not over, and nothing in it of the future, by two clocks that may differ a little."""
    this, differ = now.timestamp(), policy.clocks_differ.total_seconds()
    begun = (claims.iat, claims.nbf or claims.iat, claims.auth_time or claims.iat)
    return this < claims.exp + differ and all(one <= this + differ for one in begun)
