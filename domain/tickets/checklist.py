"""What is looked at before a release, beside the proofs. Each answer says who gave it, and when.

    open ──answer──▶ answered ──something new happens──▶ open

An answer covers what its agent had before their eyes, up to `looked_at`; what came later has been
looked at by nobody.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ChecklistAnswered
from domain.ids import AgentId, CheckId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import ChecklistOpen, NotFound, OwnerNotVerified, ProofsMissing
from domain.tickets.proofs import Proof, are_enough, require_provable
from domain.tickets.ticket import Ticket, evidence_changed


class CheckKind(StrEnum):
    # Contacts, addresses and cards, from some days before the loss until now.
    CHANGES = "changes"
    # Tries to get in since the freeze.
    TRIES = "tries"
    # One for each device that the freeze barred.
    DEVICE = "device"


class CheckAnswer(StrEnum):
    REVIEWED = "reviewed"
    IN_HAND = "in-hand"
    NOT_BACK = "not-back"


ANSWERS: Mapping[CheckKind, frozenset[CheckAnswer]] = {
    CheckKind.CHANGES: frozenset({CheckAnswer.REVIEWED}),
    CheckKind.TRIES: frozenset({CheckAnswer.REVIEWED}),
    CheckKind.DEVICE: frozenset({CheckAnswer.IN_HAND, CheckAnswer.NOT_BACK}),
}


class Check(Struct, frozen=True, kw_only=True):
    """An answer on the checklist of a ticket."""

    id: CheckId
    wallet_id: WalletId
    ticket_id: TicketId
    kind: CheckKind
    # The device; for all other kinds the ticket.
    about: UUID
    answer: CheckAnswer
    # Up to when what it was given on was known to whoever gave it.
    looked_at: datetime
    answered_by: AgentId
    answered_at: datetime
    row_version: int = 1


class Item(Struct, frozen=True, kw_only=True):
    """Something that wants an answer, and when something last happened that it is about."""

    kind: CheckKind
    about: UUID
    last_at: datetime | None = None


def is_answered(item: Item, checks: Iterable[Check], policy: TicketPolicy) -> bool:
    """Whether the answer still covers all that has happened."""
    check = find_check(item, checks)
    if check is None:
        return False
    # A phone in a thief's hands tries again by itself every minute. Those tries must not keep the
    # owner out for good, so a look at them holds for a while.
    holds = policy.tries_looked_at_for if item.kind is CheckKind.TRIES else timedelta(0)
    return item.last_at is None or item.last_at <= check.looked_at + holds


def open_items(
    items: Iterable[Item], checks: tuple[Check, ...], policy: TicketPolicy
) -> tuple[Item, ...]:
    return tuple(item for item in items if not is_answered(item, checks, policy))


def find_check(item: Item, checks: Iterable[Check]) -> Check | None:
    ours = (one for one in checks if one.kind is item.kind and one.about == item.about)
    return next(ours, None)


def answer_checklist(
    ticket: Ticket, answers: tuple[Check, ...], *, items: tuple[Item, ...], by: Agent, now: datetime
) -> Change[Ticket]:
    """Evidence changes with each answer: what was proposed without it no longer stands.

    Where a device is, only the verified owner can say. Raises OwnerNotVerified, NotFound for what
    is not on this checklist.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_provable(ticket)
    asked = {(item.kind, item.about) for item in items}
    for one in answers:
        if (one.kind, one.about) not in asked or one.answer not in ANSWERS[one.kind]:
            raise NotFound
        if one.kind is CheckKind.DEVICE and not ticket.owner_is_verified:
            raise OwnerNotVerified
    if not answers:
        return Change(ticket)
    events = tuple(
        ChecklistAnswered(
            account_id=ticket.account_id,
            ticket_id=ticket.id,
            check_id=one.id,
            kind=one.kind.value,
            about=one.about,
            outcome=one.answer.value,
            at=now,
        )
        for one in answers
    )
    return Change(evidence_changed(ticket), events)


def require_ready(
    *,
    proofs: tuple[Proof, ...],
    lost_at: datetime,
    items: tuple[Item, ...],
    checks: tuple[Check, ...],
    policy: TicketPolicy,
) -> None:
    """Everything a release stands on. Raises ProofsMissing, ChecklistOpen."""
    if not are_enough(proofs, lost_at=lost_at, policy=policy):
        raise ProofsMissing
    if open_items(items, checks, policy):
        raise ChecklistOpen
