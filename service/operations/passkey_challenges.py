"""Challenges for passkeys: random, for one browser and purpose, short-lived, used once."""

import secrets
from typing import Final

from sqlalchemy import delete

from domain.ids import AgentId
from domain.limits import PASSKEYS_ASKED
from domain.policy import DEFAULT
from domain.wallets import THE_INSTALLATION
from service.operations import limits
from service.operations.house import House
from service.security.tokens import digest, new_id
from service.storage.rows import clock, put
from service.storage.tables import now, passkey_challenges
from service.storage.values import PasskeyChallenge, PasskeyPurpose

_RANDOM_BYTES: Final = 32


async def make(
    house: House,
    purpose: PasskeyPurpose,
    *,
    browser: bytes,
    of: AgentId | None,
    network: str | None = None,
) -> bytes:
    """A new challenge; only its SHA-256 is stored. Raises TooMany."""
    challenge = secrets.token_bytes(_RANDOM_BYTES)
    async with house.engine.begin() as db:
        if network is not None:
            counted = limits.subject_of(
                house.keys, THE_INSTALLATION, PASSKEYS_ASKED, network.encode()
            )
            await limits.require(db, counted, PASSKEYS_ASKED.rate)
        made = PasskeyChallenge(
            id=new_id(),
            challenge_sha256=digest(challenge.hex()),
            purpose=purpose,
            browser_sha256=browser,
            agent_id=of,
            expires_at=await clock(db) + DEFAULT.sessions.passkey_challenge_lasts,
        )
        await put(db, None, made)
    return challenge


async def spend(house: House, purpose: PasskeyPurpose, challenge: bytes, *, browser: bytes) -> bool:
    """Whether it was one of this browser's, for this. It is gone with the question."""
    ours = passkey_challenges.c.challenge_sha256 == digest(challenge.hex())
    ours &= passkey_challenges.c.purpose == purpose.value
    ours &= passkey_challenges.c.browser_sha256 == browser
    async with house.engine.begin() as db:
        gone = await db.execute(
            delete(passkey_challenges)
            .where(ours, passkey_challenges.c.expires_at > now)
            .returning(passkey_challenges.c.id)
        )
        return gone.one_or_none() is not None
