"""Somebody was faster: what happened since a refused form's page was made, and what it held."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from service.operations.ticket_page import TicketSeen
from service.operations.timeline import Happened
from service.pages import AnyRequest, sent_fields

# What the page put into its form by itself, and what is never shown again.
_THE_PAGES_OWN: Final = frozenset(
    {"csrf_token", "made_at", "seen", "key", "proposal", "verdict"}
    | {"username", "password", "code", "passkey"}
)


async def happened_since(request: AnyRequest, seen: TicketSeen) -> tuple[Happened, ...]:
    """What the agent could not have read when they pressed the button.

    When the page was made says the form itself; whoever writes another instant into it is shown
    more or less of a timeline that they may read anyway.
    """
    try:
        made_at = datetime.fromisoformat((await sent_fields(request)).get("made_at", ""))
    except ValueError:
        return ()
    if made_at.tzinfo is None:
        return ()
    return tuple(line for line in seen.timeline if line.at > made_at)


async def chosen_or_typed(request: AnyRequest) -> Mapping[str, str]:
    """The form's fields that a person filled in."""
    fields = await sent_fields(request)
    return {name: value for name, value in fields.items() if name not in _THE_PAGES_OWN}
