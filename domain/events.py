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
    AddressId,
    AgentId,
    ChallengeId,
    ContactId,
    DeviceId,
    DisputeId,
    DrillId,
    ErasureId,
    HintId,
    PersonId,
    ProofId,
    ProposalId,
    ReportId,
    SafetyNoteId,
    TicketId,
    VerdictId,
    WalletReportId,
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
    # Who stopped it: a contact by reporting, the owner with a recovery card, the wallet itself.
    asked_by: ActorKind = ActorKind.CONTACT


class FreezeConfirmed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    version: int
    done: tuple[str, ...]


class ConfirmationMissed(Event, frozen=True, kw_only=True):
    """The wallet did not say in time that it obeys the freeze. Said once for each."""

    account_id: AccountId
    ticket_id: TicketId
    version: int


class DisplayTurnedNeutral(Event, frozen=True, kw_only=True):
    """Said after the freeze: from now on the wallet's app shows nothing unusual."""

    account_id: AccountId


class AccountReleased(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    version: int


class DeviceCleared(Event, frozen=True, kw_only=True):
    """The verified owner has it back in hand; it may be signed in on again."""

    account_id: AccountId
    device_id: DeviceId


class AccountClosingBegun(Event, frozen=True, kw_only=True):
    account_id: AccountId
    closes_at: datetime
    # `closed` or `deceased`, as the wallet says.
    reason: str


class ClosingAnnounced(Event, frozen=True, kw_only=True):
    """To a contact: this account will close."""

    account_id: AccountId
    contact_id: ContactId
    closes_at: datetime


class AccountClosingStopped(Event, frozen=True, kw_only=True):
    """A freeze came first: the account stays until it is asked for again."""

    account_id: AccountId


class AccountClosed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    reason: str


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


class InvitationWithheld(Event, frozen=True, kw_only=True):
    """Nothing was sent: whoever reads there had declined, and the owner must not learn of it."""

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


class InvitationSentAgain(Event, frozen=True, kw_only=True):
    """The same invitation under a new link; its end stays where it was."""

    account_id: AccountId
    contact_id: ContactId
    person_id: PersonId
    lapses_at: datetime


class InvitationReady(Event, frozen=True, kw_only=True):
    """A replacement has its place: it can be accepted from now on, with the link they have."""

    account_id: AccountId
    contact_id: ContactId
    lapses_at: datetime


class RemovalBegun(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    leaves_at: datetime


class OthersAreRemoved(Event, frozen=True, kw_only=True):
    """To a contact who stays: trusted people of this owner are being removed. Never who."""

    account_id: AccountId
    contact_id: ContactId


class RemovalNoticed(Event, frozen=True, kw_only=True):
    """The first notice was accepted for delivery: the removal takes its whole length from then."""

    account_id: AccountId
    contact_id: ContactId
    leaves_at: datetime


class RemovalCancelled(Event, frozen=True, kw_only=True):
    """The owner changed their mind: the contact stays."""

    account_id: AccountId
    contact_id: ContactId


class RemovalDisowned(Event, frozen=True, kw_only=True):
    """Somebody who was told of the removal says "this was not me": the contact stays."""

    account_id: AccountId
    contact_id: ContactId


class RemovalDecided(Event, frozen=True, kw_only=True):
    """While frozen the verified owner said what becomes of a removal after the release."""

    account_id: AccountId
    contact_id: ContactId
    goes_on: bool


class RemovalResumed(Event, frozen=True, kw_only=True):
    """After the release the removal goes on with the time that was left."""

    account_id: AccountId
    contact_id: ContactId
    leaves_at: datetime


class ContactRemoved(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId


class ContactRemovedForSafety(Event, frozen=True, kw_only=True):
    """The owner does not feel safe with them. Nobody outside is told."""

    account_id: AccountId
    contact_id: ContactId


class ContactLeft(Event, frozen=True, kw_only=True):
    """Left, erased, not that person, never confirmed again: to the owner it is all the same."""

    account_id: AccountId
    contact_id: ContactId


class AddressDisowned(Event, frozen=True, kw_only=True):
    """Whoever reads at this address is not the person it was enrolled for."""

    account_id: AccountId
    contact_id: ContactId


class ContactPaused(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    until: datetime


class ContactSuspended(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId


class ReinstatementProposed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    proposed_by: AgentId


class ReinstatementRejected(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    proposed_by: AgentId
    rejected_by: AgentId
    reason: str


class ContactReinstated(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    proposed_by: AgentId
    approved_by: AgentId


class ContactReminded(Event, frozen=True, kw_only=True):
    """Half a year is over: is the address still good, is it still the right person?"""

    account_id: AccountId
    contact_id: ContactId
    unconfirmed_from: datetime


class ContactAddressConfirmed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId


class ContactEnded(Event, frozen=True, kw_only=True):
    """Why is in the record alone: `account-closed`, `erased` or `unconfirmed`."""

    account_id: AccountId
    contact_id: ContactId
    reason: str


# A contact's own space ------------------------------------------------------------------------
# Told to the contact through one of the owners who named them; no owner's history holds these.


class SecondAddressAdded(Event, frozen=True, kw_only=True):
    """Told to both: whoever reads only the first must learn of the other."""

    contact_id: ContactId
    address_id: AddressId


class SecondAddressRemoved(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class ContactAddressesChanged(Event, frozen=True, kw_only=True):
    """To an owner: one of their people can be reached elsewhere, too. Never where."""

    account_id: AccountId
    contact_id: ContactId


class AuthenticatorSet(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class AuthenticatorRemoved(Event, frozen=True, kw_only=True):
    contact_id: ContactId


class LinkStopped(Event, frozen=True, kw_only=True):
    """Their phone is gone, too: the personal link opens nothing any more."""

    contact_id: ContactId


class LinkRenewed(Event, frozen=True, kw_only=True):
    """A new personal link; those before it open nothing. It travels sealed beside the event."""

    contact_id: ContactId
    # Where it goes: the second address when the phone is gone; None: where they are enrolled.
    address_id: AddressId | None = None


class LinkShown(Event, frozen=True, kw_only=True):
    """A new personal link that was shown on the page alone: their phone is gone, and there is no
    other address."""

    contact_id: ContactId


class ErasureAsked(Event, frozen=True, kw_only=True):
    contact_id: ContactId
    erasure_id: ErasureId
    due_at: datetime


class WritingStopped(Event, frozen=True, kw_only=True):
    """Nothing is written to this person's addresses ever again."""

    # None for an address that nobody was ever named under.
    contact_id: ContactId | None


class WritingAllowed(Event, frozen=True, kw_only=True):
    """They took it back, and the operator made sure who asked. Nobody is a contact by that."""

    contact_id: ContactId | None


# What is forgotten ----------------------------------------------------------------------------
# Proof that it was: these name nobody, and what they refer to cannot be read any more.


class ErasurePlanned(Event, frozen=True, kw_only=True):
    """Not asked for by the person here: their account closed, or the operator was asked."""

    person_id: PersonId
    erasure_id: ErasureId
    due_at: datetime
    reason: str


class ErasureDone(Event, frozen=True, kw_only=True):
    """The person's key is gone, and with it whatever was sealed under it."""

    person_id: PersonId
    # None where nobody asked: nothing of theirs was needed any more.
    erasure_id: ErasureId | None


class ContactForgotten(Event, frozen=True, kw_only=True):
    """Name, label and address of somebody who is no contact any more."""

    account_id: AccountId
    contact_id: ContactId


class TicketForgotten(Event, frozen=True, kw_only=True):
    """The words and numbers on a ticket that was closed long ago."""

    account_id: AccountId
    ticket_id: TicketId


class OldAddressesForgotten(Event, frozen=True, kw_only=True):
    """Addresses an owner removed, which heard of everything for as long as promised."""

    account_id: AccountId
    addresses: int


# Codes ----------------------------------------------------------------------------------------


class CodeAsked(Event, frozen=True, kw_only=True):
    """A code is on its way. The code itself travels sealed beside the event, never in it."""

    challenge_id: ChallengeId
    contact_id: ContactId | None
    purpose: str
    expires_at: datetime
    # Another address than the enrolled one: their second, or a new one they have to prove.
    address_id: AddressId | None = None


# Reports and tickets --------------------------------------------------------------------------


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


# Disputes and outcomes ------------------------------------------------------------------------


class ReportsDisputed(Event, frozen=True, kw_only=True):
    """The owner, signed in strongly since the freeze, says that nothing was lost."""

    account_id: AccountId
    ticket_id: TicketId
    dispute_id: DisputeId
    # Said while the owner was in danger: whoever threatens them may hold the phone.
    without_effect: bool


class UnconfirmedLossReported(Event, frozen=True, kw_only=True):
    """By a contact whose reports do not freeze just now: somebody has to look."""

    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    stolen: bool
    joined: bool


class ReporterAsked(Event, frozen=True, kw_only=True):
    """Agents want to hear the reporter before they judge the report, until then."""

    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    answer_until: datetime


class ReporterHeard(Event, frozen=True, kw_only=True):
    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId


class OutcomeProposed(Event, frozen=True, kw_only=True):
    """`false` takes a second person."""

    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId
    verdict_id: VerdictId
    proposed_by: AgentId
    outcome: str


class OutcomeRejected(Event, frozen=True, kw_only=True):
    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId
    verdict_id: VerdictId
    rejected_by: AgentId


class OutcomeDecided(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    outcome: str


class ReachAttempted(Event, frozen=True, kw_only=True):
    """An agent tried to reach the owner, in vain."""

    account_id: AccountId
    ticket_id: TicketId
    attempts: int


class UnconfirmedTicketClosed(Event, frozen=True, kw_only=True):
    """Nobody confirmed what was only a hint; nothing was ever frozen."""

    account_id: AccountId
    ticket_id: TicketId
    reason: str


# Safety: in nobody's history, told to nobody ---------------------------------------------------


class SafetyAsked(Event, frozen=True, kw_only=True):
    """The owner does not feel safe with one of their own people."""

    account_id: AccountId
    ticket_id: TicketId


class SafetyNoted(Event, frozen=True, kw_only=True):
    """What a trained agent wrote down: the only document there is."""

    account_id: AccountId
    ticket_id: TicketId
    note_id: SafetyNoteId


class SafetyTicketClosed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId


# Drills ---------------------------------------------------------------------------------------


class DrillBegun(Event, frozen=True, kw_only=True):
    """A rehearsal: nothing is stopped by it. Its link travels sealed beside the event."""

    account_id: AccountId
    contact_id: ContactId
    drill_id: DrillId
    until: datetime


class DrillDone(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    drill_id: DrillId
    # Begins with TEST, so that nobody takes it for a report's.
    reference: str


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
