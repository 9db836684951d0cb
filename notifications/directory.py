"""What the notifications ask of the house: who someone is, and where to reach them.

Implemented by `service.storage.directory`; asked when dispatching (which addresses) and again
when sending (what they are now), because an address that was corrected or erased in between
must win.
"""

from typing import Protocol
from uuid import UUID

from msgspec import Struct
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


class Destination(Struct, frozen=True, kw_only=True):
    """One address, not yet opened."""

    address_id: UUID
    kind: AddressKind


class Recipient(Struct, frozen=True, kw_only=True):
    """Who reads the message: their address in clear, their words and their clock."""

    kind: AddressKind
    address: str
    language: str
    time_zone: str
    # How the recipient is called: an owner's first name; a contact's, as their owner wrote it.
    name: str
    # The owner it is about, as the recipient knows them (first name); for contacts only.
    owner_name: str | None = None
    # The token with which whoever reads there says "I am not this person"; for contacts only.
    not_me: str | None = None
    # The origin of the console, where a ticket has its page; for who is on call only.
    console: str | None = None


class Sender(Struct, frozen=True, kw_only=True):
    """The wallet in whose name a message goes out."""

    wallet_id: WalletId
    name: str
    # Letters of the GSM alphabet only, short enough for a text message.
    short_name: str
    origin: str
    support_number: str
    colour: str
    email_from: str
    time_zone: str


class Directory(Protocol):
    async def owner(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> tuple[Destination, ...]:
        """Every address an owner hears on: present ones, and removed ones for 30 days."""
        ...

    async def contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> tuple[Destination, ...]:
        """The contact's enrolled address. Its `address_id` is the contact's own id."""
        ...

    async def address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> tuple[Destination, ...]:
        """The contact's second address, or a new one that they have to prove."""
        ...

    async def on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> tuple[Destination, ...]:
        """Somebody on the on-call list of this wallet or of the installation. Nowhere once they
        are off it."""
        ...

    async def open_on_call(
        self, db: AsyncConnection, wallet_id: WalletId, person_id: OnCallId
    ) -> Recipient | None: ...

    async def reporters(
        self, db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
    ) -> tuple[ContactId, ...]:
        """The contacts who reported on a ticket, each once."""
        ...

    async def holds_notices(
        self, db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
    ) -> bool:
        """Whether nothing may be written to this owner now, because somebody else may read it.

        What it was decided on stays as it is until the transaction ends.
        """
        ...

    async def open_owner(
        self, db: AsyncConnection, wallet_id: WalletId, address_id: UUID
    ) -> Recipient | None:
        """None when the address or its key is gone."""
        ...

    async def open_contact(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> Recipient | None: ...

    async def open_address(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId, address_id: AddressId
    ) -> Recipient | None:
        """The contact at another address of theirs. None when it is gone."""
        ...

    async def objection(
        self, db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
    ) -> str | None:
        """The token with which the owner says "this was not me" of this contact's removal.

        None when no removal of theirs is pending.
        """
        ...

    async def own_line(
        self, db: AsyncConnection, wallet_id: WalletId, message_id: TicketMessageId
    ) -> str | None:
        """What an agent added to a fixed message. None where nothing was, or it is erased."""
        ...

    async def open_secret(
        self, db: AsyncConnection, wallet_id: WalletId, outbox_id: UUID, sealed: bytes
    ) -> str: ...

    async def sender(self, db: AsyncConnection, wallet_id: WalletId) -> Sender: ...
