"""A wallet: one brand with its own origin, words, people and rules.

Every row belongs to exactly one wallet and is never visible from another.
"""

from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.ids import KeyId, WalletId
from domain.policy import Policy

# Whose journal holds what belongs to no wallet, such as an agent's sign-in.
THE_INSTALLATION: Final = WalletId(UUID(int=0))
# How most identity providers sign access tokens, and what RFC 9068 says they are.
DEFAULT_ALGORITHMS: Final = ("RS256", "ES256")
DEFAULT_TYPES: Final = ("at+jwt",)


class Wallet(Struct, frozen=True, kw_only=True):
    id: WalletId
    # Scheme, host and port; unique in the installation, and what every link is built from.
    origin: str
    name: str
    # For text messages: letters of the GSM alphabet, at most 11.
    short_name: str
    # "#rrggbb"; pages derive colours with enough contrast from it.
    colour: str
    languages: tuple[str, ...]
    time_zone: str
    # Where phone numbers without a country code belong, and whose carriers may get codes.
    country: str
    dialling_codes: tuple[str, ...]
    support_number: str
    support_hours: str
    text_channel: str | None
    emergency_number: str
    email_from: str
    # Sign-in strengths that count as strong, as the wallet's identity provider names them.
    strong_acr: tuple[str, ...]
    # Whose access tokens owners come with, character by character as `iss` says it; None: no
    # owner's token is good here. `audience` is what this service is called in them.
    issuer: str | None = None
    audience: str | None = None
    # Which signatures count: public keys only, never a shared secret.
    token_algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    # Which `typ` counts. An issuer that knows RFC 9068 says at+jwt; with JWT in the list, an
    # audience of this service's own is all that tells an access token from an ID token.
    token_types: tuple[str, ...] = DEFAULT_TYPES
    data_key_id: KeyId
    policy: Policy = Policy()
    row_version: int = 1
