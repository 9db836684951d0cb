"""What a wallet's own help desk says of a ticket. It moves none of our stages.

(nothing told) ──tell──▶ CALLED_OWNER ◀──▶ OWNER_INFORMED ◀──▶ … ◀──▶ DONE     any to any other
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.change import Change
from domain.events import ExternalStageTold
from domain.ids import ClientId, TicketId, WalletId
from domain.tickets.ticket import Ticket, require_open


class ExternalStage(StrEnum):
    CALLED_OWNER = "called-owner"
    OWNER_INFORMED = "owner-informed"
    WAITING_FOR_OWNER = "waiting-for-owner"
    WAITING_FOR_BRANCH = "waiting-for-branch"
    DONE = "done"


class ToldStage(Struct, frozen=True, kw_only=True):
    """What was told last; one for each ticket, under the ticket's own key."""

    id: TicketId
    wallet_id: WalletId
    client_id: ClientId
    stage: ExternalStage
    told_at: datetime
    row_version: int = 1


def tell_stage(
    ticket: Ticket,
    before: ToldStage | None,
    stage: ExternalStage,
    *,
    by: ClientId,
    now: datetime,
) -> Change[ToldStage]:
    """The same again is no news. Agents read it; nothing follows from it. Raises TicketClosed."""
    if before is not None and before.stage is stage:
        return Change(before, ())
    require_open(ticket)
    told = ToldStage(
        id=ticket.id, wallet_id=ticket.wallet_id, client_id=by, stage=stage, told_at=now
    )
    if before is not None:
        told = replace(told, row_version=before.row_version)
    event = ExternalStageTold(
        account_id=ticket.account_id, ticket_id=ticket.id, stage=stage.value, at=now
    )
    return Change(told, (event,))
