"""A contact's life."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, AgentId, ContactId, PersonId


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
