"""Removing a contact, slowly: whoever holds the unlocked phone must not silence them tonight.

Begun, it takes 72 hours or 7 days, counted once more from the first notice of it that was accepted
for delivery; without one it has no effect. A freeze stops the clock; before the release the
verified owner decides each.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import ACTIVE, LEAVING, REMOVED, SUSPENDED, Contact
from domain.events import (
    ContactRemoved,
    Event,
    OthersAreRemoved,
    RemovalBegun,
    RemovalCancelled,
    RemovalDecided,
    RemovalDisowned,
    RemovalNoticed,
    RemovalResumed,
)
from domain.policy import ContactPolicy
from domain.refusals import (
    AccountIsClosed,
    AccountIsFrozen,
    AccountNotFrozen,
    NoRemovalPending,
    NotAContact,
    RemovalsUndecided,
)

_CAN_BE_PENDING: Final = frozenset({LEAVING, SUSPENDED})


def is_removal_pending(contact: Contact, account: Account, now: datetime) -> bool:
    """Begun, and its instant has not come."""
    begun = contact.status in _CAN_BE_PENDING and contact.leaves_at is not None
    return begun and not contact.is_gone(account, now)


def begin_removal(
    contact: Contact,
    *,
    account: Account,
    others: tuple[Contact, ...],
    policy: ContactPolicy,
    now: datetime,
) -> Change[Contact]:
    """The owner removes them. Said again, the first instant stands.

    A suspended contact goes at once: they could not report. The second removal within 30 days and
    that of the last one who can report take longer, and everybody hears, without names.
    """
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed
    if contact.is_gone(account, now):
        raise NotAContact
    if contact.status is SUSPENDED:
        at_once = replace(contact, removal_began_at=contact.removal_began_at or now)
        return _removed(at_once, gone_at=now, now=now)
    if contact.status is LEAVING:
        return Change(contact)
    here = [o for o in others if o.id != contact.id and not o.is_gone(account, now)]
    several = any(
        o.removal_began_at is not None and now < o.removal_began_at + policy.removals_count_for
        for o in others
    )
    is_last = not any(o.status is ACTIVE and o.can_report(account, now) for o in here)
    slower = several or is_last
    takes = policy.second_removal_takes if slower else policy.removal_takes
    leaving = replace(
        contact,
        status=LEAVING,
        removal_began_at=now,
        removal_seconds=int(takes.total_seconds()),
        removal_noticed_at=None,
        leaves_at=now + takes,
    )
    begun = RemovalBegun(
        account_id=account.id, contact_id=contact.id, leaves_at=now + takes, at=now
    )
    told: list[Event] = [
        OthersAreRemoved(account_id=account.id, contact_id=other.id, at=now)
        for other in (here if slower else ())
    ]
    return Change(leaving, (begun, *told))


def notice_removal(
    contact: Contact, *, account: Account, noticed_at: datetime, now: datetime
) -> Change[Contact]:
    """The first notice was accepted for delivery: from then on it takes its whole length.

    A later one, one of an earlier removal, and any while frozen change nothing.
    """
    began_at = contact.removal_began_at
    if account.is_frozen or contact.removal_noticed_at is not None or began_at is None:
        return Change(contact)
    if noticed_at < began_at or not is_removal_pending(contact, account, now):
        return Change(contact)
    from_notice = noticed_at + contact.removal_takes
    leaves_at = max(contact.leaves_at or from_notice, from_notice)
    event = RemovalNoticed(
        account_id=account.id, contact_id=contact.id, leaves_at=leaves_at, at=now
    )
    return Change(replace(contact, removal_noticed_at=noticed_at, leaves_at=leaves_at), (event,))


def stay(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """The owner changes their mind, until the last instant."""
    _require_stoppable(contact, account, now)
    event = RemovalCancelled(account_id=account.id, contact_id=contact.id, at=now)
    return Change(_stays(contact), (event,))


def disown_removal(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """ "This was not me", from any notice of it and without further proof."""
    _require_stoppable(contact, account, now)
    event = RemovalDisowned(account_id=account.id, contact_id=contact.id, at=now)
    return Change(_stays(contact), (event,))


def finish_removal(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """Write down what every rule concludes anyway: the instant has come. Never while frozen."""
    if account.is_frozen:
        raise AccountIsFrozen
    if contact.status is REMOVED or not contact.is_removed(account, now):
        raise NoRemovalPending
    # From when they really could not report: a late job must not lengthen "lately removed".
    return _removed(contact, gone_at=contact.leaves_at or now, now=now)


def decide_removal(
    contact: Contact, *, account: Account, goes_on: bool, by: Agent, now: datetime
) -> Change[Contact]:
    """An agent records what the verified owner wants after the release. It may be said anew."""
    access.require_level(by, access.REACHES_OWNER)
    if not account.is_frozen:
        raise AccountNotFrozen
    if not is_removal_pending(contact, account, now):
        raise NoRemovalPending
    if contact.removal_goes_on is goes_on:
        return Change(contact)
    event = RemovalDecided(account_id=account.id, contact_id=contact.id, goes_on=goes_on, at=now)
    return Change(replace(contact, removal_goes_on=goes_on), (event,))


def require_decided(contacts: tuple[Contact, ...], *, account: Account, now: datetime) -> None:
    """No release is proposed or approved before each pending removal is decided."""
    for contact in contacts:
        if contact.removal_goes_on is None and is_removal_pending(contact, account, now):
            raise RemovalsUndecided


def resume_removal(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """What the owner decided, carried out at the release; `account` is still the frozen one.

    Going on, it takes what was left when the clock stopped, or its whole length again if nobody
    had been told by then.
    """
    if account.frozen_at is None:
        raise AccountNotFrozen
    if contact.leaves_at is None or not is_removal_pending(contact, account, now):
        return Change(contact)
    if contact.removal_goes_on is None:
        raise RemovalsUndecided
    if not contact.removal_goes_on:
        cancelled = RemovalCancelled(account_id=account.id, contact_id=contact.id, at=now)
        return Change(_stays(contact), (cancelled,))
    left = removal_left(contact, account=account)
    event = RemovalResumed(
        account_id=account.id, contact_id=contact.id, leaves_at=now + left, at=now
    )
    return Change(replace(contact, leaves_at=now + left, removal_goes_on=None), (event,))


def removal_left(contact: Contact, *, account: Account) -> timedelta:
    """How long it takes once its clock goes on: all of it if nobody was told before the freeze."""
    leaves_at, frozen_at = contact.leaves_at, account.frozen_at
    if leaves_at is None or frozen_at is None or contact.removal_noticed_at is None:
        return contact.removal_takes
    return leaves_at - frozen_at


def _require_stoppable(contact: Contact, account: Account, now: datetime) -> None:
    if account.is_frozen:
        raise AccountIsFrozen
    if not is_removal_pending(contact, account, now):
        raise NoRemovalPending


def _stays(contact: Contact) -> Contact:
    """As if it had never been begun; who is suspended remains so."""
    return replace(
        contact,
        status=ACTIVE if contact.status is LEAVING else contact.status,
        removal_began_at=None,
        removal_seconds=None,
        removal_noticed_at=None,
        removal_goes_on=None,
        leaves_at=None,
    )


def _removed(contact: Contact, *, gone_at: datetime, now: datetime) -> Change[Contact]:
    """The personal link stays theirs: for a month they are heard as somebody lately removed."""
    removed = replace(
        contact,
        status=REMOVED,
        place=None,
        reinstatement_proposed_by=None,
        ended_at=gone_at,
    )
    event = ContactRemoved(account_id=contact.account_id, contact_id=contact.id, at=now)
    return Change(removed, (event,))
