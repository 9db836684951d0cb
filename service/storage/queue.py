"""What waits, page by page: open tickets in the queue's order, closed ones last first.

Each wallet is read on its own from its place in an index over open tickets, so the time of a page
depends neither on how many are open nor on how many are closed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.ids import AgentId, TicketId, WalletId
from domain.policy import DEFAULT
from domain.tickets import Stage, Ticket, TicketKind
from service.storage.load.sight import Sight
from service.storage.rows import every, value_of
from service.storage.tables import accounts, now, presences, proposals, skips, tickets

MOST_ON_A_PAGE: Final = 50
# Beyond it a count says "99+".
_COUNTED: Final = 100
# What an agent waits for who tries to reach the owner, in vain so far.
OWNER_ANSWERS: Final = "owner"


class View(StrEnum):
    """A question an agent asks of the queue."""

    OPEN = "open"
    NEXT = "next"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    APPROVAL = "approval"
    BREACHING = "breaching"
    LONG = "frozen-long"
    CLOSED = "closed"
    SAFETY = "safety"


class OpenAfter(Struct, frozen=True, kw_only=True):
    """The last row of a page of open tickets: the next page begins after it."""

    next_until: datetime
    boost: int
    opened_at: datetime
    ticket_id: TicketId


class ClosedAfter(Struct, frozen=True, kw_only=True):
    closed_at: datetime
    ticket_id: TicketId


After = OpenAfter | ClosedAfter


class Asked(Struct, frozen=True, kw_only=True):
    """Which tickets are wanted. What is None does not matter."""

    view: View = View.OPEN
    wallets: tuple[WalletId, ...] | None = None
    language: str | None = None
    level: int | None = None
    stage: Stage | None = None
    assigned_to: AgentId | None = None
    after: After | None = None


class Row(Ticket, frozen=True, kw_only=True):
    """A ticket, and the clock of it that runs out next."""

    next_until: datetime


class LastEntry(Struct, frozen=True, kw_only=True):
    at: datetime
    entry: str


class Mark(Struct, frozen=True, kw_only=True):
    """An instant, and what is visible at it: changes after it are found by it, exactly."""

    now: datetime
    snapshot: str


async def mark(db: AsyncConnection) -> Mark:
    found = (await db.execute(text("select resguardo_clock(), pg_current_snapshot()::text"))).one()
    return Mark(now=found[0], snapshot=found[1])


async def page(
    db: AsyncConnection, sight: Sight, by: Agent, asked: Asked
) -> tuple[tuple[Row, ...], bool]:
    """At most a page of rows, and whether there are more."""
    chosen = [one for one in sight.wallets if asked.wallets is None or one in asked.wallets]
    if not chosen:
        return (), False
    closed = asked.view is View.CLOSED
    order = _closed_order(tickets) if closed else _open_order(tickets)
    wanted = _wanted(sight, by, asked)
    each = [
        select(tickets)
        .where(tickets.c.wallet_id == wallet_id, wanted)
        .order_by(*order)
        .limit(MOST_ON_A_PAGE + 1)
        for wallet_id in chosen
    ]
    rows = (await db.execute(_together(each, closed=closed))).mappings()
    # Of a union the library names the columns by a kind of text of its own.
    found = tuple(value_of({str(name): of for name, of in row.items()}, Row) for row in rows)
    return found[:MOST_ON_A_PAGE], len(found) > MOST_ON_A_PAGE


async def counts(db: AsyncConnection, sight: Sight, by: Agent) -> tuple[dict[View, int], int]:
    """How many stand in each view, up to a hundred, and how many of the open ones are late."""
    views = [view for view in View if view not in (View.CLOSED, View.NEXT)]
    if TicketKind.SAFETY not in sight.kinds:
        views.remove(View.SAFETY)
    ours = tickets.c.wallet_id.in_(sight.wallets)
    columns = [
        _capped(ours & _wanted(sight, by, Asked(view=view))).label(view.value) for view in views
    ]
    late = ours & _wanted(sight, by, Asked()) & (tickets.c.next_until <= now)
    row = (await db.execute(select(*columns, _capped(late).label("late")))).one()
    return {view: row[place] for place, view in enumerate(views)}, row[-1]


async def take_next(db: AsyncConnection, sight: Sight, by: Agent) -> Ticket | None:
    """The most urgent ticket for this agent, under its lock.

    Whatever somebody else holds at this moment is passed over: two agents who ask at once are
    served two tickets, and nobody waits. Only the ticket is locked, and nothing after it.
    """
    wanted = tickets.c.wallet_id.in_(sight.wallets) & _wanted(sight, by, Asked(view=View.NEXT))
    found = await every(
        db,
        select(tickets)
        .where(wanted)
        .order_by(*_open_order(tickets))
        .limit(1)
        .with_for_update(of=tickets, skip_locked=True),
        Ticket,
    )
    return found[0] if found else None


async def last_entries(
    db: AsyncConnection, shown: Collection[Row], *, except_for: Collection[str]
) -> dict[TicketId, LastEntry]:
    """What happened last on each ticket, out of its account's record."""
    if not shown:
        return {}
    found = await db.execute(
        text(_LAST),
        {"ids": [row.id for row in shown], "except_for": list(except_for)},
    )
    return {TicketId(row.id): LastEntry(at=row.at, entry=row.entry) for row in found}


