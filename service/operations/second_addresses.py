"""A contact's second address: typed, proved by a code sent there, told to the first, removed.

It counts for reporting as the first does, and takes no report back in its first week. An address
has one holder: one that somebody else holds gets the same answer, and nothing is sent to it.
"""

from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.events import ContactAddressesChanged, SecondAddressAdded, SecondAddressRemoved
from domain.ids import AddressId
from domain.limits import NEW_ADDRESSES
from domain.refusals import NotFound
from domain.reports import Way
from domain.wallets import Wallet
from service.operations import budgets, codes, limits, space
from service.operations.addresses import masked
from service.operations.budgets import Sending
from service.operations.house import House
from service.operations.limits import subject_of
from service.operations.visits import CodeSeen
from service.operations.without_link import Address
from service.security.blind_index import index_of
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, put, record
from service.storage.suppressed import is_suppressed
from service.storage.tables import new_addresses, person_addresses
from service.storage.values import BrowserSession, NewAddress, Person, PersonAddress

_SECOND: Final = Purpose.SECOND


async def ask(
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    address: Address,
    *,
    network: str | None = None,
) -> bool:
    """Put a code on its way to a new address. False: it is theirs already.

    Held by somebody else, or never to be written to: the same rows and the same answer. Raises
    TooSoon, TooMany.
    """
    index = index_of(house.keys, wallet.id, address.kind, address.written)
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        if person.data_key_id is None:
            raise NotFound
        held = await load.held_addresses(db, wallet.id, person.id)
        if any(one.kind is address.kind and one.address_index == index for one in held):
            return False
        of = subject_of(house.keys, wallet.id, NEW_ADDRESSES, person.id.bytes)
        await limits.require(db, of, NEW_ADDRESSES.rate)
        address_id = AddressId(new_id())
        key = await find_key(db, house.keys, person.data_key_id)
        place = Place("new_addresses", "address", address_id)
        new = NewAddress(
            id=address_id,
            wallet_id=wallet.id,
            person_id=person.id,
            browser_session_id=session.id,
            kind=address.kind,
            address=key.seal(place, address.written),
            address_index=index,
            asked_at=await clock(db),
        )
        await _forget_new(db, wallet, session)
        await put(db, None, new)
        await _send(db, house, wallet, session, new, written=address.written, network=network)
        return True


async def ask_again(
    house: House, wallet: Wallet, session: BrowserSession, *, network: str | None = None
) -> None:
    """Another code to the same new address. Raises NotFound, TooSoon, TooMany."""
    async with house.engine.begin() as db:
        await space.person_for_change(db, wallet, session)
        new = await load.new_address(db, wallet.id, session.id)
        if new is None:
            raise NotFound
        written = await _written(db, house, new)
        await _send(db, house, wallet, session, new, written=written, network=network)


async def see_code(house: House, wallet: Wallet, session: BrowserSession) -> CodeSeen:
    """Where the code went. Raises NotFound when no address waits for one."""
    async with house.engine.connect() as db:
        contact = await space.contact_here(db, wallet, session)
        new = await load.new_address(db, wallet.id, session.id)
        challenge = await load.challenge_of(db, wallet.id, session.id, _SECOND)
        if new is None or challenge is None:
            raise NotFound
        policy, now = wallet.policy.codes, await clock(db)
        budget = codes.budget_of(session, contact, _SECOND)
        live = challenge.is_live(policy, now)
        return CodeSeen(
            masked=masked(new.kind, await _written(db, house, new)),
            kind=new.kind,
            surely=True,
            digits=codes.digits_of(session.way, policy),
            expires_at=challenge.code_expires_at if live else None,
            was_asked=True,
            guesses_left=challenge.guesses_left(policy),
            next_code_from=await budgets.next_code_from(db, house.keys, wallet, budget),
            now=now,
        )


async def prove(
    house: House, wallet: Wallet, session: BrowserSession, typed: str
) -> CodeResult | None:
    """The right code makes the address the person's second, in place of one there was. None: done.

    If somebody else has come to hold it meanwhile, the code was wrong.
    """
    async with house.engine.connect() as db:
        await space.contact_here(db, wallet, session)
        challenge = await load.challenge_of(db, wallet.id, session.id, _SECOND)
    if challenge is None:
        return CodeResult.EXPIRED
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    if not codes.compare(house, counted, typed):
        return CodeResult.WRONG
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        new = await load.new_address(db, wallet.id, session.id)
        if new is None or new.id != counted.challenge.address_id:
            return CodeResult.EXPIRED
        if await _is_taken(db, house, wallet, new):
            return CodeResult.WRONG
        if not await codes.spend(db, house, wallet, counted.challenge):
            return CodeResult.USED_UP
        await _hold(db, house, wallet, session, person=person, new=new)
        return None


