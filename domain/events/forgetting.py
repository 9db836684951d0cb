"""What is forgotten."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, ContactId, ErasureId, PersonId, TicketId

# Proof that it was: these name nobody, and what they refer to cannot be read any more.


class ErasurePlanned(Event, frozen=True, kw_only=True):
    """Not asked for by the person here: their account closed, or the operator was asked."""

    person_id: PersonId
    erasure_id: ErasureId
    due_at: datetime
    reason: str


class ErasureDone(Event, frozen=True, kw_only=True):
    """The person's key is gone, and with it whatever was sealed under it."""

    person_id: PersonId
    # None where nobody asked: nothing of theirs was needed any more.
    erasure_id: ErasureId | None


class ContactForgotten(Event, frozen=True, kw_only=True):
    """Name, label and address of somebody who is no contact any more."""

    account_id: AccountId
    contact_id: ContactId


class TicketForgotten(Event, frozen=True, kw_only=True):
    """The words and numbers on a ticket that was closed long ago."""

    account_id: AccountId
    ticket_id: TicketId


class OldAddressesForgotten(Event, frozen=True, kw_only=True):
    """Addresses an owner removed, which heard of everything for as long as promised."""

    account_id: AccountId
    addresses: int
