"""Who named this owner as their trusted person, as far as it is certain that it is the same human.

Certain means: the wallet vouches for the address, and a code was read at that address while it
did. A number that was somebody else's before shows nobody whom the former holder knew.
"""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import select

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.owners import OwnerAsking
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock, every
from service.storage.tables import accounts


class Trusting(Struct, frozen=True, kw_only=True):
    """The first names of those who count on this owner."""

    names: tuple[str, ...]
    time_zone: str
    now: datetime


async def see_who_trusts(house: House, wallet: Wallet, owner: OwnerAsking) -> Trusting:
    """Raises StrongSignInNeeded: who counts on whom is nothing for whoever found a phone."""
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        now = await clock(db)
        people.require_strong(owner)
        proved = [
            one
            for address in await load.addresses_of(db, wallet.id, account.id)
            if address.verified_at is not None and address.removed_at is None
            for one in await load.contacts_at(db, wallet.id, address.kind, address.address_index)
            if one.confirmed_at is not None and address.verified_at <= one.confirmed_at
        ]
        ids = {one.account_id for one in proved}
        ours = (accounts.c.wallet_id == wallet.id) & accounts.c.id.in_(ids)
        owners = {one.id: one for one in await every(db, select(accounts).where(ours), Account)}
        trusting = {
            one.account_id: owners[one.account_id]
            for one in proved
            if not owners[one.account_id].is_closed(now)
            and not one.is_gone(owners[one.account_id], now)
        }
        opener = await Opener.for_values(
            db, house.keys, [one.first_name for one in trusting.values()]
        )
    return Trusting(
        names=tuple(
            sorted(
                opener.text(Place("accounts", "first_name", one.id), one.first_name)
                for one in trusting.values()
            )
        ),
        time_zone=account.time_zone,
        now=now,
    )
