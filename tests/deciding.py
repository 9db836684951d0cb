"""What decisions are made of in tests: what waits, who is there, and a client's freezes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import update

from domain.client_mistakes import ClientMistake, MistakenFreeze, MistakeReason
from domain.ids import ClientMistakeId, ProposalId, TicketId
from domain.policy import Policy, TicketPolicy
from domain.tickets import KeepReason, Proposal, Ticket
from domain.wallet_reports import FreezeReason
from domain.wallets import Wallet
from service.operations import client_mistakes, clients, hot_line, keeping_frozen
from service.operations.agents import SignedIn
from service.operations.client_mistakes import Window
from service.operations.clients import Caller
from service.operations.hot_line import Told
from service.operations.house import House
from service.operations.idempotency import Request
from service.storage import load
from service.storage.rows import put
from service.storage.tables import agents, browser_sessions
from service.storage.values import Scope
from tests import people as cast

AN_HOUR: Final = timedelta(hours=1)


class Frozen(Struct, frozen=True, kw_only=True):
    """One of the accounts that a client froze."""

    subject: str
    ticket_id: TicketId


async def a_caller(house: House, wallet: Wallet, name: str = "watch") -> Caller:
    secret = await clients.add_client(house, wallet.id, name, (Scope.FREEZE,))
    return await clients.client_by_secret(house, wallet, name, secret)


async def frozen_by(house: House, wallet: Wallet, caller: Caller, subject: str) -> Frozen:
    await cast.olga(house, wallet, subject)
    stopped = await hot_line.freeze(
        house,
        wallet,
        subject,
        Told(reason=FreezeReason.STOLEN),
        client_id=caller.client_id,
        request=Request(
            wallet_id=wallet.id,
            caller=str(caller.client_id),
            route="freeze",
            key=subject,
            body=subject.encode(),
        ),
    )
    assert stopped
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject)
        assert account is not None
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        assert ticket is not None
    return Frozen(subject=subject, ticket_id=ticket.id)


async def the_window(house: House, caller: Caller) -> Window:
    """The last hour, on the wall of Norte's country."""
    now = (await cast.now(house)) - 3 * AN_HOUR
    wall = now.replace(tzinfo=None)
    return Window(
        client_id=caller.client_id, since=wall - AN_HOUR, until=wall + timedelta(seconds=1)
    )


async def mistake_proposed(house: House, caller: Caller, by: SignedIn) -> ClientMistakeId:
    window = await the_window(house, caller)
    return await client_mistakes.propose(house, window, MistakeReason.KEY_STOLEN, by=by)


async def the_mistake(
    house: House, wallet: Wallet, mistake_id: ClientMistakeId
) -> tuple[ClientMistake, Sequence[MistakenFreeze]]:
    async with house.engine.connect() as db:
        mistake = await load.client_mistake(db, (wallet.id,), mistake_id)
        return mistake, await load.mistaken_freezes_of(db, wallet.id, mistake_id)


async def the_ticket(house: House, wallet: Wallet, ticket_id: TicketId) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, wallet.id, ticket_id)


async def keeping_proposed(
    house: House, wallet: Wallet, ticket_id: TicketId, by: SignedIn
) -> Proposal:
    await keeping_frozen.propose(
        house, ticket_id, reason=KeepReason.SIGNS_OF_FRAUD, to_bring=(), by=by
    )
    return await what_waits(house, wallet, ticket_id)


async def what_waits(house: House, wallet: Wallet, ticket_id: TicketId) -> Proposal:
    async with house.engine.connect() as db:
        pending = await load.pending_proposal(db, wallet.id, ticket_id)
    assert pending is not None
    return pending


async def its_id(house: House, wallet: Wallet, ticket_id: TicketId) -> ProposalId:
    return (await what_waits(house, wallet, ticket_id)).id


async def every_release_is_drawn(house: House, wallet: Wallet) -> Wallet:
    """The wallet looks at each of them again."""
    policy = Policy(tickets=TicketPolicy(reviewed_one_in=1))
    async with house.engine.begin() as db:
        stored = await load.wallet(db, wallet.id)
        changed = replace(stored, policy=policy)
        return await put(db, stored, changed)


async def goes_home(house: House, agent: SignedIn) -> None:
    """Off shift: the browser session is over."""
    async with house.engine.begin() as db:
        theirs = browser_sessions.c.id == agent.session.id
        await db.execute(
            update(browser_sessions).where(theirs).values(expires_at=await cast.now(house))
        )


async def is_demoted(house: House, agent: SignedIn, *, level: int) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(agents).where(agents.c.id == agent.agent.id).values(level=level))
