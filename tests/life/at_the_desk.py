"""What agents do in a life."""

from domain.ids import ProposalId, TicketId
from domain.tickets import Duress, ProofKind, ReleaseReason
from service.operations import danger, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from tests import proving
from tests.life.living import said_no


class AtTheDesk:
    """Each act answers nothing: what came of it, the rows say."""

    def __init__(self, house: House, agents: tuple[SignedIn, ...]) -> None:
        self.house = house
        self.by = agents

    async def reach(self, ticket_id: TicketId, agent: int) -> None:
        await said_no(lambda: tickets.reach_owner(self.house, ticket_id, by=self.by[agent]))

    async def prove(self, ticket_id: TicketId, kind: ProofKind, agent: int) -> None:
        """As it comes about: the wallet's word, a card, a code, a line; or nothing, if refused."""
        by = self.by[agent]
        await said_no(lambda: proving.comes_about(self.house, ticket_id, kind, by))

    async def answer_duress(
        self, ticket_id: TicketId, answer: Duress, agent: int, *, seen: int
    ) -> None:
        by = self.by[agent]
        await said_no(lambda: danger.answer_duress(self.house, ticket_id, answer, by=by, seen=seen))

    async def let_notices_go(self, ticket_id: TicketId, agent: int, *, seen: int) -> None:
        by = self.by[agent]
        await said_no(lambda: danger.let_notices_go(self.house, ticket_id, by=by, seen=seen))

    async def propose(self, ticket_id: TicketId, agent: int) -> None:
        by, reason = self.by[agent], ReleaseReason.OWNER_SAFE
        await said_no(lambda: proving.looks_through(self.house, ticket_id, by))
        await said_no(lambda: tickets.propose_release(self.house, ticket_id, reason=reason, by=by))

    async def approve(self, ticket_id: TicketId, proposal_id: ProposalId, agent: int) -> None:
        by = self.by[agent]
        await said_no(lambda: tickets.approve_release(self.house, ticket_id, proposal_id, by=by))

    async def reject(self, ticket_id: TicketId, proposal_id: ProposalId, agent: int) -> None:
        by = self.by[agent]
        await said_no(lambda: tickets.reject_release(self.house, ticket_id, proposal_id, by=by))
