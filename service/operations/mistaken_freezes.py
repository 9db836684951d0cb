"""The freezes of one client in a window, each with everything that anybody did about it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import client_mistakes, contacts
from domain.client_mistakes import Freeze, LeftOut
from domain.ids import AccountId, ClientId, TicketId, WalletId
from domain.wallet_reports import WalletReport
from service.storage import load
from service.storage.load.sight import Sight
from service.storage.rows import clock

T = TypeVar("T")
# As many rows as one statement names.
_AT_ONCE: Final = 1000


class Named(Struct, frozen=True, kw_only=True):
    """Whose freezes, and of when: the start is included, the end is not."""

    client_id: ClientId
    since: datetime
    until: datetime


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


async def listed(
    db: AsyncConnection,
    wallet_id: WalletId,
    sight: Sight,
    named: Named,
) -> list[tuple[Freeze, LeftOut | None]]:
    """What the agent sees of it; what is their own does not exist."""
    found = await load.frozen_by_client(db, wallet_id, named.client_id, named.since, named.until)
    found_out: list[tuple[Freeze, LeftOut | None]] = []
    for some in batches([one for one in found if one[0] not in sight.own]):
        for freeze in await freezes_at(db, wallet_id, some):
            why = client_mistakes.why_left_out(
                freeze, client_id=named.client_id, since=named.since, until=named.until
            )
            found_out.append((freeze, why))
    return found_out


async def freezes_at(
    db: AsyncConnection, wallet_id: WalletId, found: Sequence[tuple[AccountId, TicketId]]
) -> tuple[Freeze, ...]:
    """Each with everything that anybody did about it, in a few statements for all."""
    accounts = {
        one.id: one for one in await load.accounts_with(db, (wallet_id,), [a for a, _ in found])
    }
    ids = [ticket for _, ticket in found]
    tickets = {one.id: one for one in await load.tickets_with(db, wallet_id, ids)}
    told: dict[TicketId, list[WalletReport]] = {one: [] for one in ids}
    for report in await load.wallet_reports_on(db, (wallet_id,), ids):
        told[report.ticket_id].append(report)
    reported = await load.contacts_reported(db, wallet_id, ids)
    heard = await load.owner_heard(db, wallet_id, ids)
    now = await clock(db)
    leaving = await load.contacts_leaving(db, wallet_id, list(accounts))
    undecided = {
        one.account_id
        for one in leaving
        if one.removal_goes_on is None
        and contacts.is_removal_pending(one, accounts[one.account_id], now)
    }
    return tuple(
        Freeze(
            account=accounts[account_id],
            ticket=tickets[ticket_id],
            wallet_reports=tuple(told[ticket_id]),
            contact_reports=int(ticket_id in reported),
            owner_was_heard=ticket_id in heard,
            removals_undecided=account_id in undecided,
        )
        for account_id, ticket_id in found
    )
