"""How the queue is asked: a view of it, filters, and from which row on."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.ids import AgentId, TicketId, WalletId
from domain.tickets import Stage, Ticket

MOST_ON_A_PAGE: Final = 50


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


class Mark(Struct, frozen=True, kw_only=True):
    """An instant, and what is visible at it: changes after it are found by it, exactly."""

    now: datetime
    snapshot: str
