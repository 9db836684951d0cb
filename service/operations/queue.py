"""The queue: which tickets wait, most urgent first, with what an agent chooses by."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.accounts import Account, Done
from domain.events import Actor
from domain.ids import AgentId, TicketId
from domain.reports import LossKind, LossReport
from domain.tickets import Proposal, Stage, TicketKind
from domain.wallet_reports import FreezeReason, WalletReport
from domain.wallets import Wallet
from service.operations import agents, timeline
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.obeying import of_account
from service.operations.timeline import ONLY_ON_SAFETY, Entry, Happened
from service.storage import load, queue
from service.storage.load.sight import Sight
from service.storage.queue import Asked, ClosedAfter, LastEntry, OpenAfter, Row, View

EVERYTHING_OPEN: Final = Asked()


class Deadline(StrEnum):
    """Which of a ticket's clocks runs out next."""

    FIRST_ATTEMPT = "first-attempt"
    DECISION = "decision"
    REVIEW = "review"


class QueueRow(Struct, frozen=True, kw_only=True):
    """One ticket in the queue."""

    ticket_id: TicketId
    row_version: int
    reference: str
    wallet_name: str
    stage: Stage
    kind: TicketKind
    level: int
    # Only a hint so far: nothing is frozen.
    unconfirmed: bool
    # A reporter says that the owner is not safe.
    danger: bool
    boost: int
    kinds: tuple[LossKind, ...]
    country: str
    language: str
    opened_at: datetime
    next_deadline: datetime
    deadline_for: Deadline
    # Until when it waits for somebody else; None while it does not.
    paused_until: datetime | None
    closed_at: datetime | None
    owner_reached: bool
    # The channel of each reporter's code; the way in was their personal link.
    verified_by: tuple[str, ...]
    # Why the wallet froze it itself, each time it said so.
    by_wallet: tuple[FreezeReason, ...]
    # The wallet has not said in time that it obeys,
    confirmation_is_late: bool
    # or it has, and this is not done yet.
    not_done: tuple[Done, ...]
    # Every message to the owner failed.
    owner_not_told: bool
    # How many signs are listed on its page.
    signs: int
    # Whose it is; None: nobody's.
    assigned_to: str | None
    is_mine: bool
    # Who else looks at it just now.
    looking: tuple[str, ...]
    # What happened last; None once nothing is left to tell.
    last: Happened | None
    # A proposal waits, and it is this agent's turn to decide it,
    may_decide: bool
    # or that of somebody else, whom the system picked.
    waits_for: str | None


class Queue(Struct, frozen=True, kw_only=True):
    """A page of the queue at one instant."""

    rows: tuple[QueueRow, ...]
    # Where the next page begins; None on the last one.
    after: OpenAfter | ClosedAfter | None
    # How many stand in each view, and how many of the open ones are late: 100 means more.
    counts: Mapping[View, int]
    late: int
    # The wallets the agent serves.
    wallets: tuple[Wallet, ...]
    # Who has open tickets, by name.
    assignees: Mapping[AgentId, str]
    now: datetime
    # What this page has seen: changes after it are new to whoever reads it.
    snapshot: str


class _Beside(Struct, frozen=True, kw_only=True):
    """What stands beside the tickets of a page, in a few questions for all of them."""

    accounts: Mapping[Any, Account]
    reports: tuple[LossReport, ...]
    by_wallets: tuple[WalletReport, ...]
    last: Mapping[TicketId, Happened]
    looking: Mapping[TicketId, tuple[AgentId, ...]]
    pending: Mapping[TicketId, Proposal]
    signs: Mapping[TicketId, int]
    names: Mapping[AgentId, str]


class _Stored(Struct, frozen=True, kw_only=True):
    by: Actor
    what: dict[str, Any]


async def see_queue(house: House, by: SignedIn, asked: Asked = EVERYTHING_OPEN) -> Queue:
    """A page of the tickets the agent sees: breached, time left, boost, age; closed ones last
    first."""
    async with house.engine.connect() as db:
        mark = await queue.mark(db)
        served = {w.id: w for w in await load.all_wallets(db) if by.agent.serves(w.id)}
        sight = await load.sight_of(db, by.agent)
        found, more = await queue.page(db, sight, by.agent, asked)
        counts, late = await queue.counts(db, sight, by.agent)
        assignees = await queue.assignees(db, sight)
        beside = await _beside(db, house, sight, found, named=assignees)
    rows = tuple(_row(one, served[one.wallet_id], beside, by.agent, mark.now) for one in found)
    return Queue(
        rows=rows,
        after=queue.place_of(found[-1]) if more else None,
        counts=counts,
        late=late,
        wallets=tuple(served.values()),
        assignees={one: beside.names[one] for one in assignees},
        now=mark.now,
        snapshot=mark.snapshot,
    )


