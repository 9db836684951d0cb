"""Who is rung when nobody answers at the desk, one after the other.

    BEGUN ──ring──▶ (the next person, every five minutes) ──answered, or not needed──▶ ENDED
                     └──after the last one of so many──▶ ENDED, with nobody

A bell belongs to a ticket and a reason; the same one is not rung twice at a time.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent, Role
from domain.accounts import AddressKind
from domain.change import Change
from domain.events import OnCallAnswered, OnCallGivenUp, OnCallRung
from domain.ids import AccountId, AgentId, KeyId, OnCallId, RingId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import LevelTooLow, NothingRings
from domain.tickets.breaching import HIGHEST
from domain.tickets.clocks import Clock, is_written, running
from domain.tickets.ticket import Ticket


class RingWhy(StrEnum):
    # A proposal waits, and no second person came.
    NO_APPROVER = "no-approver"
    # The ticket has come all the way up.
    LEVEL_4 = "level-4"


class OnCallPerson(Struct, frozen=True, kw_only=True):
    """Somebody who may be woken."""

    id: OnCallId
    # None: for every wallet of the installation.
    wallet_id: WalletId | None
    place: int
    name: bytes
    kind: AddressKind
    address: bytes
    data_key_id: KeyId
    language: str
    time_zone: str
    added_at: datetime
    row_version: int = 1


class Ring(Struct, frozen=True, kw_only=True):
    """A bell that rings for one ticket until somebody has it."""

    id: RingId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    why: RingWhy
    began_at: datetime
    next_at: datetime
    rung: int = 0
    answered_by: AgentId | None = None
    ended_at: datetime | None = None
    row_version: int = 1


def reasons(before: Ticket, after: Ticket) -> tuple[RingWhy, ...]:
    """Why somebody has to be rung, after what the clock has just concluded."""
    if before.breached_until == after.breached_until and before.level == after.level:
        return ()
    found: list[RingWhy] = []
    approval = running(after).get(Clock.APPROVAL)
    if approval is not None and is_written(approval, after) and not is_written(approval, before):
        found.append(RingWhy.NO_APPROVER)
    if after.level >= HIGHEST:
        found.append(RingWhy.LEVEL_4)
    return tuple(found)


def is_needed(ring: Ring, ticket: Ticket) -> bool:
    """Whether what it rings for is still to be done."""
    match ring.why:
        case RingWhy.NO_APPROVER:
            return Clock.APPROVAL in running(ticket)
        case RingWhy.LEVEL_4:
            return ticket.is_open


def order(persons: Sequence[OnCallPerson], why: RingWhy) -> tuple[OnCallPerson, ...]:
    """A wallet's own people first; at level 4 those of the installation, who run it."""
    house_first = why is RingWhy.LEVEL_4
    return tuple(
        sorted(persons, key=lambda one: ((one.wallet_id is None) != house_first, one.place))
    )


def ring_next(
    ring: Ring,
    ticket: Ticket,
    *,
    persons: Sequence[OnCallPerson],
    policy: TicketPolicy,
    now: datetime,
) -> Change[Ring]:
    """The next one in the list, from the top again after the last; then the bell gives up."""
    if ring.ended_at is not None or now < ring.next_at:
        return Change(ring)
    if not is_needed(ring, ticket):
        return Change(replace(ring, ended_at=now))
    if ring.rung >= policy.most_rings:
        given_up = OnCallGivenUp(account_id=ring.account_id, ticket_id=ring.ticket_id, at=now)
        return Change(replace(ring, ended_at=now), (given_up,))
    rung = replace(ring, rung=ring.rung + 1, next_at=now + policy.rings_apart)
    if not persons:
        return Change(rung)
    person = order(persons, ring.why)[ring.rung % len(persons)]
    event = OnCallRung(
        account_id=ring.account_id,
        ticket_id=ring.ticket_id,
        person_id=person.id,
        reason=ring.why.value,
        reference=ticket.reference,
        # A message that comes after this wakes somebody for nothing.
        until=now + policy.most_rings * policy.rings_apart,
        at=now,
    )
    return Change(rung, (event,))


def answer(ring: Ring, *, by: Agent, now: datetime) -> Change[Ring]:
    """ "I have it": nobody else is woken. Auditors only read."""
    if by.ended_at is not None or by.role is Role.AUDITOR:
        raise LevelTooLow
    if by.role is Role.AGENT:
        access.require_level(by, access.REACHES_OWNER)
    if ring.ended_at is not None:
        raise NothingRings
    event = OnCallAnswered(account_id=ring.account_id, ticket_id=ring.ticket_id, at=now)
    return Change(replace(ring, answered_by=by.id, ended_at=now), (event,))
