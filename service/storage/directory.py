"""Who someone is and where to reach them: what the notifications ask of the house."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AccountAddress
from domain.contacts import ContactStatus
from domain.ids import AccountId, ContactId, TicketId, WalletId
from domain.policy import DEFAULT
from domain.tickets import Ticket, TicketKind
from notifications.directory import Destination, Recipient, Sender
from service.security.encryption import Place
from service.security.keys import KeyRing
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, one
from service.storage.tables import account_addresses, loss_reports, tickets

# Nobody writes to someone who said no; a taken-back invitation is still told.
_NOT_WRITTEN_TO = frozenset({ContactStatus.DECLINED, ContactStatus.ENDED})


class HouseDirectory:
    """`notifications.directory.Directory` over the house's own rows."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def owner(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> tuple[Destination, ...]:
        since = await clock(db) - DEFAULT.messages.removed_addresses_hear_for
        return tuple(
            Destination(address_id=address.id, kind=address.kind)
            for address in await load.addresses_of(db, wallet_id, account_id)
            if address.removed_at is None or address.removed_at > since
        )

    async def contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> tuple[Destination, ...]:
        contact = await load.contact(db, wallet_id, contact_id)
        if contact.status in _NOT_WRITTEN_TO:
            return ()
        return (Destination(address_id=contact.id, kind=contact.address_kind),)

    async def reporters(
        self, db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
    ) -> tuple[ContactId, ...]:
        ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.ticket_id == ticket_id)
        rows = await db.scalars(select(loss_reports.c.contact_id).where(ours).distinct())
        return tuple(ContactId(row) for row in rows)

    async def holds_notices(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> bool:
        ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.account_id == account_id)
        ours &= (tickets.c.kind == TicketKind.LOSS.value) & tickets.c.closed_at.is_(None)
        # Shared: whoever lets the notices go waits until this one is laid with the others.
        found = await one(db, select(tickets).where(ours).with_for_update(read=True), Ticket)
        return found is not None and found.holds_notices

    async def open_owner(
        self, db: AsyncConnection, wallet_id: WalletId, address_id: UUID
    ) -> Recipient | None:
        ours = (account_addresses.c.wallet_id == wallet_id) & (account_addresses.c.id == address_id)
        stored = await one(db, select(account_addresses).where(ours), AccountAddress)
        if stored is None:
            return None
        account = await load.account(db, wallet_id, stored.account_id)
        opener = await Opener.for_values(db, self._keys, (stored.address, account.first_name))
        place = Place("account_addresses", "address", stored.id)
        address = opener.open(place, stored.address)
        if address is None:
            return None
        name = Place("accounts", "first_name", account.id)
        return Recipient(
            kind=stored.kind,
            address=address,
            language=account.language,
            time_zone=account.time_zone,
            name=opener.text(name, account.first_name),
        )

    async def open_contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> Recipient | None:
        contact = await load.contact(db, wallet_id, contact_id)
        account = await load.account(db, wallet_id, contact.account_id)
        wallet = await load.wallet(db, wallet_id)
        opener = await Opener.for_values(
            db, self._keys, (contact.address, contact.name, account.first_name)
        )
        address = opener.open(Place("contacts", "address", contact.id), contact.address)
        if address is None:
            return None
        return Recipient(
            kind=contact.address_kind,
            address=address,
            language=contact.language,
            # A contact tells us no zone of their own; the wallet's is the best guess there is.
            time_zone=wallet.time_zone,
            name=opener.text(Place("contacts", "name", contact.id), contact.name),
            owner_name=opener.text(Place("accounts", "first_name", account.id), account.first_name),
        )

    async def open_secret(
        self, db: AsyncConnection, wallet_id: WalletId, outbox_id: UUID, sealed: bytes
    ) -> str:
        wallet = await load.wallet(db, wallet_id)
        key = await find_key(db, self._keys, wallet.data_key_id)
        return key.open(Place("outbox", "secret", outbox_id), sealed)

    async def sender(self, db: AsyncConnection, wallet_id: WalletId) -> Sender:
        wallet = await load.wallet(db, wallet_id)
        return Sender(
            wallet_id=wallet.id,
            name=wallet.name,
            short_name=wallet.short_name,
            origin=wallet.origin,
            support_number=wallet.support_number,
            colour=wallet.colour,
            email_from=wallet.email_from,
            time_zone=wallet.time_zone,
        )
