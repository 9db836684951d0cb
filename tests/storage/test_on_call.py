"""Whoever is woken: in their order, until somebody has it, and nobody of another wallet."""

from datetime import datetime, timedelta
from typing import Final

import anyio
import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from domain import tickets
from domain.accounts import AddressKind
from domain.refusals import NothingRings
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import clocks, on_call
from service.operations import tickets as ticket_acts
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.on_call import NewOnCall
from service.storage import load, tables
from service.storage.directory import HouseDirectory
from tests import desks
from tests import people as cast
from tests.desks import Case

pytestmark = pytest.mark.anyio
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await desks.a_case(house, wallet)


async def the_ticket(house: House, case: Case) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, case.wallet.id, case.ticket_id)


async def until(house: House, instant: datetime) -> None:
    await cast.move_clock(house, instant - await cast.now(house))


async def rung(house: House) -> list[str]:
    """Who was woken so far, by the name on the list, in order."""
    names = {str(one.person.id): one.name for one in await on_call.listed(house)}
    async with house.engine.connect() as db:
        found = await db.scalars(
            select(tables.outbox.c.body)
            .where(tables.outbox.c.event == "on-call-rung")
            .order_by(tables.outbox.c.id)
        )
        return [names[msgspec.json.decode(body)["person_id"]] for body in found]


async def somebody(
    house: House, name: str, *, place: int = 1, wallet: Wallet | None = None
) -> None:
    await on_call.add(
        house,
        NewOnCall(
            wallet_id=wallet.id if wallet else None,
            name=name,
            kind=AddressKind.EMAIL,
            address=f"{name.lower()}@guardia.example",
            language="es",
            time_zone="America/Bogota",
            place=place,
        ),
    )


async def _all_the_way_up(house: House, case: Case) -> None:
    await cast.move_clock(house, 9 * HOUR)
    await clocks.keep_clocks(house)
    assert (await the_ticket(house, case)).level == 4


async def test_at_level_four_the_list_is_rung_one_after_the_other_until_somebody_has_it(
    house: House, case: Case
) -> None:
    await somebody(house, "Omar", place=2)
    await somebody(house, "Olivia", place=1)
    await somebody(house, "Nadia", wallet=case.wallet)
    await _all_the_way_up(house, case)
    assert await rung(house) == ["Olivia"]
    # Late, twice, at once: five minutes are five minutes.
    await clocks.keep_clocks(house)
    for _ in range(2):
        await cast.move_clock(house, 5 * MINUTE)
        async with anyio.create_task_group() as group:
            group.start_soon(clocks.keep_clocks, house)
            group.start_soon(clocks.keep_clocks, house)
    assert await rung(house) == ["Olivia", "Omar", "Nadia"]

    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    await on_call.answer(house, case.ticket_id, by=sofia)

    await cast.move_clock(house, HOUR)
    await clocks.keep_clocks(house)
    assert len(await rung(house)) == 3
    with pytest.raises(NothingRings):
        await on_call.answer(house, case.ticket_id, by=sofia)


async def test_with_nobody_on_the_list_the_bell_waits_for_somebody_to_be_put_there(
    house: House, case: Case
) -> None:
    await _all_the_way_up(house, case)
    assert await rung(house) == []

    await somebody(house, "Omar")
    await cast.move_clock(house, 5 * MINUTE)
    await clocks.keep_clocks(house)

    assert await rung(house) == ["Omar"]


async def test_a_bell_gives_up_after_an_hour_and_says_so(house: House, case: Case) -> None:
    await somebody(house, "Omar")
    await _all_the_way_up(house, case)
    for _ in range(14):
        await cast.move_clock(house, 5 * MINUTE)
        await clocks.keep_clocks(house)

    assert len(await rung(house)) == 12
    async with house.engine.connect() as db:
        given_up = select(func.count()).where(tables.outbox.c.event == "on-call-given-up")
        assert await db.scalar(given_up) == 1


async def _an_officer(house: House, case: Case) -> SignedIn:
    """Approves, and does nothing else; the wallet's last resort at night."""
    found = await cast.an_agent(house, case.wallet, "nora", 1)
    async with house.engine.begin() as db:
        this = tables.agents.c.id == found.agent.id
        await db.execute(update(tables.agents).where(this).values(role="officer"))
        return replace(found, agent=await load.agent(db, found.agent.id))


