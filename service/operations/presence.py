"""Who looks at a ticket just now, for as long as their page says so, every few seconds; and whether
their page still shows all there is."""

from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Role
from domain.ids import TicketId, WalletId
from domain.refusals import PageExpired
from domain.tickets import Ticket, TicketKind
from service.operations import agents, browsers, timeline
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load, queue
from service.storage.rows import clock
from service.storage.tables import presences
from service.storage.values import BrowserKind


class Looking(Struct, frozen=True, kw_only=True):
    """What a page hears: who else looks at its ticket, and which state of it there is now."""

    others: tuple[str, ...]
    # As the page was made with its own (`queue/presence.html`): another one has more to show.
    state: str = ""


async def at_the_screen(house: House, cookie: str) -> SignedIn:
    """Whoever is signed in in this browser. What a page asks of its own accord keeps no session
    alive: thirty quiet minutes are those of the person. Raises PageExpired.
    """
    async with house.engine.connect() as db:
        session = await browsers.find(db, BrowserKind.AGENT, None, cookie)
        if session is None or session.agent_id is None:
            raise PageExpired
        agent = await load.agent(db, session.agent_id)
        if agent.ended_at is not None:
            raise PageExpired
        names = await agents.names_of(db, house, (agent.id,))
        return SignedIn(agent=agent, name=names[agent.id], session=session)


async def say(house: House, ticket_id: TicketId, by: SignedIn) -> Looking:
    """This agent looks at the ticket, and hears who else does, and what state it is in now.

    Raises NotFound outside their sight.
    """
    async with house.engine.begin() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        await note(db, ticket.wallet_id, ticket_id, by)
        found = (await queue.lookers(db, (ticket_id,))).get(ticket_id, ())
        names = await agents.names_of(db, house, [one for one in found if one != by.agent.id])
        state = await state_of(db, ticket)
        return Looking(others=tuple(sorted(names.values())), state=state)


async def state_of(db: AsyncConnection, ticket: Ticket) -> str:
    """Moves with the ticket's row and with every line of its timeline.

    Lines are counted as its page tells them, so that nothing of a safety ticket on the same account
    moves it: whoever is not trained would learn of one. No instant would do: what began earlier may
    be committed later.
    """
    if ticket.kind is TicketKind.SAFETY:
        return await _state_of_safety(db, ticket)
    return f"{ticket.row_version}.{len(await timeline.entries_of(db, ticket))}"


async def _state_of_safety(db: AsyncConnection, ticket: Ticket) -> str:
    """Its notes are all the timeline it has; beside them its page shows what became of whom."""
    account = await load.account(db, ticket.wallet_id, ticket.account_id)
    people = await load.contacts_of(db, ticket.wallet_id, account.id)
    notes = await load.safety_notes_of(db, ticket.wallet_id, ticket.id)
    now = await clock(db)
    held = ",".join(one.status.value for one in people if one.holds_place(account, now))
    return f"{ticket.row_version}.{len(notes)}.{held}"


async def leave(house: House, ticket_id: TicketId, by: SignedIn) -> None:
    """The page was closed."""
    async with house.engine.begin() as db:
        await forget(db, ticket_id, by)


async def note(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId, by: SignedIn) -> None:
    """Auditors are not noted: what they read stays free for whoever works."""
    if by.agent.role is Role.AUDITOR:
        return
    seen_at = await clock(db)
    row = {"ticket_id": ticket_id, "agent_id": by.agent.id, "wallet_id": wallet_id}
    statement = insert(presences).values(**row, seen_at=seen_at)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["ticket_id", "agent_id"], set_={"seen_at": seen_at}
        )
    )


async def forget(db: AsyncConnection, ticket_id: TicketId, by: SignedIn) -> None:
    theirs = (presences.c.ticket_id == ticket_id) & (presences.c.agent_id == by.agent.id)
    await db.execute(delete(presences).where(theirs))
