"""A decision under its locks, by an agent as they stand now."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import AgentId, ProposalId, TicketId
from domain.refusals import OwnProposal
from domain.tickets import Proposal
from domain.wallets import Wallet
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.house import House
from service.storage import load


class Deciding(Struct, frozen=True, kw_only=True):
    """What an act of deciding is given."""

    work: AtWork
    wallet: Wallet
    # With level, role and wallets read after the locks, and held until the end.
    by: SignedIn
    # What waits on the ticket; at most one.
    pending: Proposal | None
    # The agent, under each name that they sign in with.
    selves: frozenset[AgentId]

    def named(self, proposal_id: ProposalId) -> Proposal | None:
        """The proposal that the agent read, or none: nobody decides what they did not see.

        Raises OwnProposal where the same human made it under another name.
        """
        waits = self.pending
        if waits is None or waits.id != proposal_id:
            return None
        if waits.is_pending and waits.proposed_by in self.selves:
            raise OwnProposal
        return waits


@asynccontextmanager
async def deciding(house: House, ticket_id: TicketId, by: SignedIn) -> AsyncGenerator[Deciding]:
    """A level that was lowered while the page was open counts as it is now, and so does an address
    that made the ticket their own. Raises NotFound."""
    async with at_work(house, ticket_id, by) as work:
        agent = await load.agent_held(work.db, by.agent.id)
        await load.ticket_anywhere(work.db, ticket_id, await load.sight_of(work.db, agent))
        yield Deciding(
            work=work,
            wallet=await load.wallet(work.db, work.wallet_id),
            by=replace(by, agent=agent),
            pending=await load.pending_proposal(work.db, work.wallet_id, work.ticket.id),
            selves=await load.selves_of(work.db, agent.id),
        )
