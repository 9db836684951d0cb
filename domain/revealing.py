"""An address shown to an agent in clear: with a reason, one at a time, and recorded.

How many an agent may have shown is a limit (`limits.REVEALS_AN_HOUR`, `limits.REVEALS_A_DAY`).
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import AddressRevealed
from domain.ids import AccountId, AgentId, RevealId, TicketId, WalletId
from domain.refusals import NotFound, WordsMissing
from domain.tickets import Ticket, TicketKind, require_open


class Whose(StrEnum):
    OWNER = "owner"
    # Of a contact who reported on the ticket.
    REPORTER = "reporter"


class RevealReason(StrEnum):
    CALL_OWNER = "call-owner"
    # The carrier says which number was replaced when.
    COMPARE = "compare"
    OWNER_ASKS = "owner-asks"
    HEAR_REPORTER = "hear-reporter"
    # In the agent's own words.
    OTHER = "other"


class Reveal(Struct, frozen=True, kw_only=True):
    id: RevealId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    whose: Whose
    # Of the owner's address on file; of the contact whose enrolled address it is, or of that
    # contact's second address.
    address_id: UUID
    revealed_by: AgentId
    reason: RevealReason
    # Sealed under the owner's key; only where the reason is none of the list.
    words: bytes | None
    revealed_at: datetime
    row_version: int = 1


def require_may_reveal(ticket: Ticket, whose: Whose, *, by: Agent) -> None:
    """On an open ticket of a loss. A reporter is called by whoever judges what they said.

    Raises NotFound, TicketClosed, LevelTooLow.
    """
    if ticket.kind is not TicketKind.LOSS:
        # An owner who does not feel safe is written to as they asked, or not at all.
        raise NotFound
    access.require_level(by, access.REACHES_OWNER if whose is Whose.OWNER else access.PROPOSES)
    require_open(ticket)


def reveal(asked: Reveal, *, ticket: Ticket, by: Agent) -> Change[Reveal]:
    """Write down who is shown what, and why. Raises WordsMissing, and what is said above."""
    require_may_reveal(ticket, asked.whose, by=by)
    if asked.reason is RevealReason.OTHER and asked.words is None:
        raise WordsMissing
    event = AddressRevealed(
        account_id=asked.account_id,
        ticket_id=asked.ticket_id,
        reveal_id=asked.id,
        kind=asked.whose.value,
        reason=asked.reason.value,
        at=asked.revealed_at,
    )
    return Change(asked, (event,))