async def test_two_at_the_desk_at_night_when_the_second_person_sleeps(
    house: House, case: Case
) -> None:
    """One agent proposes; the officer is woken after a quarter of an hour, has it, and decides."""
    await somebody(house, "Nora", wallet=case.wallet)
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await desks.proposed(house, case, astrid)
    since = (await the_ticket(house, case)).proposed_at
    assert since is not None
    await until(house, since + QUARTER - MINUTE)
    await clocks.keep_clocks(house)
    assert await rung(house) == []

    await until(house, since + QUARTER)
    await clocks.keep_clocks(house)
    assert await rung(house) == ["Nora"]
    nora = await _an_officer(house, case)
    await on_call.answer(house, case.ticket_id, by=nora)
    async with house.engine.connect() as db:
        pending = await load.pending_proposal(db, case.wallet.id, case.ticket_id)
    assert pending is not None
    await ticket_acts.approve_release(house, case.ticket_id, pending.id, by=nora)

    await cast.move_clock(house, HOUR)
    await clocks.keep_clocks(house)
    assert await rung(house) == ["Nora"]
    assert (await the_ticket(house, case)).stage is tickets.RELEASED


async def test_a_decision_silences_the_bell_although_nobody_has_answered_it(
    house: House, case: Case
) -> None:
    await somebody(house, "Nora", wallet=case.wallet)
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await desks.proposed(house, case, astrid)
    await cast.move_clock(house, QUARTER)
    await clocks.keep_clocks(house)
    assert await rung(house) == ["Nora"]
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    async with house.engine.connect() as db:
        pending = await load.pending_proposal(db, case.wallet.id, case.ticket_id)
    assert pending is not None
    await ticket_acts.approve_release(house, case.ticket_id, pending.id, by=arne)

    await cast.move_clock(house, 5 * MINUTE)
    await clocks.keep_clocks(house)

    assert await rung(house) == ["Nora"]
    async with house.engine.connect() as db:
        assert await load.open_rings_of(db, case.wallet.id, case.ticket_id) == ()


async def test_who_is_off_the_list_is_written_to_no_more_and_nothing_of_them_is_left(
    house: House, case: Case
) -> None:
    await somebody(house, "Omar")
    (omar,) = await on_call.listed(house)
    assert (omar.name, omar.address) == ("Omar", "omar@guardia.example")
    directory = HouseDirectory(house.keys)
    async with house.engine.connect() as db:
        (found,) = await directory.on_call(db, case.wallet.id, omar.person.id)
        opened = await directory.open_on_call(db, case.wallet.id, omar.person.id)
        assert (found.kind, opened and opened.address) == (AddressKind.EMAIL, omar.address)

    await on_call.remove(house, omar.person.id)

    assert await on_call.listed(house) == ()
    async with house.engine.connect() as db:
        assert await directory.on_call(db, case.wallet.id, omar.person.id) == ()
        assert await directory.open_on_call(db, case.wallet.id, omar.person.id) is None
        keys = select(func.count()).where(tables.data_keys.c.id == omar.person.data_key_id)
        assert await db.scalar(keys) == 0


async def test_a_wallet_s_own_people_are_nobody_s_elses(house: House, case: Case) -> None:
    other = await cast.a_wallet(house, replace(cast.NORTE, origin="http://sur.localhost:8000"))
    await somebody(house, "Nadia", wallet=other)
    (nadia,) = await on_call.listed(house)

    async with house.engine.connect() as db:
        assert await HouseDirectory(house.keys).on_call(db, case.wallet.id, nadia.person.id) == ()
        assert await load.on_call_for(db, case.wallet.id) == ()
    await _all_the_way_up(house, case)
    assert await rung(house) == []


async def test_whoever_is_woken_is_led_to_the_configured_console(house: House, case: Case) -> None:
    await somebody(house, "Omar")
    (omar,) = await on_call.listed(house)
    told: list[str | None] = []
    for directory in (
        HouseDirectory(house.keys, console="https://mesa.example"),
        HouseDirectory(house.keys),
    ):
        async with house.engine.connect() as db:
            recipient = await directory.open_on_call(db, case.wallet.id, omar.person.id)
        assert recipient is not None
        told.append(recipient.console)

    assert told == ["https://mesa.example", None]
