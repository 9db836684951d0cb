"""To whom a ticket can be handed: everyone else who may see this very one."""

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import access
from domain.ids import AgentId
from domain.safety import kinds_seen_by
from domain.tickets import Ticket
from service.operations.house import House
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener


class Colleague(Struct, frozen=True, kw_only=True):
    agent_id: AgentId
    name: str
    on_shift: bool


async def colleagues_for(
    db: AsyncConnection, house: House, ticket: Ticket, *, but: Collection[AgentId | None]
) -> tuple[Colleague, ...]:
    """Who works on tickets of its wallet and kind, and to whom it is none of their own: those on
    shift first. A safety ticket is offered to nobody who is not trained for it."""
    serving = await load.agents_serving(db, ticket.wallet_id)
    present = {one.id for one in await load.agents_on_shift(db, ticket.wallet_id)}
    own = await load.agents_whose_own_it_is(db, ticket.wallet_id, ticket.account_id)
    found = [
        one
        for one in serving
        if one.role is access.Role.AGENT
        and one.id not in but
        and one.id not in own
        and ticket.kind in kinds_seen_by(one)
    ]
    opener = await Opener.for_values(db, house.keys, (one.name for one in found))
    colleagues = [
        Colleague(
            agent_id=one.id,
            name=opener.text(Place("agents", "name", one.id), one.name),
            on_shift=one.id in present,
        )
        for one in found
    ]
    return tuple(sorted(colleagues, key=lambda one: (not one.on_shift, one.name)))
