""" "I am not this person": said from a message, without a sign-in, and effective at once."""

from domain import contacts
from domain.contacts import Contact
from domain.events import A_STRANGER, SecondAddressRemoved
from domain.ids import AddressId
from domain.refusals import LinkNotValid, NotFound
from domain.wallets import Wallet
from service.operations import second_addresses, space
from service.operations.house import House
from service.security import message_links
from service.security.message_links import Says
from service.storage import load
from service.storage.rows import clock, keep, record


async def say(house: House, wallet: Wallet, token: str) -> None:
    """Nothing is written to this address any more. Twice changes nothing.

    An invitation nobody has accepted is declined, and only this one: whoever else has named the
    address is another matter. Where somebody once proved the address it has changed hands: then
    every owner's contact under it has left, and nobody holds it. Raises LinkNotValid for made-up,
    foreign and cut tokens alike.
    """
    row_id = message_links.contact_in(token)
    if row_id is None or not message_links.is_signed(
        house.keys, wallet.id, Says.NOT_ME, row_id, token
    ):
        raise LinkNotValid
    async with house.engine.begin() as db:
        second = await load.address_by_id(db, wallet.id, AddressId(row_id))
        if second is not None:
            index = second.address_index
            named = await load.contacts_of_address(db, wallet.id, second.person_id, index)
            await second_addresses.forget(db, second)
            for one in named[:1]:
                event = SecondAddressRemoved(contact_id=one.id, at=await clock(db))
                await record(db, wallet.id, (event,), by=A_STRANGER)
            return
        try:
            contact = await load.contact(db, wallet.id, row_id)
        except NotFound:
            raise LinkNotValid from None
        theirs: tuple[Contact, ...] = (contact,)
        if contact.accepted_at is not None:
            index = contact.address_index
            named = await load.contacts_of_address(db, wallet.id, contact.person_id, index)
            # Enrolled under this very address, not under the one it once stood beside.
            theirs = tuple(
                c for c in named if c.accepted_at is not None and c.address_index == index
            )
        owned = await space.lock_accounts(db, wallet, theirs)
        for one in theirs:
            held = await load.contact_for_change(db, wallet.id, one.id)
            change = contacts.not_this_person(
                held, account=owned[held.account_id], now=await clock(db)
            )
            await keep(db, wallet.id, held, change, by=A_STRANGER)
        if contact.accepted_at is not None:
            beside = await load.second_address(
                db, wallet.id, contact.person_id, contact.address_index
            )
            first = await load.address_held(
                db, wallet.id, contact.address_kind, contact.address_index
            )
            for address in (beside, first):
                if address is not None and address.person_id == contact.person_id:
                    await second_addresses.forget(db, address)
