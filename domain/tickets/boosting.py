"""Moving a ticket up by hand. There is no way down: nobody can lower it."""

from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import TicketBoosted
from domain.tickets.ticket import Ticket, require_open


class BoostReason(StrEnum):
    # Somebody seems to be trying to get in right now.
    ATTACK_GOES_ON = "attack-goes-on"
    # No money, no way home, a medicine to pay for.
    OWNER_IN_NEED = "owner-in-need"
    # An agent promised a call by a certain time.
    CALL_PROMISED = "call-promised"
    # The wallet's own people asked for it.
    WALLET_ASKS = "wallet-asks"


def boost(ticket: Ticket, reason: BoostReason, *, by: Agent, now: datetime) -> Change[Ticket]:
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    raised = replace(ticket, boost=ticket.boost + 1)
    event = TicketBoosted(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        reason=reason.value,
        boost=raised.boost,
        at=now,
    )
    return Change(raised, (event,))
