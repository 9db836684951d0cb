"""A reported device is back in the owner's hand."""

from domain import access, accounts
from domain.access import Agent
from domain.accounts import Account
from domain.events import AccountFrozen, name_of
from domain.ids import DeviceId, TicketId
from domain.refusals import AccountIsFrozen, NotFound, OwnerNotVerified
from domain.tickets import RELEASED, Ticket
from service.operations import timeline
from service.operations.agents import SignedIn
from service.operations.at_work import at_work
from service.operations.house import House
from service.operations.timeline import Entry
from service.storage import load
from service.storage.rows import keep


async def clear(house: House, ticket_id: TicketId, device_id: DeviceId, *, by: SignedIn) -> None:
    """An agent records what the owner says whom this ticket verified. Said again, nothing changes.

    Raises LevelTooLow, AccountIsFrozen, OwnerNotVerified; NotFound for another's device.
    """
    async with at_work(house, ticket_id, by) as work:
        entries = await timeline.entries_of(work.db, work.ticket)
        require_verified(work.ticket, work.account, entries, by=by.agent)
        owned = await load.devices_of(work.db, work.wallet_id, work.account.id)
        device = next((one for one in owned if one.id == device_id), None)
        if device is None:
            raise NotFound
        change = accounts.clear_device(device, work.account, now=work.now)
        await keep(work.db, work.wallet_id, device, change, by=by.actor)


def require_verified(
    ticket: Ticket, account: Account, entries: tuple[Entry, ...], *, by: Agent
) -> None:
    """The last release was this ticket's: what an older one proved is long ago."""
    access.require_level(by, access.REACHES_OWNER)
    if account.is_frozen:
        raise AccountIsFrozen
    froze = [entry for entry in entries if entry.event == name_of(AccountFrozen)]
    is_last = bool(froze) and int(froze[-1].what["epoch"]) == account.epoch
    if ticket.stage is not RELEASED or not ticket.owner_is_verified or not is_last:
        raise OwnerNotVerified