async def lookers(
    db: AsyncConnection, ids: Collection[TicketId]
) -> dict[TicketId, tuple[AgentId, ...]]:
    """Who looks at these tickets just now."""
    seen: dict[TicketId, tuple[AgentId, ...]] = {}
    found = await db.execute(
        select(presences.c.ticket_id, presences.c.agent_id)
        .where(presences.c.ticket_id.in_(ids), _is_there())
        .order_by(presences.c.agent_id)
    )
    for row in found:
        ticket_id = TicketId(row.ticket_id)
        seen[ticket_id] = (*seen.get(ticket_id, ()), AgentId(row.agent_id))
    return seen


async def proposers(
    db: AsyncConnection, wallets: Collection[WalletId], ids: Collection[TicketId]
) -> Mapping[TicketId, AgentId]:
    """Who made the proposal that waits, on each of these tickets that has one."""
    waiting = proposals.c.wallet_id.in_(wallets) & proposals.c.ticket_id.in_(ids)
    found = await db.execute(
        select(proposals.c.ticket_id, proposals.c.proposed_by).where(
            waiting, proposals.c.status == "pending"
        )
    )
    return {TicketId(row.ticket_id): AgentId(row.proposed_by) for row in found}


async def assignees(db: AsyncConnection, sight: Sight) -> tuple[AgentId, ...]:
    """Who has open tickets, for the filter."""
    ours = tickets.c.wallet_id.in_(sight.wallets) & tickets.c.closed_at.is_(None)
    found = await db.scalars(
        select(tickets.c.assigned_to).where(ours, tickets.c.assigned_to.isnot(None)).distinct()
    )
    return tuple(AgentId(one) for one in found if one is not None)


# The journal of an account holds more than its ticket: only the ticket's own time counts.
_LAST: Final = """
select t.id, last.at, last.entry
  from tickets t
 cross join lateral (
   select j.at, j.entry
     from journal j
    where j.wallet_id = t.wallet_id and j.account_id = t.account_id
      and j.at >= t.opened_at and (t.closed_at is null or j.at <= t.closed_at)
      -- Never read as JSON: an entry that was tampered with must not take the queue away.
      and (t.kind = 'safety' or not exists (
        select 1 from unnest(cast(:except_for as text[])) as name
         where strpos(j.entry, '"event":"' || name || '"') > 0
      ))
    order by j.at desc, j.id desc
    limit 1
 ) last
 where t.id = any(:ids)
"""


def _wanted(sight: Sight, by: Agent, asked: Asked) -> ColumnElement[bool]:
    """Everything but the wallet, which each query names first."""
    kind = TicketKind.SAFETY if asked.view is View.SAFETY else TicketKind.LOSS
    if kind not in sight.kinds:
        return literal(value=False)
    ours = tickets.c.kind == kind.value
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
    match asked.after:
        case OpenAfter() as last if asked.view is not View.CLOSED:
            ours &= _after_open(last)
        case ClosedAfter() as last if asked.view is View.CLOSED:
            ours &= _after_closed(last)
        case _:
            pass
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
    free = or_(tickets.c.assigned_to.is_(None), tickets.c.assigned_to == by.id)
    waits = or_(tickets.c.paused_until.is_(None), tickets.c.paused_until <= now)
    others = select(presences.c.agent_id).where(
        presences.c.ticket_id == tickets.c.id, presences.c.agent_id != by.id, _is_there()
    )
    passed_over = select(skips.c.id).where(
        skips.c.ticket_id == tickets.c.id,
        skips.c.skipped_by == by.id,
        skips.c.skipped_at > now - DEFAULT.desk.skip_rests,
    )
    wanted = and_(free, waits, tickets.c.stage != Stage.PROPOSED.value)
    wanted &= ~others.exists() & ~passed_over.exists()
    return wanted & _of_account(accounts.c.language.in_(by.speaks)) if by.speaks else wanted


def _is_there() -> ColumnElement[bool]:
    return presences.c.seen_at > now - DEFAULT.desk.presence_lasts


def _of_account(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    theirs = accounts.c.wallet_id == tickets.c.wallet_id
    theirs &= accounts.c.id == tickets.c.account_id
    return select(accounts.c.id).where(theirs, condition).exists()


def _after_open(last: OpenAfter) -> ColumnElement[bool]:
    t = tickets.c
    # The first says where in the index to begin, the second which of equals were seen.
    return (t.next_until >= last.next_until) & (
        tuple_(t.next_until, -t.boost, t.opened_at, t.id)
        > tuple_(
            literal(last.next_until),
            literal(-last.boost),
            literal(last.opened_at),
            literal(last.ticket_id),
        )
    )


def _after_closed(last: ClosedAfter) -> ColumnElement[bool]:
    t = tickets.c
    before = t.closed_at < last.closed_at
    same = (t.closed_at == last.closed_at) & (t.id > last.ticket_id)
    return (t.closed_at <= last.closed_at) & or_(before, same)


def _open_order(of: Any) -> tuple[Any, ...]:
    return of.c.next_until, of.c.boost.desc(), of.c.opened_at, of.c.id


def _closed_order(of: Any) -> tuple[Any, ...]:
    return of.c.closed_at.desc(), of.c.id


def _together(each: list[Select[Any]], *, closed: bool) -> Select[Any]:
    """Each wallet's page merged into one."""
    if len(each) == 1:
        return each[0]
    both = union_all(*(select(one.subquery()) for one in each)).subquery()
    order = _closed_order(both) if closed else _open_order(both)
    return select(both).order_by(*order).limit(MOST_ON_A_PAGE + 1)


def _capped(condition: ColumnElement[bool]) -> Any:
    some = select(tickets.c.id).where(condition).limit(_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
