""" "This was not me": a removal stopped from the notice of it, without a sign-in."""

from domain import contacts
from domain.events import Actor, ActorKind
from domain.refusals import LinkNotValid, NotFound
from domain.wallets import Wallet
from service.operations.house import House
from service.security import message_links
from service.security.message_links import Says
from service.storage import load
from service.storage.rows import clock, keep


async def object_to_removal(house: House, wallet: Wallet, token: str) -> None:
    """The contact stays. Whoever reads the owner's messages may say so: it can only protect them.

    Raises LinkNotValid for a token that speaks of no removal under way, NoRemovalPending once the
    instant has come, AccountIsFrozen while its clock stands still anyway.
    """
    contact_id = message_links.contact_in(token)
    if contact_id is None:
        raise LinkNotValid
    async with house.engine.begin() as db:
        try:
            known = await load.contact(db, wallet.id, contact_id)
        except NotFound:
            raise LinkNotValid from None
        account = await load.account_for_change(db, wallet.id, known.account_id)
        contact = await load.contact_for_change(db, wallet.id, contact_id)
        about = contact.removal_began_at
        # Once stopped nothing is left to speak of, and a later removal has another token.
        if about is None or not message_links.is_signed(
            house.keys, wallet.id, Says.NOT_MINE, contact_id, token, about=about
        ):
            raise LinkNotValid
        change = contacts.disown_removal(contact, account=account, now=await clock(db))
        await keep(db, wallet.id, contact, change, by=Actor(ActorKind.OWNER, account.id))
