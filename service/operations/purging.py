"""What is forgotten without anybody's asking, because it is not needed any more.

Deadlines are rules over stored instants (`domain/retention.py`); these jobs only carry them out.
Late, twice or killed half-way: what is left is done next time. While a ticket of the account is
open nothing of it goes.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from msgspec.structs import replace

from domain import retention
from domain.contacts import Contact
from domain.events import (
    THE_CLOCK,
    ContactForgotten,
    OldAddressesForgotten,
    TicketForgotten,
)
from domain.ids import AccountId, PersonId, TicketId
from domain.wallets import Wallet
from service.operations import erasing
from service.operations.house import House
from service.operations.settling import settle_contacts
from service.storage import forgetting, load
from service.storage.rows import clock, put, record

log = structlog.get_logger("service.purging")
T = TypeVar("T")


async def purge(house: House) -> int:
    """The job. Answers how many contacts, persons, tickets and accounts something was forgotten
    of."""
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    gone = 0
    for wallet in wallets:
        gone += await _contacts(house, wallet)
        gone += await _persons(house, wallet)
        gone += await _counted(house, wallet)
        gone += await _tickets(house, wallet)
        gone += await _tries(house, wallet)
        gone += await _old_addresses(house, wallet)
    return gone


async def _contacts(house: House, wallet: Wallet) -> int:
    async with house.engine.connect() as db:
        found = await load.contacts_gone(db, wallet.id)
        reported = await load.who_reported(db, wallet.id, [contact.id for contact in found])
        now = await clock(db)

    def is_over(contact: Contact) -> bool:
        until = retention.kept_until(
            contact, has_reported=contact.id in reported, policy=wallet.policy
        )
        return until is not None and until <= now

    over = [contact for contact in found if is_over(contact)]
    return await _each(over, lambda contact: forget_contact(house, wallet, contact))


async def forget_contact(house: House, wallet: Wallet, known: Contact) -> bool:
    """And the person, if they are known by nothing else. False while it has to wait."""
    async with house.engine.begin() as db:
        person = await load.person_for_change(db, wallet.id, known.person_id)
        account = await load.account_for_change(db, wallet.id, known.account_id)
        if await load.has_open_ticket(db, wallet.id, account.id):
            return False
        # The owner hears that an invitation lapsed while it can still be said whose.
        await settle_contacts(db, wallet, account, await clock(db))
        contact = await load.contact_for_change(db, wallet.id, known.id)
        reported = await load.who_reported(db, wallet.id, (contact.id,))
        until = retention.kept_until(contact, has_reported=bool(reported), policy=wallet.policy)
        now = await clock(db)
        if retention.is_forgotten(contact) or until is None or now < until:
            return False
        await forgetting.drop_messages(db, wallet.id, (contact.id,))
        await erasing.forget_words(db, house, contact)
        event = ContactForgotten(account_id=account.id, contact_id=contact.id, at=now)
        await record(db, wallet.id, (event,), by=THE_CLOCK)
        if contact.person_id == person.id:
            await erasing.drop_if_unknown(db, wallet.id, person)
        return True


async def _persons(house: House, wallet: Wallet) -> int:
    """Those a transaction above was not allowed to drop yet, and the ones left behind by somebody
    who turned out to be a person known before."""
    async with house.engine.connect() as db:
        found = await load.persons_of_nobody(db, wallet.id)
    return await _each(found, lambda person_id: _drop_person(house, wallet, person_id))


async def _drop_person(house: House, wallet: Wallet, person_id: PersonId) -> bool:
    async with house.engine.begin() as db:
        person = await load.person_for_change(db, wallet.id, person_id)
        return await erasing.drop_if_unknown(db, wallet.id, person)


async def _counted(house: House, wallet: Wallet) -> int:
    """The last that could be compared with an address, once no limit counts it any more."""
    async with house.engine.begin() as db:
        found = await load.contacts_counted(db, wallet.id)
        now = await clock(db)
        over = [c for c in found if retention.counted_until(c, policy=wallet.policy) <= now]
        for contact in over:
            await put(db, contact, replace(contact, address_index=b""))
        return len(over)


async def _tickets(house: House, wallet: Wallet) -> int:
    async with house.engine.connect() as db:
        closed_before = await clock(db) - wallet.policy.privacy.tickets_kept
        found = await load.tickets_to_forget(db, wallet.id, closed_before)
    return await _each(found, lambda one: forget_ticket(house, wallet, *one))


async def forget_ticket(
    house: House, wallet: Wallet, ticket_id: TicketId, account_id: AccountId
) -> bool:
    """Its words and numbers; what happened and when stays. False where nothing was left."""
    async with house.engine.begin() as db:
        await load.account_for_change(db, wallet.id, account_id)
        if not await forgetting.forget_ticket(db, wallet.id, ticket_id):
            return False
        event = TicketForgotten(account_id=account_id, ticket_id=ticket_id, at=await clock(db))
        await record(db, wallet.id, (event,), by=THE_CLOCK)
        return True


async def _tries(house: House, wallet: Wallet) -> int:
    """Who was turned away; kept as long as what was worked on."""
    async with house.engine.begin() as db:
        before = await clock(db) - wallet.policy.privacy.tickets_kept
        return await forgetting.forget_tries(db, wallet.id, before)


async def _old_addresses(house: House, wallet: Wallet) -> int:
    kept = wallet.policy.messages.removed_addresses_hear_for
    async with house.engine.connect() as db:
        removed_before = await clock(db) - kept
        found = await load.accounts_with_old_addresses(db, wallet.id, removed_before)
    return await _each(found, lambda one: forget_addresses(house, wallet, one))


async def forget_addresses(house: House, wallet: Wallet, account_id: AccountId) -> bool:
    """Those an owner removed longer ago than they hear of things. False while it has to wait."""
    async with house.engine.begin() as db:
        await load.account_for_change(db, wallet.id, account_id)
        # Agents look at what was changed lately before they release.
        if await load.has_open_ticket(db, wallet.id, account_id):
            return False
        now = await clock(db)
        removed_before = now - wallet.policy.messages.removed_addresses_hear_for
        gone = await forgetting.forget_old_addresses(db, wallet.id, account_id, removed_before)
        if not gone:
            return False
        event = OldAddressesForgotten(account_id=account_id, addresses=gone, at=now)
        await record(db, wallet.id, (event,), by=THE_CLOCK)
        return True


async def _each(found: tuple[T, ...] | list[T], forget: Callable[[T], Awaitable[bool]]) -> int:
    """One after the other, each in its own transaction; one that fails holds up none of them."""
    gone = 0
    for one in found:
        try:
            gone += await forget(one)
        except Exception as reason:  # noqa: BLE001
            log.error("purge.not-done", reason=type(reason).__name__)  # noqa: TRY400
    return gone
