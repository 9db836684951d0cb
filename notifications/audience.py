"""Who hears of an event: one table, with every event in it.

Sources: "Who hears what" in the product's description. An event that nobody hears stands here
too, so that forgetting one is a failing test and not a silence.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from domain.events import (
    AccountClosed,
    AccountClosingBegun,
    AccountClosingStopped,
    AccountFrozen,
    AccountKeptFrozen,
    AccountRegistered,
    AccountReleased,
    AddressDisowned,
    AddressesChanged,
    AddressRevealed,
    AgentAdded,
    AgentChanged,
    AgentCodesMade,
    AgentCodeUsed,
    AgentEnded,
    AgentReset,
    AgentSignedIn,
    ApproverPicked,
    AuthenticatorRemoved,
    AuthenticatorSet,
    ChecklistAnswered,
    ClientCapChanged,
    ClientEnded,
    ClientKeyRemoved,
    ClientKeysAdded,
    ClientMade,
    ClientMistakeApproved,
    ClientMistakeProposed,
    ClientMistakeRejected,
    ClientMistakeUndone,
    ClientSecretEnded,
    ClientSecretRotated,
    ClockBreached,
    ClosingAnnounced,
    CodeAsked,
    ConfirmationMissed,
    ContactAccepted,
    ContactAddressConfirmed,
    ContactAddressesChanged,
    ContactDeclined,
    ContactEnded,
    ContactForgotten,
    ContactInvited,
    ContactLeft,
    ContactPaused,
    ContactReinstated,
    ContactReminded,
    ContactRemoved,
    ContactRemovedForSafety,
    ContactSuspended,
    ContactWrittenTo,
    DangerRaised,
    DeviceCleared,
    DisplayTurnedNeutral,
    DrillBegun,
    DrillDone,
    DuressAnswered,
    ErasureAsked,
    ErasureDone,
    ErasurePlanned,
    Event,
    ExternalStageTold,
    FreezeConfirmed,
    FreezeUndone,
    HintLeft,
    InvitationLapsed,
    InvitationReady,
    InvitationSentAgain,
    InvitationTakenBack,
    InvitationWithheld,
    KeepingProposed,
    KeepingRejected,
    KeepingReviewed,
    LimitReset,
    LinkRenewed,
    LinkShown,
    LinkStopped,
    LossReported,
    NoticesLetGo,
    OldAddressesForgotten,
    OnCallAnswered,
    OnCallChanged,
    OnCallGivenUp,
    OnCallRung,
    OnCallTested,
    OthersAreRemoved,
    OutcomeDecided,
    OutcomeProposed,
    OutcomeRejected,
    OwnerCodeAsked,
    OwnerReached,
    OwnerWrittenTo,
    PasskeyAdded,
    PasskeyEnded,
    PasskeyUsed,
    PauseEnded,
    ProofRecorded,
    ProofRequested,
    ProofsFellShort,
    ProposalVoided,
    ReachAttempted,
    RecoveryCardMade,
    RecoveryCodeUsed,
    ReinstatementProposed,
    ReinstatementRejected,
    ReleaseApproved,
    ReleaseDrawn,
    ReleaseProposed,
    ReleaseRejected,
    ReleaseReviewed,
    RemovalBegun,
    RemovalCancelled,
    RemovalDecided,
    RemovalDisowned,
    RemovalNoticed,
    RemovalResumed,
    ReporterAsked,
    ReporterHeard,
    ReportsDisputed,
    ReportWithdrawn,
    SafetyAsked,
    SafetyNoted,
    SafetyTicketClosed,
    SecondAddressAdded,
    SecondAddressRemoved,
    SigningKeyRetired,
    SigningKeyRotated,
    StreamChanged,
    StreamEnded,
    StreamMade,
    StreamSecretRenewed,
    StreamStatusSet,
    StreamSubjectChosen,
    TicketAssigned,
    TicketBoosted,
    TicketConfirmed,
    TicketForgotten,
    TicketHandedOver,
    TicketJoined,
    TicketLevelRaised,
    TicketNoted,
    TicketOpened,
    TicketPaused,
    TicketSkipped,
    UnconfirmedLossReported,
    UnconfirmedTicketClosed,
    WalletIssuerChanged,
    WalletMade,
    WalletPolicyChanged,
    WalletReportedLoss,
    WritingAllowed,
    WritingStopped,
    name_of,
)


class Role(StrEnum):
    """As whom someone is spoken to: chooses the template."""

    OWNER = "owner"
    CONTACT = "contact"
    ON_CALL = "on-call"


class Who(StrEnum):
    OWNER = "owner"
    # That address of theirs which the event names, and no other.
    OWN_ADDRESS = "own-address"
    # The contact the event is about.
    THAT_CONTACT = "that-contact"
    # The address that the event names, of the contact it is about; without one, as above.
    THAT_ADDRESS = "that-address"
    # The contacts who reported on the event's ticket.
    REPORTERS = "reporters"
    # The person on the on-call list whom the event names.
    ON_CALL = "on-call"


# Everybody else is a contact of some owner.
_ROLE_OF: Final = {
    Who.OWNER: Role.OWNER,
    Who.OWN_ADDRESS: Role.OWNER,
    Who.ON_CALL: Role.ON_CALL,
}


class Secret(StrEnum):
    """What the sealed secret beside the event is, opened when sending and never before."""

    INVITATION = "invitation"
    PERSONAL_LINK = "personal-link"
    CODE = "code"
    DRILL = "drill"


class Hearer(Struct, frozen=True, kw_only=True):
    who: Who
    secret: Secret | None = None
    # The message carries "this was not me", which stops what it tells of without further proof.
    may_object: bool = False

    @property
    def role(self) -> Role:
        return _ROLE_OF.get(self.who, Role.CONTACT)


_OWNER: Final = Hearer(who=Who.OWNER)
_OBJECTS: Final = Hearer(who=Who.OWNER, may_object=True)
_CONTACT: Final = Hearer(who=Who.THAT_CONTACT)
_REPORTERS: Final = Hearer(who=Who.REPORTERS)
_INVITED: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.INVITATION)
_ACCEPTED: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.PERSONAL_LINK)
_ADDRESS: Final = Hearer(who=Who.THAT_ADDRESS)
_RENEWED: Final = Hearer(who=Who.THAT_ADDRESS, secret=Secret.PERSONAL_LINK)
_ASKED: Final = Hearer(who=Who.THAT_ADDRESS, secret=Secret.CODE)
_OWN_CODE: Final = Hearer(who=Who.OWN_ADDRESS, secret=Secret.CODE)
_REHEARSES: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.DRILL)
_WOKEN: Final = Hearer(who=Who.ON_CALL)
_NOBODY: Final[tuple[Hearer, ...]] = ()

AUDIENCE: Final[Mapping[type[Event], tuple[Hearer, ...]]] = {
    AccountRegistered: _NOBODY,
    # To old and new: a replaced address still hears for 30 days.
    AddressesChanged: (_OWNER,),
    DeviceCleared: _NOBODY,
    AccountClosingBegun: (_OWNER,),
    ClosingAnnounced: (_CONTACT,),
    # Whoever holds the phone must not learn from it that a freeze came; the owner hears of that.
    AccountClosingStopped: _NOBODY,
    AccountClosed: _NOBODY,
    AccountFrozen: (_OWNER,),
    FreezeConfirmed: _NOBODY,
    AccountReleased: (_OWNER, _REPORTERS),
    ContactInvited: (_INVITED, _OWNER),
    ContactAccepted: (_ACCEPTED, _OWNER),
    # Private: to the owner a refusal looks like silence, until the invitation lapses.
    ContactDeclined: _NOBODY,
    # To the owner it looks like any other that is not answered.
    InvitationWithheld: _NOBODY,
    InvitationLapsed: (_OWNER,),
    InvitationTakenBack: (_CONTACT, _OWNER),
    InvitationSentAgain: (_INVITED,),
    # No link in it: it is the one of their invitation.
    InvitationReady: (_CONTACT,),
    RemovalBegun: (_OBJECTS, _CONTACT),
    OthersAreRemoved: (_CONTACT,),
    RemovalNoticed: _NOBODY,
    RemovalCancelled: (_OWNER, _CONTACT),
    RemovalDisowned: (_OWNER, _CONTACT),
    # Said to an agent; told when the account is released.
    RemovalDecided: _NOBODY,
    RemovalResumed: (_OBJECTS, _CONTACT),
    ContactRemoved: (_OWNER, _CONTACT),
    # Never: no notice and no line, so that nobody has to fear asking for it.
    ContactRemovedForSafety: _NOBODY,
    ContactLeft: (_OWNER, _CONTACT),
    AddressDisowned: _NOBODY,
    # Said to nobody and recorded for everybody who works on the ticket.
    AddressRevealed: _NOBODY,
    # The owner reads these two only inside.
    ContactPaused: (_CONTACT,),
    ContactSuspended: (_CONTACT,),
    ReinstatementProposed: _NOBODY,
    # Nothing changes for anybody.
    ReinstatementRejected: _NOBODY,
    ContactReinstated: (_OWNER, _CONTACT),
    ContactReminded: (_OWNER, _CONTACT),
    ContactAddressConfirmed: _NOBODY,
    # The owner hears that they left, or that an invitation was not answered.
    ContactEnded: _NOBODY,
    # The old address and the new one.
    SecondAddressAdded: (_CONTACT, _ADDRESS),
    SecondAddressRemoved: (_CONTACT,),
    ContactAddressesChanged: (_OWNER,),
    AuthenticatorSet: (_CONTACT,),
    AuthenticatorRemoved: (_CONTACT,),
    # Without a link: the phone that receives it may be the thief's.
    LinkStopped: (_CONTACT,),
    LinkRenewed: (_RENEWED,),
    LinkShown: (_CONTACT,),
    ErasureAsked: (_CONTACT,),
    WritingStopped: _NOBODY,
    # They asked for it by letter or telephone, and were answered there.
    WritingAllowed: _NOBODY,
    # There is nobody left to tell: the address went with the rest.
    ErasurePlanned: _NOBODY,
    ErasureDone: _NOBODY,
    ContactForgotten: _NOBODY,
    TicketForgotten: _NOBODY,
    OldAddressesForgotten: _NOBODY,
    CodeAsked: (_ASKED,),
    OwnerCodeAsked: (_OWN_CODE,),
    ChecklistAnswered: _NOBODY,
    LossReported: (_CONTACT,),
    # Their own act confirmed; the owner learns of it only after their identity is proved.
    ReportWithdrawn: (_CONTACT,),
    TicketOpened: _NOBODY,
    TicketJoined: _NOBODY,
    TicketConfirmed: _NOBODY,
    # The desk's own business.
    TicketAssigned: _NOBODY,
    TicketSkipped: _NOBODY,
    HintLeft: _NOBODY,
    # Never: whoever holds the phone would read it.
    DangerRaised: _NOBODY,
    DisplayTurnedNeutral: _NOBODY,
    # Said on pages and to whoever is on duty.
    ConfirmationMissed: _NOBODY,
    DuressAnswered: _NOBODY,
    NoticesLetGo: _NOBODY,
    # The owner stands before the card, and whoever used a code has it in their hands.
    RecoveryCardMade: _NOBODY,
    RecoveryCodeUsed: _NOBODY,
    # The owner reads of a dispute, and of what became of a report, only inside.
    ReportsDisputed: _NOBODY,
    # Told that it was NOT stopped, and whom to call.
    UnconfirmedLossReported: (_CONTACT,),
    ReporterAsked: (_CONTACT,),
    ReporterHeard: _NOBODY,
    # The owner is told of the freeze itself; the wallet knows what it has asked for.
    WalletReportedLoss: _NOBODY,
    OutcomeProposed: _NOBODY,
    OutcomeRejected: _NOBODY,
    # A reporter hears of the pause, the suspension or the closing, each by an event of its own.
    OutcomeDecided: _NOBODY,
    ReachAttempted: _NOBODY,
    UnconfirmedTicketClosed: (_REPORTERS,),
    # Never, to nobody: that is what makes it safe to ask.
    SafetyAsked: _NOBODY,
    SafetyNoted: _NOBODY,
    SafetyTicketClosed: _NOBODY,
    DrillBegun: (_REHEARSES, _OWNER),
    DrillDone: (_CONTACT, _OWNER),
    OwnerReached: _NOBODY,
    ProofRecorded: _NOBODY,
    # No message reached the owner: agents see it, and the wallet's systems hear of it.
    ProofRequested: _NOBODY,
    ReleaseProposed: _NOBODY,
    ClockBreached: _NOBODY,
    TicketLevelRaised: _NOBODY,
    TicketPaused: _NOBODY,
    PauseEnded: _NOBODY,
    OnCallRung: (_WOKEN,),
    OnCallAnswered: _NOBODY,
    # Nobody is left to tell: it stands in the log, and on the board.
    OnCallGivenUp: _NOBODY,
    OnCallChanged: _NOBODY,
    OnCallTested: (_WOKEN,),
    ProofsFellShort: _NOBODY,
    ProposalVoided: _NOBODY,
    ReleaseRejected: _NOBODY,
    ReleaseApproved: _NOBODY,
    ApproverPicked: _NOBODY,
    KeepingProposed: _NOBODY,
    KeepingRejected: _NOBODY,
    # The owner, in general terms; whoever reported hears nothing until it is closed.
    AccountKeptFrozen: (_OWNER,),
    # Nothing changes for the owner; what does is told when it comes.
    KeepingReviewed: _NOBODY,
    # Agents look at their own work.
    ReleaseDrawn: _NOBODY,
    ReleaseReviewed: _NOBODY,
    # Each owner is told of their own release.
    ClientMistakeProposed: _NOBODY,
    ClientMistakeApproved: _NOBODY,
    ClientMistakeRejected: _NOBODY,
    ClientMistakeUndone: _NOBODY,
    FreezeUndone: _NOBODY,
    AgentAdded: _NOBODY,
    AgentChanged: _NOBODY,
    AgentReset: _NOBODY,
    AgentEnded: _NOBODY,
    AgentSignedIn: _NOBODY,
    TicketHandedOver: _NOBODY,
    TicketBoosted: _NOBODY,
    # Agents write them for one another.
    TicketNoted: _NOBODY,
    # An agent chose the words; in danger it waits like every other notice.
    OwnerWrittenTo: (_OWNER,),
    ContactWrittenTo: (_CONTACT,),
    PasskeyAdded: _NOBODY,
    PasskeyUsed: _NOBODY,
    PasskeyEnded: _NOBODY,
    AgentCodesMade: _NOBODY,
    AgentCodeUsed: _NOBODY,
    LimitReset: _NOBODY,
    # What operators and programs change stands in the record, for whoever reads that.
    # Agents read it; nobody is told by us what somebody else said.
    ExternalStageTold: _NOBODY,
    WalletMade: _NOBODY,
    WalletIssuerChanged: _NOBODY,
    WalletPolicyChanged: _NOBODY,
    ClientMade: _NOBODY,
    ClientSecretRotated: _NOBODY,
    ClientSecretEnded: _NOBODY,
    ClientKeysAdded: _NOBODY,
    ClientKeyRemoved: _NOBODY,
    ClientCapChanged: _NOBODY,
    ClientEnded: _NOBODY,
    StreamMade: _NOBODY,
    StreamChanged: _NOBODY,
    StreamStatusSet: _NOBODY,
    StreamSecretRenewed: _NOBODY,
    StreamSubjectChosen: _NOBODY,
    StreamEnded: _NOBODY,
    SigningKeyRotated: _NOBODY,
    SigningKeyRetired: _NOBODY,
}
BY_NAME: Final = {name_of(kind): kind for kind in AUDIENCE}


def read_event(name: str, body: str) -> Event:
    """An event as the outbox keeps it."""
    return msgspec.json.decode(body, type=BY_NAME[name])


def hearer_in(event: Event, role: Role) -> Hearer:
    """The row of the table behind a delivery. An event speaks to a role in one way only."""
    return next(hearer for hearer in AUDIENCE[type(event)] if hearer.role is role)


def useful_until(event: Event, hearer: Hearer) -> datetime | None:
    """When the secret in the message stops opening anything; None where nothing runs out."""
    match event:
        case CodeAsked() | OwnerCodeAsked() if hearer.secret is not None:
            return event.expires_at
        case ContactInvited() | InvitationSentAgain() if hearer.secret is not None:
            return event.lapses_at
        case DrillBegun() if hearer.secret is not None:
            return event.until
        case OnCallRung() | OnCallTested():
            return event.until
        case _:
            return None
