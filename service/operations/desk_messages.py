"""Agents write to the owner, and to whoever reported: fixed words, promised like every notice."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.accounts import Account, AddressKind
from domain.change import Change
from domain.ids import ContactId, TicketId, TicketMessageId
from domain.policy import TicketPolicy
from domain.refusals import NotFound, NoWayToWrite, OwnLineNotAllowed
from domain.tickets import ContactReply, OwnerReply, Ticket, TicketMessage
from notifications import gsm7
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.pressing import first_press
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.rows import keep


async def write(
    house: House,
    ticket_id: TicketId,
    to: ContactId | None,
    reply: OwnerReply | ContactReply,
    *,
    own_line: str = "",
    key: str,
    by: SignedIn,
) -> None:
    """Promise the message to the owner (None) or to a reporter. With the page's `key`, a button
    pressed twice is one message. In danger it waits, until an agent lets the notices go.

    A line of the agent's own goes to the owner alone: by e-mail, or, where the owner has none, by
    text message, in the letters that a phone shows. Raises LevelTooLow, TicketClosed, WrittenOften,
    OwnLineNotAllowed, NoWayToWrite; NotFound for whoever did not report on this ticket.
    """
    line = tickets.allowed_own_line(plain_text(own_line, longest=len(own_line)))
    async with at_work(house, ticket_id, by) as work:
        body = f"{to}|{reply}|{line}"
        press = await first_press(work, house, route="messages", key=key, body=body, by=by)
        if press is None:
            return
        await require_reporter(work.db, work.ticket, to)
        kinds = await ways_to(work.db, house, work.account, to)
        if not kinds:
            raise NoWayToWrite
        carried = _carried(line, kinds)
        message = await _message(work, house, to, reply, carried, by=by)
        change = written(
            work.ticket,
            message,
            before=await load.messages_of(work.db, work.wallet_id, work.ticket.id),
            policy=(await load.wallet(work.db, work.wallet_id)).policy.tickets,
            by=by.agent,
            now=work.now,
        )
        await keep(work.db, work.wallet_id, None, change, by=by.actor, promise_id=message.outbox_id)
        await press.done(str(message.id))


def written(
    ticket: Ticket,
    message: TicketMessage,
    *,
    before: tuple[TicketMessage, ...],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[TicketMessage]:
    """What the rule for its recipient says."""
    if message.contact_id is None:
        return tickets.write_to_owner(ticket, message, before=before, policy=policy, by=by, now=now)
    return tickets.write_to_contact(
        ticket, message, message.contact_id, before=before, policy=policy, by=by, now=now
    )


async def require_reporter(db: AsyncConnection, ticket: Ticket, to: ContactId | None) -> None:
    """A contact who did not report on this ticket has nothing to be told."""
    if to is None:
        return
    reports = await load.reports_of(db, ticket.wallet_id, ticket.id)
    if all(report.contact_id != to for report in reports):
        raise NotFound


async def ways_to(
    db: AsyncConnection, house: House, account: Account, to: ContactId | None
) -> tuple[AddressKind, ...]:
    """By what they hear of it, as things stand; empty for whoever is not written to any more."""
    directory = HouseDirectory(house.keys)
    if to is None:
        found = await directory.owner(db, account.wallet_id, account.id)
    else:
        found = await directory.contact(db, account.wallet_id, to)
    return tuple(kind for kind in AddressKind if any(one.kind is kind for one in found))


def own_line_goes_by(to: ContactId | None, kinds: Collection[AddressKind]) -> AddressKind | None:
    """By what a line of the agent's own goes to them; None: it does not."""
    if to is not None or not kinds:
        return None
    return AddressKind.EMAIL if AddressKind.EMAIL in kinds else AddressKind.PHONE


def _carried(line: str, kinds: Collection[AddressKind]) -> str:
    """As it will be read. Half of what was said would be worse than nothing, so what a text message
    does not hold raises OwnLineNotAllowed."""
    if not line or AddressKind.EMAIL in kinds:
        return line
    shown = gsm7.line(line)
    if shown is None:
        raise OwnLineNotAllowed
    return tickets.allowed_own_line(shown)


def place_of(message_id: TicketMessageId) -> Place:
    return Place("ticket_messages", "own_line", message_id)


async def _message(
    work: AtWork,
    house: House,
    to: ContactId | None,
    reply: OwnerReply | ContactReply,
    line: str,
    *,
    by: SignedIn,
) -> TicketMessage:
    message_id = TicketMessageId(new_id())
    sealed = None
    if line:
        key = await owner_key(work.db, house, work.account)
        sealed = key.seal(place_of(message_id), line)
    return TicketMessage(
        id=message_id,
        wallet_id=work.wallet_id,
        account_id=work.account.id,
        ticket_id=work.ticket.id,
        contact_id=to,
        reply=reply.value,
        own_line=sealed,
        outbox_id=new_id(),
        written_by=by.agent.id,
        written_at=work.now,
    )
