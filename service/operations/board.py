"""What a supervisor looks at: where tickets stand, who has them, what was late, who decides."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import access
from domain.access import Agent, Role, require_record_reader
from domain.ids import AgentId, TicketId
from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.reassigning import Taker, takers_of
from service.operations.why_not import refusal_of
from service.storage import board, load
from service.storage.board import (
    Assigned,
    Breach,
    BreachCount,
    Ringing,
    StageCount,
    Standing,
    Stuck,
)
from service.storage.load.sight import Sight
from service.storage.rows import clock

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
# Long enough to see a habit, short enough that the people are still here.
_PAIRS_OF: Final = timedelta(days=30)
_OF_EACH_STAGE: Final = 5
_MOST: Final = 30
# Of one agent, given on in one go; with who gets them and why they fit into one form.
MOST_AT_ONCE: Final = 20
OPEN_STAGES: Final = tuple(stage for stage in Stage if stage not in {Stage.RELEASED, Stage.CLOSED})


class OnShift(Struct, frozen=True, kw_only=True):
    name: str
    level: int
    role: Role
    speaks: tuple[str, ...]
    # How many open tickets they have.
    tickets: int


class PairSeen(Struct, frozen=True, kw_only=True):
    proposed_by: str
    decided_by: str
    decided: int
    # Of all that the first one proposed and somebody approved.
    of_proposed: int


class Away(Struct, frozen=True, kw_only=True):
    """Somebody who is not on shift and has open tickets; those that are open longest."""

    agent_id: AgentId
    tickets: tuple[Standing, ...]
    takers: tuple[Taker, ...]


class Board(Struct, frozen=True, kw_only=True):
    wallets: Mapping[str, Wallet]
    stages: tuple[Stage, ...]
    counts: tuple[StageCount, ...]
    assigned: tuple[Assigned, ...]
    stuck: tuple[Stuck, ...]
    breach_counts: tuple[BreachCount, ...]
    breaches: tuple[Breach, ...]
    ringing: tuple[Ringing, ...]
    on_shift: tuple[OnShift, ...]
    pairs: tuple[PairSeen, ...]
    # Whether this agent may give tickets to others here; else nobody is named who could take one.
    may_reassign: bool
    takers: Mapping[TicketId, tuple[Taker, ...]]
    away: tuple[Away, ...]
    # Those that were asked for besides.
    asked: Mapping[TicketId, Standing]
    # By the id of everybody who is named above.
    names: Mapping[AgentId, str]
    now: datetime


class _Rows(Struct, frozen=True, kw_only=True):
    """What names people, before they are named."""

    # On shift.
    there: tuple[Agent, ...]
    assigned: tuple[Assigned, ...]
    stuck: tuple[Stuck, ...]
    of_away: tuple[Standing, ...]
    asked: Mapping[TicketId, Standing]
    pairs: tuple[board.Pair, ...]

    def agents(self) -> set[AgentId]:
        holders = [one.assigned_to for one in (*self.stuck, *self.asked.values())]
        holders += [one.agent_id for one in self.assigned]
        return {
            *(agent.id for agent in self.there),
            *(one for one in holders if one is not None),
            *(id_ for pair in self.pairs for id_ in (pair.proposed_by, pair.decided_by)),
        }


async def see_board(house: House, by: SignedIn, asked: Collection[TicketId] = ()) -> Board:
    """In a fixed number of statements. Raises LevelTooLow for whoever does not supervise."""
    require_record_reader(by.agent)
    may_reassign = refusal_of(lambda: access.require_level(by.agent, access.SUPERVISES)) is None
    async with house.engine.connect() as db:
        now = await clock(db)
        sight = await load.sight_of(db, by.agent)
        rows = await _rows(db, sight, now, asked)
        names = await agents.names_of(db, house, rows.agents())
        who = _Who(
            there=rows.there if may_reassign else (),
            sights=await load.sights_of(db, rows.there),
            names=names,
            has=_has(rows.assigned),
        )
        return Board(
            wallets={
                str(wallet.id): wallet
                for wallet in await load.all_wallets(db)
                if wallet.id in sight.wallets
            },
            stages=OPEN_STAGES,
            counts=await board.stages(db, sight),
            assigned=rows.assigned,
            stuck=rows.stuck,
            breach_counts=await board.breach_counts(db, sight, day=now - _DAY, week=now - _WEEK),
            breaches=await board.breaches(db, sight, since=now - _WEEK, most=_MOST),
            ringing=await board.ringing(db, sight),
            on_shift=_shift(rows.there, rows.assigned, names),
            pairs=_pairs(rows.pairs, names),
            takers={one.ticket_id: who.can_take(one) for one in rows.stuck},
            away=_away(rows.of_away, who) if may_reassign else (),
            asked=rows.asked,
            may_reassign=may_reassign,
            names=names,
            now=now,
        )


async def _rows(
    db: AsyncConnection, sight: Sight, now: datetime, asked: Collection[TicketId]
) -> _Rows:
    there = await _there(db, sight)
    assigned = await board.assigned(db, sight)
    return _Rows(
        there=there,
        assigned=assigned,
        stuck=await board.stuck(db, sight, of_each=_OF_EACH_STAGE),
        of_away=await _of_away(db, sight, there, assigned),
        asked=await board.standing(db, sight, asked),
        pairs=await board.pairs(db, sight, since=now - _PAIRS_OF, most=_MOST),
    )


async def _there(db: AsyncConnection, sight: Sight) -> tuple[Agent, ...]:
    """On shift for any of these wallets, each once."""
    found = [one for id_ in sight.wallets for one in await load.agents_on_shift(db, id_)]
    return tuple({one.id: one for one in found}.values())


class _Who(Struct, frozen=True, kw_only=True):
    """Who could be given a ticket: nobody, where nobody may give any."""

    there: tuple[Agent, ...]
    sights: Mapping[AgentId, Sight]
    names: Mapping[AgentId, str]
    has: Mapping[AgentId | None, int]

    def can_take(self, *tickets: Standing) -> tuple[Taker, ...]:
        return takers_of(tickets, self.there, self.sights, names=self.names, has=self.has)


async def _of_away(
    db: AsyncConnection, sight: Sight, there: Iterable[Agent], assigned: Iterable[Assigned]
) -> tuple[Standing, ...]:
    holders = {one.agent_id for one in assigned if one.agent_id is not None}
    away = holders - {agent.id for agent in there}
    return await board.held(db, sight, away, of_each=MOST_AT_ONCE)


def _away(tickets: Iterable[Standing], who: _Who) -> tuple[Away, ...]:
    of: dict[AgentId, list[Standing]] = {}
    for one in tickets:
        if one.assigned_to is not None:
            of.setdefault(one.assigned_to, []).append(one)
    return tuple(
        Away(agent_id=holder, tickets=tuple(theirs), takers=who.can_take(*theirs))
        for holder, theirs in of.items()
    )


def _has(assigned: Iterable[Assigned]) -> dict[AgentId | None, int]:
    return {one.agent_id: one.tickets for one in assigned}


def _shift(
    there: Iterable[Agent], assigned: Iterable[Assigned], names: Mapping[AgentId, str]
) -> tuple[OnShift, ...]:
    has = _has(assigned)
    return tuple(
        OnShift(
            name=names[one.id],
            level=one.level,
            role=one.role,
            speaks=one.speaks,
            tickets=has.get(one.id, 0),
        )
        for one in there
    )


def _pairs(pairs: Iterable[board.Pair], names: Mapping[AgentId, str]) -> tuple[PairSeen, ...]:
    proposed: dict[AgentId, int] = {}
    for pair in pairs:
        proposed[pair.proposed_by] = proposed.get(pair.proposed_by, 0) + pair.decided
    return tuple(
        PairSeen(
            proposed_by=names[pair.proposed_by],
            decided_by=names[pair.decided_by],
            decided=pair.decided,
            of_proposed=proposed[pair.proposed_by],
        )
        for pair in pairs
    )
