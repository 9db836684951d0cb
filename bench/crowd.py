"""Owners by the thousand, each with a session and one contact, stored in bulk.

Their rows are those that the operations would have written: every name and address is sealed under
its person's own key, so that pages, messages and the worker read them like anybody's.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Table, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.ground import Ground
from domain.accounts import Account, AccountAddress, AddressKind, WalletSession
from domain.contacts import Contact, ContactStatus
from domain.ids import AccountId, AddressId, ContactId, PersonId, SessionId
from service import embedded
from service.security.blind_index import index_of
from service.security.encryption import DataKey, Place, new_data_key
from service.security.keys import KeyRing
from service.security.keys import load as load_keys
from service.security.tokens import digest, new_id, new_token
from service.storage import tables
from service.storage.keychain import find_key
from service.storage.rows import TABLE_OF, clock, row_of
from service.storage.values import Person

_AT_ONCE: Final = 1000


class Pair(Struct, frozen=True, kw_only=True):
    """An owner and the contact who will report."""

    # Of a session in the wallet that lives until the report.
    session_token: str
    contact_id: ContactId
    # Of the contact's personal link.
    link_token: str


class Registry:
    """Values that wait to be stored together."""

    def __init__(self, db: AsyncConnection, ground: Ground, now: datetime, key: DataKey) -> None:
        self.wallet = ground.wallet
        self.ring: KeyRing = load_keys(ground.keys)
        self.now = now
        self.wallet_key = key
        self._db = db
        self._waiting: dict[str, list[dict[str, Any]]] = {}

    def add(self, *values: Struct) -> None:
        for value in values:
            self._waiting.setdefault(TABLE_OF[type(value)].name, []).append(row_of(value))

    def person(self, language: str) -> tuple[PersonId, DataKey]:
        key, stored = new_data_key(self.ring.master)
        self._waiting.setdefault(tables.data_keys.name, []).append(row_of(stored))
        person_id = PersonId(new_id())
        self.add(
            Person(
                id=person_id,
                wallet_id=self.wallet.id,
                data_key_id=stored.id,
                language=language,
                created_at=self.now,
            )
        )
        return person_id, key

    async def store(self) -> None:
        """Parents before children."""
        for table in tables.metadata.sorted_tables:
            await self._insert(table, self._waiting.pop(table.name, []))

    async def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            await self._db.execute(insert(table), rows[start : start + _AT_ONCE])


@asynccontextmanager
async def registry(ground: Ground) -> AsyncGenerator[Registry]:
    """Stored, all or nothing, when it is left."""
    engine = create_async_engine(ground.cluster.url(embedded.SERVICE))
    try:
        async with engine.begin() as db:
            key = await find_key(db, load_keys(ground.keys), ground.wallet.data_key_id)
            opened = Registry(db, ground, await clock(db), key)
            yield opened
            await opened.store()
    finally:
        await engine.dispose()
    await _analyze(ground)


async def _analyze(ground: Ground) -> None:
    """A living database has statistics; so many rows at once would wait a minute for theirs."""
    engine = create_async_engine(ground.cluster.url(embedded.OWNER), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as db:
            await db.execute(text("analyze"))
    finally:
        await engine.dispose()


def enrol(registry: Registry, subject: str, *, accepted: bool = True) -> Pair:
    """One owner with one contact, both with an e-mail address of their own.

    If not `accepted`, the contact is invited and the link is that of the invitation.
    """
    account_id = _owner(registry, subject)
    session_token = f"{subject}-token"
    registry.add(
        WalletSession(
            id=SessionId(new_id()),
            wallet_id=registry.wallet.id,
            account_id=account_id,
            device_id=None,
            token_sha256=digest(session_token),
            epoch=0,
            began_at=registry.now,
            expires_at=registry.now + timedelta(days=1),
        )
    )
    email = f"carl-of-{subject}@correo.example"
    contact_id, link_token = _contact(registry, account_id, email, accepted=accepted)
    return Pair(session_token=session_token, contact_id=contact_id, link_token=link_token)


def owner_of(registry: Registry, subject: str, people: int) -> AccountId:
    """One owner whose first places are taken, by so many contacts who accepted."""
    account_id = _owner(registry, subject)
    for place in range(1, people + 1):
        email = f"contact-{place}-of-{subject}@correo.example"
        _contact(registry, account_id, email, accepted=True, place=place)
    return account_id


def _owner(registry: Registry, subject: str) -> AccountId:
    person_id, key = registry.person("es")
    account_id, address_id = AccountId(new_id()), AddressId(new_id())
    email = f"{subject}@correo.example"
    registry.add(
        Account(
            id=account_id,
            wallet_id=registry.wallet.id,
            subject=subject,
            person_id=person_id,
            first_name=key.seal(Place("accounts", "first_name", account_id), "Olga"),
            display_name=key.seal(Place("accounts", "display_name", account_id), "Olga Ortiz"),
            language="es",
            time_zone=registry.wallet.time_zone,
            created_at=registry.now,
        ),
        AccountAddress(
            id=address_id,
            wallet_id=registry.wallet.id,
            account_id=account_id,
            kind=AddressKind.EMAIL,
            address=key.seal(Place("account_addresses", "address", address_id), email),
            address_index=index_of(registry.ring, registry.wallet.id, AddressKind.EMAIL, email),
            verified_at=registry.now,
            added_at=registry.now,
        ),
    )
    return account_id


def _contact(
    registry: Registry, account_id: AccountId, email: str, *, accepted: bool, place: int = 1
) -> tuple[ContactId, str]:
    person_id, key = registry.person("es")
    contact_id, link_token = ContactId(new_id()), new_token()
    registry.add(
        Contact(
            id=contact_id,
            wallet_id=registry.wallet.id,
            account_id=account_id,
            person_id=person_id,
            status=ContactStatus.ACTIVE if accepted else ContactStatus.INVITED,
            place=place,
            name=key.seal(Place("contacts", "name", contact_id), "Carl"),
            address_kind=AddressKind.EMAIL,
            address=key.seal(Place("contacts", "address", contact_id), email),
            address_index=index_of(registry.ring, registry.wallet.id, AddressKind.EMAIL, email),
            language="es",
            invited_at=registry.now,
            lapses_at=registry.now + timedelta(days=7),
            link_sha256=digest(link_token),
            accepted_at=registry.now if accepted else None,
        )
    )
    return contact_id, link_token
