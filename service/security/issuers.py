"""The keys of the wallets' identity providers: found by OpenID Connect Discovery, kept for a while.

A key id nobody knows makes us ask again, at most once in `between_questions` and once for everyone
who waits. While an issuer is away its keys go on for a bounded time; a key that it has taken out
of its set is gone here as soon as the set is read again.
"""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from msgspec import Struct

from domain.policy import SignInPolicy
from domain.refusals import IssuerAway
from service.security.outgoing import NoDocument, Outgoing

log = structlog.get_logger("service.issuers")

# The algorithms a wallet may allow, and the one kind of key that each goes with. The last two are
# old and new words for the same, and whoever allows one allows both.
ASYMMETRIC: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
LONGEST_KID: Final = 255
_MOST_KEYS: Final = 100
_SHORTEST_RSA: Final = 2048
_WELL_KNOWN: Final = "/.well-known/openid-configuration"

PublicKey = RSAKey | ECKey | OKPKey


def newer_name(alg: str) -> str:
    """RFC 9864 calls a signature by its curve, too. Its older word stays good: the keys that go
    with it are all of this one curve."""
    return "Ed25519" if alg == "EdDSA" else alg


class Signatures(JWSRegistry):
    """Knows the older word by the newer one: the library warns at each use of the older."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return super().get_alg(newer_name(name))


class IssuerKey(Struct, frozen=True):
    """A key of the set, and the algorithm it is for, where the set says it."""

    key: PublicKey
    kind: str
    curve: str | None
    alg: str | None

    def fits(self, alg: str) -> bool:
        """A signature is checked with the kind of key its algorithm goes with, or not at all."""
        named = self.alg is None or newer_name(self.alg) == newer_name(alg)
        return named and ASYMMETRIC.get(alg) == (self.kind, self.curve)


class _Discovered(Struct, frozen=True):
    issuer: str
    jwks_uri: str


class _KeySet(Struct, frozen=True):
    keys: list[dict[str, Any]]


class _Issuer:
    """What is known of one."""

    def __init__(self) -> None:
        self.keys: Mapping[str, IssuerKey] | None = None
        self.read_at: datetime | None = None
        self.asked_at: datetime | None = None
        self.failed = False
        self.asking: asyncio.Task[None] | None = None

    def age(self, now: datetime) -> float:
        """In seconds; a clock that was set back makes keys old, never young."""
        return float("inf") if self.read_at is None else abs((now - self.read_at).total_seconds())


class Issuers:
    """One per process. The caller says what time it is."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._known: dict[str, _Issuer] = {}

    async def close(self) -> None:
        waiting = [known.asking for known in self._known.values() if known.asking is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._outgoing.close()

    async def key(
        self, issuer: str, kid: str, *, policy: SignInPolicy, now: datetime
    ) -> IssuerKey | None:
        """The issuer's key of this id; None when it says that it has none.

        Raises IssuerAway when it cannot be asked, and what it said before is too old or silent.
        """
        known = self._known.setdefault(issuer, _Issuer())
        is_fresh = known.age(now) < policy.keys_are_fresh_for.total_seconds()
        if not is_fresh or known.keys is None or kid not in known.keys:
            await self._ask(issuer, known, policy=policy, now=now)
        too_old = known.age(now) >= policy.keys_outlive_issuer_for.total_seconds()
        if known.keys is None or too_old:
            raise IssuerAway
        if kid not in known.keys and known.failed:
            # It may have this key by now; nobody can say.
            raise IssuerAway
        return known.keys.get(kid)

    async def _ask(
        self, issuer: str, known: _Issuer, *, policy: SignInPolicy, now: datetime
    ) -> None:
        """One question at a time, and not at once again."""
        if known.asking is None:
            waits = policy.between_questions
            if known.asked_at is not None and abs(now - known.asked_at) < waits:
                return
            known.asked_at = now
            known.asking = asyncio.create_task(self._refresh(issuer, known, now))
        # Whoever hangs up must not take the answer away from the others who wait for it.
        await asyncio.shield(known.asking)

    async def _refresh(self, issuer: str, known: _Issuer, now: datetime) -> None:
        try:
            known.keys = await self._read(issuer)
            known.read_at, known.failed = now, False
        except NoDocument as reason:
            known.failed = True
            log.warning("issuer.away", issuer=issuer, reason=str(reason))
        finally:
            known.asking = None

    async def _read(self, issuer: str) -> Mapping[str, IssuerKey]:
        try:
            told = msgspec.json.decode(
                await self._outgoing.read(issuer.removesuffix("/") + _WELL_KNOWN), type=_Discovered
            )
            # Character by character (OpenID Connect Discovery, section 4.3).
            if told.issuer != issuer:
                raise NoDocument("another-issuer")
            listed = msgspec.json.decode(await self._outgoing.read(told.jwks_uri), type=_KeySet)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise NoDocument("not-as-documented") from None
        keys = usable_keys(listed.keys)
        if not keys:
            raise NoDocument("no-usable-key")
        return keys


def usable_keys(listed: list[dict[str, Any]]) -> Mapping[str, IssuerKey]:
    """The public signing keys of a set by their ids; what cannot be used is left out."""
    found: dict[str, IssuerKey] = {}
    for told in listed[:_MOST_KEYS]:
        kid = told.get("kid")
        usable = _usable(told)
        if usable is None or not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
            continue
        # Two keys under one id: the first, as most libraries would.
        found.setdefault(kid, usable)
    return found


def _usable(told: dict[str, Any]) -> IssuerKey | None:
    operations = told.get("key_ops", ["verify"])
    for_signatures = told.get("use", "sig") == "sig" and (
        isinstance(operations, list) and "verify" in operations
    )
    kind, alg = told.get("kty"), told.get("alg")
    # A shared secret in a public document is everyone's, and so is a private key.
    if not for_signatures or kind not in {"RSA", "EC", "OKP"} or "d" in told:
        return None
    try:
        if kind == "RSA" and _bits(told["n"]) < _SHORTEST_RSA:
            return None
        # Which algorithm it is for is asked by `fits`, under both of its names.
        key = JWKRegistry.import_key({name: told[name] for name in told if name != "alg"})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, OctKey) or not (alg is None or isinstance(alg, str)):
        return None
    curve = None if isinstance(key, RSAKey) else key.curve_name
    return IssuerKey(key, kind, curve, alg)


def _bits(number: str) -> int:
    """How long a number of a key is (RFC 7518, section 2: big-endian base64url)."""
    return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()
