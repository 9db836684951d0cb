"""The house's directory, which outside these tests is the service's tables and keys."""

# ruff: noqa: ARG002 - the protocol gives each method a connection.

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AddressKind
from domain.ids import (
    AccountId,
    AddressId,
    ContactId,
    OnCallId,
    TicketId,
    TicketMessageId,
    WalletId,
)
from notifications.directory import Destination, Recipient, Sender
from tests.notifications.cast import (
    CARL,
    CLEO,
    NORTE,
    NOT_MINE,
    OLGAS,
    OLGAS_MAIL,
    OLGAS_PHONE,
    SOFIA,
    TICKET,
    carl,
    olga,
    sofia,
    the_wallet,
)


class AddressBook:
    def __init__(self, wallet: Sender | None = None) -> None:
        self.wallet = wallet or the_wallet()
        self.kinds: dict[UUID, AddressKind] = {
            OLGAS_MAIL: AddressKind.EMAIL,
            OLGAS_PHONE: AddressKind.PHONE,
            CARL: AddressKind.EMAIL,
            CLEO: AddressKind.PHONE,
            SOFIA: AddressKind.PHONE,
        }
        self.erased: set[UUID] = set()
        self.reported: tuple[ContactId, ...] = (CARL, CLEO)
        self.owner_name: str | None = "Olga"
        self.unreadable: set[UUID] = set()
        self.in_danger: set[UUID] = set()
        self.removed_now: set[UUID] = set()
        self.own_lines: dict[UUID, str] = {}

    async def owner(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> tuple[Destination, ...]:
        if account_id in self.unreadable:
            raise LookupError("olga@mail.example is not readable")
        assert (wallet_id, account_id) == (NORTE, OLGAS)
        return (*self._at(OLGAS_MAIL), *self._at(OLGAS_PHONE))

    async def contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> tuple[Destination, ...]:
        assert wallet_id == NORTE
        return self._at(contact_id)

    async def reporters(
        self, db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
    ) -> tuple[ContactId, ...]:
        assert (wallet_id, ticket_id) == (NORTE, TICKET)
        return self.reported

    async def on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> tuple[Destination, ...]:
        assert wallet_id == NORTE
        return self._at(person_id)

    async def open_on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> Recipient | None:
        assert wallet_id == NORTE
        return None if person_id in self.erased else sofia(self.kinds[person_id])

    async def holds_notices(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> bool:
        return account_id in self.in_danger

    async def open_owner(
        self, db: AsyncConnection, wallet_id: WalletId, address_id: UUID
    ) -> Recipient | None:
        assert wallet_id == NORTE
        return None if address_id in self.erased else olga(self.kinds[address_id])

    async def open_contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> Recipient | None:
        assert wallet_id == NORTE
        if contact_id in self.erased:
            return None
        return carl(self.kinds[contact_id], owner=self.owner_name)

    async def address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> tuple[Destination, ...]:
        return self._at(address_id)

    async def open_address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> Recipient | None:
        assert wallet_id == NORTE
        return None if address_id in self.erased else carl(self.kinds[address_id])

    async def objection(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> str | None:
        assert wallet_id == NORTE
        return NOT_MINE if contact_id in self.removed_now else None

    async def own_line(
        self, db: AsyncConnection, wallet_id: WalletId, message_id: TicketMessageId
    ) -> str | None:
        assert wallet_id == NORTE
        return self.own_lines.get(message_id)

    async def open_secret(
        self, db: AsyncConnection, wallet_id: WalletId, outbox_id: UUID, sealed: bytes
    ) -> str:
        return sealed.decode().removeprefix("sealed:")

    async def sender(self, db: AsyncConnection, wallet_id: WalletId) -> Sender:
        return self.wallet

    def _at(self, address_id: UUID) -> tuple[Destination, ...]:
        if address_id in self.erased:
            return ()
        return (Destination(address_id=address_id, kind=self.kinds[address_id]),)
