"""Passing over a ticket that "Next" served: with a reason, and for a while only."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import TicketSkipped
from domain.ids import AgentId, SkipId, TicketId, WalletId
from domain.refusals import WordsMissing
from domain.tickets.ticket import Ticket, require_open


class SkipReason(StrEnum):
    # The owner speaks a language that the agent does not.
    LANGUAGE = "language"
    # The agent knows somebody on it, though no address says so.
    KNOWN_TO_ME = "known-to-me"
    # It needs somebody with more experience or another level.
    BEYOND_ME = "beyond-me"
    # Their shift ends, or they are called away.
    NO_TIME = "no-time"
    OTHER = "other"


class Skip(Struct, frozen=True, kw_only=True):
    id: SkipId
    wallet_id: WalletId
    ticket_id: TicketId
    skipped_by: AgentId
    reason: SkipReason
    # Sealed under the owner's key.
    said: bytes | None
    skipped_at: datetime
    row_version: int = 1


def skip(ticket: Ticket, skipped: Skip, *, by: Agent, now: datetime) -> Change[Ticket]:
    """It goes back to whoever is next, if it was this agent's; the clocks run on.

    Raises WordsMissing where the short list does not say why.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if skipped.reason is SkipReason.OTHER and skipped.said is None:
        raise WordsMissing
    event = TicketSkipped(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        skip_id=skipped.id,
        reason=skipped.reason.value,
        at=now,
    )
    if ticket.assigned_to != by.id:
        return Change(ticket, (event,))
    return Change(replace(ticket, assigned_to=None, assigned_at=None), (event,))
