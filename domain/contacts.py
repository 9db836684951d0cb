"""A trusted contact's life.

    INVITED ─▶ ACTIVE ─▶ LEAVING ─▶ REMOVED        (removal is slow: 72 hours or 7 days)
       │         ├─▶ TAKEN_BACK                    (undone within 24 hours)
       │         ├─▶ SUSPENDED ─▶ ACTIVE, REMOVED
       │         └─▶ LEFT, ENDED
       └─▶ DECLINED, LAPSED, TAKEN_BACK, ENDED

Five places: INVITED, ACTIVE, LEAVING and SUSPENDED hold one each, and so does DECLINED until
the invitation would have lapsed, so that a free place tells the owner nothing.
"""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import Account, AddressKind
from domain.change import Change
from domain.events import (
    ContactAccepted,
    ContactDeclined,
    ContactInvited,
    InvitationLapsed,
    InvitationTakenBack,
)
from domain.ids import AccountId, ContactId, PersonId, WalletId
from domain.policy import ContactPolicy
from domain.refusals import (
    AccountIsFrozen,
    AlreadyInvited,
    CannotTakeBack,
    NameNotAllowed,
    NoPlaceLeft,
    NotOpen,
    OwnAddress,
)

LONGEST_NAME: Final = 40
# Hangul fillers: letters that show nothing, so that a name made of them would be blank.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0")


class ContactStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    LEAVING = "leaving"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    LAPSED = "lapsed"
    TAKEN_BACK = "taken-back"
    REMOVED = "removed"
    LEFT = "left"
    ENDED = "ended"


INVITED, ACTIVE, LEAVING = ContactStatus.INVITED, ContactStatus.ACTIVE, ContactStatus.LEAVING
SUSPENDED, DECLINED, LAPSED = (
    ContactStatus.SUSPENDED,
    ContactStatus.DECLINED,
    ContactStatus.LAPSED,
)
TAKEN_BACK, REMOVED = ContactStatus.TAKEN_BACK, ContactStatus.REMOVED
LEFT, ENDED = ContactStatus.LEFT, ContactStatus.ENDED

END: Final[frozenset[ContactStatus]] = frozenset()
LEADS_TO: Final = {
    INVITED: frozenset({ACTIVE, DECLINED, LAPSED, TAKEN_BACK, ENDED}),
    ACTIVE: frozenset({LEAVING, TAKEN_BACK, SUSPENDED, LEFT, REMOVED, ENDED}),
    LEAVING: frozenset({ACTIVE, REMOVED, SUSPENDED, LEFT, ENDED}),
    SUSPENDED: frozenset({ACTIVE, REMOVED, LEFT, ENDED}),
    DECLINED: END,
    LAPSED: END,
    TAKEN_BACK: END,
    REMOVED: END,
    LEFT: END,
    ENDED: END,
}
# Always on a place; DECLINED may be on one as well, and an INVITED replacement may be on none.
ON_A_PLACE: Final = frozenset({ACTIVE, LEAVING, SUSPENDED})


class Contact(Struct, frozen=True, kw_only=True):
    id: ContactId
    wallet_id: WalletId
    account_id: AccountId
    # Holder of the address, once it is proved; until then a person known by nothing else.
    person_id: PersonId
    status: ContactStatus = INVITED
    place: int | None
    # Sealed under the person's key: what the owner calls them, what they call the owner.
    name: bytes
    label: bytes | None = None
    address_kind: AddressKind
    address: bytes
    address_index: bytes
    language: str
    invited_at: datetime
    lapses_at: datetime
    # The invitation's link while INVITED, the personal link afterwards: only its SHA-256.
    link_sha256: bytes | None
    accepted_at: datetime | None = None
    consent_version: str | None = None
    consent_language: str | None = None
    leaves_at: datetime | None = None
    ended_at: datetime | None = None
    row_version: int = 1

    def can_report(self, now: datetime) -> bool:
        """A contact on the way out keeps this right until the very instant of leaving."""
        return self.status is ACTIVE or (
            self.status is LEAVING and self.leaves_at is not None and now < self.leaves_at
        )

    def is_open_invitation(self, now: datetime) -> bool:
        return self.status is INVITED and now < self.lapses_at

    def holds_place(self, now: datetime) -> bool:
        """Overdue rows hold nothing, even when the job that settles them is late."""
        if self.place is None:
            return False
        if self.status in {INVITED, DECLINED}:
            return now < self.lapses_at
        return self.status is SUSPENDED or self.can_report(now)


