"""The agents' way to the owner, and what to do when no message arrives."""

from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import OwnerReached, ProofRequested
from domain.tickets.pausing import end_on_sign
from domain.tickets.ticket import OPENED, OWNER_REACHED, Ticket, require_open


def reach_owner(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """An agent has spoken with the owner. Said again, it changes nothing."""
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if ticket.owner_reached_at is not None:
        return Change(ticket)
    stage = OWNER_REACHED if ticket.stage is OPENED else ticket.stage
    ended = end_on_sign(ticket, now=now)
    reached = replace(
        ended.value, owner_reached_at=now, attempted_at=ticket.attempted_at or now, stage=stage
    )
    event = OwnerReached(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(reached, (event, *ended.events))


def request_proof(ticket: Ticket, *, version: int, now: datetime) -> Change[Ticket]:
    """Every message that told the owner failed, so the wallet is asked. Once for a ticket.

    `version` is the account's: which freeze it is about.
    """
    require_open(ticket)
    if ticket.proof_requested_at is not None:
        return Change(ticket)
    event = ProofRequested(
        account_id=ticket.account_id, ticket_id=ticket.id, version=version, at=now
    )
    return Change(replace(ticket, boost=ticket.boost + 1, proof_requested_at=now), (event,))
