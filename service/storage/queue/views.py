"""Which tickets stand in which view, for one agent.

Safety tickets have a view of their own while they are open, and stand among the others only where
an agent's own work is asked for (what is theirs, and what they are served next) and where all that
is over is looked up. To whoever is not trained for them they are in no condition, so in no row, no
count and no time that a statement takes.
"""

from typing import Final

from sqlalchemy import ColumnElement, and_, literal, or_, select

from domain.access import Agent
from domain.policy import DEFAULT
from domain.tickets import Stage, TicketKind
from service.storage.load.sight import Sight
from service.storage.queue.asked import Asked, View
from service.storage.queue.looking import is_there
from service.storage.tables import (
    accounts,
    agents,
    browser_sessions,
    now,
    presences,
    safety_notes,
    skips,
    tickets,
)
from service.storage.values import BrowserKind

# What an agent waits for who tries to reach the owner, in vain so far.
OWNER_ANSWERS: Final = "owner"
_OF_BOTH_KINDS: Final = frozenset({View.NEXT, View.MINE, View.CLOSED})
_IS_SAFETY: Final = tickets.c.kind == TicketKind.SAFETY.value


def kinds_in(view: View, sight: Sight) -> tuple[TicketKind, ...]:
    """Of which kinds this agent finds tickets in a view."""
    if view in _OF_BOTH_KINDS:
        return sight.kinds
    kind = TicketKind.SAFETY if view is View.SAFETY else TicketKind.LOSS
    return (kind,) if kind in sight.kinds else ()


def wanted(sight: Sight, by: Agent, asked: Asked) -> ColumnElement[bool]:
    """Everything but the wallet, which each query names first, and the place in the order."""
    kinds = kinds_in(asked.view, sight)
    if not kinds:
        return literal(value=False)
    ours = tickets.c.kind.in_([kind.value for kind in kinds])
    if sight.own:
        ours &= tickets.c.account_id.notin_(sight.own)
    ours &= _in_view(by, asked.view)
    if asked.language is not None:
        ours &= _of_account(accounts.c.language == asked.language)
    if asked.level is not None:
        ours &= tickets.c.level == asked.level
    if asked.stage is not None:
        ours &= tickets.c.stage == asked.stage.value
    if asked.assigned_to is not None:
        ours &= tickets.c.assigned_to == asked.assigned_to
    return ours


def _in_view(by: Agent, view: View) -> ColumnElement[bool]:
    is_open = tickets.c.closed_at.is_(None)
    paused = tickets.c.paused_until > now
    desk = DEFAULT.desk
    match view:
        case View.OPEN | View.SAFETY:
            return is_open
        case View.NEXT:
            return is_open & _for(by)
        case View.MINE:
            return is_open & (tickets.c.assigned_to == by.id)
        case View.UNASSIGNED:
            return is_open & tickets.c.assigned_to.is_(None)
        case View.WAITING:
            for_owner = paused & (tickets.c.pause_reason == OWNER_ANSWERS)
            return is_open & (tickets.c.owner_reached_at.is_(None) | for_owner)
        case View.APPROVAL:
            # A literal, so that the planner sees its index.
            return tickets.c.stage == literal(Stage.PROPOSED.value, literal_execute=True)
        case View.BREACHING:
            return is_open & (tickets.c.next_until < now + desk.breaching_within)
        case View.LONG:
            since = now - desk.frozen_long_after
            return (
                is_open & (tickets.c.opened_at < since) & _of_account(accounts.c.frozen_at < since)
            )
        case View.CLOSED:
            return tickets.c.closed_at.isnot(None)


def _for(by: Agent) -> ColumnElement[bool]:
    """What "Next" may serve to this agent."""
    free = or_(tickets.c.assigned_to.is_(None), tickets.c.assigned_to == by.id, _is_left_alone())
    waits = or_(tickets.c.paused_until.is_(None), tickets.c.paused_until <= now)
    others = select(presences.c.agent_id).where(
        presences.c.ticket_id == tickets.c.id, presences.c.agent_id != by.id, is_there()
    )
    passed_over = select(skips.c.id).where(
        skips.c.ticket_id == tickets.c.id,
        skips.c.skipped_by == by.id,
        skips.c.skipped_at > now - DEFAULT.desk.skip_rests,
    )
    served = and_(free, waits, tickets.c.stage != Stage.PROPOSED.value)
    served &= ~others.exists() & ~passed_over.exists() & ~_was_just_noted_on()
    return served & _of_account(accounts.c.language.in_(by.speaks)) if by.speaks else served


def _is_left_alone() -> ColumnElement[bool]:
    """A safety ticket whose agent has gone, or is not trained for it any more: no supervisor sees
    it who could hand it on."""
    here = select(browser_sessions.c.id).where(
        browser_sessions.c.agent_id == tickets.c.assigned_to,
        browser_sessions.c.kind == BrowserKind.AGENT.value,
        browser_sessions.c.expires_at > now,
        agents.c.id == tickets.c.assigned_to,
        agents.c.trained_for_safety,
    )
    return _IS_SAFETY & ~here.exists()


def _was_just_noted_on() -> ColumnElement[bool]:
    """A safety ticket has no pause: its owner may want to be called in the evening. Once its agent
    has written something down, the rest of the queue is served for a while."""
    noted = select(safety_notes.c.id).where(
        safety_notes.c.ticket_id == tickets.c.id,
        safety_notes.c.noted_by == tickets.c.assigned_to,
        safety_notes.c.noted_at > now - DEFAULT.desk.skip_rests,
    )
    return _IS_SAFETY & noted.exists()


def _of_account(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    theirs = accounts.c.wallet_id == tickets.c.wallet_id
    theirs &= accounts.c.id == tickets.c.account_id
    return select(accounts.c.id).where(theirs, condition).exists()
