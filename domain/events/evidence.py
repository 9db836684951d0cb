"""How it is found out who asks, and what was looked at before anything is given back."""

from datetime import datetime
from uuid import UUID

from domain.events.event import Event
from domain.ids import AccountId, AddressId, CheckId, TicketId


class OwnerCodeAsked(Event, frozen=True, kw_only=True):
    """A code is on its way to an address of the owner that counts; the secret goes beside it."""

    account_id: AccountId
    ticket_id: TicketId
    address_id: AddressId
    expires_at: datetime


class ChecklistAnswered(Event, frozen=True, kw_only=True):
    """An agent has looked at something, or been told where a device is."""

    account_id: AccountId
    ticket_id: TicketId
    check_id: CheckId
    kind: str
    # The device; for all other kinds the ticket.
    about: UUID
    outcome: str
