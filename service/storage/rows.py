"""Loading values and keeping changes: the only place where a value meets its row.

A value's fields are its table's columns, so there is no mapping to write.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Executable, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.accounts import Account, AccountAddress, Device, WalletSession
from domain.agents import AgentCode, Passkey
from domain.challenges import Challenge
from domain.change import Change
from domain.client_mistakes import ClientMistake, MistakenFreeze
from domain.contacts import Contact
from domain.disputes import Dispute
from domain.drills import Drill
from domain.erasures import Erasure
from domain.events import Actor, Event
from domain.help_desks import ToldStage
from domain.ids import WalletId
from domain.journal import canonical
from domain.on_call import OnCallPerson, Ring
from domain.outcomes import FalseReport, Verdict
from domain.recovery import Hint, LeftHint, RecoveryCode
from domain.refusals import ChangedMeanwhile, NotFound
from domain.reports import LossReport
from domain.revealing import Reveal
from domain.safety import SafetyNote
from domain.tickets import (
    Attempt,
    Check,
    OwnerCode,
    Proof,
    Proposal,
    ReleaseReview,
    Skip,
    Ticket,
    TicketMessage,
    TicketNote,
)
from domain.wallet_reports import WalletReport
from domain.wallets import Wallet
from notifications.outbox import Promise
from notifications.outbox import rows as outbox_rows
from service.security.tokens import new_id
from service.storage import tables
from service.storage.clocks import clock_rows
from service.storage.values import (
    AccessToken,
    AgentAddress,
    ApiClient,
    Authenticator,
    BrowserSession,
    ClientKey,
    IdempotencyKey,
    NewAddress,
    PageLink,
    PasskeyChallenge,
    Person,
    PersonAddress,
    Stream,
    StreamSubject,
)

V = TypeVar("V", bound=Struct)

TABLE_OF: Final[Mapping[type[Struct], Table]] = {
    Wallet: tables.wallets,
    ApiClient: tables.api_clients,
    AccessToken: tables.access_tokens,
    ClientKey: tables.client_keys,
    Person: tables.persons,
    PersonAddress: tables.person_addresses,
    NewAddress: tables.new_addresses,
    Authenticator: tables.authenticators,
    Erasure: tables.erasures,
    Account: tables.accounts,
    AccountAddress: tables.account_addresses,
    Device: tables.devices,
    WalletSession: tables.wallet_sessions,
    Contact: tables.contacts,
    PageLink: tables.page_links,
    BrowserSession: tables.browser_sessions,
    Challenge: tables.challenges,
    LossReport: tables.loss_reports,
    WalletReport: tables.wallet_reports,
    Reveal: tables.reveals,
    Ticket: tables.tickets,
    ToldStage: tables.external_stages,
    Proof: tables.proofs,
    Proposal: tables.proposals,
    ReleaseReview: tables.release_reviews,
    ClientMistake: tables.client_mistakes,
    MistakenFreeze: tables.mistaken_freezes,
    OwnerCode: tables.owner_codes,
    Check: tables.checks,
    RecoveryCode: tables.recovery_codes,
    LeftHint: tables.left_hints,
    Hint: tables.hints,
    Dispute: tables.disputes,
    Attempt: tables.attempts,
    Verdict: tables.verdicts,
    FalseReport: tables.false_reports,
    Drill: tables.drills,
    SafetyNote: tables.safety_notes,
    Skip: tables.skips,
    TicketNote: tables.ticket_notes,
    TicketMessage: tables.ticket_messages,
    Agent: tables.agents,
    OnCallPerson: tables.on_call_persons,
    Ring: tables.rings,
    Passkey: tables.agent_passkeys,
    AgentCode: tables.agent_codes,
    AgentAddress: tables.agent_addresses,
    PasskeyChallenge: tables.passkey_challenges,
    IdempotencyKey: tables.idempotency_keys,
    Stream: tables.streams,
    StreamSubject: tables.stream_subjects,
}
_AS_THEY_ARE: Final = (datetime, UUID, bytes)


def value_of(row: Mapping[str, Any], kind: type[V]) -> V:
    """The value a row holds. The database answers a row's shape, not an outsider: not strict."""
    return msgspec.convert(row, kind, builtin_types=_AS_THEY_ARE)


