"""A supervisor gives tickets to somebody who can take them now, and says why."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from domain import access
from domain.access import Agent, Role
from domain.ids import AgentId, TicketId, WalletId
from domain.refusals import LevelTooLow, Refused, WordsMissing
from domain.tickets import Ticket, TicketKind
from service.operations import agents, handing_over
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work, require_seen
from service.operations.house import House
from service.storage import load
from service.storage.board import Standing
from service.storage.load.sight import Sight

LONGEST_REASON = 300


class NotGiven(Struct, frozen=True, kw_only=True):
    """A ticket that stays where it is, with the refusal's code."""

    ticket_id: TicketId
    code: str


class Taker(Struct, frozen=True, kw_only=True):
    """Somebody on shift, and how many of the tickets in question they can take."""

    agent_id: AgentId
    name: str
    takes: int
    # How many open tickets they have already.
    has: int


def can_take(agent: Agent, sight: Sight, ticket: Ticket | Standing, *, language: str) -> bool:
    """Works on tickets of its wallet and kind, speaks the owner's language, and it is none of
    their own. Whether they are on shift is asked by whoever asks this."""
    works = agent.role is Role.AGENT and agent.serves(ticket.wallet_id)
    sees = ticket.kind in sight.kinds and ticket.account_id not in sight.own
    return works and sees and (not agent.speaks or language in agent.speaks)


def takers_of(
    tickets: Collection[Standing],
    there: Iterable[Agent],
    sights: Mapping[AgentId, Sight],
    *,
    names: Mapping[AgentId, str],
    has: Mapping[AgentId | None, int],
) -> tuple[Taker, ...]:
    """Who of those on shift can take any of these: whoever can take most, and has least, first.

    Safety tickets are given by nobody: they have people of their own.
    """
    given = [one for one in tickets if one.kind is TicketKind.LOSS]
    found = [
        Taker(agent_id=agent.id, name=names[agent.id], takes=takes, has=has.get(agent.id, 0))
        for agent in there
        for takes in (_takes(agent, sights[agent.id], given),)
        if takes
    ]
    return tuple(sorted(found, key=lambda one: (-one.takes, one.has, one.name)))


def _takes(agent: Agent, sight: Sight, tickets: Iterable[Standing]) -> int:
    return sum(
        one.assigned_to != agent.id and can_take(agent, sight, one, language=one.language)
        for one in tickets
    )


async def reassign(
    house: House, ticket_id: TicketId, to: AgentId | None, *, reason: str, by: SignedIn, seen: int
) -> None:
    """To an agent who can take it at this moment; None: back to the queue. The reason stays, as a
    note. `seen` is the version of the ticket that the supervisor had before their eyes: of two who
    press at once, the second one is refused.

    Raises LevelTooLow, WordsMissing, ChangedMeanwhile, TicketClosed, CannotTakeTicket,
    AccountIsClosed.
    """
    async with at_work(house, ticket_id, by) as work:
        access.require_level(by.agent, access.SUPERVISES)
        if not reason.strip():
            raise WordsMissing
        require_seen(work, seen)
        taker = await handing_over.taker_of(work, to)
        takes = taker is not None and await _takes_now(work, taker)
        await handing_over.give(work, house, taker, sees=takes, note=reason, by=by)


async def _takes_now(work: AtWork, agent: Agent) -> bool:
    there = await load.agents_on_shift(work.db, work.wallet_id)
    if agent.id not in {one.id for one in there}:
        return False
    sight = await load.sight_of(work.db, agent)
    return can_take(agent, sight, work.ticket, language=work.account.language)


async def reassign_all(
    house: House,
    tickets: Mapping[TicketId, int],
    to: AgentId | None,
    *,
    reason: str,
    by: SignedIn,
) -> tuple[NotGiven, ...]:
    """The same for many, each with the version that was seen; answers which stay, and why.

    Each in a transaction of its own: no two accounts are locked at once, and a ticket that cannot
    be given holds up no other. Raises LevelTooLow and WordsMissing, which go for all of them.
    """
    left: list[NotGiven] = []
    for ticket_id, seen in tickets.items():
        try:
            await reassign(house, ticket_id, to, reason=reason, by=by, seen=seen)
        except (LevelTooLow, WordsMissing):
            raise
        except Refused as refusal:
            left.append(NotGiven(ticket_id=ticket_id, code=refusal.code))
    return tuple(left)


async def name_at_the_desk(house: House, wallet_id: WalletId, agent_id: AgentId) -> str | None:
    """Of somebody who works there; None for anybody else."""
    async with house.engine.connect() as db:
        serving = {one.id for one in await load.agents_serving(db, wallet_id)}
        if agent_id not in serving:
            return None
        return (await agents.names_of(db, house, {agent_id}))[agent_id]
