"""One-time codes: what a challenge binds, how long a code lasts, when the next may be asked.

A challenge binds a code to a person, a way, a purpose and a browser. Sending again puts a new
code under the same challenge and the same counter; the last two are right; one use ends both.
An address that no trusted person has gets a challenge like any other, a decoy: nobody is sent
its code, and no code opens it.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.change import Change
from domain.events import CodeAsked
from domain.ids import AddressId, BrowserSessionId, ChallengeId, ContactId, PersonId, WalletId
from domain.policy import CodePolicy
from domain.refusals import TooSoon
from domain.reports import Way


class Purpose(StrEnum):
    """What a code authorises: this and nothing else."""

    ACCEPT = "accept"
    REPORT = "report"
    WITHDRAW = "withdraw"
    FOLLOW = "follow"
    DRILL = "drill"
    # A contact's own space, and a second address added there.
    SPACE = "space"
    SECOND = "second"


class CodeResult(StrEnum):
    """Why a code opened nothing. An outcome, not an exception: the guess stays counted."""

    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used-up"


class Challenge(Struct, frozen=True, kw_only=True):
    id: ChallengeId
    wallet_id: WalletId
    # None for a decoy, both of them.
    person_id: PersonId | None
    contact_id: ContactId | None
    browser_session_id: BrowserSessionId
    way: Way = Way.LINK
    purpose: Purpose
    # Look-up value of the address that was typed; None with a link.
    address_index: bytes | None = None
    # Where the code goes that is right now; None: where the contact is enrolled.
    address_id: AddressId | None = None
    attempts: int = 0
    # None was sent yet where only a code of an authenticator app was typed.
    sent: int = 1
    # HMAC-SHA-256 with a key outside the database; the code itself is nowhere.
    code_hmac: bytes
    code_expires_at: datetime
    earlier_hmac: bytes | None = None
    earlier_expires_at: datetime | None = None
    asked_at: datetime
    next_code_from: datetime
    used_at: datetime | None = None
    row_version: int = 1

    def guesses_left(self, policy: CodePolicy) -> int:
        return max(0, policy.guesses - self.attempts)

    def is_live(self, policy: CodePolicy, now: datetime) -> bool:
        return self.used_at is None and self.guesses_left(policy) > 0 and now < self.code_expires_at


def begin(challenge: Challenge, *, now: datetime) -> Change[Challenge]:
    """The first code of a challenge is on its way."""
    return Change(challenge, (_asked(challenge, now),))


def another_code(
    challenge: Challenge,
    *,
    code_hmac: bytes,
    policy: CodePolicy,
    now: datetime,
    address_id: AddressId | None = None,
) -> Change[Challenge]:
    """A new code under the same counter, not before the wait is over; each wait doubles.

    Sent to another address it is the only one that is right: a browser is verified by one address.
    """
    if now < challenge.next_code_from:
        raise TooSoon(challenge.next_code_from)
    same = address_id == challenge.address_id and challenge.sent > 0
    again = replace(
        challenge,
        sent=challenge.sent + 1,
        code_hmac=code_hmac,
        code_expires_at=now + policy.lasts,
        address_id=address_id,
        earlier_hmac=challenge.code_hmac if same else None,
        earlier_expires_at=challenge.code_expires_at if same else None,
        next_code_from=next_code_from(challenge.sent + 1, policy=policy, now=now),
    )
    return Change(again, (_asked(again, now),))


def next_code_from(sent: int, *, policy: CodePolicy, now: datetime) -> datetime:
    """60 s after the first code, doubling with each up to 32 minutes."""
    doubled = policy.first_wait * 2 ** min(sent - 1, 16)
    return now + min(doubled, policy.longest_wait)


def _asked(challenge: Challenge, now: datetime) -> CodeAsked:
    return CodeAsked(
        challenge_id=challenge.id,
        contact_id=challenge.contact_id,
        purpose=challenge.purpose.value,
        expires_at=challenge.code_expires_at,
        address_id=challenge.address_id,
        at=now,
    )
