"""A contact goes at once: by themselves, or because somebody else reads at their address.

Neither is stopped by a freeze. Who asks has been verified by the caller: the code of the contact's
own space, or the link of a message that reached the address.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import ContactId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep


async def leave(house: House, wallet: Wallet, contact_id: ContactId) -> Contact:
    """The contact does not want to be one any more. Raises NotAContact."""
    async with house.engine.begin() as db:
        account, contact = await _locked(db, wallet, contact_id)
        change = contacts.leave(contact, account=account, now=await clock(db))
        return await keep(db, wallet.id, contact, change, by=Actor(ActorKind.CONTACT, contact.id))


async def not_this_person(house: House, wallet: Wallet, contact_id: ContactId) -> Contact:
    """Nothing is written to this address for this owner any more. Said again, nothing changes."""
    async with house.engine.begin() as db:
        account, contact = await _locked(db, wallet, contact_id)
        change = contacts.not_this_person(contact, account=account, now=await clock(db))
        return await keep(db, wallet.id, contact, change, by=Actor(ActorKind.CONTACT, contact.id))


async def _locked(
    db: AsyncConnection, wallet: Wallet, contact_id: ContactId
) -> tuple[Account, Contact]:
    """Account first: a freeze, a report and a removal take the same locks in the same order."""
    known = await load.contact(db, wallet.id, contact_id)
    account = await load.account_for_change(db, wallet.id, known.account_id)
    return account, await load.contact_for_change(db, wallet.id, contact_id)
