"""Naming someone: the place, the limits, and that it reaches nobody who said no.

An invitation is a message to a person who did not ask for it. So every sending counts, for its
owner and for the address it goes to, whoever sends it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts.contact import DECLINED, INVITED, LEAVING, Contact
from domain.events import (
    ContactInvited,
    InvitationReady,
    InvitationSentAgain,
    InvitationWithheld,
)
from domain.policy import ContactPolicy
from domain.refusals import (
    AccountIsClosed,
    AccountIsFrozen,
    AlreadyInvited,
    NoPlaceLeft,
    NotOpen,
    OwnAddress,
    TooMany,
    TooSoon,
)


def free_place(
    others: tuple[Contact, ...], *, account: Account, policy: ContactPolicy, now: datetime
) -> int:
    """The lowest place nobody holds. Raises NoPlaceLeft."""
    free = _free_places(others, account=account, policy=policy, now=now)
    if not free:
        raise NoPlaceLeft
    return free[0]


def place_for(
    others: tuple[Contact, ...], *, account: Account, policy: ContactPolicy, now: datetime
) -> int | None:
    """The place of someone new; None: they wait for that of a contact on the way out.

    As many may wait as places will be free. Raises NoPlaceLeft.
    """
    free = _free_places(others, account=account, policy=policy, now=now)
    waiting = sum(other.waits_for_place(now) for other in others)
    if waiting < len(free):
        return free[0]
    leaving = sum(
        other.status is LEAVING
        and other.holds_place(account, now)
        and (other.place or 0) <= policy.most
        for other in others
    )
    if waiting < len(free) + leaving:
        return None
    raise NoPlaceLeft


def waiting_until(
    others: tuple[Contact, ...], *, account: Account, policy: ContactPolicy, now: datetime
) -> datetime:
    """When a replacement lapses that never gets its place: 7 days after the last one should
    have left. With the place come 7 days of its own."""
    leaving = [
        other.leaves_at
        for other in others
        if other.leaves_at is not None and not other.is_gone(account, now)
    ]
    return max(leaving, default=now) + policy.invitation_lasts


def invite(
    invitation: Contact,
    *,
    account: Account,
    others: tuple[Contact, ...],
    own_addresses: frozenset[bytes],
    sent_there: Iterable[datetime],
    policy: ContactPolicy,
    now: datetime,
) -> Change[Contact]:
    """The owner names someone. Their place is held until they answer or 7 days are over.

    `others` are all the account's contacts, those of the past too; `sent_there` is when any owner
    had an invitation sent to this address. Raises TooSoon and TooMany with the instant it works.

    Where an earlier one was declined and taken back, everything looks as if it were invited, and
    nothing is sent: a refusal here would tell the owner of the no.
    """
    _require_open(account, now)
    if invitation.address_index in own_addresses:
        raise OwnAddress
    same = tuple(other for other in others if other.address_index == invitation.address_index)
    if any(other.holds_place(account, now) or other.waits_for_place(now) for other in same):
        raise AlreadyInvited
    _require_rest(same, policy=policy, now=now)
    _require_calm(others, same, sent_there, policy=policy, now=now)
    event = ContactInvited(
        account_id=account.id,
        contact_id=invitation.id,
        person_id=invitation.person_id,
        lapses_at=invitation.lapses_at,
        at=now,
    )
    invited = replace(invitation, sent_at=(now,))
    declined_at = _declined_at(same, policy=policy, now=now)
    if declined_at is None:
        return Change(invited, (event,))
    unsent = replace(invited, status=DECLINED, link_sha256=None, ended_at=declined_at)
    withheld = InvitationWithheld(account_id=account.id, contact_id=invitation.id, at=now)
    return Change(unsent, (event, withheld))


def send_again(
    contact: Contact,
    *,
    account: Account,
    others: tuple[Contact, ...],
    sent_there: Iterable[datetime],
    link_sha256: bytes,
    policy: ContactPolicy,
    now: datetime,
) -> Change[Contact]:
    """The same invitation under a new link; the one before opens nothing any more.

    Its end stays. For one that was declined everything looks the same, and nothing is sent.
    """
    _require_open(account, now)
    if not contact.is_unanswered(now):
        raise NotOpen
    same = tuple(other for other in others if other.address_index == contact.address_index)
    _require_calm(others, same, sent_there, policy=policy, now=now)
    sent = replace(
        contact,
        sent_at=(*contact.sent_at, now),
        link_sha256=link_sha256 if contact.status is INVITED else None,
    )
    event = InvitationSentAgain(
        account_id=account.id,
        contact_id=contact.id,
        person_id=contact.person_id,
        lapses_at=contact.lapses_at,
        at=now,
    )
    return Change(sent, (event,))


def give_place(
    contact: Contact, *, account: Account, place: int, policy: ContactPolicy, now: datetime
) -> Change[Contact]:
    """A replacement's turn has come: they have 7 days from now, also when the job was late."""
    _require_open(account, now)
    if not contact.waits_for_place(now):
        raise NotOpen
    lapses_at = now + policy.invitation_lasts
    event = InvitationReady(
        account_id=account.id, contact_id=contact.id, lapses_at=lapses_at, at=now
    )
    return Change(replace(contact, place=place, lapses_at=lapses_at), (event,))


def _free_places(
    others: tuple[Contact, ...], *, account: Account, policy: ContactPolicy, now: datetime
) -> list[int]:
    taken = {contact.place for contact in others if contact.holds_place(account, now)}
    return [place for place in range(1, policy.most + 1) if place not in taken]


def _require_open(account: Account, now: datetime) -> None:
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed


def _require_rest(same: tuple[Contact, ...], *, policy: ContactPolicy, now: datetime) -> None:
    """A no and a silence rest alike, from the day the invitation lapsed: counted from the no
    itself, the answer would tell the owner of it. What was taken back rests in neither case."""
    for other in same:
        rests_until = other.lapses_at + policy.rests_for
        if other.fell_silent(now) and now < rests_until:
            raise TooSoon(rests_until, now=now)


def _declined_at(
    same: tuple[Contact, ...], *, policy: ContactPolicy, now: datetime
) -> datetime | None:
    """When the no was said that still holds, counted from itself: nobody sees this rest. Whoever
    is somebody else has said no as well."""
    said = [
        other.ended_at
        for other in same
        if other.ended_at is not None and (other.status is DECLINED or other.disowned)
    ]
    return max((at for at in said if now < at + policy.rests_for), default=None)


def _require_calm(
    others: tuple[Contact, ...],
    same: tuple[Contact, ...],
    sent_there: Iterable[datetime],
    *,
    policy: ContactPolicy,
    now: datetime,
) -> None:
    to_them = sorted(at for other in same for at in other.sent_at)
    if to_them and now < to_them[-1] + policy.sends_apart:
        raise TooSoon(to_them[-1] + policy.sends_apart, now=now)
    by_owner = [at for other in others for at in other.sent_at]
    for sent, most in ((by_owner, policy.sends_by_owner), (sent_there, policy.sends_to_address)):
        free_from = _free_from(sent, most=most, count_for=policy.sends_count_for)
        if free_from is not None and now < free_from:
            raise TooMany(free_from, now=now)


def _free_from(sent: Iterable[datetime], *, most: int, count_for: timedelta) -> datetime | None:
    """When the next may go: as soon as the last `most` do not all count any more."""
    newest = sorted(sent)[-most:]
    return newest[0] + count_for if len(newest) == most else None
