"""Facts, in the past tense: what `keep` records in the journal and puts in the outbox.

An event holds references and instants only: never a name, an address, a code or a token.
So it may stay when a person's key is dropped.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.ids import (
    AccountId,
    AgentId,
    ChallengeId,
    ContactId,
    HintId,
    PersonId,
    ProofId,
    ProposalId,
    ReportId,
    TicketId,
)


class ActorKind(StrEnum):
    OWNER = "owner"
    CONTACT = "contact"
    AGENT = "agent"
    WALLET = "wallet"
    OPERATOR = "operator"
    CLOCK = "clock"
    # Someone who has proved nothing, and says that they are the owner.
    STRANGER = "stranger"


class Actor(Struct, frozen=True):
    """Who did it: recorded with every event."""

    kind: ActorKind
    id: UUID | None = None


THE_CLOCK = Actor(ActorKind.CLOCK)
THE_OPERATOR = Actor(ActorKind.OPERATOR)
A_STRANGER = Actor(ActorKind.STRANGER)


def _name(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", class_name).lower()


class Event(Struct, frozen=True, kw_only=True, tag=_name, tag_field="event"):
    """Stored as JSON under its name, for instance ``account-frozen``."""

    at: datetime


def name_of(event: Event | type[Event]) -> str:
    """The stored name of an event, for instance ``account-frozen``."""
    tag: Any = event.__struct_config__.tag
    return str(tag)


# Accounts -------------------------------------------------------------------------------------


class AccountRegistered(Event, frozen=True, kw_only=True):
    account_id: AccountId


class AddressesChanged(Event, frozen=True, kw_only=True):
    account_id: AccountId
    added: int
    removed: int


class AccountFrozen(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    version: int
    epoch: int
    stolen: bool
    # The owner may be in danger: the wallet's app shows nothing unusual.
    neutral: bool = False


class FreezeConfirmed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    version: int
    done: tuple[str, ...]


class DisplayTurnedNeutral(Event, frozen=True, kw_only=True):
    """Said after the freeze: from now on the wallet's app shows nothing unusual."""

    account_id: AccountId


class AccountReleased(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    version: int


# Contacts -------------------------------------------------------------------------------------


class ContactInvited(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    person_id: PersonId
    lapses_at: datetime


class ContactAccepted(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    person_id: PersonId
    # Consent evidence: which text was agreed to, and in which language it was read.
    text_version: str
    language: str


class ContactDeclined(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId


class InvitationLapsed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId


class InvitationTakenBack(Event, frozen=True, kw_only=True):
    """The owner took an invitation back, or undid an acceptance within 24 hours."""

    account_id: AccountId
    contact_id: ContactId
    had_accepted: bool


# Codes ----------------------------------------------------------------------------------------


class CodeAsked(Event, frozen=True, kw_only=True):
    """A code is on its way. The code itself travels sealed beside the event, never in it."""

    challenge_id: ChallengeId
    contact_id: ContactId | None
    purpose: str
    expires_at: datetime


# Reports and tickets --------------------------------------------------------------------------


class LossReported(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    stolen: bool
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


class ProofRecorded(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proof_id: ProofId
    kind: str


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


class ReleaseApproved(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    proposal_id: ProposalId
    proposed_by: AgentId
    approved_by: AgentId


# The owner's recovery card --------------------------------------------------------------------


class RecoveryCardMade(Event, frozen=True, kw_only=True):
    """A new card; every code of the one before is worth nothing."""

    account_id: AccountId
    codes: int


class RecoveryCodeUsed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    left: int


# Agents ---------------------------------------------------------------------------------------


class AgentAdded(Event, frozen=True, kw_only=True):
    agent_id: AgentId


class AgentSignedIn(Event, frozen=True, kw_only=True):
    agent_id: AgentId


# Limits ---------------------------------------------------------------------------------------


class LimitReset(Event, frozen=True, kw_only=True):
    """The operator let somebody try again, or everyone. An address or network is not named."""

    limit: str
    everyone: bool
    person_id: PersonId | None = None