async def remove(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """At once; twice changes nothing."""
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        contact = await space.contact_here(db, wallet, session)
        second = await load.second_address(db, wallet.id, person.id, contact.address_index)
        if second is None:
            return
        await forget(db, second)
        event = SecondAddressRemoved(contact_id=contact.id, at=await clock(db))
        await record(db, wallet.id, (event,), by=space.by(contact))
        await _tell_owners(db, wallet, session, contact)


async def forget(db: AsyncConnection, address: PersonAddress) -> None:
    """Nobody holds it any more."""
    this = (person_addresses.c.wallet_id == address.wallet_id) & (
        person_addresses.c.id == address.id
    )
    await db.execute(delete(person_addresses).where(this))


async def _send(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    new: NewAddress,
    *,
    written: str,
    network: str | None,
) -> None:
    contact = await space.contact_here(db, wallet, session)
    silent = await _is_taken(db, house, wallet, new)
    await codes.ask(
        db,
        house,
        wallet,
        session,
        contact=contact,
        purpose=_SECOND,
        address_id=new.id,
        silent=silent,
    )
    # Nobody has shown yet that this address wants anything from us: counted as a stranger's.
    sending = Sending(way=Way.ADDRESS, kind=new.kind, address=written, network=network)
    await budgets.take_sending(db, house.keys, wallet, sending)


async def _is_taken(db: AsyncConnection, house: House, wallet: Wallet, new: NewAddress) -> bool:
    """Held by somebody, or never to be written to. Whoever asks next waits for this answer."""
    turn = int.from_bytes(new.address_index[:8], signed=True)
    await db.execute(select(func.pg_advisory_xact_lock(turn)))
    held = await load.address_held(db, wallet.id, new.kind, new.address_index)
    never = await is_suppressed(db, house.keys, wallet.id, new.address_index)
    return held is not None or never


async def _hold(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    person: Person,
    new: NewAddress,
) -> None:
    contact = await space.contact_here(db, wallet, session)
    first = await load.address_held(db, wallet.id, contact.address_kind, contact.address_index)
    if first is None or first.person_id != person.id or person.data_key_id is None:
        raise NotFound
    before = await load.second_address(db, wallet.id, person.id, contact.address_index)
    if before is not None:
        await forget(db, before)
    now = await clock(db)
    key = await find_key(db, house.keys, person.data_key_id)
    place = Place("person_addresses", "address", new.id)
    second = PersonAddress(
        id=new.id,
        wallet_id=wallet.id,
        person_id=person.id,
        kind=new.kind,
        address=key.seal(place, await _written(db, house, new)),
        address_index=new.address_index,
        proved_at=now,
        beside_id=first.id,
        withdraws_from=now + wallet.policy.space.second_address_withdraws_after,
    )
    await put(db, None, second)
    await _forget_new(db, wallet, session)
    event = SecondAddressAdded(contact_id=contact.id, address_id=second.id, at=now)
    await record(db, wallet.id, (event,), by=space.by(contact))
    await _tell_owners(db, wallet, session, contact)


async def _tell_owners(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, contact: Contact
) -> None:
    theirs = await space.live_here(db, wallet, session)
    at = await clock(db)
    changed = [
        ContactAddressesChanged(account_id=one.account_id, contact_id=one.id, at=at)
        for one in theirs
    ]
    await record(db, wallet.id, changed, by=space.by(contact))


async def _forget_new(db: AsyncConnection, wallet: Wallet, session: BrowserSession) -> None:
    this = (new_addresses.c.wallet_id == wallet.id) & (
        new_addresses.c.browser_session_id == session.id
    )
    await db.execute(delete(new_addresses).where(this))


async def _written(db: AsyncConnection, house: House, new: NewAddress) -> str:
    opener = await Opener.for_values(db, house.keys, (new.address,))
    return opener.text(Place("new_addresses", "address", new.id), new.address)
