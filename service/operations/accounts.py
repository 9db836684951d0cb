"""The wallet tells us of its users, and that it has obeyed a freeze."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts
from domain.accounts import (
    Account,
    AccountAddress,
    AddressKind,
    ClosingReason,
    Display,
    Done,
)
from domain.change import Change
from domain.contacts import allowed_name
from domain.events import AccountRegistered, Actor, AddressesChanged, ClosingAnnounced
from domain.ids import AccountId, AddressId, PersonId
from domain.refusals import AccountIsClosed, NotFound
from domain.wallets import Wallet
from service.operations.addresses import masked, normal_email, normal_phone, plain_text
from service.operations.house import House
from service.security.blind_index import index_of
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key, make_key
from service.storage.rows import clock, keep, put, record
from service.storage.values import Person


class ToldAddress(Struct, frozen=True, kw_only=True):
    kind: AddressKind
    address: str
    verified_at: datetime | None


class ToldAccount(Struct, frozen=True, kw_only=True):
    """What the wallet says of one of its users."""

    subject: str
    first_name: str
    display_name: str
    language: str
    time_zone: str
    addresses: tuple[ToldAddress, ...]


class SeenAddress(Struct, frozen=True, kw_only=True):
    kind: AddressKind
    masked: str
    verified_at: datetime | None
    added_while_frozen: bool


class SeenAccount(Struct, frozen=True, kw_only=True):
    account: Account
    addresses: tuple[SeenAddress, ...]
    # By the wallet's own ids: linked before the last freeze, and not back in hand since.
    barred_devices: tuple[str, ...]


class FreezeState(Struct, frozen=True, kw_only=True):
    state: accounts.AccountState
    version: int
    sessions_void_before: datetime | None
    display: Display


async def put_account(house: House, wallet: Wallet, told: ToldAccount, *, by: Actor) -> Account:
    """Create or update. Replaced addresses are kept with their dates.

    The account is a new one if, and only if, its `row_version` is 1.
    """
    try:
        return await _put_account(house, wallet, told, by=by)
    except IntegrityError:
        # Someone registered the subject after we had looked for it: now this is an update.
        return await _put_account(house, wallet, told, by=by)


async def _put_account(house: House, wallet: Wallet, told: ToldAccount, *, by: Actor) -> Account:
    wanted = {(one.kind, _written(one, wallet)): one for one in told.addresses}
    async with house.engine.begin() as db:
        before = await load.account_by_subject(db, wallet.id, told.subject, for_change=True)
        now = await clock(db)
        if before is None:
            account, key = await _register(db, house, wallet, told, by=by, now=now)
        else:
            if before.is_closed(now):
                raise AccountIsClosed
            person = await load.person(db, wallet.id, before.person_id)
            if person.data_key_id is None:
                raise NotFound
            key = await find_key(db, house.keys, person.data_key_id)
            account = await put(db, before, _updated(before, told, key))
        changed = await _replace_addresses(db, house, account, wanted, key=key, now=now)
        # Of a new account nobody has to be told that it got its first addresses.
        if changed is not None and before is not None:
            account = await keep(db, wallet.id, account, Change(account, (changed,)), by=by)
        return account


async def close_account(
    house: House, wallet: Wallet, subject: str, *, reason: ClosingReason, by: Actor
) -> Account:
    """Announce to owner and contacts that the account closes; answers it with `closes_at`.

    Said again, the first instant stands. Raises AccountIsFrozen, TicketIsOpen, AccountIsClosed.
    """
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
        if account is None:
            raise NotFound
        now = await clock(db)
        change = accounts.close(
            account,
            reason=reason,
            has_open_ticket=await load.has_open_ticket(db, wallet.id, account.id),
            policy=wallet.policy.closing,
            now=now,
        )
        closing = await keep(db, wallet.id, account, change, by=by)
        if change.events and closing.closes_at is not None:
            told = tuple(
                ClosingAnnounced(
                    account_id=account.id,
                    contact_id=contact.id,
                    closes_at=closing.closes_at,
                    at=now,
                )
                for contact in await load.contacts_of(db, wallet.id, account.id)
                if not contact.is_gone(account, now)
            )
            await record(db, wallet.id, told, by=by)
        return closing


async def see_account(house: House, wallet: Wallet, subject: str) -> SeenAccount:
    """State and masked addresses."""
    async with house.engine.connect() as db:
        account = await known_account(db, wallet, subject)
        addresses = await load.addresses_of(db, wallet.id, account.id)
        devices = await load.devices_of(db, wallet.id, account.id)
        opener = await Opener.for_values(db, house.keys, (a.address for a in addresses))
        return SeenAccount(
            account=account,
            barred_devices=tuple(one.name for one in devices if accounts.is_barred(one, account)),
            addresses=tuple(
                SeenAddress(
                    kind=one.kind,
                    masked=masked(one.kind, opener.text(_address_place(one.id), one.address)),
                    verified_at=one.verified_at,
                    added_while_frozen=one.added_while_frozen,
                )
                for one in addresses
                if one.removed_at is None
            ),
        )


async def freeze_state(house: House, wallet: Wallet, subject: str) -> FreezeState:
    async with house.engine.connect() as db:
        account = await known_account(db, wallet, subject)
        return FreezeState(
            state=account.state,
            version=account.version,
            sessions_void_before=account.sessions_void_before,
            display=account.display,
        )


async def confirm_freeze(
    house: House, wallet: Wallet, subject: str, *, version: int, done: Sequence[Done], by: Actor
) -> Account:
    """The wallet has obeyed the freeze that this version names."""
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
        if account is None:
            raise NotFound
        change = accounts.confirm_freeze(account, version=version, done=done, now=await clock(db))
        return await keep(db, wallet.id, account, change, by=by)


async def known_account(db: AsyncConnection, wallet: Wallet, subject: str) -> Account:
    """Raises NotFound."""
    account = await load.account_by_subject(db, wallet.id, subject)
    if account is None:
        raise NotFound
    return account


async def _register(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    told: ToldAccount,
    *,
    by: Actor,
    now: datetime,
) -> tuple[Account, DataKey]:
    key = await make_key(db, house.keys)
    person = Person(
        id=PersonId(new_id()),
        wallet_id=wallet.id,
        data_key_id=key.id,
        language=told.language,
        created_at=now,
    )
    await put(db, None, person)
    empty = Account(
        id=AccountId(new_id()),
        wallet_id=wallet.id,
        subject=told.subject,
        person_id=person.id,
        first_name=b"",
        display_name=b"",
        language=told.language,
        time_zone=told.time_zone,
        created_at=now,
    )
    change = Change(_updated(empty, told, key), (AccountRegistered(account_id=empty.id, at=now),))
    return await keep(db, wallet.id, None, change, by=by), key


def _updated(account: Account, told: ToldAccount, key: DataKey) -> Account:
    def sealed(column: str, text: str) -> bytes:
        return key.seal(Place("accounts", column, account.id), text)

    return replace(
        account,
        first_name=sealed("first_name", allowed_name(told.first_name)),
        display_name=sealed("display_name", plain_text(told.display_name, longest=80)),
        language=told.language,
        time_zone=told.time_zone,
    )


async def _replace_addresses(
    db: AsyncConnection,
    house: House,
    account: Account,
    wanted: dict[tuple[AddressKind, str], ToldAddress],
    *,
    key: DataKey,
    now: datetime,
) -> AddressesChanged | None:
    stored = await load.addresses_of(db, account.wallet_id, account.id)
    present = {(one.kind, one.address_index): one for one in stored if one.removed_at is None}
    added = 0
    for (kind, written), told in wanted.items():
        index = index_of(house.keys, account.wallet_id, kind, written)
        known = present.pop((kind, index), None)
        if known is not None:
            # A later verification does not make an address older or younger than it is.
            first_verified = known.verified_at or told.verified_at
            await put(db, known, replace(known, verified_at=first_verified))
            continue
        address_id = AddressId(new_id())
        new = AccountAddress(
            id=address_id,
            wallet_id=account.wallet_id,
            account_id=account.id,
            kind=kind,
            address=key.seal(_address_place(address_id), written),
            address_index=index,
            verified_at=told.verified_at,
            added_at=now,
            added_while_frozen=account.is_frozen,
        )
        await put(db, None, new)
        added += 1
    for gone in present.values():
        await put(db, gone, replace(gone, removed_at=now))
    if not added and not present:
        return None
    return AddressesChanged(account_id=account.id, added=added, removed=len(present), at=now)


def _address_place(address_id: AddressId) -> Place:
    return Place("account_addresses", "address", address_id)


def _written(told: ToldAddress, wallet: Wallet) -> str:
    if told.kind is AddressKind.EMAIL:
        return normal_email(told.address)
    return normal_phone(told.address, country=wallet.country, dialling_codes=None)
