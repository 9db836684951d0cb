"""Twice a year: is this still the right person, and do they still read here?"""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import Contact
from domain.events import ContactAddressConfirmed, ContactReminded
from domain.policy import ContactPolicy
from domain.refusals import NotAContact


def remind(
    contact: Contact, *, account: Account, policy: ContactPolicy, now: datetime
) -> Change[Contact]:
    """Both are asked. What follows from silence is counted from now, so a late job harms nobody.

    Before its day, while frozen, and said again it changes nothing.
    """
    waits = account.is_frozen or account.is_closed(now) or contact.is_gone(account, now)
    asked = contact.ends_at is not None
    if waits or asked or contact.remind_at is None or now < contact.remind_at:
        return Change(contact)
    unconfirmed_from = now + policy.unconfirmed_after
    reminded = replace(contact, unconfirmed_from=unconfirmed_from, ends_at=now + policy.ended_after)
    event = ContactReminded(
        account_id=account.id, contact_id=contact.id, unconfirmed_from=unconfirmed_from, at=now
    )
    return Change(reminded, (event,))


def confirm_address(
    contact: Contact, *, account: Account, policy: ContactPolicy, now: datetime
) -> Change[Contact]:
    """The contact entered a code that was sent there. Also while frozen: it changes no right, and
    a refusal would tell them of the freeze."""
    if contact.is_gone(account, now):
        raise NotAContact
    confirmed = replace(
        contact,
        confirmed_at=now,
        remind_at=now + policy.reminded_every,
        unconfirmed_from=None,
        ends_at=None,
    )
    event = ContactAddressConfirmed(account_id=account.id, contact_id=contact.id, at=now)
    return Change(confirmed, (event,))
