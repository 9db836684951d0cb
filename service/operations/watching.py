"""Who watches the queue in this process, and the one question that is asked for all of them.

While anybody watches, the database is asked every half second which tickets changed. Any number of
processes may do so, and whichever wrote the change: it is found when it is committed. A watcher is
told only of what its agent sees at that very moment, and never what changed: ids and kinds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from enum import StrEnum
from typing import Final

import structlog
from msgspec import Struct

from domain.ids import AgentId, BrowserSessionId, TicketId
from domain.refusals import TooManyWatch
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load, watching
from service.storage.load.sight import Sight
from service.storage.watching import Touched

log = structlog.get_logger("service.watching")

# Half of what a person calls at once, and nothing for a database.
_LOOKS_EVERY: Final = 0.5
_RESTS_FOR: Final = 2.0
# A database that says nothing is away too.
_ANSWERS_WITHIN: Final = 5.0
# An ended session stops hearing within this time, also while nothing changes.
_ASKS_WHO_EVERY: Final = 5.0
# Proxies cut what is silent for a minute; a page that hears nothing for two of these says so.
BEATS_EVERY: Final = 15.0
# An agent has a queue open on a desk, a phone and a few forgotten windows,
MOST_OF_AN_AGENT: Final = 5
# and a process serves pages besides.
MOST_OF_A_PROCESS: Final = 500


class What(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    CLOSED = "closed"


class Told(Struct, frozen=True, kw_only=True):
    """What a watcher hears: a beat when nothing is in it."""

    # From where to ask again after a broken connection.
    since: str
    tickets: dict[TicketId, What]
    # So much was missed that the page has to be made anew.
    too_much: bool = False
    # The session is over, or the agent is.
    ended: bool = False


class _Watcher:
    """One open page."""

    def __init__(self, by: SignedIn) -> None:
        self.session: BrowserSessionId = by.session.id
        self.agent: AgentId = by.agent.id
        self.woken = asyncio.Event()
        self.tickets: dict[TicketId, What] = {}
        self.too_much = False
        self.ended = False

    def hears(self, touched: tuple[Touched, ...] | None, sight: Sight) -> None:
        if touched is None:
            self.too_much = True
            self.woken.set()
            return
        for one in touched:
            if one.is_seen_by(sight):
                self.tickets[one.ticket_id] = _what(one, self.tickets.get(one.ticket_id))
                self.woken.set()

    def told(self, since: str) -> Told:
        self.woken.clear()
        said = Told(since=since, tickets=self.tickets, too_much=self.too_much, ended=self.ended)
        self.tickets, self.too_much = {}, False
        return said


class Watching:
    """All watchers of a process."""

    def __init__(self, house: House, *, asks_who_every: float = _ASKS_WHO_EVERY) -> None:
        self._house = house
        self._asks_who_every = asks_who_every
        self._watchers: set[_Watcher] = set()
        self._of_agent: Counter[AgentId] = Counter()
        self._looking: asyncio.Task[None] | None = None
        # The snapshot of the last question; changes after it are still to be told.
        self._seen = ""
        self._began = asyncio.Event()
        self._closed = False

    async def watch(self, by: SignedIn, since: str) -> AsyncGenerator[Told]:
        """What changes, for as long as the session lives and somebody listens.

        First what was missed after `since`, a snapshot from a page or an earlier event. Ends when
        the process does, or the database is away. Raises TooManyWatch.
        """
        watcher = self._join(by)
        try:
            # Only from here on is nothing lost between the question below and the common one.
            await self._began.wait()
            if self._closed or watcher not in self._watchers:
                return
            yield await self._missed(watcher, since)
            while watcher in self._watchers or watcher.ended:
                with suppress(TimeoutError):
                    await asyncio.wait_for(watcher.woken.wait(), BEATS_EVERY)
                if watcher in self._watchers or watcher.ended:
                    yield watcher.told(self._seen)
                if watcher.ended:
                    return
        finally:
            self._leave(watcher)

    async def close(self) -> None:
        """Whoever watches is let go, and comes back to another process."""
        self._closed = True
        self._let_go()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _join(self, by: SignedIn) -> _Watcher:
        full = len(self._watchers) >= MOST_OF_A_PROCESS
        if self._closed or full or self._of_agent[by.agent.id] >= MOST_OF_AN_AGENT:
            raise TooManyWatch
        watcher = _Watcher(by)
        self._watchers.add(watcher)
        self._of_agent[watcher.agent] += 1
        if self._looking is None or self._looking.done():
            self._began.clear()
            self._looking = asyncio.create_task(self._look())
        return watcher

    def _leave(self, watcher: _Watcher) -> None:
        if watcher not in self._watchers:
            return
        self._watchers.discard(watcher)
        self._of_agent[watcher.agent] -= 1
        if not self._of_agent[watcher.agent]:
            del self._of_agent[watcher.agent]

    def _let_go(self) -> None:
        for watcher in tuple(self._watchers):
            self._leave(watcher)
            watcher.woken.set()
        self._began.set()

    async def _missed(self, watcher: _Watcher, since: str) -> Told:
        if not watching.is_snapshot(since):
            return Told(since=self._seen, tickets={}, too_much=True)
        async with self._house.engine.connect() as db:
            found = await watching.changed_since(db, since)
            agent = await load.agent(db, watcher.agent)
            watcher.hears(found.touched, await load.sight_of(db, agent))
        return watcher.told(found.snapshot)

    async def _look(self) -> None:
        """Until nobody watches any more."""
        loop = asyncio.get_running_loop()
        who_asked_at = loop.time()
        self._seen = ""
        while self._watchers:
            rest = _LOOKS_EVERY
            try:
                who_is_due = loop.time() - who_asked_at >= self._asks_who_every
                async with asyncio.timeout(_ANSWERS_WITHIN):
                    await self._ask(who_is_due=who_is_due)
                if who_is_due:
                    who_asked_at = loop.time()
            except Exception as error:  # noqa: BLE001  # whatever it is, nobody watches any more
                log.warning("watching.database-away", error=type(error).__name__)
                # Their pages say so, and ask again from where they were.
                self._let_go()
                if not self._seen:
                    self._began.clear()
                rest = _RESTS_FOR
            await asyncio.sleep(rest)

    async def _ask(self, *, who_is_due: bool) -> None:
        async with self._house.engine.connect() as db:
            if not self._seen:
                self._seen = await watching.visible(db)
                self._began.set()
                return
            found = await watching.changed_since(db, self._seen)
            watchers = tuple(self._watchers)
            if found.touched == () and not who_is_due:
                self._seen = found.snapshot
                return
            # As they are at this moment: a level lowered, a wallet taken away, an own ticket.
            live = await watching.at_work(db, {one.session for one in watchers})
            agents = await load.agents_named(db, tuple(set(live.values())))
            sights = await load.sights_of(db, agents)
        self._seen = found.snapshot
        for one in watchers:
            if one.session in live:
                one.hears(found.touched, sights[one.agent])
            else:
                one.ended = True
                self._leave(one)
                one.woken.set()


def _what(one: Touched, before: What | None) -> What:
    """What is new stays new until it is told."""
    if one.is_closed:
        return What.CLOSED
    return What.NEW if one.is_new or before is What.NEW else What.CHANGED
