"""What removing someone would mean, before it is pressed: the rule is asked, nothing is kept."""

from datetime import datetime

from msgspec import Struct

from domain import contacts
from domain.contacts import ContactStatus
from domain.events import OthersAreRemoved
from domain.ids import ContactId
from domain.refusals import NotFound
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.owners import OwnerAsking
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock


class RemovalAhead(Struct, frozen=True, kw_only=True):
    name: str
    # From when they could not report any more; None: at once, because they cannot now.
    leaves_at: datetime | None
    # Slower than usual, and everybody on the list hears it, without names.
    others_hear: bool
    # Whole hours that it takes.
    hours: int
    time_zone: str
    now: datetime


async def see_removal_ahead(
    house: House, wallet: Wallet, owner: OwnerAsking, contact_id: ContactId
) -> RemovalAhead:
    """Raises NotFound for anybody else's, NotAContact, StrongSignInNeeded, PageExpired."""
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        now = await clock(db)
        people.require_strong(owner)
        stored = await load.contacts_of(db, wallet.id, account.id)
        contact = next((one for one in stored if one.id == contact_id), None)
        if contact is None:
            raise NotFound
        change = contacts.begin_removal(
            contact,
            account=account,
            others=tuple(one for one in stored if one.id != contact_id),
            policy=wallet.policy.contacts,
            now=now,
        )
        opener = await Opener.for_values(db, house.keys, [contact.name])
    after = change.value
    return RemovalAhead(
        name=opener.text(Place("contacts", "name", contact.id), contact.name),
        leaves_at=after.leaves_at if after.status is ContactStatus.LEAVING else None,
        others_hear=any(isinstance(event, OthersAreRemoved) for event in change.events),
        hours=int(after.removal_takes.total_seconds()) // 3600,
        time_zone=account.time_zone,
        now=now,
    )
