"""A ticket's timeline, read from the journal: what was done to its account while it was open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Actor, ActorKind
from domain.ids import AgentId
from domain.tickets import Ticket
from service.storage import load

# Facts of one instant in the order in which one led to the next; the rest as recorded.
_CAUSE_FIRST: Final = (
    "loss-reported",
    "unconfirmed-loss-reported",
    "wallet-reported-loss",
    "ticket-opened",
    "ticket-joined",
    "hint-left",
    "ticket-confirmed",
    "danger-raised",
    "account-frozen",
    "display-turned-neutral",
    "recovery-code-used",
    "proof-recorded",
    "release-approved",
    "account-released",
)


# Of an owner who does not feel safe: on no other ticket, whoever reads it.
ONLY_ON_SAFETY: Final = frozenset(
    {"safety-asked", "safety-noted", "safety-ticket-closed", "contact-removed-for-safety"}
)


# What becomes of a closed ticket's words is in the record, and no part of its story.
_UNTOLD: Final = frozenset({"ticket-forgotten"})
# Agents whom an event names besides whoever acted.
_NAMED: Final = ("assigned_to", "before", "to", "approver_id", "picked", "proposed_by")


class Entry(Struct, frozen=True, kw_only=True):
    """A journal entry of this ticket's time."""

    at: datetime
    by: Actor
    what: dict[str, Any]

    @property
    def event(self) -> str:
        return str(self.what["event"])


class Happened(Struct, frozen=True, kw_only=True):
    """A line of the timeline: the event as it was recorded, and who did it."""

    at: datetime
    event: str
    what: dict[str, Any]
    by_kind: ActorKind
    # None for whom no name is on file: the wallet's system, the clock, the operator.
    by_name: str | None
    # Others whom the event names, by its field: from whom and to whom it was handed over.
    named: dict[str, str] = {}


class _Stored(Struct, frozen=True, kw_only=True):
    by: Actor
    what: dict[str, Any]


async def entries_of(db: AsyncConnection, ticket: Ticket) -> tuple[Entry, ...]:
    """From the first report to the release, oldest first; and what is said of this very ticket
    after it was closed, such as a supervisor's note."""
    stored = await load.journal_of(db, ticket.wallet_id, ticket.account_id, since=ticket.opened_at)
    entries = [
        Entry(at=at, by=one.by, what=one.what)
        for at, text in stored
        for one in (msgspec.json.decode(text, type=_Stored),)
        if one.what["event"] not in ONLY_ON_SAFETY and _belongs(ticket, at, one.what)
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.at, _rank(entry))))


def agents_in(entries: tuple[Entry, ...]) -> set[AgentId]:
    """Everyone whose name the timeline needs."""
    acted = {
        AgentId(entry.by.id)
        for entry in entries
        if entry.by.kind is ActorKind.AGENT and entry.by.id is not None
    }
    return acted | {AgentId(one) for entry in entries for one in _others(entry).values()}


def told(entries: tuple[Entry, ...], names: Mapping[UUID, str]) -> tuple[Happened, ...]:
    """The entries with the names of those who acted."""
    return tuple(
        Happened(
            at=entry.at,
            event=entry.event,
            what=entry.what,
            by_kind=entry.by.kind,
            by_name=names.get(entry.by.id) if entry.by.id is not None else None,
            named={field: names[one] for field, one in _others(entry).items() if one in names},
        )
        for entry in entries
    )


def _others(entry: Entry) -> dict[str, UUID]:
    found = {field: entry.what.get(field) for field in _NAMED}
    return {field: UUID(one) for field, one in found.items() if isinstance(one, str)}


def _belongs(ticket: Ticket, at: datetime, what: dict[str, Any]) -> bool:
    """What names a ticket is of that one alone: the account may have another at the same time,
    where its owner does not feel safe. And after a ticket was closed its account goes on."""
    of = what.get("ticket_id")
    if of is not None and of != str(ticket.id):
        return False
    if ticket.closed_at is None or at <= ticket.closed_at:
        return True
    return of is not None and what["event"] not in _UNTOLD


def _rank(entry: Entry) -> int:
    return _CAUSE_FIRST.index(entry.event) if entry.event in _CAUSE_FIRST else len(_CAUSE_FIRST)
