"""The second hot statement: all that a report is decided on, read under its locks.

Two statements and not one: a statement reads as of its own beginning, and one that waited for a
lock would decide on what was true before whoever held the lock was done.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Table

from domain.accounts import Account
from domain.contacts import Contact
from domain.ids import ContactId, KeyId, WalletId
from domain.tickets import Ticket
from service.security.encryption import WrappedKey
from service.storage import tables
from service.storage.direct import Direct
from service.storage.rows import value_of
from service.storage.values import BrowserSession, IdempotencyKey

V = TypeVar("V", bound=Struct)

_SESSION: Final = tables.browser_sessions
_ACCOUNT: Final = tables.accounts
_CONTACT: Final = tables.contacts
_TICKET: Final = tables.tickets
_KEY: Final = tables.data_keys
_ANSWERED: Final = tables.idempotency_keys


def _all_of(alias: str, table: Table) -> str:
    return ", ".join(f'{alias}."{column.name}"' for column in table.columns)


# Each part asks for the one before, so that the locks are taken in the house's order.
_HOLD: Final = f"""
with session as materialized (
  select * from browser_sessions
   where wallet_id = $1 and kind = 'contact' and token_sha256 = $2 for update
), chosen as materialized (
  select c.id, c.account_id
    from session s
    join contacts own on own.wallet_id = s.wallet_id and own.id = s.contact_id
    join contacts c on c.wallet_id = own.wallet_id and c.person_id = own.person_id
   cross join coalesce(s.address_index, own.address_index) as code_went_to
   where s.verified_at is not null and c.id = $3
     and (
       c.address_index = code_went_to
       -- Or under the one beside which that stands as the person's second.
       or c.address_index = (
         select first.address_index
           from person_addresses second
           join person_addresses first on first.id = second.beside_id
          where second.wallet_id = $1 and second.address_index = code_went_to
            and second.person_id = own.person_id
       )
     )
), account as materialized (
  select * from accounts
   where wallet_id = $1 and id = (select account_id from chosen) for update
), contact as materialized (
  select * from contacts
   where wallet_id = $1 and id = (select id from chosen)
     and (select count(*) from account) = 1 for update
)
select {_all_of("session", _SESSION)}, {_all_of("account", _ACCOUNT)},
       {_all_of("contact", _CONTACT)}
  from session, account, contact
"""  # noqa: S608  # made of constants
_KNOW: Final = f"""
with ticket as materialized (
  select * from tickets
   where wallet_id = $1 and account_id = $2 and kind = 'loss' and closed_at is null for update
)
select resguardo_clock(),
       array(select d.id from devices d where d.wallet_id = $1 and d.account_id = $2),
       {_all_of("ticket", _TICKET)}, {_all_of("of_wallet", _KEY)}, {_all_of("of_owner", _KEY)},
       {_all_of("answered", _ANSWERED)}
  from persons owner
  left join ticket on true
  left join data_keys of_owner on of_owner.id = owner.data_key_id
  left join data_keys of_wallet on of_wallet.id = $4
  left join idempotency_keys answered
    on answered.wallet_id = $1 and answered.caller = $5 and answered.route = $6
   and answered.key = $7
 where owner.wallet_id = $1 and owner.id = $3
"""  # noqa: S608  # made of constants


class Held(Struct, frozen=True, kw_only=True):
    """Whoever reports, and whom for; locked, and as it is now."""

    session: BrowserSession
    account: Account
    contact: Contact


class Asked(Struct, frozen=True, kw_only=True):
    """What else the report needs to know, by name."""

    wallet_key_id: KeyId
    # The idempotency key's caller, route and key.
    caller: str
    route: str
    key: str


class Known(Struct, frozen=True, kw_only=True):
    now: datetime
    # The account's open loss ticket, locked; None when there is none.
    ticket: Ticket | None
    devices: frozenset[UUID]
    wallet_key: WrappedKey | None
    # None once the owner's key was dropped.
    owner_key: WrappedKey | None
    # However old: the operation decides whether it still counts.
    answered: IdempotencyKey | None


async def hold(
    db: Direct, wallet_id: WalletId, token_sha256: bytes, contact_id: ContactId
) -> Held | None:
    """Lock session, account and contact. None without such a session, before its code was spent,
    and for a contact not enrolled under the address the code went to."""
    found = await db.fetch(_HOLD, (wallet_id, token_sha256, contact_id))
    if not found:
        return None
    (row,) = found
    read = _Reading(row)
    return Held(
        session=read.value(_SESSION, BrowserSession),
        account=read.value(_ACCOUNT, Account),
        contact=read.value(_CONTACT, Contact),
    )


async def know(db: Direct, held: Held, asked: Asked) -> Known:
    """Everything else, the ticket locked and the clock read with it."""
    account = held.account
    names = (asked.wallet_key_id, asked.caller, asked.route, asked.key)
    (row,) = await db.fetch(_KNOW, (account.wallet_id, account.id, account.person_id, *names))
    now, devices, *rest = row
    read = _Reading(rest)
    return Known(
        now=now,
        devices=frozenset[UUID](devices),
        ticket=read.maybe(_TICKET, Ticket),
        wallet_key=read.maybe(_KEY, WrappedKey),
        owner_key=read.maybe(_KEY, WrappedKey),
        answered=read.maybe(_ANSWERED, IdempotencyKey),
    )


class _Reading:
    """Takes one value after another out of a joined row."""

    def __init__(self, row: Sequence[Any]) -> None:
        self._row = row
        self._at = 0

    def value(self, table: Table, kind: type[V]) -> V:
        return value_of(self._next(table), kind)

    def maybe(self, table: Table, kind: type[V]) -> V | None:
        """None where the join found nothing: the first column of these tables is never empty."""
        part = self._next(table)
        return None if next(iter(part.values())) is None else value_of(part, kind)

    def _next(self, table: Table) -> dict[str, Any]:
        names = table.columns.keys()
        part = self._row[self._at : self._at + len(names)]
        self._at += len(names)
        return dict(zip(names, part, strict=True))
