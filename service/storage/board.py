"""What the supervisor's board reads: open tickets, a week of breaches, a month of decisions.

Open tickets stand in partial indexes, breaches and decisions in indexes by their instant; what was
closed long ago is never read.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, AgentId, TicketId, WalletId
from domain.tickets import Clock, ClockWhat, ProposalStatus, Stage, TicketKind
from service.storage.load.sight import Sight
from service.storage.rows import every
from service.storage.tables import accounts, clock_events, proposals, rings, tickets

_OPEN: Final = tickets.c.closed_at.is_(None)
# The instant from which a ticket stands where it stands.
_SINCE: Final = case(
    (tickets.c.stage == Stage.OWNER_REACHED.value, tickets.c.owner_reached_at),
    (tickets.c.stage == Stage.PROVED.value, tickets.c.proved_at),
    (tickets.c.stage == Stage.PROPOSED.value, tickets.c.proposed_at),
    (tickets.c.stage == Stage.KEPT_FROZEN.value, tickets.c.kept_frozen_at),
    else_=tickets.c.opened_at,
)

_STANDING: Final = (
    tickets.c.id.label("ticket_id"),
    tickets.c.wallet_id,
    tickets.c.account_id,
    tickets.c.kind,
    accounts.c.language,
    tickets.c.reference,
    tickets.c.assigned_to,
    tickets.c.row_version,
)
_WITH_OWNER: Final = tickets.join(
    accounts,
    (accounts.c.wallet_id == tickets.c.wallet_id) & (accounts.c.id == tickets.c.account_id),
)


class StageCount(Struct, frozen=True, kw_only=True):
    stage: Stage
    level: int
    tickets: int


class Assigned(Struct, frozen=True, kw_only=True):
    """How many open tickets somebody has (None: nobody), and since when the oldest is open."""

    agent_id: AgentId | None
    tickets: int
    oldest: datetime


class Standing(Struct, frozen=True, kw_only=True):
    """A ticket as far as it matters for who may take it."""

    ticket_id: TicketId
    wallet_id: WalletId
    account_id: AccountId
    kind: TicketKind
    # The owner's.
    language: str
    reference: str
    assigned_to: AgentId | None
    row_version: int


class Stuck(Standing, frozen=True, kw_only=True):
    stage: Stage
    level: int
    since: datetime
    paused_until: datetime | None


class Breach(Struct, frozen=True, kw_only=True):
    ticket_id: TicketId
    wallet_id: WalletId
    reference: str
    kind: Clock
    until: datetime
    # When it was made good; None while it is not.
    done_at: datetime | None
    level: int


class BreachCount(Struct, frozen=True, kw_only=True):
    kind: Clock
    day: int
    week: int


class Pair(Struct, frozen=True, kw_only=True):
    """Who proposed, and who approved it."""

    proposed_by: AgentId
    decided_by: AgentId
    decided: int


class Ringing(Struct, frozen=True, kw_only=True):
    ticket_id: TicketId
    wallet_id: WalletId
    reference: str
    why: str
    began_at: datetime
    rung: int


async def stages(db: AsyncConnection, sight: Sight) -> tuple[StageCount, ...]:
    stage, level = tickets.c.stage, tickets.c.level
    counted = (
        select(stage, level, func.count().label("tickets"))
        .where(sight.of_tickets(), _OPEN)
        .group_by(stage, level)
    )
    return await every(db, counted, StageCount)


async def assigned(db: AsyncConnection, sight: Sight) -> tuple[Assigned, ...]:
    holder, oldest = tickets.c.assigned_to, func.min(tickets.c.opened_at)
    counted = (
        select(holder.label("agent_id"), func.count().label("tickets"), oldest.label("oldest"))
        .where(sight.of_tickets(), _OPEN)
        .group_by(holder)
        .order_by(oldest)
    )
    return await every(db, counted, Assigned)


async def stuck(db: AsyncConnection, sight: Sight, *, of_each: int) -> tuple[Stuck, ...]:
    """Of each stage those that have stood there longest."""
    place = func.row_number().over(partition_by=tickets.c.stage, order_by=_SINCE)
    longest = (
        select(
            tickets.c.id,
            tickets.c.stage,
            tickets.c.level,
            _SINCE.label("since"),
            tickets.c.paused_until,
            place.label("place"),
        )
        .where(sight.of_tickets(), _OPEN)
        .subquery()
    )
    # Labelled: of a subquery the library names the columns by a kind of text of its own.
    names = ("stage", "level", "since", "paused_until")
    of_place = (longest.c[name].label(name) for name in names)
    found = (
        select(*_STANDING, *of_place)
        .select_from(_WITH_OWNER.join(longest, longest.c.id == tickets.c.id))
        .where(longest.c.place <= of_each)
        .order_by(longest.c.since)
    )
    return await every(db, found, Stuck)


async def held(
    db: AsyncConnection, sight: Sight, by: Collection[AgentId], *, of_each: int
) -> tuple[Standing, ...]:
    """Open losses in the hands of these agents; of each agent those that are open longest."""
    if not by:
        return ()
    place = func.row_number().over(partition_by=tickets.c.assigned_to, order_by=tickets.c.opened_at)
    theirs = (
        select(tickets.c.id, place.label("place"))
        .where(sight.of_tickets(), _OPEN, tickets.c.assigned_to.in_(by))
        .where(tickets.c.kind == TicketKind.LOSS.value)
        .subquery()
    )
    found = (
        select(*_STANDING)
        .select_from(_WITH_OWNER.join(theirs, theirs.c.id == tickets.c.id))
        .where(theirs.c.place <= of_each)
        .order_by(tickets.c.opened_at)
    )
    return await every(db, found, Standing)


async def standing(
    db: AsyncConnection, sight: Sight, ids: Collection[TicketId]
) -> dict[TicketId, Standing]:
    """Those of them that may be seen, open or closed."""
    if not ids:
        return {}
    found = select(*_STANDING).select_from(_WITH_OWNER)
    found = found.where(sight.of_tickets(), tickets.c.id.in_(ids))
    return {one.ticket_id: one for one in await every(db, found, Standing)}


async def breach_counts(
    db: AsyncConnection, sight: Sight, *, day: datetime, week: datetime
) -> tuple[BreachCount, ...]:
    kind = clock_events.c.kind
    of_day = func.count().filter(clock_events.c.at >= day)
    counted = (
        select(kind, of_day.label("day"), func.count().label("week"))
        .select_from(_with_ticket(clock_events))
        .where(_breached_since(sight, week))
        .group_by(kind)
        .order_by(kind)
    )
    return await every(db, counted, BreachCount)


async def breaches(
    db: AsyncConnection, sight: Sight, *, since: datetime, most: int
) -> tuple[Breach, ...]:
    """The latest, with the instant at which what was late came after all."""
    after = clock_events.alias("after")
    done_at = (
        select(func.min(after.c.at))
        .where(
            after.c.ticket_id == clock_events.c.ticket_id,
            after.c.kind == clock_events.c.kind,
            after.c.what == ClockWhat.FULFILLED.value,
            after.c.at >= clock_events.c.at,
        )
        .scalar_subquery()
    )
    found = (
        select(
            tickets.c.id.label("ticket_id"),
            tickets.c.wallet_id,
            tickets.c.reference,
            tickets.c.level,
            clock_events.c.kind,
            clock_events.c.until,
            done_at.label("done_at"),
        )
        .select_from(_with_ticket(clock_events))
        .where(_breached_since(sight, since))
        .order_by(clock_events.c.at.desc())
        .limit(most)
    )
    return await every(db, found, Breach)


async def pairs(
    db: AsyncConnection, sight: Sight, *, since: datetime, most: int
) -> tuple[Pair, ...]:
    """Those who decided together most often first."""
    by, decided = (proposals.c.proposed_by, proposals.c.decided_by), func.count()
    counted = (
        select(*by, decided.label("decided"))
        .select_from(_with_ticket(proposals))
        .where(
            proposals.c.wallet_id.in_(sight.wallets),
            proposals.c.status == ProposalStatus.APPROVED.value,
            proposals.c.decided_at >= since,
            sight.of_tickets(),
        )
        .group_by(*by)
        .order_by(decided.desc(), *by)
        .limit(most)
    )
    return await every(db, counted, Pair)


async def ringing(db: AsyncConnection, sight: Sight) -> tuple[Ringing, ...]:
    found = (
        select(
            tickets.c.id.label("ticket_id"),
            tickets.c.wallet_id,
            tickets.c.reference,
            rings.c.why,
            rings.c.began_at,
            rings.c.rung,
        )
        .select_from(_with_ticket(rings))
        .where(sight.of_tickets(), rings.c.ended_at.is_(None))
        .order_by(rings.c.began_at)
    )
    return await every(db, found, Ringing)


def _with_ticket(table: Any) -> Any:
    return table.join(tickets, tickets.c.id == table.c.ticket_id)


def _breached_since(sight: Sight, since: datetime) -> Any:
    return and_(
        clock_events.c.wallet_id.in_(sight.wallets),
        # The word itself, so that the partial index is found.
        clock_events.c.what == literal(ClockWhat.BREACHED.value, literal_execute=True),
        clock_events.c.at >= since,
        sight.of_tickets(),
    )
