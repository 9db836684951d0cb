"""What agents look at: the queue of open tickets, one ticket by its reference, one ticket whole."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.accounts import Account, Done
from domain.ids import TicketId, read_reference
from domain.refusals import NotFound
from domain.reports import LossKind, LossReport
from domain.tickets import Stage, Ticket, TicketKind
from domain.wallet_reports import FreezeReason
from domain.wallets import Wallet
from service.operations import ticket_page
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.obeying import of_account
from service.operations.ticket_page import TicketSeen
from service.storage import load
from service.storage.rows import clock


class Deadline(StrEnum):
    """Which of a ticket's clocks runs out next."""

    FIRST_ATTEMPT = "first-attempt"
    DECISION = "decision"


class QueueRow(Struct, frozen=True, kw_only=True):
    """One open ticket in the queue."""

    ticket_id: TicketId
    reference: str
    wallet_name: str
    stage: Stage
    kind: TicketKind
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


class Queue(Struct, frozen=True, kw_only=True):
    """The open tickets at one instant, most urgent first."""

    rows: tuple[QueueRow, ...]
    # The wallets the agent serves.
    wallets: tuple[Wallet, ...]
    now: datetime


async def see_queue(house: House, by: SignedIn) -> Queue:
    """Open tickets of the wallets and kinds the agent sees: breached, time left, boost, age."""
    async with house.engine.connect() as db:
        now = await clock(db)
        served = {w.id: w for w in await load.all_wallets(db) if by.agent.serves(w.id)}
        open_ones = await load.open_tickets(db, await load.sight_of(db, by.agent))
        accounts = await load.accounts_with(db, tuple(served), [t.account_id for t in open_ones])
        ids = [t.id for t in open_ones]
        reports = await load.reports_on(db, tuple(served), ids)
        by_wallets = await load.wallet_reports_on(db, tuple(served), ids)
    owned = {account.id: account for account in accounts}
    filed: dict[TicketId, list[LossReport]] = {}
    for report in reports:
        filed.setdefault(report.ticket_id, []).append(report)
    asked: dict[TicketId, list[FreezeReason]] = {}
    for one in by_wallets:
        asked.setdefault(one.ticket_id, []).append(one.reason)
    rows = [
        _row(
            t,
            served[t.wallet_id],
            owned[t.account_id],
            filed.get(t.id, []),
            by_wallet=tuple(asked.get(t.id, ())),
            now=now,
        )
        for t in open_ones
    ]
    # What is breached has the least time left, so one order says both.
    rows.sort(key=lambda row: (row.next_deadline, -row.boost, row.opened_at))
    return Queue(rows=tuple(rows), wallets=tuple(served.values()), now=now)


async def find_ticket(house: House, typed: str, by: SignedIn) -> TicketId:
    """The ticket of a pasted reference, or NotFound: misread, unknown and foreign alike."""
    reference = read_reference(typed)
    if reference is None:
        raise NotFound
    async with house.engine.connect() as db:
        found = await load.ticket_by_reference(db, reference, await load.sight_of(db, by.agent))
    if found is None:
        raise NotFound
    return found


async def see_ticket(house: House, ticket_id: TicketId, by: SignedIn) -> TicketSeen:
    """All facts of a ticket. NotFound for wallets the agent does not serve."""
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        return await ticket_page.see(db, house, ticket, by.agent)


def _row(
    ticket: Ticket,
    wallet: Wallet,
    account: Account,
    reports: list[LossReport],
    *,
    by_wallet: tuple[FreezeReason, ...],
    now: datetime,
) -> QueueRow:
    deadline_for, next_deadline = _next_deadline(ticket)
    # A safety ticket of the same owner is about something else.
    told = of_account(account, wallet, now) if ticket.kind is TicketKind.LOSS else None
    return QueueRow(
        ticket_id=ticket.id,
        reference=ticket.reference,
        wallet_name=wallet.name,
        stage=ticket.stage,
        kind=ticket.kind,
        unconfirmed=ticket.unconfirmed,
        danger=ticket.danger,
        boost=ticket.boost,
        kinds=tuple(report.kind for report in reports),
        country=wallet.country,
        language=account.language,
        opened_at=ticket.opened_at,
        next_deadline=next_deadline,
        deadline_for=deadline_for,
        owner_reached=ticket.owner_reached_at is not None,
        verified_by=tuple(report.verified for report in reports),
        by_wallet=by_wallet,
        confirmation_is_late=told is not None and told.is_late,
        not_done=account.not_done if told is not None and told.confirmed_at is not None else (),
        owner_not_told=ticket.proof_requested_at is not None,
    )


def _next_deadline(ticket: Ticket) -> tuple[Deadline, datetime]:
    first_comes_first = ticket.first_attempt_until < ticket.decision_until
    if ticket.owner_reached_at is None and first_comes_first:
        return Deadline.FIRST_ATTEMPT, ticket.first_attempt_until
    return Deadline.DECISION, ticket.decision_until
