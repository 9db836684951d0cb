"""The clocks of the ticket, whether they stand still, and whether somebody is being rung."""

from datetime import datetime

from msgspec import Struct

from domain import on_call, tickets
from domain.access import Agent
from domain.on_call import Ring, RingWhy
from domain.tickets import Clock, PauseReason, Ticket
from domain.wallets import Wallet
from service.operations.looking import Looking
from service.operations.why_not import refusal_of
from service.storage import load


class RunningClock(Struct, frozen=True, kw_only=True):
    kind: Clock
    until: datetime


class RingSeen(Struct, frozen=True, kw_only=True):
    """Somebody is being woken because of this ticket."""

    why: RingWhy
    since: datetime
    rung: int


class ClocksSeen(Struct, frozen=True, kw_only=True):
    running: tuple[RunningClock, ...]
    # Until when it waits; None while it does not.
    waits_until: datetime | None
    # Refusals' codes, or None where the agent may.
    cannot_pause: str | None
    cannot_go_on: str | None
    pauses_left: int
    # Hours.
    longest_pause: int
    # The wallet decides releases in stated hours only.
    has_hours: bool
    rings: tuple[RingSeen, ...]
    cannot_answer: str | None


async def see(looking: Looking) -> ClocksSeen:
    ticket, agent, now = looking.ticket, looking.agent, looking.now
    policy = looking.wallet.policy.tickets
    ringing = await load.open_rings_of(looking.db, looking.wallet.id, ticket.id)
    waits = ticket.paused_until if ticket.paused_until and now < ticket.paused_until else None
    return ClocksSeen(
        running=tuple(
            RunningClock(kind=kind, until=until) for kind, until in tickets.running(ticket).items()
        ),
        waits_until=waits,
        cannot_pause=_cannot_pause(ticket, looking.wallet, agent, now),
        cannot_go_on=refusal_of(lambda: tickets.go_on(ticket, by=agent, now=now)),
        pauses_left=max(policy.most_pauses - ticket.pauses, 0),
        longest_pause=int(policy.pause_lasts_at_most.total_seconds() // 3600),
        has_hours=bool(policy.release_hours),
        rings=tuple(
            RingSeen(why=one.why, since=one.began_at, rung=one.rung)
            for one in ringing
            if on_call.is_needed(one, ticket)
        ),
        cannot_answer=_cannot_answer(ringing, agent, now),
    )


def _cannot_pause(ticket: Ticket, wallet: Wallet, agent: Agent, now: datetime) -> str | None:
    """Asked of the rule itself, for the longest pause there is."""
    policy = wallet.policy.tickets
    return refusal_of(
        lambda: tickets.pause(
            ticket,
            reason=PauseReason.OWNER,
            until=now + policy.pause_lasts_at_most,
            hours=(),
            policy=policy,
            by=agent,
            now=now,
        )
    )


def _cannot_answer(ringing: tuple[Ring, ...], agent: Agent, now: datetime) -> str | None:
    if not ringing:
        return None
    first = ringing[0]
    return refusal_of(lambda: on_call.answer(first, by=agent, now=now))
