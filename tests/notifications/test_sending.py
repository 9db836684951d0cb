import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from domain.accounts import AddressKind
from domain.events import Event
from notifications import retry
from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.channels.sms import SmsChannel, SmsSettings
from notifications.clock import clock
from notifications.deliveries import LEASE_LASTS, lease_next
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from tests.notifications import cast
from tests.notifications.address_book import AddressBook
from tests.notifications.cast import (
    ADDRESSES,
    CARL,
    CLEO,
    CODE,
    OLGAS_MAIL,
    TOKEN,
    promise,
    stored_deliveries,
    stored_promise,
)
from tests.notifications.conftest import Later
from tests.notifications.outside import (
    ACCOUNT,
    AUTH_TOKEN,
    Carrier,
    Mailbox,
    a_carrier,
    a_mail_server,
)

pytestmark = pytest.mark.anyio


class House(Struct):
    """The way of a message from promise to reader, with the world outside at its end."""

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

    async def states(self) -> list[tuple[str, str | None]]:
        rows = await stored_deliveries(self.engine)
        return [(row["state"], row["last_error"]) for row in rows]


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncGenerator[House]:
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


async def test_a_freeze_reaches_every_address_of_the_owner(house: House) -> None:
    await house.tell(cast.frozen())

    assert await house.send() == 2

    assert house.mailbox.letters[0]["To"] == "olga@mail.example"
    assert house.carrier.forms[0]["To"] == "+5491155550001"
    assert await house.states() == [("sent", None), ("sent", None)]
    assert await house.send() == 0


async def test_the_deliverys_id_goes_along_as_the_key(house: House) -> None:
    await house.tell(cast.frozen())
    await house.send()

    mail, phone = [row["id"] for row in await stored_deliveries(house.engine)]
    assert house.mailbox.letters[0]["Message-ID"] == f"<{mail}@norte.example>"
    assert house.carrier.keys == [str(phone)]


async def test_a_link_is_opened_when_sending_and_wiped_afterwards(house: House) -> None:
    outbox_id = await house.tell(cast.invited(), TOKEN)
    assert (await stored_promise(house.engine, outbox_id)).secret is not None

    await house.send()

    letters = {letter["To"]: str(letter.get_body(("plain",))) for letter in house.mailbox.letters}
    assert f"/i#{TOKEN}" in letters["carl@mail.example"]
    assert TOKEN not in letters["olga@mail.example"]
    assert (await stored_promise(house.engine, outbox_id)).secret is None


async def test_a_code_is_sent_while_it_is_right_and_not_a_moment_longer(
    house: House, later: Later
) -> None:
    async with house.engine.connect() as db:
        now = await clock(db)
    await house.tell(cast.code_asked(CLEO, expires_at=now + timedelta(minutes=10)), CODE)
    await house.tell(cast.code_asked(CLEO, expires_at=now + timedelta(minutes=20)), "738104")
    await later(timedelta(minutes=10))

    assert await house.send() == 2

    assert sorted(state for state, _ in await house.states()) == ["pointless", "sent"]
    (form,) = house.carrier.forms
    assert "738104" in form["Body"]
    assert 500 < int(form["ValidityPeriod"]) <= 600


async def test_no_transaction_is_open_while_sending(house: House) -> None:
    await house.tell(cast.reported())
    seen: list[int] = []

    async def look() -> None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        async with house.engine.connect() as db:
            seen.append((await db.execute(waiting)).scalar_one())

    house.mailbox.on_letter = look
    await house.send()

    assert seen == [0]


async def test_an_address_that_was_corrected_or_erased_meanwhile_wins(house: House) -> None:
    await house.tell(cast.frozen())
    house.book.erased = {OLGAS_MAIL}
    await house.send()
    assert await house.states() == [("pointless", None), ("sent", None)]

    await house.tell(cast.reported(CARL))
    house.book.kinds[CARL] = AddressKind.PHONE
    await house.send()
    assert house.mailbox.letters == []
    assert len(house.carrier.forms) == 2


async def test_a_contact_without_an_owner_has_nothing_left_to_hear(house: House) -> None:
    outbox_id = await house.tell(cast.accepted(CLEO), TOKEN)
    house.book.owner_name = None

    await house.send()

    contacts = [row for row in await stored_deliveries(house.engine) if row["role"] == "contact"]
    assert [row["state"] for row in contacts] == ["pointless"]
    assert (await stored_promise(house.engine, outbox_id)).secret is None


