"""Who watches the queue in this process, and the one question that is asked for all of them.

While anybody watches, the database is asked every half second which tickets changed, and who looks
at which. Any number of processes may do so, and whichever wrote the change: it is found when it is
committed. A watcher is told only of what its agent sees at that very moment (`watchers`).

A heartbeat that comes changes nothing and is told to nobody; one that stays out is found by the
same question, without any write.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AgentId, TicketId
from domain.refusals import TooManyWatch
from service.operations.agents import SignedIn, names_of
from service.operations.house import House
from service.operations.watchers import Told, Watcher, What, moved_between
from service.storage import load, queue, watching
from service.storage.queue import LookedAt
from service.storage.watching import Since

__all__ = ["MOST_OF_AN_AGENT", "Told", "Watching", "What"]

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


class Watching:
    """All watchers of a process."""

    def __init__(self, house: House, *, asks_who_every: float = _ASKS_WHO_EVERY) -> None:
        self._house = house
        self._asks_who_every = asks_who_every
        self._watchers: set[Watcher] = set()
        self._of_agent: Counter[AgentId] = Counter()
        self._looking: asyncio.Task[None] | None = None
        # The snapshot of the last question; changes after it are still to be told.
        self._seen = ""
        # Who looked at what by then, and what they are called.
        self._looked: dict[TicketId, LookedAt] = {}
        self._names: dict[AgentId, str] = {}
        self._began = asyncio.Event()
        self._closed = False

    async def watch(self, by: SignedIn, since: str) -> AsyncGenerator[Told]:
        """What changes, for as long as the session lives and somebody listens.

        First what was missed after `since`, a snapshot from a page or an earlier event. Ends when
        the process does, or the database is away. Raises TooManyWatch.
        """
        watcher = self._join(by)
        if watching.is_snapshot(since):
            watcher.has_seen = watching.read(since)
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

    def _join(self, by: SignedIn) -> Watcher:
        full = len(self._watchers) >= MOST_OF_A_PROCESS
        if self._closed or full or self._of_agent[by.agent.id] >= MOST_OF_AN_AGENT:
            raise TooManyWatch
        watcher = Watcher(by)
        self._watchers.add(watcher)
        self._of_agent[watcher.agent] += 1
        if self._looking is None or self._looking.done():
            self._began.clear()
            self._looking = asyncio.create_task(self._look())
        return watcher

    def _leave(self, watcher: Watcher) -> None:
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

    async def _missed(self, watcher: Watcher, since: str) -> Told:
        async with self._house.engine.connect() as db:
            found = Since(snapshot=self._seen, touched=None)
            if watching.is_snapshot(since):
                found = await watching.changed_since(db, since)
            sight = await load.sight_of(db, await load.agent(db, watcher.agent))
        watcher.hears(found.touched, sight)
        watcher.has_seen = watching.read(found.snapshot)
        # As the common question found it last: what it finds next is told as a change to that.
        watcher.begins(self._looked, self._names, sight)
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
            looked = await queue.looking_now(db)
            moved = moved_between(self._looked, looked) if self._seen else ()
            if not self._seen:
                self._names = await self._names_of(db, looked)
                self._looked, self._seen = looked, await watching.visible(db)
                self._began.set()
                return
            found = await watching.changed_since(db, self._seen)
            watchers = tuple(self._watchers)
            if found.touched == () and not moved and not who_is_due:
                self._seen = found.snapshot
                return
            names = await self._names_of(db, looked) if moved else self._names
            # As they are at this moment: a level lowered, a wallet taken away, an own ticket.
            live = await watching.at_work(db, {one.session for one in watchers})
            agents = await load.agents_named(db, tuple(set(live.values())))
            sights = await load.sights_of(db, agents)
        self._seen, self._looked, self._names = found.snapshot, looked, names
        for one in watchers:
            if one.session in live:
                one.hears(found.touched, sights[one.agent])
                one.hears_who_looks(moved, names, sights[one.agent])
            else:
                one.ended = True
                self._leave(one)
                one.woken.set()

    async def _names_of(
        self, db: AsyncConnection, looked: Mapping[TicketId, LookedAt]
    ) -> dict[AgentId, str]:
        """Of everybody who looks at something; only those are read who have just begun to."""
        there = {who for one in looked.values() for who in one.agents}
        known = {who: name for who, name in self._names.items() if who in there}
        return {**known, **await names_of(db, self._house, there - known.keys())}
