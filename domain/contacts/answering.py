"""How an invitation is answered, or not."""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import ACTIVE, DECLINED, INVITED, LAPSED, Contact
from domain.events import ContactAccepted, ContactDeclined, InvitationLapsed
from domain.policy import ContactPolicy
from domain.refusals import AccountIsClosed, AccountIsFrozen, NotOpen, PlaceNotFree


def accept(
    contact: Contact,
    *,
    account: Account,
    policy: ContactPolicy,
    text_version: str,
    language: str,
    link_sha256: bytes,
    now: datetime,
) -> Change[Contact]:
    """Consent and proof of address in one act; the personal link replaces the invitation's."""
    if not contact.is_open_invitation(now):
        raise NotOpen
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed
    if contact.place is None:
        raise PlaceNotFree
    accepted = replace(
        contact,
        status=ACTIVE,
        accepted_at=now,
        undo_until=now + policy.acceptance_undone_within,
        confirmed_at=now,
        remind_at=now + policy.reminded_every,
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
    asked = contact.status in {INVITED, DECLINED} and contact.lapsed_at is None
    if not asked or now < contact.lapses_at:
        raise NotOpen
    event = InvitationLapsed(account_id=contact.account_id, contact_id=contact.id, at=now)
    # A decline stays one, for the 90 days' rest; only its place is given up. The owner hears
    # the same in both cases.
    status = LAPSED if contact.status is INVITED else DECLINED
    lapsed = replace(
        contact,
        status=status,
        place=None,
        link_sha256=None,
        lapsed_at=contact.lapses_at,
        ended_at=contact.ended_at or contact.lapses_at,
    )
    return Change(lapsed, (event,))
