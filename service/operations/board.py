"""What a supervisor looks at: where tickets stand, who has them, what was late, who decides."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent, Role, require_record_reader
from domain.ids import AgentId
from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import board, load
from service.storage.board import Assigned, Breach, BreachCount, Ringing, StageCount, Stuck
from service.storage.load.sight import Sight
from service.storage.rows import clock

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
# Long enough to see a habit, short enough that the people are still here.
_PAIRS_OF: Final = timedelta(days=30)
_OF_EACH_STAGE: Final = 5
_MOST: Final = 30
_OPEN_STAGES: Final = tuple(stage for stage in Stage if stage not in {Stage.RELEASED, Stage.CLOSED})


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
    # By the id of everybody who is named above.
    names: Mapping[AgentId, str]
    now: datetime


async def see_board(house: House, by: SignedIn) -> Board:
    """In a fixed number of statements. Raises LevelTooLow for whoever does not supervise."""
    require_record_reader(by.agent)
    async with house.engine.connect() as db:
        now = await clock(db)
        sight = await load.sight_of(db, by.agent)
        there = await _there(db, sight)
        assigned = await board.assigned(db, sight)
        stuck = await board.stuck(db, sight, of_each=_OF_EACH_STAGE)
        pairs = await board.pairs(db, sight, since=now - _PAIRS_OF, most=_MOST)
        named = {
            *(agent.id for agent in there),
            *(one.agent_id for one in assigned if one.agent_id is not None),
            *(one.assigned_to for one in stuck if one.assigned_to is not None),
            *(id_ for pair in pairs for id_ in (pair.proposed_by, pair.decided_by)),
        }
        names = await agents.names_of(db, house, named)
        return Board(
            wallets={
                str(wallet.id): wallet
                for wallet in await load.all_wallets(db)
                if wallet.id in sight.wallets
            },
            stages=_OPEN_STAGES,
            counts=await board.stages(db, sight),
            assigned=assigned,
            stuck=stuck,
            breach_counts=await board.breach_counts(db, sight, day=now - _DAY, week=now - _WEEK),
            breaches=await board.breaches(db, sight, since=now - _WEEK, most=_MOST),
            ringing=await board.ringing(db, sight),
            on_shift=_shift(there, assigned, names),
            pairs=_pairs(pairs, names),
            names=names,
            now=now,
        )


async def _there(db: AsyncConnection, sight: Sight) -> tuple[Agent, ...]:
    """On shift for any of these wallets, each once."""
    found = [one for id_ in sight.wallets for one in await load.agents_on_shift(db, id_)]
    return tuple({one.id: one for one in found}.values())


def _shift(
    there: Iterable[Agent], assigned: Iterable[Assigned], names: Mapping[AgentId, str]
) -> tuple[OnShift, ...]:
    has = {one.agent_id: one.tickets for one in assigned}
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