async def _beside(
    db: AsyncConnection,
    house: House,
    sight: Sight,
    found: tuple[Row, ...],
    *,
    named: Collection[AgentId],
) -> _Beside:
    served, ids = sight.wallets, [one.id for one in found]
    owned = await load.accounts_with(db, served, [one.account_id for one in found])
    looking = await queue.lookers(db, ids)
    pending = await queue.pending_proposals(db, served, ids)
    last = await queue.last_entries(db, found, only_on_safety=ONLY_ON_SAFETY)
    entries = {ticket_id: _entry(one) for ticket_id, one in last.items()}
    wanted = {
        *named,
        *timeline.agents_in(tuple(entries.values())),
        *(one for many in looking.values() for one in many),
        *(one.assigned_to for one in found if one.assigned_to is not None),
        *(one.approver_id for one in pending.values() if one.approver_id is not None),
    }
    names = await agents.names_of(db, house, wanted)
    told = timeline.told(tuple(entries.values()), {**names})
    return _Beside(
        accounts={account.id: account for account in owned},
        reports=await load.reports_on(db, served, ids),
        by_wallets=await load.wallet_reports_on(db, served, ids),
        last=dict(zip(entries, told, strict=True)),
        looking=looking,
        pending=pending,
        signs=await load.sign_counts(db, ids),
        names=names,
    )


def _row(one: Row, wallet: Wallet, beside: _Beside, agent: Agent, now: datetime) -> QueueRow:
    account = beside.accounts[one.account_id]
    reports = [report for report in beside.reports if report.ticket_id == one.id]
    # A safety ticket of the same owner is about something else.
    told = of_account(account, wallet, now) if one.kind is TicketKind.LOSS else None
    looking = (who for who in beside.looking.get(one.id, ()) if who != agent.id)
    may_decide, waits_for = _turn(one, beside, agent, now)
    return QueueRow(
        ticket_id=one.id,
        row_version=one.row_version,
        reference=one.reference,
        wallet_name=wallet.name,
        stage=one.stage,
        kind=one.kind,
        level=one.level,
        unconfirmed=one.unconfirmed,
        danger=one.danger,
        boost=one.boost,
        kinds=tuple(report.kind for report in reports),
        country=wallet.country,
        language=account.language,
        opened_at=one.opened_at,
        next_deadline=one.next_until,
        deadline_for=_deadline(one),
        paused_until=one.paused_until if one.paused_until and now < one.paused_until else None,
        closed_at=one.closed_at,
        owner_reached=one.owner_reached_at is not None,
        verified_by=tuple(report.verified for report in reports),
        by_wallet=tuple(r.reason for r in beside.by_wallets if r.ticket_id == one.id),
        confirmation_is_late=told is not None and told.is_late,
        not_done=account.not_done if told is not None and told.confirmed_at is not None else (),
        owner_not_told=one.proof_requested_at is not None,
        signs=beside.signs.get(one.id, 0),
        assigned_to=beside.names.get(one.assigned_to) if one.assigned_to is not None else None,
        is_mine=one.assigned_to == agent.id,
        looking=tuple(sorted(beside.names[who] for who in looking)),
        last=beside.last.get(one.id),
        may_decide=may_decide,
        waits_for=waits_for,
    )


def _deadline(one: Row) -> Deadline:
    """The same order of questions as the table's own column has."""
    if one.kept_frozen_at is not None and one.review_until == one.next_until:
        return Deadline.REVIEW
    nobody_tried = one.attempted_at is None and one.owner_reached_at is None
    if nobody_tried and one.next_until == one.first_attempt_until:
        return Deadline.FIRST_ATTEMPT
    return Deadline.DECISION


def _turn(one: Row, beside: _Beside, agent: Agent, now: datetime) -> tuple[bool, str | None]:
    """Whether it is this agent's to decide, or else for whom it waits.

    Nobody's once the time of whoever was picked is over: then somebody else is about to be.
    """
    pending = beside.pending.get(one.id)
    if one.stage is not Stage.PROPOSED or pending is None:
        return False, None
    picked = pending.approver_id
    if picked is not None and picked != agent.id:
        return False, beside.names.get(picked) if pending.is_turn_of(picked, now) else None
    may = pending.is_turn_of(agent.id, now) and tickets.could_approve(
        agent, wallet_id=one.wallet_id, proposed_by=pending.proposed_by, now=now
    )
    return may, None


def _entry(last: LastEntry) -> Entry:
    stored = msgspec.json.decode(last.entry, type=_Stored)
    return Entry(at=last.at, by=stored.by, what=stored.what)


async def wallets_of(house: House, by: SignedIn) -> tuple[Wallet, ...]:
    """The wallets the agent serves."""
    async with house.engine.connect() as db:
        return tuple(w for w in await load.all_wallets(db) if by.agent.serves(w.id))
