"""A trusted contact, and what several rules ask of one.

    INVITED ─▶ ACTIVE ─▶ LEAVING ─▶ REMOVED        (removal is slow: 72 hours or 7 days)
       │         ├─▶ TAKEN_BACK                    (undone within 24 hours)
       │         ├─▶ SUSPENDED ─▶ ACTIVE, REMOVED
       │         └─▶ REMOVED, LEFT, ENDED          (removed at once only for the owner's safety)
       └─▶ DECLINED, LAPSED, TAKEN_BACK, ENDED

Five places: INVITED, ACTIVE, LEAVING and SUSPENDED hold one each, and so does DECLINED until
the invitation would have lapsed, so that a free place tells the owner nothing. Only the
replacement of a LEAVING contact waits without one.

While the account is frozen the clock of these lives stands still: deadlines are compared with
`Account.standing`.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.accounts import Account, AddressKind
from domain.ids import AccountId, AgentId, ContactId, PersonId, WalletId


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
    # REMOVED at once only for the owner's safety; otherwise it leads over LEAVING.
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
    # Each time an invitation went out: what the limits count.
    sent_at: tuple[datetime, ...] = ()
    lapses_at: datetime
    # When the owner was told that nobody answered, or took it back; a decline keeps its own instant
    # in `ended_at`, and so does an invitation that nobody was sent because of an earlier one.
    lapsed_at: datetime | None = None
    # The invitation's link while INVITED, the personal link afterwards: only its SHA-256.
    link_sha256: bytes | None
    accepted_at: datetime | None = None
    # Until then the owner may undo the acceptance.
    undo_until: datetime | None = None
    consent_version: str | None = None
    consent_language: str | None = None
    # A removal that was begun, how many seconds it takes, and the first notice of it that was
    # accepted for delivery: without one it has no effect.
    removal_began_at: datetime | None = None
    removal_seconds: int | None = None
    removal_noticed_at: datetime | None = None
    leaves_at: datetime | None = None
    # While frozen: whether the verified owner wants the removal to go on after the release.
    removal_goes_on: bool | None = None
    # Removed for the owner's safety: never heard again, not even as somebody lately removed.
    removed_for_safety: bool = False
    # Whoever reads at the address is somebody else: nothing is written to it any more.
    disowned: bool = False
    paused_until: datetime | None = None
    reinstatement_proposed_by: AgentId | None = None
    # When the address was confirmed, is asked about next, counts as unconfirmed, loses its place.
    confirmed_at: datetime | None = None
    remind_at: datetime | None = None
    unconfirmed_from: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    row_version: int = 1

    def can_report(self, account: Account, now: datetime) -> bool:
        """A contact on the way out keeps this right until the very instant of leaving."""
        if account.is_closed(now) or self.is_paused(now):
            return False
        return self.status in {ACTIVE, LEAVING} and not self.is_gone(account, now)

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until

    def is_unconfirmed(self, now: datetime) -> bool:
        """A month after the question nobody has confirmed the address. It is only a mark."""
        return self.unconfirmed_from is not None and self.unconfirmed_from <= now

    def is_open_invitation(self, now: datetime) -> bool:
        return self.status is INVITED and now < self.lapses_at

    def is_unanswered(self, now: datetime) -> bool:
        """An open invitation as the owner sees it: a decline looks like silence."""
        open_still = self.lapsed_at is None and now < self.lapses_at
        return self.status in {INVITED, DECLINED} and open_still

    def fell_silent(self, now: datetime) -> bool:
        """What the owner reads as "not answered": it ran to its end, whatever the other side did,
        and was not taken back before."""
        ran_out = self.lapses_at <= now and self.lapsed_at in {None, self.lapses_at}
        return self.accepted_at is None and ran_out

    def waits_for_place(self, now: datetime) -> bool:
        """A replacement whose place is not free yet."""
        return self.place is None and self.is_unanswered(now)

    def is_removed(self, account: Account, now: datetime) -> bool:
        """The instant of a removal has come, whether or not a job has settled it."""
        if self.status not in {LEAVING, SUSPENDED} or self.removal_noticed_at is None:
            return self.status is REMOVED
        return self.leaves_at is not None and self.leaves_at <= account.standing(now)

    def is_gone(self, account: Account, now: datetime) -> bool:
        """No contact any more, or overdue: removed, or never confirmed for half a year."""
        ended = self.ends_at is not None and self.ends_at <= account.standing(now)
        return self.status not in ON_A_PLACE or ended or self.is_removed(account, now)

    def holds_place(self, account: Account, now: datetime) -> bool:
        """Overdue rows hold nothing, even when the job that settles them is late."""
        if self.place is None:
            return False
        return self.is_unanswered(now) or not self.is_gone(account, now)

    @property
    def removal_takes(self) -> timedelta:
        return timedelta(seconds=self.removal_seconds or 0)
