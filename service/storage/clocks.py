"""What a change of a ticket did to its clocks, as rows beside the ticket's own.

Written wherever a ticket is saved, so that no act can forget it. An opening writes none: the
ticket's row says when it was and until when what has to be done; a report costs nothing more.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from domain.tickets import Ticket, follow


def clock_rows(before: Struct | None, after: Struct, at: datetime | None) -> list[dict[str, Any]]:
    """Rows for `clock_events`; none for what is no ticket, or moves no clock.

    `at` is the instant of the act. None where nothing recorded says it; then it is the last of the
    ticket's own instants, which is never later than now.
    """
    if not isinstance(after, Ticket) or not isinstance(before, Ticket | None):
        return []
    return [
        {
            **asdict(event),
            "kind": event.kind and event.kind.value,
            "what": event.what.value,
            "wallet_id": after.wallet_id,
            "ticket_id": after.id,
        }
        for event in follow(before, after, at=at or _last_instant(after))
    ]


def _last_instant(ticket: Ticket) -> datetime:
    past = (
        *(ticket.opened_at, ticket.owner_reached_at, ticket.proved_at, ticket.proposed_at),
        *(ticket.closed_at, ticket.assigned_at, ticket.attempted_at, ticket.paused_at),
        *(ticket.kept_frozen_at, ticket.reviewed_at),
    )
    return max(instant for instant in past if instant is not None)
