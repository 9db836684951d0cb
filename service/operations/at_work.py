"""An agent at work on a ticket: transaction and locks, as every act of the console takes them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account
from domain.ids import TicketId, WalletId
from domain.refusals import ChangedMeanwhile, NotFound
from domain.tickets import Ticket, TicketKind
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock


class AtWork(Struct, frozen=True, kw_only=True):
    """A ticket under its locks, and the instant read after they were held."""

    db: AsyncConnection
    wallet_id: WalletId
    account: Account
    ticket: Ticket
    now: datetime


@asynccontextmanager
async def at_work(
    house: House, ticket_id: TicketId, by: SignedIn, *, kind: TicketKind = TicketKind.LOSS
) -> AsyncGenerator[AtWork]:
    """Transaction and locks in the house's order; NotFound for wallets the agent does not serve.

    Also for tickets of another kind: what is done about a loss is no act on a safety ticket,
    whoever is trained for both, and the other way round.
    """
    async with house.engine.begin() as db:
        seen = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        if seen.kind is not kind:
            raise NotFound
        account = await load.account_for_change(db, seen.wallet_id, seen.account_id)
        ticket = await load.ticket_for_change(db, seen.wallet_id, ticket_id)
        yield AtWork(
            db=db, wallet_id=seen.wallet_id, account=account, ticket=ticket, now=await clock(db)
        )


def require_seen(work: AtWork, seen: int | None) -> None:
    """A report that joined since the page was made may change the mind of whoever reads it."""
    if seen is not None and work.ticket.row_version != seen:
        raise ChangedMeanwhile
