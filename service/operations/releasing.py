"""What every release does, whoever decided it: account, removals, and what waited to be told.

The caller holds the locks, has decided, and has closed the ticket.
"""

from domain import accounts, contacts
from domain.events import Actor
from notifications.deliveries import drop_held
from service.operations import evidence
from service.operations.at_work import AtWork
from service.storage import load
from service.storage.rows import keep


async def release(work: AtWork, *, by: Actor) -> None:
    """Give the account back. Sessions stay void, devices barred unless they are back in hand, and
    removals go on as decided."""
    owned = await load.devices_of(work.db, work.wallet_id, work.account.id)
    in_hand = await evidence.devices_in_hand(work)
    devices = tuple(one for one in owned if one.id not in in_hand)
    addresses = await load.addresses_of(work.db, work.wallet_id, work.account.id)
    released = accounts.release(
        work.account, ticket_id=work.ticket.id, devices=devices, addresses=addresses, now=work.now
    )
    await keep(work.db, work.wallet_id, work.account, released, by=by)
    await evidence.give_back_devices(work, released.value, by=by)
    # `work.account` is still the frozen one.
    for contact in await load.contacts_of(work.db, work.wallet_id, work.account.id):
        change = contacts.resume_removal(contact, account=work.account, now=work.now)
        await keep(work.db, work.wallet_id, contact, change, by=by)
    # What waited because of danger is no longer news: the release is told instead.
    await drop_held(work.db, work.wallet_id, work.account.id)
