"""How long a contact's name and address stay once they are no contact any more.

Whoever withdrew their consent goes first, whoever never gave it soon after. Who reported a loss can
be named for as long as a claim about it may come. While a ticket is open that they reported on,
nothing goes; the operation looks at that.
"""

from datetime import datetime, timedelta

from domain.contacts import ACTIVE, LEAVING, LEFT, SUSPENDED, Contact
from domain.policy import Policy

_STILL_HERE = frozenset({ACTIVE, LEAVING, SUSPENDED})


def is_forgotten(contact: Contact) -> bool:
    """Nothing is left of them but references and instants."""
    return not contact.name


def kept_until(contact: Contact, *, has_reported: bool, policy: Policy) -> datetime | None:
    """From when name, label and address are not kept any more; None while they are a contact."""
    if contact.status in _STILL_HERE:
        return None
    if contact.accepted_at is None:
        return _over_at(contact) + policy.privacy.unanswered_kept
    if has_reported:
        return _over_at(contact) + policy.privacy.tickets_kept
    if contact.status is LEFT or contact.disowned:
        return _over_at(contact) + policy.space.erased_within
    return _over_at(contact) + policy.privacy.gone_kept


def counted_until(contact: Contact, *, policy: Policy) -> datetime:
    """Until when the address's keyed hash counts for the limits on invitations, which protect the
    very person who is forgotten: the rest after silence, and how often anybody wrote there."""
    rests = timedelta() if contact.accepted_at is not None else policy.contacts.rests_for
    sent = max(contact.sent_at, default=contact.invited_at)
    return max(contact.lapses_at + rests, sent + policy.contacts.sends_count_for)


def _over_at(contact: Contact) -> datetime:
    """A decline, a silence and either of them taken back are over at the same instant, so that
    nothing tells them apart."""
    if contact.accepted_at is None:
        return contact.lapses_at
    return contact.ended_at or contact.lapses_at