def row_of(value: Struct) -> dict[str, Any]:
    return msgspec.to_builtins(value, builtin_types=_AS_THEY_ARE)


async def clock(db: AsyncConnection) -> datetime:
    """This very instant, as the database sees it. Asked only after the lock is held."""
    return (await db.execute(select(tables.now))).scalar_one()


async def one(db: AsyncConnection, statement: Executable, kind: type[V]) -> V | None:
    """At most one value; more than one is a fault."""
    row = (await db.execute(statement)).mappings().one_or_none()
    return None if row is None else value_of(dict(row), kind)


async def the_one(db: AsyncConnection, statement: Executable, kind: type[V]) -> V:
    """Exactly one value; raises NotFound without it."""
    found = await one(db, statement, kind)
    if found is None:
        raise NotFound
    return found


async def every(db: AsyncConnection, statement: Executable, kind: type[V]) -> tuple[V, ...]:
    rows = (await db.execute(statement)).mappings().all()
    return tuple(value_of(dict(row), kind) for row in rows)


async def put(db: AsyncConnection, before: V | None, after: V, *, at: datetime | None = None) -> V:
    """Insert, or save against what was read: if that is gone, someone was faster.

    `at` is the instant of the act, which a ticket's clocks are written down with.
    """
    table = TABLE_OF[type(after)]
    if before is None:
        await db.execute(insert(table).values(row_of(after)))
        return after
    old, new = row_of(before), row_of(after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    if not changed:
        return after
    version: int = old["row_version"]
    changed["row_version"] = version + 1
    saved = await db.execute(
        update(table).where(table.c.id == old["id"], table.c.row_version == version).values(changed)
    )
    if saved.rowcount != 1:
        raise ChangedMeanwhile
    if moved := clock_rows(before, after, at):
        await db.execute(insert(tables.clock_events), moved)
    return msgspec.structs.replace(after, row_version=version + 1)


async def keep(
    db: AsyncConnection,
    wallet_id: WalletId,
    before: V | None,
    change: Change[V],
    *,
    by: Actor,
    secret: bytes | None = None,
    promise_id: UUID | None = None,
) -> V:
    """Save the value and record and promise its events in one go, so that none is forgotten.

    `secret` is a sealed code or token for the message of the change's only event; it was
    sealed for the outbox row `promise_id`.
    """
    kept = await put(db, before, change.value, at=_instant_of(change.events))
    await record(db, wallet_id, change.events, by=by, secret=secret, promise_id=promise_id)
    return kept


async def record(
    db: AsyncConnection,
    wallet_id: WalletId,
    events: Sequence[Event],
    *,
    by: Actor,
    secret: bytes | None = None,
    promise_id: UUID | None = None,
) -> None:
    """Journal and outbox rows of facts that change no value of their own."""
    if not events:
        return
    entries, promises = recorded(wallet_id, events, by=by, secret=secret, promise_id=promise_id)
    await db.execute(insert(tables.journal), entries)
    await db.execute(insert(tables.outbox), promises)


def _instant_of(events: Sequence[Event]) -> datetime | None:
    return events[-1].at if events else None


def recorded(
    wallet_id: WalletId,
    events: Sequence[Event],
    *,
    by: Actor,
    secret: bytes | None = None,
    promise_id: UUID | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of journal and outbox that these facts are remembered and told by."""
    entries = [
        {
            "id": new_id(),
            "wallet_id": wallet_id,
            "at": event.at,
            "account_id": getattr(event, "account_id", None),
            "entry": canonical(event, by),
        }
        for event in events
    ]
    promises = [
        Promise(id=promise_id or new_id(), wallet_id=wallet_id, event=event, secret=secret)
        for event in events
    ]
    return entries, outbox_rows(promises)
