"""The wallet's own help desk."""

from domain.events.event import Event
from domain.ids import AccountId, TicketId


class ExternalStageTold(Event, frozen=True, kw_only=True):
    """What it says that it did; our own stages stay as they are."""

    account_id: AccountId
    ticket_id: TicketId
    stage: str
