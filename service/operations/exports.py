"""Everything stored about one person, for them to read.

`PARTS` names each table in which something refers to a person, to a contact or to an account. A
part says by which column its rows are theirs, which columns are opened, and which are left out and
why; a table that nobody learns anything from stands there with the reason. A test walks all tables
and fails for one that is not here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Table, case, cast, false, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import PersonId
from domain.wallets import Wallet
from service.operations.house import House
from service.operations.own_account import SAID
from service.security.encryption import Place
from service.storage import load, tables
from service.storage.keychain import Opener
from service.storage.rows import clock


class Part(Struct, frozen=True, kw_only=True):
    """How the rows of a table are found, and what of them is not told."""

    # Columns that hold the person, one of their contacts, accounts or tickets.
    person: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    # Not a row of their own, but of a ticket of their account.
    ticket: tuple[str, ...] = ()
    # Sealed under a key that the house opens; anything else that is bytes is a hash or a secret.
    opened: tuple[str, ...] = ()
    # Column → why it is not told.
    left_out: Mapping[str, str] = {}


_HASH: Final = "a hash: it says nothing to anybody, and is no way in"
_AGENT: Final = "who of the wallet's people it was is about them"
_WORK: Final = "counts the database's work"
_SAFE: Final = "read out by a trained agent alone: somebody else may hold the phone"

PARTS: Final[Mapping[str, Part | str]] = {
    "persons": Part(person=("id",), left_out={"data_key_id": "names a key, not a person"}),
    "person_addresses": Part(
        person=("person_id",), opened=("address",), left_out={"address_index": _HASH}
    ),
    "new_addresses": Part(
        person=("person_id",), opened=("address",), left_out={"address_index": _HASH}
    ),
    "authenticators": Part(
        person=("person_id",), left_out={"secret": "whoever reads it can make codes"}
    ),
    "erasures": Part(person=("person_id",)),
    # As somebody's contact. What their owners' contacts are called is about those.
    "contacts": Part(
        person=("person_id",),
        opened=("name", "label", "address"),
        left_out={
            "address_index": _HASH,
            "link_sha256": _HASH,
            "removed_for_safety": "whom an owner is afraid of is the owner's secret",
            "reinstatement_proposed_by": _AGENT,
        },
    ),
    "accounts": Part(person=("person_id",), opened=("first_name", "display_name")),
    "account_addresses": Part(
        account=("account_id",), opened=("address",), left_out={"address_index": _HASH}
    ),
    "devices": Part(account=("account_id",), opened=("label",)),
    "wallet_sessions": Part(account=("account_id",), left_out={"token_sha256": _HASH}),
    "recovery_codes": Part(account=("account_id",), left_out={"code_hash": _HASH}),
    # Their own reports, and those about their account; who reported is told in the pages.
    "loss_reports": Part(
        person=("person_id",),
        account=("account_id",),
        opened=("note", "reach"),
        left_out={"network": _HASH},
    ),
    # What the wallet wrote when it froze the account itself.
    "wallet_reports": Part(
        account=("account_id",),
        opened=("note",),
        left_out={"hot_line": _AGENT, "client_id": "one of the wallet's programs"},
    ),
    "tickets": Part(
        account=("account_id",),
        left_out={"opened_in": _WORK, "changed_in": _WORK},
    ),
    "hints": Part(account=("account_id",), opened=("said",)),
    "disputes": Part(account=("account_id",), opened=("note",)),
    "proofs": Part(ticket=("ticket_id",), opened=("source",), left_out={"recorded_by": _AGENT}),
    "drills": Part(
        contact=("contact_id",), account=("account_id",), left_out={"link_sha256": _HASH}
    ),
    "browser_sessions": Part(
        contact=("contact_id",),
        account=("account_id",),
        opened=("draft", "address"),
        left_out={"token_sha256": _HASH, "address_index": _HASH, "agent_id": _AGENT},
    ),
    "challenges": Part(
        person=("person_id",),
        contact=("contact_id",),
        left_out={"code_hmac": _HASH, "earlier_hmac": _HASH, "address_index": _HASH},
    ),
    "page_links": Part(account=("account_id",), left_out={"once_sha256": _HASH}),
    # As the one it was written to.
    "ticket_messages": Part(
        contact=("contact_id",),
        account=("account_id",),
        opened=("own_line",),
        left_out={"written_by": _AGENT, "outbox_id": "names a promise, not a person"},
    ),
    # As the one it was for. A message's words are made when it is sent, and never stored.
    "deliveries": Part(
        contact=("contact_id",),
        account=("account_id",),
        left_out={"lease_token": "names a sending, not a person"},
    ),
    # What an owner reads in their history, and what is recorded of a contact.
    "journal": Part(account=("account_id",), left_out={"xid": "counts the database's work"}),
    # Whoever tried to get in while the account was frozen, they or a thief.
    "refused_tries": Part(account=("account_id",)),
    "safety_notes": _SAFE,
    "ticket_notes": "what agents work by, and what they suspect: it may name anybody",
    "false_reports": "no row leads to a person: the keyed hash of an address counts alone",
    "verdicts": "how agents judge a report; what they decided stands with the report",
    "attempts": "when agents called; names nobody else",
    "clock_events": "by when agents had to do what; what was done stands in the journal",
    "rings": "when the wallet's own people were woken",
    "on_call_persons": "the wallet's own people, who ask the wallet",
    "reveals": "how agents work; of a reporter's address it would tell the owner who reported",
    "presences": "which agent looks at which ticket just now",
    "skips": "why an agent left a ticket to somebody else; nothing was done on it",
    "proposals": "how agents work on a ticket; what they decided stands with it",
    "release_reviews": "how agents look at each other's work; what was decided stands with it",
    "client_mistakes": "one of the wallet's programs froze by mistake; each release stands with it",
    "mistaken_freezes": "which accounts that was; each release stands with its ticket",
    # A code went to an address that stands above; how it ended stands with the proofs.
    "owner_codes": "codes of ten minutes, gone after two days",
    "checks": "what agents looked at before a release; names nobody else",
    "left_hints": "filed within seconds, and read under hints",
    "recovery_tries": "numbers for two days, counted by account or browser",
    "limits": "numbers under keyed hashes that lead to nobody",
    "suppressed_addresses": "a keyed hash; whether theirs is there is told apart",
    "outbox": "what is told of a fact is told with the journal and the deliveries",
    # Also of what stays silent for somebody's safety.
    "signals": "what the wallet's own programs were told of a fact; it stands in the journal",
    "streams": "programs",
    "stream_subjects": "which accounts a program listens to",
    "idempotency_keys": "a request's answer for a day, sealed for whoever asked",
    "data_keys": "keys",
    "wallets": "about no person",
    "agents": "the wallet's own people, who ask the wallet",
    "agent_passkeys": "what the wallet's own people sign in with",
    "passkey_challenges": "what the wallet's own people sign in with",
    "agent_codes": "what the wallet's own people sign in with",
    "agent_addresses": "keyed hashes by which agents' own tickets are kept from them",
    "api_clients": "programs",
    "access_tokens": "programs",
    "client_keys": "programs",
    "used_assertions": "programs",
    "sealing": "numbers",
    "journal_checks": "numbers, and hashes of the journal",
    "external_stages": "what the wallet's own help desk says that it did",
    "seals": "hashes of the journal",
}
_TABLES: Final[Mapping[str, Table]] = {
    **tables.metadata.tables,
    **tables.notifications_metadata.tables,
}
# Recorded of a contact beyond what its owner may read.
_OF_CONTACTS: Final = frozenset(SAID) | {
    *("contact-declined", "address-disowned", "contact-ended", "contact-reminded"),
    *("contact-address-confirmed", "second-address-added", "second-address-removed"),
    *("authenticator-set", "authenticator-removed", "link-stopped", "link-renewed", "link-shown"),
    *("erasure-asked", "writing-stopped", "writing-allowed", "reporter-asked", "contact-forgotten"),
}


class Exported(Struct, frozen=True, kw_only=True):
    """One person as one wallet knows them."""

    wallet: str
    person_id: UUID
    exported_at: datetime
    # None where there is none; otherwise by when, and what it waits for.
    erased_by: datetime | None
    held_because: str | None
    # By table: rows of readable values.
    stored: dict[str, list[dict[str, Any]]]


class _Theirs(Struct, frozen=True, kw_only=True):
    """The ids under which a person is referred to."""

    person: frozenset[UUID]
    contact: frozenset[UUID]
    account: frozenset[UUID]
    ticket: frozenset[UUID]


async def export_person(house: House, wallet: Wallet, person_id: PersonId) -> Exported:
    """Everything, as it is at one instant. Raises NotFound. Whoever asks has been identified."""
    async with house.engine.connect() as db:
        await db.execution_options(isolation_level="REPEATABLE READ")
        person = await load.person(db, wallet.id, person_id)
        theirs = await _theirs(db, wallet, person_id)
        erasure = await load.open_erasure(db, wallet.id, person.id)
        held = await load.held_by(db, wallet.id, person.id)
        stored = {
            name: found
            for name, part in PARTS.items()
            if isinstance(part, Part)
            and (found := await _rows(db, house, wallet, name, part, theirs=theirs))
        }
        return Exported(
            wallet=wallet.name,
            person_id=person.id,
            exported_at=await clock(db),
            erased_by=erasure.due_at if erasure is not None else None,
            held_because=held.value if held is not None and erasure is not None else None,
            stored=stored,
        )


async def _theirs(db: AsyncConnection, wallet: Wallet, person_id: PersonId) -> _Theirs:
    named = await load.contacts_of_person(db, wallet.id, person_id)
    owned = await load.accounts_of_person(db, wallet.id, person_id)
    ids = [account.id for account in owned]
    table = tables.tickets
    ours = (table.c.wallet_id == wallet.id) & table.c.account_id.in_(ids)
    worked_on = await db.scalars(select(table.c.id).where(ours, table.c.kind != "safety"))
    return _Theirs(
        person=frozenset({person_id}),
        contact=frozenset(one.id for one in named),
        account=frozenset(ids),
        ticket=frozenset(worked_on),
    )


async def _rows(
    db: AsyncConnection, house: House, wallet: Wallet, name: str, part: Part, *, theirs: _Theirs
) -> list[dict[str, Any]]:
    table = _TABLES[name]
    shown = [
        _told(column)
        for column in table.columns
        if column.name not in part.left_out and column.name != "row_version"
    ]
    ours = (table.c.wallet_id == wallet.id) & _whose(table, part, theirs)
    found = (await db.execute(select(*shown).where(ours).order_by(*table.primary_key))).mappings()
    rows = [dict(row) for row in found]
    opener = await Opener.for_values(
        db, house.keys, (row[column] for row in rows for column in part.opened)
    )
    for row in rows:
        for column in part.opened:
            row[column] = opener.open(Place(name, column, row["id"]), row[column])
        if "entry" in row:
            # Who of the wallet's people it was is about them.
            row["entry"] = msgspec.json.decode(row["entry"])["what"]
    return rows


def _told(column: Column[Any]) -> ColumnElement[Any]:
    """Whoever was removed for their owner's safety sees what a closed account shows."""
    table = tables.contacts
    if column is not table.c.status:
        return column
    return case((table.c.removed_for_safety, "ended"), else_=table.c.status).label("status")


