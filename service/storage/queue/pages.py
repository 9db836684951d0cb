"""What waits, page by page: open tickets in the queue's order, closed ones last first.

Each wallet and kind is read on its own from its place in an index over open tickets, so the time
of a page depends neither on how many are open nor on how many are closed.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select, text, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from service.storage.load.sight import Sight
from service.storage.queue.asked import (
    MOST_ON_A_PAGE,
    Asked,
    ClosedAfter,
    Mark,
    OpenAfter,
    Row,
    View,
)
from service.storage.queue.views import kinds_in, wanted
from service.storage.rows import value_of
from service.storage.tables import tickets


async def mark(db: AsyncConnection) -> Mark:
    found = (await db.execute(text("select resguardo_clock(), pg_current_snapshot()::text"))).one()
    return Mark(now=found[0], snapshot=found[1])


async def page(
    db: AsyncConnection, sight: Sight, by: Agent, asked: Asked
) -> tuple[tuple[Row, ...], bool]:
    """At most a page of rows, and whether there are more."""
    chosen = [one for one in sight.wallets if asked.wallets is None or one in asked.wallets]
    kinds = kinds_in(asked.view, sight)
    if not chosen or not kinds:
        return (), False
    closed = asked.view is View.CLOSED
    order = _closed_order(tickets) if closed else open_order(tickets)
    condition = wanted(sight, by, asked) & _after(asked)
    each = [
        select(tickets)
        .where(tickets.c.wallet_id == wallet_id, tickets.c.kind == kind.value, condition)
        .order_by(*order)
        .limit(MOST_ON_A_PAGE + 1)
        for wallet_id in chosen
        for kind in kinds
    ]
    rows = (await db.execute(_together(each, closed=closed))).mappings()
    # Of a union the library names the columns by a kind of text of its own.
    found = tuple(value_of({str(name): of for name, of in row.items()}, Row) for row in rows)
    return found[:MOST_ON_A_PAGE], len(found) > MOST_ON_A_PAGE


def place_of(last: Row) -> OpenAfter | ClosedAfter:
    """From where the page after this row begins."""
    if last.closed_at is not None:
        return ClosedAfter(closed_at=last.closed_at, ticket_id=last.id)
    return OpenAfter(
        next_until=last.next_until,
        boost=last.boost,
        opened_at=last.opened_at,
        ticket_id=last.id,
    )


def open_order(of: Any) -> tuple[Any, ...]:
    """Breached, time left, boost, age."""
    return of.c.next_until, of.c.boost.desc(), of.c.opened_at, of.c.id


def _closed_order(of: Any) -> tuple[Any, ...]:
    return of.c.closed_at.desc(), of.c.id


def _after(asked: Asked) -> ColumnElement[bool]:
    """A place in another order than the view's says nothing."""
    match asked.after:
        case OpenAfter() as last if asked.view is not View.CLOSED:
            return _after_open(last)
        case ClosedAfter() as last if asked.view is View.CLOSED:
            return _after_closed(last)
        case _:
            return literal(value=True)


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


def _together(each: list[Select[Any]], *, closed: bool) -> Select[Any]:
    """The pages of each wallet and kind merged into one."""
    if len(each) == 1:
        return each[0]
    both = union_all(*(select(one.subquery()) for one in each)).subquery()
    order = _closed_order(both) if closed else open_order(both)
    return select(both).order_by(*order).limit(MOST_ON_A_PAGE + 1)
