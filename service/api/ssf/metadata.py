"""Where a receiver begins: what this transmitter is, and the keys it signs with."""

from typing import Annotated, Final

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from domain.wallets import Wallet
from service import openapi
from service.operations.house import House
from service.security.signing import public_key

PUSH: Final = "urn:ietf:rfc:8935"
POLL: Final = "urn:ietf:rfc:8936"
# A day passes between publishing a key and signing with it: nobody misses one within the hour.
_KEPT: Final = {"Cache-Control": "public, max-age=3600"}


class AuthorizationScheme(Struct, frozen=True):
    spec_urn: str


class TransmitterMetadata(Struct, frozen=True, kw_only=True):
    """SSF 1.0, section 7.1."""

    spec_version: str
    issuer: str
    jwks_uri: str
    delivery_methods_supported: tuple[str, ...]
    configuration_endpoint: str
    status_endpoint: str
    add_subject_endpoint: str
    remove_subject_endpoint: str
    verification_endpoint: str
    authorization_schemes: tuple[AuthorizationScheme, ...]
    default_subjects: Annotated[
        str, Meta(description="A stream is told of every account that was not removed from it.")
    ]


class KeySet(Struct, frozen=True):
    """RFC 7517. A key stands here 24 hours before it signs, and stays after the next one."""

    keys: tuple[dict[str, str], ...]


@get("/.well-known/ssf-configuration", tags=["shared signals"], responses=openapi.problems_at())
async def metadata(wallet: NamedDependency[Wallet]) -> Response[TransmitterMetadata]:
    """The transmitter, from the wallet's configured origin, which is its issuer.

    Every token has this issuer, and is about an account as
    `{"format": "iss_sub", "iss": issuer, "sub": subject}`, where `subject` is the wallet's own id
    of its user, the one of `/v1/accounts/{subject}`. Streams are managed with an access token of
    the scope `ssf.manage`; `ssf.read` reads and polls.
    """
    origin = wallet.origin
    found = TransmitterMetadata(
        spec_version="1_0",
        issuer=origin,
        jwks_uri=f"{origin}/.well-known/jwks.json",
        delivery_methods_supported=(PUSH, POLL),
        configuration_endpoint=f"{origin}/ssf/streams",
        status_endpoint=f"{origin}/ssf/status",
        add_subject_endpoint=f"{origin}/ssf/subjects:add",
        remove_subject_endpoint=f"{origin}/ssf/subjects:remove",
        verification_endpoint=f"{origin}/ssf/verify",
        authorization_schemes=(AuthorizationScheme("urn:ietf:rfc:6749"),),
        default_subjects="ALL",
    )
    return Response(found, headers=_KEPT)


@get(
    "/.well-known/jwks.json",
    media_type="application/jwk-set+json",
    tags=["shared signals"],
    responses=openapi.problems_at(),
)
async def key_set(house: NamedDependency[House]) -> Response[KeySet]:
    """The public keys that tokens are signed with, the newest first."""
    keys = tuple(public_key(key) for key in house.keys.signing.all())
    return Response(KeySet(keys), headers=_KEPT)
