"""A contact's own space."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, AddressId, ContactId, ErasureId

# Told to the contact through one of the owners who named them; no owner's history holds these.


class SecondAddressAdded(Event, frozen=True, kw_only=True):
    """Told to both: whoever reads only the first must learn of the other."""

    contact_id: ContactId
    address_id: AddressId


class SecondAddressRemoved(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class ContactAddressesChanged(Event, frozen=True, kw_only=True):
    """To an owner: one of their people can be reached elsewhere, too. Never where."""

    account_id: AccountId
    contact_id: ContactId


class AuthenticatorSet(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class AuthenticatorRemoved(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class LinkStopped(Event, frozen=True, kw_only=True):
    """Their phone is gone, too: the personal link opens nothing any more."""

    contact_id: ContactId


class LinkRenewed(Event, frozen=True, kw_only=True):
    """A new personal link; those before it open nothing. It travels sealed beside the event."""

    contact_id: ContactId
    # Where it goes: the second address when the phone is gone; None: where they are enrolled.
    address_id: AddressId | None = None


class LinkShown(Event, frozen=True, kw_only=True):
    """A new personal link that was shown on the page alone: their phone is gone, and there is no
    other address."""

    contact_id: ContactId


class ErasureAsked(Event, frozen=True, kw_only=True):
    contact_id: ContactId
    erasure_id: ErasureId
    due_at: datetime


class WritingStopped(Event, frozen=True, kw_only=True):
    """Nothing is written to this person's addresses ever again."""

    # None for an address that nobody was ever named under.
    contact_id: ContactId | None


class WritingAllowed(Event, frozen=True, kw_only=True):
    """They took it back, and the operator made sure who asked. Nobody is a contact by that."""

    contact_id: ContactId | None
