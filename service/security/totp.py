"""Authenticator codes (RFC 6238): one step of tolerance, and no code works twice."""

import hmac
from datetime import datetime
from typing import Final

from pyotp import random_base32
from pyotp.totp import TOTP

_STEP: Final = 30


def new_totp_secret() -> str:
    return random_base32(32)


def code_at(secret: str, now: datetime) -> str:
    return TOTP(secret).at(now)


def accepted_step(secret: str, typed: str, *, last_step: int, now: datetime) -> int | None:
    """The time step whose code was typed, if it is later than the last accepted one."""
    if not (typed.isascii() and typed.isdigit()):
        return None
    current = int(now.timestamp()) // _STEP
    totp = TOTP(secret)
    found: int | None = None
    for step in (current - 1, current, current + 1):
        made = totp.generate_otp(step)
        if hmac.compare_digest(made, typed) and step > last_step:
            found = step
    return found


def setup_address(secret: str, *, issuer: str) -> str:
    """What authenticator apps read from a QR code (the Key URI format of pyotp's issuers).

    It names the wallet and nobody: whoever sees the app's list learns no address.
    """
    return TOTP(secret).provisioning_uri(name=issuer, issuer_name=issuer)
