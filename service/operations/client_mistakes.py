"""What one API client froze by mistake or with a stolen key: proposed, and decided by another.

`mistakes_undone` carries it out, one account at a time; `mistakes_seen` is what pages show.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import access, client_mistakes
from domain.client_mistakes import ClientMistake, Freeze, LeftOut, MistakenFreeze, MistakeReason
from domain.ids import ClientId, ClientMistakeId, MistakenFreezeId, WalletId
from domain.refusals import NotFound, OwnProposal
from domain.wallets import Wallet
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.mistaken_freezes import Named, batches, listed
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import clock, keep, put, row_of
from service.storage.tables import mistaken_freezes


class Window(Struct, frozen=True, kw_only=True):
    """A client and a stretch of time, on the clock of its wallet's wall."""

    client_id: ClientId
    since: datetime
    until: datetime


async def propose(
    house: House, window: Window, reason: MistakeReason, *, by: SignedIn
) -> ClientMistakeId:
    """The first of two supervisors; what is on the list now is what is decided on.

    Raises LevelTooLow, NotFound, WindowNotAllowed, AccountNotFrozen.
    """
    async with house.engine.begin() as db:
        agent = await load.agent_held(db, by.agent.id)
        wallet = await client_of(db, agent.wallets, window.client_id)
        now = await clock(db)
        named = window_at(wallet, window, now)
        mistake = ClientMistake(
            id=ClientMistakeId(new_id()),
            wallet_id=wallet.id,
            client_id=window.client_id,
            reason=reason,
            since=named.since,
            until=named.until,
            proposed_by=agent.id,
            proposed_at=now,
        )
        access.require_level(agent, access.SUPERVISES)
        sight = await load.sight_of(db, agent)
        freezes = await listed(db, wallet.id, sight, named)
        undone = sum(why is None for _, why in freezes)
        change = client_mistakes.propose(mistake, freezes=undone, by=agent)
        await keep(db, wallet.id, None, change, by=by.actor)
        for some in batches(freezes):
            rows = [row_of(_mistaken(mistake, freeze, why)) for freeze, why in some]
            await db.execute(insert(mistaken_freezes), rows)
        return mistake.id


async def approve(house: House, mistake_id: ClientMistakeId, *, by: SignedIn) -> None:
    """The second of two supervisors. What is their own is left out; the rest is carried out by the
    clock. Raises LevelTooLow, TooNewToApprove, OwnProposal, NothingPending, NotFound."""
    async with house.engine.begin() as db:
        agent = await load.agent_held(db, by.agent.id)
        mistake = await load.client_mistake_for_change(db, agent.wallets, mistake_id)
        now = await clock(db)
        change = client_mistakes.approve(mistake, by=agent, now=now)
        if mistake.proposed_by in await load.selves_of(db, agent.id):
            raise OwnProposal
        sight = await load.sight_of(db, agent)
        for one in await load.mistaken_freezes_of(db, mistake.wallet_id, mistake.id):
            if one.done_at is None and one.account_id in sight.own:
                await put(db, one, client_mistakes.leave_out(one, LeftOut.OWN_TICKET, now=now))
        await keep(db, mistake.wallet_id, mistake, change, by=by.actor)


async def reject(house: House, mistake_id: ClientMistakeId, *, by: SignedIn) -> None:
    """Nothing is undone. Raises LevelTooLow, NothingPending, NotFound."""
    async with house.engine.begin() as db:
        agent = await load.agent_held(db, by.agent.id)
        mistake = await load.client_mistake_for_change(db, agent.wallets, mistake_id)
        change = client_mistakes.reject(mistake, by=agent, now=await clock(db))
        await keep(db, mistake.wallet_id, mistake, change, by=by.actor)


def window_at(wallet: Wallet, window: Window, now: datetime) -> Named:
    """The window's instants, in the wallet's time zone. Raises WindowNotAllowed."""
    zone = ZoneInfo(wallet.time_zone)
    since, until = window.since.replace(tzinfo=zone), window.until.replace(tzinfo=zone)
    policy = wallet.policy.tickets
    client_mistakes.require_window(since, until, policy=policy, now=now)
    return Named(client_id=window.client_id, since=since, until=until)


async def client_of(
    db: AsyncConnection, wallets: tuple[WalletId, ...], client_id: ClientId
) -> Wallet:
    """The wallet whose client it is. NotFound where the agent does not serve it."""
    for wallet_id in wallets:
        if any(one.id == client_id for one in await load.clients_of(db, wallet_id)):
            return await load.wallet(db, wallet_id)
    raise NotFound


def _mistaken(mistake: ClientMistake, freeze: Freeze, why: LeftOut | None) -> MistakenFreeze:
    one = MistakenFreeze(
        id=MistakenFreezeId(new_id()),
        wallet_id=mistake.wallet_id,
        mistake_id=mistake.id,
        account_id=freeze.account.id,
        ticket_id=freeze.ticket.id,
        version=freeze.account.version,
    )
    if why is None:
        return one
    return client_mistakes.leave_out(one, why, now=mistake.proposed_at)
