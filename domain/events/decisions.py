"""What two people decide beside a release, and what is looked at again afterwards."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import (
    AccountId,
    AgentId,
    ClientId,
    ClientMistakeId,
    ProposalId,
    ReleaseReviewId,
    TicketId,
)


class ApproverPicked(Event, frozen=True, kw_only=True):
    """The system chose who decides. None: too few are there, so it is whoever may."""

    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    approver_id: AgentId | None


class KeepingProposed(Event, frozen=True, kw_only=True):
    """That the account stays frozen for now."""

    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    proposed_by: AgentId
    reason: str


class KeepingRejected(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    rejected_by: AgentId
    reason: str


class AccountKeptFrozen(Event, frozen=True, kw_only=True):
    """Two agents decided that the account stays frozen for now; a supervisor looks again."""

    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    proposed_by: AgentId
    approved_by: AgentId
    reason: str
    # Fixed words: what the owner is asked to bring.
    to_bring: tuple[str, ...]
    # Of the account: which freeze stays.
    version: int
    review_until: datetime


class KeepingReviewed(Event, frozen=True, kw_only=True):
    """A supervisor looked at it: it stays so until then, or is worked on again."""

    account_id: AccountId
    ticket_id: TicketId
    reviewed_by: AgentId
    keeps: bool
    review_until: datetime | None


class ReleaseDrawn(Event, frozen=True, kw_only=True):
    """By lot: somebody uninvolved looks at this release again."""

    account_id: AccountId
    ticket_id: TicketId
    review_id: ReleaseReviewId


class ReleaseReviewed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    review_id: ReleaseReviewId
    reviewed_by: AgentId
    outcome: str


class ClientMistakeProposed(Event, frozen=True, kw_only=True):
    """That what one client froze in a window be undone together."""

    mistake_id: ClientMistakeId
    client_id: ClientId
    proposed_by: AgentId
    reason: str
    freezes: int


class ClientMistakeApproved(Event, frozen=True, kw_only=True):
    mistake_id: ClientMistakeId
    proposed_by: AgentId
    approved_by: AgentId


class ClientMistakeRejected(Event, frozen=True, kw_only=True):
    mistake_id: ClientMistakeId
    rejected_by: AgentId


class ClientMistakeUndone(Event, frozen=True, kw_only=True):
    """Every account of the list is given back, or was left out."""

    mistake_id: ClientMistakeId


class FreezeUndone(Event, frozen=True, kw_only=True):
    """One of them is given back: nobody but that client ever asked for its freeze."""

    account_id: AccountId
    ticket_id: TicketId
    mistake_id: ClientMistakeId
    proposed_by: AgentId
    approved_by: AgentId
