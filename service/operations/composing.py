"""What an agent has before them who is about to write to somebody of a ticket."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.accounts import Account, AddressKind
from domain.events import ContactWrittenTo, Event, OwnerWrittenTo
from domain.ids import ContactId, TicketId, TicketMessageId
from domain.refusals import NotFound
from domain.tickets import ContactReply, OwnerReply, Ticket, TicketKind, TicketMessage
from domain.wallets import Wallet
from notifications import gsm7, wording
from notifications.audience import Role
from notifications.channels import Email
from notifications.directory import Recipient, Sender
from notifications.wording import Occasion
from service.operations.agents import SignedIn
from service.operations.desk_messages import (
    own_line_goes_by,
    require_reporter,
    ways_to,
    written,
)
from service.operations.house import House
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.keychain import Opener
from service.storage.rows import clock

_NOWHERE = UUID(int=0)


class Reply(Struct, frozen=True, kw_only=True):
    """One of the fixed messages, as the agent reads it and as its recipient will."""

    code: str
    mine: str
    theirs: str


class Composing(Struct, frozen=True, kw_only=True):
    ticket: Ticket
    wallet: Wallet
    # None: the owner.
    contact_id: ContactId | None
    name: str
    language: str
    # By what it goes; empty: they are not written to any more.
    kinds: tuple[AddressKind, ...]
    replies: tuple[Reply, ...]
    # The owner may be in danger: it goes when somebody lets the notices go.
    waits: bool
    left_today: int
    # A refusal's code, or None where the agent may.
    cannot: str | None
    now: datetime

    @property
    def own_line_by(self) -> AddressKind | None:
        """By what a line of the agent's own would go; None where there is none: to a contact."""
        return own_line_goes_by(self.contact_id, self.kinds)

    @property
    def longest_own_line(self) -> int:
        by_text = self.own_line_by is AddressKind.PHONE
        return gsm7.LONGEST_LINE if by_text else tickets.LONGEST_OWN_LINE


async def compose(
    house: House, ticket_id: TicketId, to: ContactId | None, *, by: SignedIn
) -> Composing:
    """The fixed messages to the owner (None) or to a reporter, in the agent's language and in
    theirs. NotFound for whoever did not report on this ticket."""
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        if ticket.kind is not TicketKind.LOSS:
            raise NotFound
        await require_reporter(db, ticket, to)
        wallet = await load.wallet(db, ticket.wallet_id)
        account = await load.account(db, wallet.id, ticket.account_id)
        before = await load.messages_of(db, wallet.id, ticket.id)
        kinds = await ways_to(db, house, account, to)
        reader = await _reader(db, house, account, wallet, to)
        sender = await HouseDirectory(house.keys).sender(db, wallet.id)
        now = await clock(db)
    reader = replace(reader, kind=kinds[0] if kinds else AddressKind.EMAIL)
    codes = tuple(OwnerReply) if to is None else tuple(ContactReply)
    policy = wallet.policy.tickets

    def may() -> object:
        trial = _trial(ticket, to, codes[0].value, by.agent, now)
        return written(ticket, trial, before=before, policy=policy, by=by.agent, now=now)

    return Composing(
        ticket=ticket,
        wallet=wallet,
        contact_id=to,
        name=reader.name,
        language=reader.language,
        kinds=kinds,
        replies=tuple(
            Reply(
                code=code.value,
                mine=_text(event, replace(reader, language=by.agent.language), sender, now),
                theirs=_text(event, reader, sender, now),
            )
            for code in codes
            for event in (_event(ticket, to, code.value, now),)
        ),
        waits=to is None and ticket.holds_notices,
        left_today=tickets.left_today(to, before=before, policy=policy, now=now),
        cannot=refusal_of(may),
        now=now,
    )


async def _reader(
    db: AsyncConnection, house: House, account: Account, wallet: Wallet, to: ContactId | None
) -> Recipient:
    """Who reads it, without any address of theirs, and without the link by which only they say
    that they are somebody else."""
    owner_at = Place("accounts", "first_name", account.id)
    if to is None:
        opener = await Opener.for_values(db, house.keys, (account.first_name,))
        return Recipient(
            kind=AddressKind.EMAIL,
            address="",
            language=account.language,
            time_zone=account.time_zone,
            name=opener.text(owner_at, account.first_name),
        )
    contact = await load.contact(db, wallet.id, to)
    opener = await Opener.for_values(db, house.keys, (contact.name, account.first_name))
    return Recipient(
        kind=contact.address_kind,
        address="",
        language=contact.language,
        time_zone=wallet.time_zone,
        name=opener.text(Place("contacts", "name", contact.id), contact.name),
        owner_name=opener.text(owner_at, account.first_name),
    )


def _text(event: Event, reader: Recipient, sender: Sender, now: datetime) -> str:
    """The message as it would be written now, with its subject on top where it has one."""
    message = wording.write(
        Occasion(
            event=event,
            role=Role.OWNER if isinstance(event, OwnerWrittenTo) else Role.CONTACT,
            recipient=reader,
            sender=sender,
            secret=None,
            now=now,
        )
    )
    return f"{message.subject}\n\n{message.text}" if isinstance(message, Email) else message.text


def _event(ticket: Ticket, to: ContactId | None, reply: str, now: datetime) -> Event:
    message_id = TicketMessageId(_NOWHERE)
    if to is None:
        return OwnerWrittenTo(
            account_id=ticket.account_id,
            ticket_id=ticket.id,
            message_id=message_id,
            reply=reply,
            at=now,
        )
    return ContactWrittenTo(
        account_id=ticket.account_id,
        contact_id=to,
        ticket_id=ticket.id,
        message_id=message_id,
        reply=reply,
        at=now,
    )


def _trial(
    ticket: Ticket, to: ContactId | None, reply: str, by: Agent, now: datetime
) -> TicketMessage:
    """Tried, and thrown away."""
    return TicketMessage(
        id=TicketMessageId(_NOWHERE),
        wallet_id=ticket.wallet_id,
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        contact_id=to,
        reply=reply,
        own_line=None,
        outbox_id=_NOWHERE,
        written_by=by.id,
        written_at=now,
    )
