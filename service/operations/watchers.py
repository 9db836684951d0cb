"""Who watches the queue: one open page, and what it has still to be told.

A watcher is told only of what its agent sees at that very moment, and never what changed: ids,
kinds, and the names of those who look at a ticket.
"""

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import AgentId, BrowserSessionId, TicketId
from service.operations.agents import SignedIn
from service.storage.load.sight import Sight
from service.storage.queue import LookedAt
from service.storage.watching import Snapshot, Touched

Names = Mapping[AgentId, str]


class What(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    CLOSED = "closed"


class Told(Struct, frozen=True, kw_only=True):
    """What a watcher hears: a beat when nothing is in it."""

    # From where to ask again after a broken connection.
    since: str
    tickets: dict[TicketId, What]
    # Who else looks at a ticket now, wherever that has changed.
    looking: dict[TicketId, tuple[str, ...]] = {}
    # At whatever else the page shows, nobody looks.
    looking_is_all: bool = False
    # So much was missed that the page has to be made anew.
    too_much: bool = False
    # The session is over, or the agent is.
    ended: bool = False


class Moved(Struct, frozen=True, kw_only=True):
    """A ticket that somebody has begun or ceased to look at."""

    ticket_id: TicketId
    now: LookedAt
    before: frozenset[AgentId]


class Watcher:
    """One open page."""

    def __init__(self, by: SignedIn) -> None:
        self.session: BrowserSessionId = by.session.id
        self.agent: AgentId = by.agent.id
        # What its page showed, or was told since: the common question asks from before that.
        self.has_seen: Snapshot | None = None
        self.woken = asyncio.Event()
        self.tickets: dict[TicketId, What] = {}
        self.looking: dict[TicketId, tuple[str, ...]] = {}
        self.looking_is_all = False
        self.too_much = False
        self.ended = False

    def hears(self, touched: tuple[Touched, ...] | None, sight: Sight) -> None:
        if touched is None:
            self.too_much = True
            self.woken.set()
            return
        for one in touched:
            is_known = self.has_seen is not None and self.has_seen.sees(one.changed_in)
            if not is_known and one.is_seen_by(sight):
                self.tickets[one.ticket_id] = _what(one, self.tickets.get(one.ticket_id))
                self.woken.set()

    def hears_who_looks(self, moved: Iterable[Moved], names: Names, sight: Sight) -> None:
        """Whether this agent looks is no news to them."""
        me = {self.agent}
        for one in moved:
            if one.now.is_seen_by(sight) and one.now.agents - me != one.before - me:
                self.looking[one.ticket_id] = self._others(one.now, names)
                self.woken.set()

    def begins(self, looked: Mapping[TicketId, LookedAt], names: Names, sight: Sight) -> None:
        """Everything there is to know of who looks, in place of what was to be told."""
        self.looking_is_all = True
        self.looking = {
            ticket_id: others
            for ticket_id, one in looked.items()
            if one.is_seen_by(sight) and (others := self._others(one, names))
        }

    def told(self, since: str) -> Told:
        self.woken.clear()
        said = Told(
            since=since,
            tickets=self.tickets,
            looking=self.looking,
            looking_is_all=self.looking_is_all,
            too_much=self.too_much,
            ended=self.ended,
        )
        self.tickets, self.looking = {}, {}
        self.looking_is_all = self.too_much = False
        return said

    def _others(self, one: LookedAt, names: Names) -> tuple[str, ...]:
        return tuple(sorted(names[who] for who in one.agents if who != self.agent))


def moved_between(
    before: Mapping[TicketId, LookedAt], now: Mapping[TicketId, LookedAt]
) -> tuple[Moved, ...]:
    """Also those at which nobody looks any more: they left, or were not heard of for too long."""
    nobody: frozenset[AgentId] = frozenset()
    gone = (
        Moved(ticket_id=ticket_id, now=replace(one, agents=nobody), before=one.agents)
        for ticket_id, one in before.items()
        if ticket_id not in now
    )
    there = (
        Moved(ticket_id=ticket_id, now=one, before=were)
        for ticket_id, one in now.items()
        if one.agents != (were := before[ticket_id].agents if ticket_id in before else nobody)
    )
    return (*gone, *there)


def _what(one: Touched, before: What | None) -> What:
    """What is new stays new until it is told."""
    if one.is_closed:
        return What.CLOSED
    return What.NEW if one.is_new or before is What.NEW else What.CHANGED
