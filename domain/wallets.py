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
    data_key_id: KeyId
    policy: Policy = Policy()
    row_version: int = 1
