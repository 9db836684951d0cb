"""What an owner undoes at once: an invitation, or an acceptance of the last 24 hours."""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import ACTIVE, DECLINED, TAKEN_BACK, Contact
from domain.events import InvitationTakenBack
from domain.refusals import AccountIsFrozen, CannotTakeBack


def can_be_taken_back(contact: Contact, now: datetime) -> bool:
    undo = contact.undo_until is not None and now < contact.undo_until
    return contact.is_unanswered(now) or (contact.status is ACTIVE and undo)


def take_back(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """At once: an unanswered invitation, or an acceptance of the last 24 hours."""
    if account.is_frozen:
        raise AccountIsFrozen
    if not can_be_taken_back(contact, now):
        raise CannotTakeBack
    # A declined one looks unanswered to the owner; taking it back must look the same too.
    status = DECLINED if contact.status is DECLINED else TAKEN_BACK
    taken = replace(
        contact,
        status=status,
        place=None,
        link_sha256=None,
        lapsed_at=now if contact.accepted_at is None else None,
        ended_at=contact.ended_at or now,
    )
    event = InvitationTakenBack(
        account_id=contact.account_id,
        contact_id=contact.id,
        had_accepted=contact.status is ACTIVE,
        at=now,
    )
    return Change(taken, (event,))
