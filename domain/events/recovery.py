"""The owner's recovery card."""

from domain.events.event import Event
from domain.ids import AccountId, TicketId


class RecoveryCardMade(Event, frozen=True, kw_only=True):
    """A new card; every code of the one before is worth nothing."""

    account_id: AccountId
    codes: int


class RecoveryCodeUsed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    left: int