def _whose(table: Table, part: Part, theirs: _Theirs) -> ColumnElement[bool]:
    if table is tables.journal:
        what = cast(table.c.entry, JSONB)["what"]
        event = what["event"].astext
        contact = what["contact_id"].astext.in_([str(one) for one in theirs.contact])
        owned = table.c.account_id.in_(theirs.account)
        return (owned & event.in_(sorted(SAID))) | (contact & event.in_(sorted(_OF_CONTACTS)))
    if table is tables.deliveries:
        to_contact = (table.c.role == "contact") & table.c.contact_id.in_(theirs.contact)
        return to_contact | ((table.c.role == "owner") & table.c.account_id.in_(theirs.account))
    if table is tables.ticket_messages:
        to_owner = table.c.contact_id.is_(None) & table.c.account_id.in_(theirs.account)
        return to_owner | table.c.contact_id.in_(theirs.contact)
    by_ids: Iterable[tuple[tuple[str, ...], frozenset[UUID]]] = (
        (part.person, theirs.person),
        (part.contact, theirs.contact),
        (part.account, theirs.account),
        (part.ticket, theirs.ticket),
    )
    whose = or_(
        false(), *(table.c[name].in_(ids) for names, ids in by_ids for name in names if ids)
    )
    # Of safety a trained agent speaks, and nothing that may lie on somebody's desk.
    return whose & (table.c.kind != "safety") if table is tables.tickets else whose
