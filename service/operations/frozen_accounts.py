"""Every frozen account of a wallet, page by page, for it to compare with its own list."""

from msgspec import Struct

from domain.accounts import Account
from domain.ids import AccountId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load


class FrozenPage(Struct, frozen=True, kw_only=True):
    """`next` names the last of them if there are more."""

    items: tuple[Account, ...]
    next: AccountId | None


async def see_frozen_accounts(
    house: House, wallet: Wallet, *, after: AccountId | None, limit: int
) -> FrozenPage:
    """Whatever is frozen from the first page to the last stands on exactly one of them."""
    async with house.engine.connect() as db:
        found = await load.frozen_accounts_after(db, wallet.id, after, limit=limit + 1)
    shown = found[:limit]
    return FrozenPage(items=shown, next=shown[-1].id if len(found) > limit else None)
