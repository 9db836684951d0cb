"""Sends what is due: lease, open, write, send, record. No transaction is open while sending."""

import asyncio
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.accounts import AddressKind
from domain.events import Event
from domain.ids import AddressId, ContactId, OnCallId, TicketMessageId
from notifications import retry, wording
from notifications.audience import Role, hearer_in, read_event
from notifications.channels import Channels, Email, Later, Message, Never, Outcome, Sms
from notifications.deliveries import LeasedDelivery, hold, lease, record
from notifications.directory import Directory, Recipient
from notifications.retry import Pointless

log = structlog.get_logger("notifications.sending")

_NO_CHANNEL: Final = Never(error="no-such-channel")


async def send_due(
    engine: AsyncEngine, directory: Directory, channels: Channels, *, most_at_once: int
) -> int:
    """Send at most this many, all at the same time; answers how many were leased.

    May be called again, and in other processes, while it still runs: nobody leases what
    another one has. When the answer equals `most_at_once`, more may be due.
    """
    leased = await lease(engine, most=most_at_once)
    # One that cannot even be recorded must not tear the others away from their servers.
    ends = await asyncio.gather(
        *(_deliver(engine, directory, channels, one) for one in leased), return_exceptions=True
    )
    failures = [end for end in ends if isinstance(end, Exception)]
    if failures:
        raise ExceptionGroup("deliveries were sent but not recorded", failures)
    return len(leased)


async def _deliver(
    engine: AsyncEngine, directory: Directory, channels: Channels, leased: LeasedDelivery
) -> None:
    if await _is_held(engine, directory, leased):
        log.info("delivery.held", delivery_id=str(leased.id), promised=leased.event)
        return
    outcome = await _try(engine, directory, channels, leased)
    kept = await record(engine, leased, outcome)
    log.info(
        "delivery.recorded" if kept else "delivery.lease-lost",
        delivery_id=str(leased.id),
        promised=leased.event,
        role=leased.role.value,
        attempts=leased.attempts,
        outcome=type(outcome).__name__.lower(),
        error=getattr(outcome, "error", None),
        provider_ref=getattr(outcome, "provider_ref", None),
    )


async def _is_held(engine: AsyncEngine, directory: Directory, leased: LeasedDelivery) -> bool:
    """Asked right before sending: danger that was reported a moment ago must win."""
    if leased.role is not Role.OWNER or leased.account_id is None:
        return False
    async with engine.begin() as db:
        if not await directory.holds_notices(db, leased.wallet_id, leased.account_id):
            return False
        await hold(db, leased)
        return True


async def _try(
    engine: AsyncEngine, directory: Directory, channels: Channels, leased: LeasedDelivery
) -> Outcome | Pointless:
    if not retry.is_useful(leased.useful_until, leased.leased_at):
        return Pointless()
    if leased.attempts > retry.TRIES:
        return Never(error="tries-used-up")
    try:
        written = await _write(engine, directory, leased)
        if not isinstance(written, Email | Sms):
            return written
        return await _send(channels, written, leased)
    except Exception as reason:  # noqa: BLE001
        # One message that cannot be written must not hold up the others. Only the reason's
        # kind is kept: its words may hold a name, an address or a code.
        return Later(error=f"unforeseen-{type(reason).__name__}")


async def _send(channels: Channels, message: Message, leased: LeasedDelivery) -> Outcome:
    match message:
        case Email():
            channel = channels.email
            return await channel.send(message, key=leased.id) if channel else _NO_CHANNEL
        case Sms():
            channel = channels.sms
            return await channel.send(message, key=leased.id) if channel else _NO_CHANNEL


async def _write(
    engine: AsyncEngine, directory: Directory, leased: LeasedDelivery
) -> Message | Never | Pointless:
    """Addresses and secrets are opened here, when sending, so that an erasure wins."""
    event = read_event(leased.event, leased.body)
    needed = hearer_in(event, leased.role).secret
    async with engine.connect() as db:
        recipient = await _recipient(db, directory, leased)
        if recipient is None:
            return Pointless()
        secret = None
        if needed is not None:
            if leased.secret is None:
                return Never(error="secret-gone")
            secret = await directory.open_secret(
                db, leased.wallet_id, leased.outbox_id, leased.secret
            )
        objection = await _objection(db, directory, leased, event)
        own_line = await _own_line(db, directory, leased, event, recipient)
        sender = await directory.sender(db, leased.wallet_id)
    return wording.write(
        wording.Occasion(
            event=event,
            role=leased.role,
            recipient=recipient,
            sender=sender,
            secret=secret,
            objection=objection,
            own_line=own_line,
            now=leased.leased_at,
            useful_until=leased.useful_until,
        )
    )


async def _objection(
    db: AsyncConnection, directory: Directory, leased: LeasedDelivery, event: Event
) -> str | None:
    contact_id: ContactId | None = getattr(event, "contact_id", None)
    if contact_id is None or not hearer_in(event, leased.role).may_object:
        return None
    return await directory.objection(db, leased.wallet_id, contact_id)


async def _own_line(
    db: AsyncConnection,
    directory: Directory,
    leased: LeasedDelivery,
    event: Event,
    recipient: Recipient,
) -> str | None:
    """By e-mail; by text message only to an owner who, as things stand now, has no e-mail."""
    message_id: TicketMessageId | None = getattr(event, "message_id", None)
    if message_id is None:
        return None
    if recipient.kind is AddressKind.PHONE and leased.account_id is not None:
        known = await directory.owner(db, leased.wallet_id, leased.account_id)
        if any(one.kind is AddressKind.EMAIL for one in known):
            return None
    return await directory.own_line(db, leased.wallet_id, message_id)


async def _recipient(
    db: AsyncConnection, directory: Directory, leased: LeasedDelivery
) -> Recipient | None:
    match leased.role:
        case Role.OWNER:
            return await directory.open_owner(db, leased.wallet_id, leased.address_id)
        case Role.ON_CALL:
            return await directory.open_on_call(db, leased.wallet_id, OnCallId(leased.address_id))
        case Role.CONTACT:
            contact = await _open_contact(db, directory, leased)
            # Without the owner there is nothing left that the contact could be told about.
            return contact if contact is not None and contact.owner_name else None


async def _open_contact(
    db: AsyncConnection, directory: Directory, leased: LeasedDelivery
) -> Recipient | None:
    """Where a contact is enrolled has the contact's own id; any other address one of its own."""
    if leased.contact_id is None or leased.address_id == leased.contact_id:
        return await directory.open_contact(db, leased.wallet_id, ContactId(leased.address_id))
    contact_id, address_id = ContactId(leased.contact_id), AddressId(leased.address_id)
    return await directory.open_address(db, leased.wallet_id, contact_id, address_id)