async def test_refusals_are_told_apart(house: House) -> None:
    await house.tell(cast.reported(CARL))
    house.mailbox.answers["RCPT"] = "451 4.7.1 greylisted"
    await house.send()
    assert await house.states() == [("due", "smtp-451-4.7.1")]

    await house.tell(cast.reported(CLEO))
    house.carrier.answer = web.json_response({"code": 21610}, status=400)
    await house.send()
    assert ("parked", "http-400-21610") in await house.states()


async def test_a_channel_that_is_not_there_parks_its_deliveries(house: House) -> None:
    house.channels = Channels(email=house.channels.email)
    await house.tell(cast.reported(CLEO))

    await house.send()

    assert await house.states() == [("parked", "no-such-channel")]


async def test_a_message_that_cannot_be_written_holds_up_no_other(house: House) -> None:
    async with house.engine.connect() as db:
        soon = await clock(db) + timedelta(minutes=10)
    await house.tell(cast.code_asked(purpose="nobody-has-words", expires_at=soon), CODE)
    await house.tell(cast.reported(CLEO))

    assert await house.send() == 2

    assert sorted(await house.states(), key=str) == [
        ("due", "unforeseen-UndefinedError"),
        ("sent", None),
    ]


async def test_what_kills_its_worker_every_time_ends_too(house: House, later: Later) -> None:
    await house.tell(cast.reported())
    for _ in range(retry.TRIES):
        assert await lease_next(house.engine) is not None
        await later(LEASE_LASTS + timedelta(seconds=1))

    await house.send()

    assert await house.states() == [("parked", "tries-used-up")]
    assert house.mailbox.letters == []


async def test_no_more_are_sent_at_once_than_asked(house: House) -> None:
    for _ in range(5):
        await house.tell(cast.reported())

    assert [await house.send(most_at_once=3) for _ in range(3)] == [3, 2, 0]


async def test_workers_side_by_side_send_each_message_once(house: House) -> None:
    for _ in range(12):
        await house.tell(cast.reported())

    async def work() -> int:
        done = 0
        while sent := await house.send(most_at_once=2):
            done += sent
        return done

    assert sum(await asyncio.gather(work(), work(), work())) == 12
    ids = [letter["Message-ID"] for letter in house.mailbox.letters]
    assert len(ids) == len(set(ids)) == 12


async def test_logs_tell_what_happened_and_to_nobody_whom(house: House) -> None:
    async with house.engine.connect() as db:
        soon = await clock(db) + timedelta(minutes=10)
    with capture_logs() as lines:
        await house.tell(cast.invited(), TOKEN)
        await house.tell(cast.code_asked(CLEO, expires_at=soon), CODE)
        await house.send()
        house.mailbox.answers["RCPT"] = "550 5.1.1 <carl@mail.example> unknown"
        house.book.wallet = cast.the_wallet(short_name="Ñandú Olga")
        await house.tell(cast.reported(CARL))
        await house.tell(cast.reported(CLEO))
        await house.send()

    outcomes = [line["outcome"] for line in lines if line["event"] == "delivery.recorded"]
    assert sorted(outcomes) == ["later", "never", "sent", "sent", "sent", "sent"]
    told = [*ADDRESSES.values(), "Olga", "Carl", CODE, TOKEN]
    kept = str(lines) + str(await house.states())
    assert not [word for word in told if word in kept]


async def test_a_worker_killed_between_sending_and_recording_sends_again_with_the_same_id(
    house: House, later: Later, database_url: str
) -> None:
    await house.tell(cast.reported())
    environment = os.environ | {
        "TEST_DATABASE_URL": database_url,
        "TEST_SMTP_URL": f"smtp://127.0.0.1:{house.mailbox.port}",
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notifications.one_worker", env=environment
    )

    async def kill() -> None:
        worker.kill()
        await worker.wait()

    # The letter is taken; the answer finds nobody any more.
    house.mailbox.on_letter = kill
    assert await worker.wait() == -signal.SIGKILL
    assert await house.states() == [("due", None)]
    house.mailbox.on_letter = None

    assert await house.send() == 0
    await later(LEASE_LASTS + timedelta(seconds=1))
    assert await house.send() == 1

    first, second = house.mailbox.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert [row["attempts"] for row in await stored_deliveries(house.engine)] == [2]
    assert await house.states() == [("sent", None)]


async def test_a_worker_that_lost_its_lease_does_not_overwrite_its_heir(
    house: House, later: Later
) -> None:
    await house.tell(cast.reported())

    async def take_over() -> None:
        await later(LEASE_LASTS + timedelta(seconds=1))
        heir = await lease_next(house.engine)
        assert heir is not None
        house.mailbox.on_letter = None

    house.mailbox.on_letter = take_over
    with capture_logs() as lines:
        await house.send()

    assert await house.states() == [("due", None)]
    assert [line["event"] for line in lines] == ["delivery.lease-lost"]
