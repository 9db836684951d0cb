"""A worker process of its own: sends what is due once. It is there to be killed."""

import asyncio
import os

from sqlalchemy.ext.asyncio import create_async_engine

from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.sending import send_due
from tests.notifications.address_book import AddressBook


async def work() -> None:
    engine = create_async_engine(os.environ["TEST_DATABASE_URL"])
    settings = EmailSettings(url=os.environ["TEST_SMTP_URL"], require_tls=False, hello="us.example")
    channels = Channels(email=EmailChannel(settings))
    await send_due(engine, AddressBook(), channels, most_at_once=1)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(work())
