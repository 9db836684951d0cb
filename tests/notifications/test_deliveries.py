import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from notifications import retry
from notifications.channels import Later, Never, Outcome, Sent
from notifications.deliveries import LEASE_LASTS, LeasedDelivery, lease_next, record
from notifications.dispatch import dispatch_waiting
from notifications.retry import Pointless
from notifications.tables import deliveries
from tests.notifications import cast
from tests.notifications.address_book import AddressBook
from tests.notifications.cast import CODE, TOKEN, promise, stored_deliveries, stored_promise
from tests.notifications.cast import Later as TimePasses

pytestmark = pytest.mark.anyio

SENT = Sent(provider_ref="SM1")
A_SECOND = timedelta(seconds=1)
NOT_NOW = Later(error="smtp-421")


async def one_receipt(engine: AsyncEngine) -> UUID:
    outbox_id = await promise(engine, cast.reported())
    await dispatch_waiting(engine, AddressBook(), limit=10)
    return outbox_id


async def leased_one(engine: AsyncEngine) -> LeasedDelivery:
    leased = await lease_next(engine)
    assert leased is not None
    return leased


async def test_a_leased_delivery_is_nobody_elses(engine: AsyncEngine) -> None:
    await one_receipt(engine)

    leased = await leased_one(engine)

    assert await lease_next(engine) is None
    assert (leased.event, leased.role.value, leased.attempts) == ("loss-reported", "contact", 1)


async def test_many_workers_never_lease_the_same_twice(engine: AsyncEngine) -> None:
    for _ in range(30):
        await promise(engine, cast.reported())
    await dispatch_waiting(engine, AddressBook(), limit=100)

    async def work() -> list[UUID]:
        mine: list[UUID] = []
        while (leased := await lease_next(engine)) is not None:
            mine.append(leased.id)
            assert await record(engine, leased, SENT)
        return mine

    shares = await asyncio.gather(*(work() for _ in range(5)))

    done = [delivery_id for share in shares for delivery_id in share]
    assert len(done) == len(set(done)) == 30
    assert {row["attempts"] for row in await stored_deliveries(engine)} == {1}


async def test_a_lease_is_taken_over_once_it_has_run_out_and_not_before(
    engine: AsyncEngine, later: TimePasses
) -> None:
    await one_receipt(engine)
    killed = await leased_one(engine)

    await later(LEASE_LASTS - timedelta(seconds=20))
    assert await lease_next(engine) is None
    await later(timedelta(seconds=21))
    heir = await leased_one(engine)

    assert heir.id == killed.id
    assert heir.lease_token != killed.lease_token
    assert heir.attempts == 2


@pytest.mark.parametrize("outcome", [SENT, NOT_NOW, Never(error="smtp-550"), Pointless()])
async def test_who_lost_the_lease_changes_nothing(
    engine: AsyncEngine, later: TimePasses, outcome: Outcome | Pointless
) -> None:
    await promise(engine, cast.code_asked(), secret=CODE)
    await dispatch_waiting(engine, AddressBook(), limit=10)
    slow = await leased_one(engine)
    await later(LEASE_LASTS + A_SECOND)
    heir = await leased_one(engine)
    before = await stored_deliveries(engine)

    assert not await record(engine, slow, outcome)
    assert not await record(engine, replace(heir, lease_token=uuid4()), outcome)

    assert await stored_deliveries(engine) == before
    assert (await stored_promise(engine, heir.outbox_id)).secret is not None
    assert await record(engine, heir, SENT)
    # Nor can the one who finished it finish it again.
    assert not await record(engine, heir, outcome)


async def test_a_slow_worker_whose_lease_nobody_took_may_still_record(
    engine: AsyncEngine, later: TimePasses
) -> None:
    await one_receipt(engine)
    slow = await leased_one(engine)
    await later(LEASE_LASTS + A_SECOND)

    assert await record(engine, slow, SENT)

    assert await lease_next(engine) is None


async def test_what_was_sent_says_when_and_is_done(engine: AsyncEngine) -> None:
    await one_receipt(engine)
    await record(engine, await leased_one(engine), SENT)

    (row,) = await stored_deliveries(engine)
    assert (row["state"], row["lease_token"], row["leased_until"]) == ("sent", None, None)
    assert row["sent_at"] is not None


