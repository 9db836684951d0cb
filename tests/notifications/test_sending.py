import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy import text
from structlog.testing import capture_logs

from domain.accounts import AddressKind
from notifications.channels import Channels
from notifications.deliveries import drop_held, let_go
from tests.notifications import cast
from tests.notifications.cast import (
    ADDRESSES,
    CARL,
    CLEO,
    CODE,
    OLGAS_MAIL,
    TOKEN,
    Later,
    stored_deliveries,
    stored_promise,
)
from tests.notifications.house import House

pytestmark = pytest.mark.anyio


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
    outbox_id = await house.tell(cast.invited(lapses_at=await house.soon()), TOKEN)
    assert (await stored_promise(house.engine, outbox_id)).secret is not None

    await house.send()

    letters = {letter["To"]: str(letter.get_body(("plain",))) for letter in house.mailbox.letters}
    assert f"/i#{TOKEN}" in letters["carl@mail.example"]
    assert TOKEN not in letters["olga@mail.example"]
    assert (await stored_promise(house.engine, outbox_id)).secret is None


def read(house: House) -> list[tuple[str, str]]:
    """To whom, and the words as a mail program shows them."""
    bodies = [(letter["To"], letter.get_body(("plain",))) for letter in house.mailbox.letters]
    return [(to, body.get_content()) for to, body in bodies if body is not None]


async def test_a_removals_notice_to_the_owner_stops_it_while_it_is_pending(house: House) -> None:
    house.book.removed_now = {CARL}
    await house.tell(cast.removal_begun())
    await house.send()
    house.book.removed_now = set()
    await house.tell(cast.removal_begun())
    await house.send()

    first, late = [text for to, text in read(house) if to == "olga@mail.example"]
    assert f"/not-mine#{cast.NOT_MINE}" in first
    assert "/not-mine" not in late
    told = [text for to, text in read(house) if to == "carl@mail.example"]
    assert len(told) == 2
    assert not [text for text in told if cast.NOT_MINE in text]
    assert all(f"/not-me#{cast.NOT_ME}" in text for text in told)


async def test_a_code_is_sent_while_it_is_right_and_not_a_moment_longer(
    house: House, later: Later
) -> None:
    soon = await house.soon()
    await house.tell(cast.code_asked(CLEO, expires_at=soon), CODE)
    await house.tell(cast.code_asked(CLEO, expires_at=soon + timedelta(minutes=10)), "738104")
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
    soon = await house.soon()
    await house.tell(cast.code_asked(purpose="nobody-has-words", expires_at=soon), CODE)
    await house.tell(cast.reported(CLEO))

    assert await house.send() == 2

    assert sorted(await house.states(), key=str) == [
        ("due", "unforeseen-UndefinedError"),
        ("sent", None),
    ]


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
    soon = await house.soon()
    with capture_logs() as lines:
        await house.tell(cast.invited(lapses_at=soon), TOKEN)
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


async def test_what_may_not_be_written_to_an_owner_now_is_laid_aside_untried(house: House) -> None:
    await house.tell(cast.frozen())
    house.book.in_danger.add(cast.OLGAS)

    await house.send()

    assert house.mailbox.letters == []
    assert await house.states() == [("held", None), ("held", None)]
    rows = await stored_deliveries(house.engine)
    assert {(row["attempts"], row["lease_token"], row["leased_until"]) for row in rows} == {
        (0, None, None)
    }
    assert await house.send() == 0


async def test_what_was_laid_aside_goes_once_it_is_let_go(house: House) -> None:
    await house.tell(cast.frozen())
    house.book.in_danger.add(cast.OLGAS)
    await house.send()
    house.book.in_danger.clear()
    async with house.engine.begin() as db:
        assert await let_go(db, cast.NORTE, cast.OLGAS) == 2

    assert await house.send() == 2

    assert await house.states() == [("sent", None), ("sent", None)]


async def test_what_was_laid_aside_can_be_dropped(house: House) -> None:
    await house.tell(cast.frozen())
    house.book.in_danger.add(cast.OLGAS)
    await house.send()

    async with house.engine.begin() as db:
        assert await drop_held(db, cast.NORTE, cast.OLGAS) == 2

    assert await house.states() == [("pointless", None), ("pointless", None)]
