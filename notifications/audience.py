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
    AccountFrozen,
    AccountRegistered,
    AccountReleased,
    AddressesChanged,
    AgentAdded,
    AgentSignedIn,
    CodeAsked,
    ContactAccepted,
    ContactDeclined,
    ContactInvited,
    DangerRaised,
    DisplayTurnedNeutral,
    DuressAnswered,
    Event,
    FreezeConfirmed,
    HintLeft,
    InvitationLapsed,
    InvitationTakenBack,
    LimitReset,
    LossReported,
    NoticesLetGo,
    OwnerReached,
    ProofRecorded,
    ProposalVoided,
    RecoveryCardMade,
    RecoveryCodeUsed,
    ReleaseApproved,
    ReleaseProposed,
    ReleaseRejected,
    ReportWithdrawn,
    TicketConfirmed,
    TicketJoined,
    TicketOpened,
    name_of,
)


class Role(StrEnum):
    """As whom someone is spoken to: chooses the template."""

    OWNER = "owner"
    CONTACT = "contact"


class Who(StrEnum):
    OWNER = "owner"
    # The contact the event is about.
    THAT_CONTACT = "that-contact"
    # The contacts who reported on the event's ticket.
    REPORTERS = "reporters"


class Secret(StrEnum):
    """What the sealed secret beside the event is, opened when sending and never before."""

    INVITATION = "invitation"
    PERSONAL_LINK = "personal-link"
    CODE = "code"


class Hearer(Struct, frozen=True, kw_only=True):
    who: Who
    secret: Secret | None = None

    @property
    def role(self) -> Role:
        return Role.OWNER if self.who is Who.OWNER else Role.CONTACT


_OWNER: Final = Hearer(who=Who.OWNER)
_CONTACT: Final = Hearer(who=Who.THAT_CONTACT)
_REPORTERS: Final = Hearer(who=Who.REPORTERS)
_INVITED: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.INVITATION)
_ACCEPTED: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.PERSONAL_LINK)
_ASKED: Final = Hearer(who=Who.THAT_CONTACT, secret=Secret.CODE)
_NOBODY: Final[tuple[Hearer, ...]] = ()

AUDIENCE: Final[Mapping[type[Event], tuple[Hearer, ...]]] = {
    AccountRegistered: _NOBODY,
    AddressesChanged: _NOBODY,
    AccountFrozen: (_OWNER,),
    FreezeConfirmed: _NOBODY,
    AccountReleased: (_OWNER, _REPORTERS),
    ContactInvited: (_INVITED, _OWNER),
    ContactAccepted: (_ACCEPTED, _OWNER),
    # Private: to the owner a refusal looks like silence, until the invitation lapses.
    ContactDeclined: _NOBODY,
    InvitationLapsed: (_OWNER,),
    InvitationTakenBack: (_CONTACT, _OWNER),
    CodeAsked: (_ASKED,),
    LossReported: (_CONTACT,),
    # Their own act confirmed; the owner learns of it only after their identity is proved.
    ReportWithdrawn: (_CONTACT,),
    TicketOpened: _NOBODY,
    TicketJoined: _NOBODY,
    TicketConfirmed: _NOBODY,
    HintLeft: _NOBODY,
    # Never: whoever holds the phone would read it.
    DangerRaised: _NOBODY,
    DisplayTurnedNeutral: _NOBODY,
    DuressAnswered: _NOBODY,
    NoticesLetGo: _NOBODY,
    # The owner stands before the card, and whoever used a code has it in their hands.
    RecoveryCardMade: _NOBODY,
    RecoveryCodeUsed: _NOBODY,
    OwnerReached: _NOBODY,
    ProofRecorded: _NOBODY,
    ReleaseProposed: _NOBODY,
    ProposalVoided: _NOBODY,
    ReleaseRejected: _NOBODY,
    ReleaseApproved: _NOBODY,
    AgentAdded: _NOBODY,
    AgentSignedIn: _NOBODY,
    LimitReset: _NOBODY,
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
        case CodeAsked() if hearer.secret is not None:
            return event.expires_at
        case ContactInvited() if hearer.secret is not None:
            return event.lapses_at
        case _:
            return None
