"""What the clock concludes about an account's contacts, written down.

Every rule concludes it anyway, so this may run late, twice, or not at all. It runs before a place
is counted, so that an overdue row never stands in anybody's way.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, contacts
from domain.accounts import Account
from domain.contacts import Contact
from domain.events import THE_CLOCK
from domain.refusals import NoPlaceLeft
from domain.wallets import Wallet
from service.operations import erasing
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep


async def settle_contacts(
    db: AsyncConnection, wallet: Wallet, account: Account, now: datetime
) -> tuple[Contact, ...]:
    """All of the account's contacts as they are afterwards. The account is locked.

    While it is frozen nothing is settled.
    """
    stored = await load.contacts_of(db, wallet.id, account.id)
    if account.is_frozen:
        return stored
    settled = [await _settle(db, wallet, account, contact, now) for contact in stored]
    return await _give_places(db, wallet, account, tuple(settled), now)


async def settle_overdue(house: House, wallet: Wallet) -> int:
    """The job. Answers for how many accounts there was something to look at."""
    async with house.engine.connect() as db:
        due = await load.accounts_to_settle(db, wallet.id)
    for account_id in due:
        async with house.engine.begin() as db:
            account = await load.account_for_change(db, wallet.id, account_id)
            await settle_contacts(db, wallet, account, await clock(db))
    return len(due)


async def close_overdue(house: House, wallet: Wallet) -> int:
    """The job that writes down which accounts are closed, and ends their contacts."""
    async with house.engine.connect() as db:
        due = await load.accounts_to_close(db, wallet.id)
    closed = 0
    for account_id in due:
        async with house.engine.begin() as db:
            before = await load.account_for_change(db, wallet.id, account_id)
            now = await clock(db)
            change = accounts.settle(before, now=now)
            account = await keep(db, wallet.id, before, change, by=THE_CLOCK)
            await settle_contacts(db, wallet, account, now)
            if change.events:
                await erasing.plan_after_closing(db, wallet, account, now)
            closed += bool(change.events)
    return closed


async def _settle(
    db: AsyncConnection, wallet: Wallet, account: Account, contact: Contact, now: datetime
) -> Contact:
    if contact.removal_noticed_at is None and contacts.is_removal_pending(contact, account, now):
        noticed_at = await load.removal_noticed_at(db, contact)
        if noticed_at is not None:
            noticed = contacts.notice_removal(
                contact, account=account, noticed_at=noticed_at, now=now
            )
            contact = await keep(db, wallet.id, contact, noticed, by=THE_CLOCK)
    change = contacts.settle(contact, account=account, now=now)
    contact = await keep(db, wallet.id, contact, change, by=THE_CLOCK)
    asked = contacts.remind(contact, account=account, policy=wallet.policy.contacts, now=now)
    return await keep(db, wallet.id, contact, asked, by=THE_CLOCK)


async def _give_places(
    db: AsyncConnection,
    wallet: Wallet,
    account: Account,
    stored: tuple[Contact, ...],
    now: datetime,
) -> tuple[Contact, ...]:
    """Who has waited longest is the first."""
    policy = wallet.policy.contacts
    people = {contact.id: contact for contact in stored}
    waiting = [contact for contact in stored if contact.waits_for_place(now)]
    for contact in sorted(waiting, key=lambda one: one.invited_at):
        others = tuple(people.values())
        try:
            place = contacts.free_place(others, account=account, policy=policy, now=now)
        except NoPlaceLeft:
            break
        change = contacts.give_place(contact, account=account, place=place, policy=policy, now=now)
        people[contact.id] = await keep(db, wallet.id, contact, change, by=THE_CLOCK)
    return tuple(people.values())
