"""Who someone is and where to reach them: what the notifications ask of the house."""

from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import AccountAddress
from domain.contacts import ContactStatus
from domain.ids import (
    AccountId,
    AddressId,
    ContactId,
    OnCallId,
    TicketId,
    TicketMessageId,
    WalletId,
)
from domain.on_call import OnCallPerson
from domain.tickets import Ticket, TicketKind
from notifications.directory import Destination, Recipient, Sender
from service.security import message_links
from service.security.encryption import Place
from service.security.keys import KeyRing
from service.security.message_links import Says
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import TABLE_OF, clock, one
from service.storage.suppressed import is_suppressed
from service.storage.tables import account_addresses, loss_reports, ticket_messages, tickets
from service.storage.values import NewAddress, PersonAddress

# Nobody writes to someone who said no; a taken-back invitation is still told.
_NOT_WRITTEN_TO = frozenset({ContactStatus.DECLINED, ContactStatus.ENDED})


class HouseDirectory:
    """`notifications.directory.Directory` over the house's own rows."""

    def __init__(self, keys: KeyRing, *, console: str | None = None) -> None:
        """`console` is the configured origin of the console, for who is on call."""
        self._keys = keys
        self._console = console

    async def owner(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> tuple[Destination, ...]:
        wallet = await load.wallet(db, wallet_id)
        since = await clock(db) - wallet.policy.messages.removed_addresses_hear_for
        return tuple(
            Destination(address_id=address.id, kind=address.kind)
            for address in await load.addresses_of(db, wallet_id, account_id)
            if address.removed_at is None or address.removed_at > since
        )

    async def contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> tuple[Destination, ...]:
        contact = await load.contact(db, wallet_id, contact_id)
        # Nor where somebody else reads, or where the owner does not feel safe with them.
        silent = contact.disowned or contact.removed_for_safety
        if silent or contact.status in _NOT_WRITTEN_TO:
            return ()
        if await is_suppressed(db, self._keys, wallet_id, contact.address_index):
            return ()
        return (Destination(address_id=contact.id, kind=contact.address_kind),)

    async def address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> tuple[Destination, ...]:
        if not await self.contact(db, wallet_id, contact_id):
            return ()
        found = await self._other(db, wallet_id, address_id)
        if found is None or await is_suppressed(db, self._keys, wallet_id, found.address_index):
            return ()
        return (Destination(address_id=found.id, kind=found.kind),)

    async def on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> tuple[Destination, ...]:
        person = await self._on_call(db, wallet_id, person_id)
        if person is None:
            return ()
        return (Destination(address_id=person.id, kind=person.kind),)

    async def open_on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> Recipient | None:
        person = await self._on_call(db, wallet_id, person_id)
        if person is None:
            return None
        opener = await Opener.for_values(db, self._keys, (person.address, person.name))
        address = opener.open(Place("on_call_persons", "address", person.id), person.address)
        if address is None:
            return None
        return Recipient(
            kind=person.kind,
            address=address,
            language=person.language,
            time_zone=person.time_zone,
            name=opener.text(Place("on_call_persons", "name", person.id), person.name),
            console=self._console,
        )

    async def _on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> OnCallPerson | None:
        """Of this wallet or of the installation; nobody else's."""
        person = await load.on_call_person(db, person_id)
        return None if person is None or person.wallet_id not in {None, wallet_id} else person

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
        # "I am not this person" was said after the message was promised: it wins.
        if contact.disowned:
            return None
        if await is_suppressed(db, self._keys, wallet_id, contact.address_index):
            return None
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
            not_me=message_links.sign(self._keys, wallet_id, Says.NOT_ME, contact.id),
        )

    async def open_address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> Recipient | None:
        found = await self._other(db, wallet_id, address_id)
        known = await self.open_contact(db, wallet_id, contact_id)
        if found is None or known is None:
            return None
        if await is_suppressed(db, self._keys, wallet_id, found.address_index):
            return None
        opener = await Opener.for_values(db, self._keys, (found.address,))
        table = TABLE_OF[type(found)].name
        address = opener.open(Place(table, "address", found.id), found.address)
        if address is None:
            return None
        # Signed for this address: whoever says "not me" here has stopped only this one.
        not_me = message_links.sign(self._keys, wallet_id, Says.NOT_ME, ContactId(found.id))
        return replace(known, kind=found.kind, address=address, not_me=not_me)

    async def _other(
        self, db: AsyncConnection, wallet_id: WalletId, address_id: AddressId
    ) -> PersonAddress | NewAddress | None:
        """A second address; or, under the same id before it is proved, a new one."""
        held = await load.address_by_id(db, wallet_id, address_id)
        return held or await load.new_address_by_id(db, wallet_id, address_id)

    async def objection(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> str | None:
        contact = await load.contact(db, wallet_id, contact_id)
        account = await load.account(db, wallet_id, contact.account_id)
        if not contacts.is_removal_pending(contact, account, await clock(db)):
            return None
        about = contact.removal_began_at
        return message_links.sign(self._keys, wallet_id, Says.NOT_MINE, contact.id, about=about)

    async def own_line(
        self, db: AsyncConnection, wallet_id: WalletId, message_id: TicketMessageId
    ) -> str | None:
        ours = (ticket_messages.c.wallet_id == wallet_id) & (ticket_messages.c.id == message_id)
        sealed = await db.scalar(select(ticket_messages.c.own_line).where(ours))
        opener = await Opener.for_values(db, self._keys, (sealed,))
        return opener.open(Place("ticket_messages", "own_line", message_id), sealed)

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
