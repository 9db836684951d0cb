"""At once: the contact leaves, is somebody else, or the owner does not feel safe with them.

These are the only changes that a freeze does not stop.
"""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import (
    DECLINED,
    LEFT,
    ON_A_PLACE,
    REMOVED,
    Contact,
    ContactStatus,
)
from domain.events import AddressDisowned, ContactDeclined, ContactLeft, ContactRemovedForSafety
from domain.refusals import NotAContact


def leave(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """The contact does not want to be one any more."""
    if contact.is_gone(account, now):
        raise NotAContact
    event = ContactLeft(account_id=account.id, contact_id=contact.id, at=now)
    return Change(_gone(contact, LEFT, now), (event,))


def not_this_person(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """Whoever reads here is somebody else. Never refused: the address is stopped in any state.

    To the owner it looks like silence, or like having left.
    """
    disowned = AddressDisowned(account_id=account.id, contact_id=contact.id, at=now)
    if contact.is_open_invitation(now):
        declined = replace(contact, status=DECLINED, link_sha256=None, disowned=True, ended_at=now)
        no = ContactDeclined(account_id=account.id, contact_id=contact.id, at=now)
        return Change(declined, (disowned, no))
    if not contact.is_gone(account, now):
        left = ContactLeft(account_id=account.id, contact_id=contact.id, at=now)
        gone = replace(_gone(contact, LEFT, now), disowned=True)
        return Change(gone, (disowned, left))
    if contact.disowned:
        return Change(contact)
    # The link of somebody lately removed, or of an invitation nobody settled yet.
    stopped = replace(contact, disowned=True, link_sha256=None)
    return Change(stopped, (disowned,))


def remove_for_safety(contact: Contact, *, now: datetime) -> Change[Contact]:
    """At once and silent, also of somebody lately removed. Their reports are worth nothing then.

    Raises NotAContact for an invitation, which is taken back instead.
    """
    if contact.status not in {*ON_A_PLACE, REMOVED}:
        raise NotAContact
    if contact.removed_for_safety:
        return Change(contact)
    removed = replace(
        _gone(contact, REMOVED, now),
        removed_for_safety=True,
        ended_at=contact.ended_at or now,
    )
    event = ContactRemovedForSafety(account_id=contact.account_id, contact_id=contact.id, at=now)
    return Change(removed, (event,))


def _gone(contact: Contact, status: ContactStatus, now: datetime) -> Contact:
    return replace(
        contact,
        status=status,
        place=None,
        link_sha256=None,
        reinstatement_proposed_by=None,
        ended_at=now,
    )