def allowed_name(typed: str) -> str:
    """Letters, marks, spaces, apostrophe and hyphen; 1 to 40 characters, NFC, one line."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not 1 <= len(name) <= LONGEST_NAME or not any(c.isalpha() for c in name):
        raise NameNotAllowed
    if not all(unicodedata.category(c)[0] in "LM" or c in " '’-" for c in name):
        raise NameNotAllowed
    if not _BLANK_LETTERS.isdisjoint(name):
        raise NameNotAllowed
    return name


def free_place(others: tuple[Contact, ...], *, policy: ContactPolicy, now: datetime) -> int:
    """The lowest place nobody holds."""
    taken = {contact.place for contact in others if contact.holds_place(now)}
    for place in range(1, policy.most + 1):
        if place not in taken:
            return place
    raise NoPlaceLeft


def invite(
    invitation: Contact,
    *,
    account: Account,
    others: tuple[Contact, ...],
    own_addresses: frozenset[bytes],
    now: datetime,
) -> Change[Contact]:
    """The owner names someone. Their place is held until they answer or 7 days are over."""
    if account.is_frozen:
        raise AccountIsFrozen
    if invitation.address_index in own_addresses:
        raise OwnAddress
    if any(
        other.address_index == invitation.address_index and other.holds_place(now)
        for other in others
    ):
        raise AlreadyInvited
    event = ContactInvited(
        account_id=account.id,
        contact_id=invitation.id,
        person_id=invitation.person_id,
        lapses_at=invitation.lapses_at,
        at=now,
    )
    return Change(invitation, (event,))


def accept(
    contact: Contact,
    *,
    account: Account,
    text_version: str,
    language: str,
    link_sha256: bytes,
    now: datetime,
) -> Change[Contact]:
    """Consent and proof of address in one act; the personal link replaces the invitation's."""
    if not contact.is_open_invitation(now) or contact.place is None:
        raise NotOpen
    if account.is_frozen:
        raise AccountIsFrozen
    accepted = replace(
        contact,
        status=ACTIVE,
        accepted_at=now,
        consent_version=text_version,
        consent_language=language,
        language=language,
        link_sha256=link_sha256,
    )
    event = ContactAccepted(
        account_id=contact.account_id,
        contact_id=contact.id,
        person_id=contact.person_id,
        text_version=text_version,
        language=language,
        at=now,
    )
    return Change(accepted, (event,))


def decline(contact: Contact, *, now: datetime) -> Change[Contact]:
    """Private: the place stays held, and the owner reads "not answered", until it lapses."""
    if not contact.is_open_invitation(now):
        raise NotOpen
    declined = replace(contact, status=DECLINED, link_sha256=None, ended_at=now)
    event = ContactDeclined(account_id=contact.account_id, contact_id=contact.id, at=now)
    return Change(declined, (event,))


def lapse(contact: Contact, *, now: datetime) -> Change[Contact]:
    """What every rule concludes anyway once 7 days are over: the place is free."""
    if contact.status not in {INVITED, DECLINED} or now < contact.lapses_at:
        raise NotOpen
    event = InvitationLapsed(account_id=contact.account_id, contact_id=contact.id, at=now)
    # A decline stays one, for the 90 days' rest; only its place is given up. The owner hears
    # the same in both cases.
    status = LAPSED if contact.status is INVITED else DECLINED
    lapsed = replace(
        contact, status=status, place=None, link_sha256=None, ended_at=contact.ended_at or now
    )
    return Change(lapsed, (event,))


def take_back(
    contact: Contact, *, account: Account, policy: ContactPolicy, now: datetime
) -> Change[Contact]:
    """At once: an unanswered invitation, or an acceptance of the last 24 hours."""
    if account.is_frozen:
        raise AccountIsFrozen
    undo = contact.accepted_at is not None and (
        now < contact.accepted_at + policy.acceptance_undone_within
    )
    # A declined one looks unanswered to the owner; taking it back must look the same too.
    unanswered = contact.status in {INVITED, DECLINED} and contact.holds_place(now)
    if not (unanswered or (contact.status is ACTIVE and undo)):
        raise CannotTakeBack
    status = DECLINED if contact.status is DECLINED else TAKEN_BACK
    taken = replace(
        contact, status=status, place=None, link_sha256=None, ended_at=contact.ended_at or now
    )
    event = InvitationTakenBack(
        account_id=contact.account_id,
        contact_id=contact.id,
        had_accepted=contact.status is ACTIVE,
        at=now,
    )
    return Change(taken, (event,))
