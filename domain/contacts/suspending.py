"""What false reports lead to, and the way back.

Two agents found a report false before any of this; so it is no change that a freeze has to stop.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import ACTIVE, LEAVING, SUSPENDED, Contact
from domain.events import (
    ContactPaused,
    ContactReinstated,
    ContactSuspended,
    ReinstatementProposed,
    ReinstatementRejected,
)
from domain.ids import AgentId
from domain.policy import ReportPolicy
from domain.refusals import (
    AccountIsFrozen,
    AlreadyProposed,
    NothingPending,
    NotSuspended,
    OwnProposal,
)

_CAN_BE_PAUSED: Final = frozenset({ACTIVE, LEAVING})


class StaysSuspended(StrEnum):
    """Why a second person did not agree to take somebody back."""

    OWNER_OBJECTS = "owner-objects"
    NOT_EXPLAINED = "not-explained"
    TOO_EARLY = "too-early"


def pause(
    contact: Contact, *, account: Account, policy: ReportPolicy, now: datetime
) -> Change[Contact]:
    """For 7 days their reports do not freeze this owner. Never shorter than it was.

    Who is suspended or gone stays so.
    """
    until = now + policy.pause_takes
    if contact.status not in _CAN_BE_PAUSED or contact.is_gone(account, now):
        return Change(contact)
    if contact.paused_until is not None and until <= contact.paused_until:
        return Change(contact)
    event = ContactPaused(account_id=account.id, contact_id=contact.id, until=until, at=now)
    return Change(replace(contact, paused_until=until), (event,))


def suspend(contact: Contact, *, account: Account, now: datetime) -> Change[Contact]:
    """Their reports do not freeze this owner any more. A removal under way goes on."""
    if contact.status not in _CAN_BE_PAUSED or contact.is_gone(account, now):
        return Change(contact)
    event = ContactSuspended(account_id=account.id, contact_id=contact.id, at=now)
    return Change(replace(contact, status=SUSPENDED), (event,))


def propose_reinstatement(
    contact: Contact, *, account: Account, by: Agent, now: datetime
) -> Change[Contact]:
    """The first of two people, level 2 or above."""
    access.require_level(by, access.PROPOSES)
    _require_suspended(contact, account, now)
    if contact.reinstatement_proposed_by is not None:
        raise AlreadyProposed
    event = ReinstatementProposed(
        account_id=account.id, contact_id=contact.id, proposed_by=by.id, at=now
    )
    return Change(replace(contact, reinstatement_proposed_by=by.id), (event,))


def reinstate(contact: Contact, *, account: Account, by: Agent, now: datetime) -> Change[Contact]:
    """The second, level 3 or officer. A removal that was under way has to be begun anew."""
    proposed_by = _require_second(contact, account, by, now)
    active = replace(
        contact,
        status=ACTIVE,
        paused_until=None,
        reinstatement_proposed_by=None,
        removal_began_at=None,
        removal_seconds=None,
        removal_noticed_at=None,
        removal_goes_on=None,
        leaves_at=None,
    )
    event = ContactReinstated(
        account_id=account.id,
        contact_id=contact.id,
        proposed_by=proposed_by,
        approved_by=by.id,
        at=now,
    )
    return Change(active, (event,))


def reject_reinstatement(
    contact: Contact, *, account: Account, by: Agent, because: StaysSuspended, now: datetime
) -> Change[Contact]:
    """The second says no: they stay suspended, and it may be proposed anew."""
    proposed_by = _require_second(contact, account, by, now)
    event = ReinstatementRejected(
        account_id=account.id,
        contact_id=contact.id,
        proposed_by=proposed_by,
        rejected_by=by.id,
        reason=because.value,
        at=now,
    )
    return Change(replace(contact, reinstatement_proposed_by=None), (event,))


def _require_second(contact: Contact, account: Account, by: Agent, now: datetime) -> AgentId:
    """Who proposed it, once it is certain that this is somebody else who may decide."""
    access.require_approver(by, now)
    _require_suspended(contact, account, now)
    proposed_by = contact.reinstatement_proposed_by
    if proposed_by is None:
        raise NothingPending
    if proposed_by == by.id:
        raise OwnProposal
    return proposed_by


def _require_suspended(contact: Contact, account: Account, now: datetime) -> None:
    if account.is_frozen:
        raise AccountIsFrozen
    if contact.status is not SUSPENDED or contact.is_gone(account, now):
        raise NotSuspended
