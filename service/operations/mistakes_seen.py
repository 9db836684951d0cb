"""What supervisors see of freezes that are undone together: before, at the decision, and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import access, client_mistakes
from domain.client_mistakes import ClientMistake, LeftOut
from domain.ids import AgentId, ClientId, ClientMistakeId, TicketId, WalletId
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.client_mistakes import Window, client_of, window_at
from service.operations.house import House
from service.operations.mistaken_freezes import batches, listed
from service.operations.why_not import refusal_of
from service.storage import load
from service.storage.load.sight import Sight
from service.storage.rows import clock

_MOST_SHOWN: Final = 50


class ClientSeen(Struct, frozen=True, kw_only=True):
    client_id: ClientId
    name: str
    wallet_name: str
    time_zone: str


class FreezeSeen(Struct, frozen=True, kw_only=True):
    """One account on the list, by its ticket."""

    ticket_id: TicketId
    reference: str
    left_out: LeftOut | None
    done_at: datetime | None = None


class Preview(Struct, frozen=True, kw_only=True):
    """What would be undone."""

    client: ClientSeen
    since: datetime
    until: datetime
    freezes: tuple[FreezeSeen, ...]
    now: datetime

    @property
    def undone(self) -> int:
        return sum(one.left_out is None for one in self.freezes)


class MistakeSeen(Struct, frozen=True, kw_only=True):
    """What was proposed, and how far it has come."""

    mistake: ClientMistake
    client: ClientSeen
    freezes: tuple[FreezeSeen, ...]
    proposed_by: str
    decided_by: str
    # Refusals' codes, or None.
    cannot_approve: str | None
    cannot_reject: str | None
    now: datetime

    @property
    def waiting(self) -> int:
        return sum(one.done_at is None for one in self.freezes)

    @property
    def released(self) -> int:
        return sum(one.done_at is not None and one.left_out is None for one in self.freezes)


class MistakesSeen(Struct, frozen=True, kw_only=True):
    clients: tuple[ClientSeen, ...]
    mistakes: tuple[ClientMistake, ...]
    now: datetime

    def client_of(self, mistake: ClientMistake) -> ClientSeen | None:
        return next((one for one in self.clients if one.client_id == mistake.client_id), None)


async def see_all(house: House, by: SignedIn) -> MistakesSeen:
    """The clients of the wallets the supervisor serves, and what was proposed. Raises
    LevelTooLow."""
    access.require_level(by.agent, access.SUPERVISES)
    async with house.engine.connect() as db:
        return MistakesSeen(
            clients=await _clients(db, by.agent.wallets),
            mistakes=await load.client_mistakes_of(db, by.agent.wallets, limit=_MOST_SHOWN),
            now=await clock(db),
        )


async def preview(house: House, window: Window, *, by: SignedIn) -> Preview:
    """How many, which, and which not. Raises LevelTooLow, NotFound, WindowNotAllowed."""
    access.require_level(by.agent, access.SUPERVISES)
    async with house.engine.connect() as db:
        wallet = await client_of(db, by.agent.wallets, window.client_id)
        (client,) = await _clients(db, (wallet.id,), window.client_id)
        now = await clock(db)
        named = window_at(wallet, window, now)
        sight = await load.sight_of(db, by.agent)
        found = await listed(db, wallet.id, sight, named)
        references = await _references(db, sight, [freeze.ticket.id for freeze, _ in found])
    return Preview(
        client=client,
        since=named.since,
        until=named.until,
        freezes=tuple(
            FreezeSeen(
                ticket_id=freeze.ticket.id, reference=references[freeze.ticket.id], left_out=why
            )
            for freeze, why in found
        ),
        now=now,
    )


async def see(house: House, mistake_id: ClientMistakeId, *, by: SignedIn) -> MistakeSeen:
    """One of them. Raises LevelTooLow, NotFound."""
    access.require_level(by.agent, access.SUPERVISES)
    async with house.engine.connect() as db:
        mistake = await load.client_mistake(db, by.agent.wallets, mistake_id)
        (client,) = await _clients(db, (mistake.wallet_id,), mistake.client_id)
        freezes = await load.mistaken_freezes_of(db, mistake.wallet_id, mistake.id)
        sight = await load.sight_of(db, by.agent)
        references = await _references(db, sight, [one.ticket_id for one in freezes])
        names = await agents.names_of(db, house, _who(mistake))
        now = await clock(db)
    decided = mistake.decided_by
    return MistakeSeen(
        mistake=mistake,
        client=client,
        freezes=tuple(
            FreezeSeen(
                ticket_id=one.ticket_id,
                reference=references[one.ticket_id],
                left_out=one.left_out,
                done_at=one.done_at,
            )
            for one in freezes
            if one.ticket_id in references
        ),
        proposed_by=names.get(mistake.proposed_by, ""),
        decided_by=names.get(decided, "") if decided is not None else "",
        cannot_approve=refusal_of(lambda: client_mistakes.approve(mistake, by=by.agent, now=now)),
        cannot_reject=refusal_of(lambda: client_mistakes.reject(mistake, by=by.agent, now=now)),
        now=now,
    )


async def _clients(
    db: AsyncConnection, wallets: tuple[WalletId, ...], only: ClientId | None = None
) -> tuple[ClientSeen, ...]:
    found: list[ClientSeen] = []
    for wallet_id in wallets:
        wallet = await load.wallet(db, wallet_id)
        found += [
            ClientSeen(
                client_id=one.id,
                name=one.client_id,
                wallet_name=wallet.name,
                time_zone=wallet.time_zone,
            )
            for one in await load.clients_of(db, wallet_id)
            if only is None or one.id == only
        ]
    return tuple(found)


async def _references(
    db: AsyncConnection, sight: Sight, ids: Sequence[TicketId]
) -> dict[TicketId, str]:
    found: dict[TicketId, str] = {}
    for some in batches(ids):
        found |= await load.references_of(db, sight, some)
    return found


def _who(mistake: ClientMistake) -> set[AgentId]:
    return {one for one in (mistake.proposed_by, mistake.decided_by) if one is not None}
