"""Names for the rows' keys, and the reference a person can read aloud.

Keys are UUIDv7 and are made where randomness is allowed (`service.security.tokens`); here
they are only told apart from one another.
"""

from typing import Final, NewType
from uuid import UUID

WalletId = NewType("WalletId", UUID)
ClientId = NewType("ClientId", UUID)
PersonId = NewType("PersonId", UUID)
KeyId = NewType("KeyId", UUID)
AccountId = NewType("AccountId", UUID)
AddressId = NewType("AddressId", UUID)
DeviceId = NewType("DeviceId", UUID)
SessionId = NewType("SessionId", UUID)
ContactId = NewType("ContactId", UUID)
ChallengeId = NewType("ChallengeId", UUID)
BrowserSessionId = NewType("BrowserSessionId", UUID)
PageLinkId = NewType("PageLinkId", UUID)
ReportId = NewType("ReportId", UUID)
TicketId = NewType("TicketId", UUID)
ProofId = NewType("ProofId", UUID)
ProposalId = NewType("ProposalId", UUID)
ReleaseReviewId = NewType("ReleaseReviewId", UUID)
ClientMistakeId = NewType("ClientMistakeId", UUID)
MistakenFreezeId = NewType("MistakenFreezeId", UUID)
AgentId = NewType("AgentId", UUID)
RecoveryCodeId = NewType("RecoveryCodeId", UUID)
HintId = NewType("HintId", UUID)
WalletReportId = NewType("WalletReportId", UUID)
DisputeId = NewType("DisputeId", UUID)
VerdictId = NewType("VerdictId", UUID)
FalseReportId = NewType("FalseReportId", UUID)
AttemptId = NewType("AttemptId", UUID)
DrillId = NewType("DrillId", UUID)
SafetyNoteId = NewType("SafetyNoteId", UUID)
TicketNoteId = NewType("TicketNoteId", UUID)
TicketMessageId = NewType("TicketMessageId", UUID)
AuthenticatorId = NewType("AuthenticatorId", UUID)
ErasureId = NewType("ErasureId", UUID)
StreamId = NewType("StreamId", UUID)
SignalId = NewType("SignalId", UUID)
AgentAddressId = NewType("AgentAddressId", UUID)
OnCallId = NewType("OnCallId", UUID)
RingId = NewType("RingId", UUID)
RevealId = NewType("RevealId", UUID)
SkipId = NewType("SkipId", UUID)
OwnerCodeId = NewType("OwnerCodeId", UUID)
CheckId = NewType("CheckId", UUID)
PasskeyId = NewType("PasskeyId", UUID)
AgentCodeId = NewType("AgentCodeId", UUID)

# Crockford's alphabet: no I, L, O or U, so that nothing read over a bad line is taken for
# something else.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("ILO", "110")
_BODY: Final = 8
_KEY: Final = 6


def reference_from(randomness: bytes) -> str:
    """A report's reference such as ``K7QF-3M2X-R``: 40 random bits and a check character.

    It names nobody and opens nothing. Needs exactly five bytes.
    """
    if len(randomness) != 5:
        raise ValueError("a reference is made of five random bytes")
    number = int.from_bytes(randomness, "big")
    values = [(number >> shift) & 31 for shift in range(35, -1, -5)]
    body = "".join(ALPHABET[value] for value in values)
    return f"{body[:4]}-{body[4:]}-{ALPHABET[_check(values)]}"


def rehearsal_reference_from(randomness: bytes) -> str:
    """A rehearsal's reference such as ``TEST-K7QF-3M2X-R``: too long to be read as a real one."""
    return f"TEST-{reference_from(randomness)}"


def check_key_from(randomness: bytes) -> str:
    """The key of a check such as ``K7Q-F3M-X``, short enough to be read aloud: 30 random bits and a
    check character. Needs exactly four bytes, of which the first two bits are left out."""
    if len(randomness) != 4:
        raise ValueError("the key of a check is made of four random bytes")
    number = int.from_bytes(randomness, "big")
    values = [(number >> shift) & 31 for shift in range(25, -1, -5)]
    body = "".join(ALPHABET[value] for value in values)
    return f"{body[:3]}-{body[3:]}-{ALPHABET[_check(values)]}"


def read_check_key(typed: str) -> str | None:
    """What someone typed as the key of a check, in its one written form; None if misread."""
    plain = typed.upper().translate(_MISREAD)
    plain = "".join(character for character in plain if character not in " -–—.")
    if len(plain) != _KEY + 1 or any(character not in ALPHABET for character in plain):
        return None
    values = [ALPHABET.index(character) for character in plain]
    if _check(values[:_KEY]) != values[_KEY]:
        return None
    return f"{plain[:3]}-{plain[3:_KEY]}-{plain[_KEY]}"


def read_reference(typed: str) -> str | None:
    """What someone typed or pasted as a reference in its one written form; None if misread."""
    plain = typed.upper().translate(_MISREAD)
    plain = "".join(character for character in plain if character not in " -–—.")
    if len(plain) != _BODY + 1 or any(character not in ALPHABET for character in plain):
        return None
    values = [ALPHABET.index(character) for character in plain]
    if _check(values[:_BODY]) != values[_BODY]:
        return None
    return f"{plain[:4]}-{plain[4:_BODY]}-{plain[_BODY]}"


def _check(values: list[int]) -> int:
    """Sum of the characters, each weighted by its own power of 2 in GF(32).

    Distinct weights of a field find every single wrong character and every swap of two.
    """
    total, weight = 0, 1
    for value in values:
        weight = _times(weight, 2)
        total ^= _times(weight, value)
    return total


def _times(left: int, right: int) -> int:
    """Product in GF(32), modulo x^5 + x^2 + 1."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 32:
            left ^= 0b100101
        right >>= 1
    return product
