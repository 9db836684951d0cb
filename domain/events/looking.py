"""What agents looked at."""

from domain.events.event import Event
from domain.ids import AccountId, RevealId, TicketId


class AddressRevealed(Event, frozen=True, kw_only=True):
    """Which one, and to whom else it belongs, stands in the row of the reveal."""

    account_id: AccountId
    ticket_id: TicketId
    reveal_id: RevealId
    # Whose it is: the owner's, or a reporter's.
    kind: str
    reason: str
