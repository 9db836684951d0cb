"""What the journeys of the owner's pages share."""

from typing import Final

from domain.ids import ContactId
from domain.refusals import NotFound, StrongSignInNeeded
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.people import PeopleSeen, PersonSeen
from service.pages import AnyRequest
from service.storage.values import BrowserSession
from service.web.frame import owner_here

# A list changed on another page shows what was done.
LIST: Final = "/owner"


async def manager_here(request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
    """The owner at this browser, after a recent strong sign-in. Raises StrongSignInNeeded.

    It only spares showing a form that could not be sent: the operations ask again.
    """
    session = await owner_here(request, house, wallet)
    if not session.may_manage:
        raise StrongSignInNeeded
    return session


async def person_here(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId
) -> PersonSeen:
    """One on this owner's list. Raises NotFound for anybody else's."""
    return one_of(await people.see_people(house, wallet, session), contact_id)


def one_of(seen: PeopleSeen, contact_id: ContactId) -> PersonSeen:
    found = next((one for one in seen.people if one.contact_id == contact_id), None)
    if found is None:
        raise NotFound
    return found
