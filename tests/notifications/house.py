"""The way of a message from promise to reader, with the world outside at its end."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import Event
from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.channels.sms import SmsChannel, SmsSettings
from notifications.clock import clock
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from tests.notifications.address_book import AddressBook
from tests.notifications.cast import promise, stored_deliveries
from tests.notifications.outside import (
    ACCOUNT,
    AUTH_TOKEN,
    Carrier,
    Mailbox,
    a_carrier,
    a_mail_server,
)


class House(Struct):
    engine: AsyncEngine
    book: AddressBook
    mailbox: Mailbox
    carrier: Carrier
    channels: Channels

    async def tell(self, event: Event, secret: str | None = None) -> UUID:
        outbox_id = await promise(self.engine, event, secret=secret)
        await dispatch_waiting(self.engine, self.book, limit=10)
        return outbox_id

    async def send(self, most_at_once: int = 10) -> int:
        return await send_due(self.engine, self.book, self.channels, most_at_once=most_at_once)

    async def soon(self) -> datetime:
        async with self.engine.connect() as db:
            return await clock(db) + timedelta(minutes=10)

    async def states(self) -> list[tuple[str, str | None]]:
        rows = await stored_deliveries(self.engine)
        return [(row["state"], row["last_error"]) for row in rows]


@asynccontextmanager
async def a_house(engine: AsyncEngine) -> AsyncGenerator[House]:
    async with (
        a_mail_server() as mailbox,
        a_carrier() as carrier,
        aiohttp.ClientSession() as http,
    ):
        url = f"smtp://127.0.0.1:{mailbox.port}"
        email = EmailChannel(EmailSettings(url=url, require_tls=False, hello="us.example"))
        settings = SmsSettings(
            base_url=carrier.base_url,
            account_sid=ACCOUNT,
            auth_token=AUTH_TOKEN,
            sender="+15005550006",
        )
        sms = SmsChannel(settings, http)
        yield House(engine, AddressBook(), mailbox, carrier, Channels(email=email, sms=sms))
