"""Reports and the tickets they make."""

from domain.events.event import Event
from domain.ids import (
    AccountId,
    AddressId,
    AgentId,
    ContactId,
    HintId,
    ProofId,
    ProposalId,
    ReportId,
    TicketId,
    WalletReportId,
)


class LossReported(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    stolen: bool
    joined: bool


class WalletReportedLoss(Event, frozen=True, kw_only=True):
    """The wallet itself asked for the freeze: its hot line was called, or its own watch is sure."""

    account_id: AccountId
    ticket_id: TicketId
    wallet_report_id: WalletReportId
    reason: str
    joined: bool


class ReportWithdrawn(Event, frozen=True, kw_only=True):
    """The contact took the report back; the freeze stays and the ticket moves up."""

    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    # Another owner was meant, and is reported next.
    wrong_person: bool
    # Said while the owner was in danger: the report counts as before.
    without_effect: bool = False


class TicketOpened(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    kind: str


class TicketJoined(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    boost: int


class TicketConfirmed(Event, frozen=True, kw_only=True):
    """A freeze joined a ticket that was only a hint until then."""

    account_id: AccountId
    ticket_id: TicketId


class HintLeft(Event, frozen=True, kw_only=True):
    """Somebody who says that they are the owner left how to reach them."""

    account_id: AccountId
    ticket_id: TicketId
    hint_id: HintId


class DangerRaised(Event, frozen=True, kw_only=True):
    """A reporter says that the owner is not safe."""

    account_id: AccountId
    ticket_id: TicketId


class DuressAnswered(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    free: bool


class NoticesLetGo(Event, frozen=True, kw_only=True):
    """An agent lets the owner be written to, which waited because of the danger."""

    account_id: AccountId
    ticket_id: TicketId


class OwnerReached(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId


class ProofRequested(Event, frozen=True, kw_only=True):
    """Every message that told the owner of the freeze failed: only the wallet can still reach them,
    and prove who they are."""

    account_id: AccountId
    ticket_id: TicketId
    # Of the account: which freeze nobody could tell them of.
    version: int


class ProofRecorded(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proof_id: ProofId
    kind: str
    # Where a code went, or whose line was replaced.
    address_id: AddressId | None = None


class ProofsFellShort(Event, frozen=True, kw_only=True):
    """They were enough until a later report said that the phone had been gone before."""

    account_id: AccountId
    ticket_id: TicketId


class ReleaseProposed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    proposed_by: AgentId
    reason: str


class ProposalVoided(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId


class ReleaseRejected(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    rejected_by: AgentId
    # A word; none was asked for in the beginning.
    reason: str = ""


class ReleaseApproved(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    proposed_by: AgentId
    approved_by: AgentId
