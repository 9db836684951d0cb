"""With whom an owner can rehearse, and from when."""

from datetime import datetime

from msgspec import Struct

from domain.ids import ContactId
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.owners import OwnerAsking
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock


class Rehearser(Struct, frozen=True, kw_only=True):
    contact_id: ContactId
    name: str


class Rehearsing(Struct, frozen=True, kw_only=True):
    # Those who could report just now.
    people: tuple[Rehearser, ...]
    # The last one was too short a time ago; None: now.
    next_at: datetime | None
    time_zone: str
    now: datetime


async def see_rehearsing(house: House, wallet: Wallet, owner: OwnerAsking) -> Rehearsing:
    """Raises PageExpired."""
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        now = await clock(db)
        stored = await load.contacts_of(db, wallet.id, account.id)
        able = [one for one in stored if one.can_report(account, now)]
        last = await load.last_drill_begun_at(db, wallet.id, account.id)
        opener = await Opener.for_values(db, house.keys, [one.name for one in able])
    again = None if last is None else last + wallet.policy.drills.again_after
    return Rehearsing(
        people=tuple(
            Rehearser(
                contact_id=one.id,
                name=opener.text(Place("contacts", "name", one.id), one.name),
            )
            for one in able
        ),
        next_at=again if again is not None and now < again else None,
        time_zone=account.time_zone,
        now=now,
    )
