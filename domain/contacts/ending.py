"""What ends without anybody's doing, and what the clock concludes."""

from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.answering import lapse
from domain.contacts.contact import DECLINED, ENDED, INVITED, ON_A_PLACE, REMOVED, Contact
from domain.contacts.removing import finish_removal
from domain.events import ContactEnded, ContactLeft, Event, InvitationLapsed


class Ending(StrEnum):
    """Why, for the record alone."""

    ACCOUNT_CLOSED = "account-closed"
    ERASED = "erased"
    UNCONFIRMED = "unconfirmed"


def end(contact: Contact, *, because: Ending, now: datetime) -> Change[Contact]:
    """With the account, by erasure, or after 180 days unconfirmed. Who is gone stays as they are.

    The owner hears what they hear of anybody who left or did not answer; of a closed account
    nothing, since its closing was announced.
    """
    told: Event
    silent = contact
    if contact.status in ON_A_PLACE:
        status = ENDED
        told = ContactLeft(account_id=contact.account_id, contact_id=contact.id, at=now)
    elif contact.status in {INVITED, DECLINED} and contact.lapsed_at is None:
        status = ENDED if contact.status is INVITED else DECLINED
        # It is over today for the owner, who hears so; and its rest begins today.
        over_at = min(contact.lapses_at, now)
        silent = replace(contact, lapses_at=over_at, lapsed_at=over_at)
        told = InvitationLapsed(account_id=contact.account_id, contact_id=contact.id, at=now)
    else:
        return Change(contact)
    ended = replace(
        silent,
        status=status,
        place=None,
        link_sha256=None,
        reinstatement_proposed_by=None,
        ended_at=contact.ended_at or now,
    )
    event = ContactEnded(
        account_id=contact.account_id, contact_id=contact.id, reason=because.value, at=now
    )
    return Change(ended, (event,) if because is Ending.ACCOUNT_CLOSED else (event, told))


def settle(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """What is overdue, written down; every rule concludes it anyway. Twice changes nothing.

    While the account is frozen nothing is settled: it waits for the release.
    """
    if account.is_frozen:
        return Change(contact)
    if account.is_closed(now):
        return end(contact, because=Ending.ACCOUNT_CLOSED, now=now)
    unanswered = contact.status in {INVITED, DECLINED} and contact.lapsed_at is None
    if unanswered and contact.lapses_at <= now:
        return lapse(contact, now=now)
    if contact.status is not REMOVED and contact.is_removed(account, now):
        return finish_removal(contact, account=account, now=now)
    if contact.status in ON_A_PLACE and contact.is_gone(account, now):
        return end(contact, because=Ending.UNCONFIRMED, now=now)
    return Change(contact)