async def test_what_failed_is_due_again_after_its_wait(
    engine: AsyncEngine, later: TimePasses
) -> None:
    await one_receipt(engine)
    leased = await leased_one(engine)
    await record(engine, leased, Later(error="http-429", retry_after=timedelta(minutes=2)))

    (row,) = await stored_deliveries(engine)
    assert (row["state"], row["last_error"]) == ("due", "http-429")
    await later(timedelta(seconds=100))
    assert await lease_next(engine) is None
    await later(timedelta(seconds=21))
    again = await leased_one(engine)
    assert (again.id, again.attempts) == (leased.id, 2)


async def test_after_the_last_try_it_is_parked(engine: AsyncEngine, later: TimePasses) -> None:
    await one_receipt(engine)
    states: list[str] = []
    for _ in range(retry.TRIES):
        await record(engine, await leased_one(engine), NOT_NOW)
        states += [row["state"] for row in await stored_deliveries(engine)]
        await later(timedelta(hours=31))

    assert states == ["due"] * (retry.TRIES - 1) + ["parked"]
    assert await lease_next(engine) is None


async def test_what_will_never_be_taken_is_parked_at_once(engine: AsyncEngine) -> None:
    await one_receipt(engine)
    await record(engine, await leased_one(engine), Never(error="smtp-550-5.1.1"))

    (row,) = await stored_deliveries(engine)
    assert (row["state"], row["last_error"]) == ("parked", "smtp-550-5.1.1")


async def test_a_code_is_not_tried_beyond_its_end(engine: AsyncEngine) -> None:
    outbox_id = await promise(engine, cast.code_asked(), secret=CODE)
    await dispatch_waiting(engine, AddressBook(), limit=10)
    # The event's code ended at noon's tenth minute, long before the database's clock.
    await record(engine, await leased_one(engine), NOT_NOW)

    (row,) = await stored_deliveries(engine)
    assert (row["state"], row["last_error"]) == ("pointless", "smtp-421")
    assert (await stored_promise(engine, outbox_id)).secret is None


@pytest.mark.parametrize("end", [SENT, Never(error="smtp-550"), Pointless()])
async def test_the_secret_goes_with_the_message_that_holds_it(
    engine: AsyncEngine, end: Outcome | Pointless
) -> None:
    outbox_id = await promise(engine, cast.invited(), secret=TOKEN)
    await dispatch_waiting(engine, AddressBook(), limit=10)
    leased = [await leased_one(engine) for _ in range(3)]
    (to_carl,) = [one for one in leased if one.role.value == "contact"]
    to_olga = [one for one in leased if one.role.value == "owner"]

    await record(engine, to_olga[0], SENT)
    assert (await stored_promise(engine, outbox_id)).secret is not None
    await record(engine, to_carl, end)
    # Olga's other address is still due, but her message never needed it.
    assert (await stored_promise(engine, outbox_id)).secret is None


async def test_a_secret_stays_while_its_message_is_tried_again(
    engine: AsyncEngine, later: TimePasses
) -> None:
    outbox_id = await promise(engine, cast.accepted(), secret=TOKEN)
    await dispatch_waiting(engine, AddressBook(), limit=10)
    for _ in range(3):
        await record(engine, await leased_one(engine), NOT_NOW)

    assert (await stored_promise(engine, outbox_id)).secret is not None
    await later(timedelta(seconds=5))
    assert (await leased_one(engine)).secret == f"sealed:{TOKEN}".encode()


async def test_two_recorded_at_the_same_moment_still_wipe_the_secret(engine: AsyncEngine) -> None:
    """Each transaction alone would see the other's delivery as still due."""
    for _ in range(10):
        outbox_id = await promise(engine, cast.invited(), secret=TOKEN)
        await dispatch_waiting(engine, AddressBook(), limit=10)
        leased = [await leased_one(engine) for _ in range(3)]
        async with engine.begin() as db:
            # As if the contact had two addresses.
            await db.execute(update(deliveries).values(role="contact"))

        await asyncio.gather(*(record(engine, one, SENT) for one in leased))

        assert (await stored_promise(engine, outbox_id)).secret is None


async def test_the_longest_due_goes_first(engine: AsyncEngine, later: TimePasses) -> None:
    first = await one_receipt(engine)
    await later(A_SECOND)
    second = await one_receipt(engine)

    order = [(await leased_one(engine)).outbox_id for _ in range(2)]

    assert order == [first, second]
