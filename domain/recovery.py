"""What an owner without a phone still has: a printed card, and words that a person may check.

A card holds ten codes, each good for one freeze. Whoever types one freezes the account at once,
and has given a proof that a thief with phone, SIM and mailbox cannot give. A new card ends the
old one. A hint (a number, a good time) is what anyone may leave who says that they are the owner:
it freezes nothing and proves nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.events import RecoveryCardMade, RecoveryCodeUsed
from domain.ids import ALPHABET, AccountId, HintId, RecoveryCodeId, TicketId, WalletId
from domain.refusals import AccountIsFrozen, CodeUsed

_GROUP: Final = 4
_GROUPS: Final = 4
_MISREAD: Final = str.maketrans("ILO", "110")


class RecoveryCode(Struct, frozen=True, kw_only=True):
    """One of a card's ten codes, kept as its argon2id hash."""

    id: RecoveryCodeId
    wallet_id: WalletId
    account_id: AccountId
    # The code's first group, in clear: one look-up and one slow comparison find the right one of
    # ten. What stays secret are the other twelve characters.
    mark: str
    code_hash: str
    made_at: datetime
    used_at: datetime | None = None
    row_version: int = 1


class Voice(StrEnum):
    """How the owner wants to be spoken to."""

    CALL = "call"
    TEXT = "text"


class GoodTime(StrEnum):
    """When: on the owner's own clock."""

    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class LeftHint(Struct, frozen=True, kw_only=True):
    """What somebody left at an address: waits until it is seen whether that is an owner's."""

    id: HintId
    wallet_id: WalletId
    address_kind: str
    address_index: bytes
    # Sealed under the wallet's key.
    said: bytes
    left_at: datetime
    row_version: int = 1


class Hint(Struct, frozen=True, kw_only=True):
    """The same on an owner's ticket: something to try, never a proof."""

    id: HintId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Sealed under the owner's key.
    said: bytes
    left_at: datetime
    row_version: int = 1


def code_from(randomness: bytes) -> str:
    """A card's code such as ``7K2Q-M4XR-0HFE-9TZB``: 80 random bits. Needs exactly ten bytes."""
    if len(randomness) != 10:
        raise ValueError("a recovery code is made of ten random bytes")
    number = int.from_bytes(randomness, "big")
    plain = "".join(ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return _grouped(plain)


def read_code(typed: str) -> str | None:
    """What someone typed as a card's code in its one written form; None if it cannot be one."""
    plain = typed.upper().translate(_MISREAD)
    plain = "".join(character for character in plain if character not in " -–—.")
    if len(plain) != _GROUP * _GROUPS or any(character not in ALPHABET for character in plain):
        return None
    return _grouped(plain)


def mark_of(code: str) -> str:
    """The group by which a code is found."""
    return code[:_GROUP]


def make_card(
    account: Account, codes: Sequence[RecoveryCode], *, now: datetime
) -> Change[tuple[RecoveryCode, ...]]:
    """Ten new codes; the caller drops the ones before. Not while frozen: then it may be a thief."""
    if account.is_frozen:
        raise AccountIsFrozen
    event = RecoveryCardMade(account_id=account.id, codes=len(codes), at=now)
    return Change(tuple(codes), (event,))


def use_code(
    code: RecoveryCode, *, left: int, ticket_id: TicketId, now: datetime
) -> Change[RecoveryCode]:
    """Each code works once. `left` is how many of the card remain after it."""
    if code.used_at is not None:
        raise CodeUsed
    event = RecoveryCodeUsed(account_id=code.account_id, ticket_id=ticket_id, left=left, at=now)
    return Change(replace(code, used_at=now), (event,))


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))
