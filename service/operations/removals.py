"""The owner removes someone, and changes their mind."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import ContactId
from domain.refusals import NotFound
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.owners import OwnerAsking
from service.operations.settling import settle_contacts
from service.storage.keychain import find_key
from service.storage.rows import clock, keep


async def remove(
    house: House, wallet: Wallet, owner: OwnerAsking, contact_id: ContactId
) -> Contact:
    """An invitation is taken back at once; a contact begins to leave; a suspended one is gone.

    Answers the contact as they are afterwards: `leaves_at` says from when they cannot report any
    more. Asked again, the first instant stands. Raises NotAContact, AccountIsFrozen,
    StrongSignInNeeded.
    """
    async with house.engine.begin() as db:
        account, others, now = await _settled(db, wallet, owner)
        contact = _theirs(others, contact_id)
        if contact.is_unanswered(now):
            change = contacts.take_back(contact, account=account, now=now)
        else:
            change = contacts.begin_removal(
                contact,
                account=account,
                others=tuple(other for other in others if other.id != contact.id),
                policy=wallet.policy.contacts,
                now=now,
            )
        return await keep(db, wallet.id, contact, change, by=Actor(ActorKind.OWNER, account.id))


async def stay(
    house: House,
    wallet: Wallet,
    owner: OwnerAsking,
    contact_id: ContactId,
    *,
    request: Request | None = None,
) -> Contact:
    """The owner changes their mind. Raises NoRemovalPending once the instant has come.

    `request` is the caller's Idempotency-Key (raises KeyReused): said again, they stay.
    """
    async with house.engine.begin() as db:
        account, others, now = await _settled(db, wallet, owner)
        contact = _theirs(others, contact_id)
        key = await find_key(db, house.keys, wallet.data_key_id)
        if request is not None and await replay(db, key, request) is not None:
            return contact
        change = contacts.stay(contact, account=account, now=now)
        by = Actor(ActorKind.OWNER, account.id)
        kept = await keep(db, wallet.id, contact, change, by=by)
        if request is not None:
            await remember(db, key, request, str(contact_id))
        return kept


async def disown(
    house: House, wallet: Wallet, owner: OwnerAsking, contact_id: ContactId
) -> Contact:
    """ "This was not me", said at the owner's pages. It needs no strong sign-in: whoever stops a
    removal can only keep the owner safe. Raises NoRemovalPending."""
    async with house.engine.begin() as db:
        account = await people.owned(db, wallet, owner, for_change=True)
        now = await clock(db)
        contact = _theirs(await settle_contacts(db, wallet, account, now), contact_id)
        change = contacts.disown_removal(contact, account=account, now=now)
        return await keep(db, wallet.id, contact, change, by=Actor(ActorKind.OWNER, account.id))


async def _settled(
    db: AsyncConnection, wallet: Wallet, owner: OwnerAsking
) -> tuple[Account, tuple[Contact, ...], datetime]:
    """The owner's account, locked, with its contacts as the clock says."""
    account = await people.owned(db, wallet, owner, for_change=True)
    now = await clock(db)
    people.require_strong(owner)
    return account, await settle_contacts(db, wallet, account, now), now


def _theirs(mine: tuple[Contact, ...], contact_id: ContactId) -> Contact:
    found = next((contact for contact in mine if contact.id == contact_id), None)
    if found is None:
        raise NotFound
    return found
