"""Many contacts, each with the page open and the thumb on the button."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.ground import Ground
from domain.accounts import Account, AddressKind
from domain.contacts import Contact, ContactStatus
from domain.ids import AccountId, BrowserSessionId, ContactId, PersonId
from domain.reports import LossKind
from service import embedded
from service.operations.visits import Draft
from service.security import forms
from service.security.encryption import DataKey, Place, new_data_key
from service.security.keys import KeyRing
from service.security.keys import load as load_keys
from service.security.tokens import digest, new_id, new_token
from service.storage import tables
from service.storage.keychain import find_key
from service.storage.rows import clock, row_of
from service.storage.values import BrowserKind, BrowserSession, Person
from service.web.frame import CONTACT_COOKIE

# Read by nobody here: one ciphertext does for all.
_UNREAD: Final = b"\x01" + bytes(44)


class Press(Struct, frozen=True, kw_only=True):
    """One confirming POST: its cookies and its body."""

    cookie: str
    body: str


class _Made(Struct, frozen=True, kw_only=True):
    rows: dict[str, list[dict[str, Any]]]
    presses: list[Press]


class _Making(Struct, frozen=True, kw_only=True):
    ground: Ground
    ring: KeyRing
    wallet_key: DataKey
    now: datetime


async def presses(ground: Ground, many: int, *, named: str) -> list[Press]:
    """Verified sessions for as many owners, stored in bulk; nobody has reported yet.

    Their subjects are `named`-1, `named`-2 and so on.
    """
    ring = load_keys(ground.keys)
    engine = create_async_engine(ground.cluster.url(embedded.SERVICE))
    try:
        async with engine.begin() as db:
            wallet_key = await find_key(db, ring, ground.wallet.data_key_id)
            making = _Making(ground=ground, ring=ring, wallet_key=wallet_key, now=await clock(db))
            made = _make(making, many, named)
            for table in (
                tables.data_keys,
                tables.persons,
                tables.accounts,
                tables.contacts,
                tables.browser_sessions,
            ):
                await _insert(db, table, made.rows[table.name])
    finally:
        await engine.dispose()
    return made.presses


async def _insert(db: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        await db.execute(insert(table), rows[start : start + 1000])


def _make(making: _Making, many: int, named: str) -> _Made:
    made = _Made(rows={name: [] for name in tables.metadata.tables}, presses=[])
    for number in range(1, many + 1):
        owner, contact = _person(making, made), _person(making, made)
        account_id, contact_id = AccountId(new_id()), ContactId(new_id())
        account = Account(
            id=account_id,
            wallet_id=making.ground.wallet.id,
            subject=f"{named}-{number}",
            person_id=owner,
            first_name=_UNREAD,
            display_name=_UNREAD,
            language="es",
            time_zone=making.ground.wallet.time_zone,
            created_at=making.now,
        )
        made.rows["accounts"].append(row_of(account))
        made.rows["contacts"].append(row_of(_contact(account, contact_id, contact, making.now)))
        _session(making, contact_id, made)
    return made


def _person(making: _Making, made: _Made) -> PersonId:
    _, stored = new_data_key(making.ring.master)
    made.rows["data_keys"].append(row_of(stored))
    person = Person(
        id=PersonId(new_id()),
        wallet_id=making.ground.wallet.id,
        data_key_id=stored.id,
        language="es",
        created_at=making.now,
    )
    made.rows["persons"].append(row_of(person))
    return person.id


def _contact(account: Account, contact_id: ContactId, person: PersonId, now: datetime) -> Contact:
    return Contact(
        id=contact_id,
        wallet_id=account.wallet_id,
        account_id=account.id,
        person_id=person,
        status=ContactStatus.ACTIVE,
        place=1,
        name=_UNREAD,
        address_kind=AddressKind.EMAIL,
        address=_UNREAD,
        address_index=contact_id.bytes,
        language="es",
        invited_at=now,
        lapses_at=now + timedelta(days=7),
        link_sha256=contact_id.bytes,
        accepted_at=now,
    )


def _session(making: _Making, contact_id: ContactId, made: _Made) -> None:
    session_id, cookie, seed = BrowserSessionId(new_id()), new_token(), forms.new_seed()
    draft = Draft(contact_id=contact_id, kind=LossKind.STOLEN, note="en el colectivo")
    session = BrowserSession(
        id=session_id,
        wallet_id=making.ground.wallet.id,
        kind=BrowserKind.CONTACT,
        token_sha256=digest(cookie),
        purpose="report",
        contact_id=contact_id,
        verified_by="email",
        verified_at=making.now,
        draft=making.wallet_key.seal(
            Place("browser_sessions", "draft", session_id), msgspec.json.encode(draft).decode()
        ),
        began_at=making.now,
        seen_at=making.now,
        expires_at=making.now + timedelta(hours=1),
    )
    made.rows["browser_sessions"].append(row_of(session))
    form = {
        "csrf_token": forms.token_for(making.ring, seed),
        "idempotency_key": new_token(),
        "contact": str(contact_id),
    }
    cookies = f"{CONTACT_COOKIE}={cookie}; {forms.SEED_COOKIE}={seed}"
    made.presses.append(Press(cookie=cookies, body=urlencode(form)))
