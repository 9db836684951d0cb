"""Codes cost money and nerves: how often they are sent and guessed, and what strangers cannot do.

Each test shows both sides of its limit, on the house's own clock.
"""

import asyncio
from datetime import timedelta

import pytest
from msgspec import Struct
from sqlalchemy import insert, select

from domain.accounts import AddressKind
from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.limits import (
    LIMITS,
    SENT_BY_WALLET,
    SENT_FROM_NETWORK,
    SENT_IN_ALL,
    SENT_TO_ADDRESS,
    SENT_TO_DIALLING_CODE,
    SENT_TO_PREFIX,
    WRONG_CODES_A_DAY,
    WRONG_CODES_EVER,
    Limit,
    Rate,
)
from domain.refusals import TooMany, TooManyWrongCodes, TooSoon
from domain.reports import Way
from domain.wallets import THE_INSTALLATION, Wallet
from service.embedded import Cluster
from service.operations import budgets, limits_by_hand, reports, visits, without_link
from service.operations.budgets import Sending
from service.operations.house import House
from service.operations.limits import subject_of
from service.operations.without_link import Address
from service.storage import limits as rows
from service.storage.tables import challenges, limits, outbox
from service.storage.values import BrowserSession
from tests import people as cast
from tests.clocks import stand_still
from tests.fault.power_cuts import power_cut_at, what_is_stored

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)
CARLS = Address(kind=AddressKind.EMAIL, written="carl@correo.example")
NOBODYS = Address(kind=AddressKind.EMAIL, written="nobody@correo.example")


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    carl: Contact
    link: str

    async def with_link(self, purpose: Purpose = Purpose.REPORT) -> BrowserSession:
        return (await visits.open_link(self.house, self.wallet, self.link, purpose)).session

    async def without(self, address: Address = CARLS) -> BrowserSession:
        opened = await without_link.open_by_address(
            self.house, self.wallet, address, Purpose.REPORT
        )
        return opened.session

    async def ask(self, session: BrowserSession, network: str | None = None) -> None:
        await visits.ask_code(self.house, self.wallet, session, network=network)

    async def refused_until(self, session: BrowserSession) -> timedelta:
        """How long the next code is still refused; nothing of it is stored."""
        before = await what_is_stored(self.house)
        with pytest.raises(TooSoon) as refused:
            await self.ask(session)
        assert await what_is_stored(self.house) == before
        return refused.value.retry_at - await cast.now(self.house)

    async def move(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def wrong(self, session: BrowserSession) -> CodeResult | str:
        code = await cast.told_secret(self.house, self.wallet, "code-asked")
        wrong = "0" * len(code) if set(code) != {"0"} else "1" * len(code)
        return await reports.spend_code(self.house, self.wallet, session, wrong)


@pytest.fixture
async def scene(cluster: Cluster, database: str, house: House) -> Scene:
    await stand_still(cluster, database)
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    return Scene(house=house, wallet=wallet, carl=carl, link=link)


async def test_each_unread_code_doubles_the_wait_over_all_browsers(scene: Scene) -> None:
    for wait in (1, 2, 4, 8):
        await scene.ask(await scene.with_link())
        other = await scene.with_link()
        assert await scene.refused_until(other) == wait * MINUTE
        await scene.move(wait * MINUTE - A_MOMENT)
        await scene.refused_until(other)
        await scene.move(A_MOMENT)


async def test_a_code_that_was_used_makes_nobody_wait(scene: Scene) -> None:
    await scene.ask(await scene.with_link())
    await scene.refused_until(await scene.with_link())
    await scene.move(MINUTE)

    await cast.a_verified_visit(scene.house, scene.wallet, scene.link)

    session = await scene.with_link()
    await scene.ask(session)
    assert await scene.refused_until(session) == MINUTE


@pytest.mark.parametrize(("way", "most"), [(Way.LINK, 5), (Way.ADDRESS, 3)])
async def test_so_many_codes_an_hour_and_not_one_more(scene: Scene, way: Way, most: int) -> None:
    async def another() -> BrowserSession:
        return await (scene.with_link() if way is Way.LINK else scene.without())

    began = await cast.now(scene.house)
    for _ in range(most - 1):
        await scene.ask(await another())
        await scene.move(await scene.refused_until(await another()))
    await scene.ask(await another())

    left = began + HOUR - await cast.now(scene.house)
    assert await scene.refused_until(await another()) == left
    await scene.move(left - A_MOMENT)
    await scene.refused_until(await another())
    await scene.move(A_MOMENT)
    await scene.ask(await another())


async def test_ten_codes_a_day_and_not_one_more(scene: Scene) -> None:
    began = await cast.now(scene.house)
    for _ in range(10):
        await scene.ask(await scene.with_link())
        await scene.move(HOUR)

    left = began + DAY - await cast.now(scene.house)
    assert await scene.refused_until(await scene.with_link()) == left
    await scene.move(left - A_MOMENT)
    await scene.refused_until(await scene.with_link())
    await scene.move(A_MOMENT)
    await scene.ask(await scene.with_link())


async def test_the_page_is_told_from_when_before_anyone_asks_in_vain(scene: Scene) -> None:
    session = await scene.with_link()
    assert (await visits.see_code(scene.house, scene.wallet, session)).next_code_from is None
    await scene.ask(session)

    seen = await visits.see_code(scene.house, scene.wallet, session)

    assert seen.next_code_from is not None
    assert seen.next_code_from - seen.now == MINUTE


@pytest.mark.parametrize("address", [CARLS, NOBODYS])
async def test_an_address_that_nobody_has_is_counted_like_any_other(
    scene: Scene, address: Address
) -> None:
    waits: list[timedelta] = []
    for _ in range(3):
        await scene.ask(await scene.without(address))
        waits.append(await scene.refused_until(await scene.without(address)))
        await scene.move(waits[-1])

    assert waits[0] == MINUTE
    assert waits[1] == 2 * MINUTE
    assert waits[2] > 50 * MINUTE


async def _four_challenges_of_wrong_codes(scene: Scene, session: BrowserSession) -> None:
    """Twenty guesses that were compared, and were wrong."""
    for _ in range(4):
        await scene.ask(session)
        assert [await scene.wrong(session) for _ in range(5)] == [CodeResult.WRONG] * 5
        await scene.move(20 * MINUTE)
        session = await _again(scene, session)


async def _again(scene: Scene, session: BrowserSession) -> BrowserSession:
    return await (scene.with_link() if session.way is Way.LINK else scene.without())


async def test_twenty_wrong_codes_in_a_day_and_then_the_right_one_is_refused(scene: Scene) -> None:
    began = await cast.now(scene.house)
    await _four_challenges_of_wrong_codes(scene, await scene.with_link())
    session = await scene.with_link()
    await scene.ask(session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    counted = select(challenges.c.attempts).where(challenges.c.browser_session_id == session.id)

    with pytest.raises(TooMany) as refused:
        await reports.spend_code(scene.house, scene.wallet, session, code)

    assert refused.value.retry_at == began + DAY
    async with scene.house.engine.connect() as db:
        assert await db.scalar(counted) == 1
    await scene.move(refused.value.retry_at - await cast.now(scene.house))
    session = await scene.with_link()
    await scene.ask(session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    assert isinstance(await reports.spend_code(scene.house, scene.wallet, session, code), str)


async def test_right_codes_are_not_counted_as_wrong(scene: Scene) -> None:
    for _ in range(3):
        await cast.a_verified_visit(scene.house, scene.wallet, scene.link)

    of = subject_of(
        scene.house.keys, scene.wallet.id, WRONG_CODES_A_DAY, scene.carl.person_id.bytes
    )
    async with scene.house.engine.connect() as db:
        assert (await rows.see(db, of, WRONG_CODES_A_DAY.rate)).remaining == 20


async def _guessed(scene: Scene, limit: Limit, times: int) -> None:
    of = subject_of(scene.house.keys, scene.wallet.id, limit, scene.carl.person_id.bytes)
    async with scene.house.engine.begin() as db:
        for _ in range(times):
            assert (await rows.take(db, of, limit.rate))[0]


async def test_a_hundred_wrong_codes_count_until_the_operator_resets_them(scene: Scene) -> None:
    await _guessed(scene, WRONG_CODES_EVER, 99)
    session = await scene.with_link()
    await scene.ask(session)
    assert await scene.wrong(session) is CodeResult.WRONG
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")

    with pytest.raises(TooManyWrongCodes):
        await reports.spend_code(scene.house, scene.wallet, session, code)
    await scene.move(60 * DAY)
    session = await scene.with_link()
    await scene.ask(session)
    with pytest.raises(TooManyWrongCodes):
        await scene.wrong(session)

    gone = await limits_by_hand.reset_address(scene.house, scene.wallet, CARLS.kind, CARLS.written)
    assert gone >= 2
    session = await scene.with_link()
    await scene.ask(session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    assert isinstance(await reports.spend_code(scene.house, scene.wallet, session, code), str)
    async with scene.house.engine.connect() as db:
        told = await db.scalars(select(outbox.c.body).where(outbox.c.event == "limit-reset"))
        assert any(
            "wrong-codes-ever" in body and str(scene.carl.person_id) in body for body in told
        )


async def test_guesses_without_a_link_take_none_from_the_link_holder(scene: Scene) -> None:
    await _four_challenges_of_wrong_codes_by_address(scene)
    stranger = await scene.without()
    await scene.ask(stranger)
    with pytest.raises(TooMany):
        await scene.wrong(stranger)

    await cast.a_verified_visit(scene.house, scene.wallet, scene.link)


async def _four_challenges_of_wrong_codes_by_address(scene: Scene) -> None:
    for _ in range(4):
        session = await scene.without()
        await scene.ask(session)
        assert [await scene.wrong(session) for _ in range(5)] == [CodeResult.WRONG] * 5
        await scene.move(HOUR)


# What all share ---------------------------------------------------------------------------------


def a_text(**other: object) -> Sending:
    plain = {
        "way": Way.ADDRESS,
        "kind": AddressKind.PHONE,
        "address": "+5491123456789",
        "network": "203.0.113.0/24",
    }
    return Sending(**{**plain, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize(
    ("limit", "counted", "beside"),
    [
        (SENT_TO_PREFIX, b"+549112345", {"address": "+5491123356789"}),
        (SENT_TO_DIALLING_CODE, b"54", {"address": "+5511961234567"}),
        (SENT_FROM_NETWORK, b"203.0.113.0/24", {"network": "203.0.114.0/24"}),
        (SENT_BY_WALLET, b"", None),
        (SENT_IN_ALL, b"", None),
    ],
)
async def test_both_sides_of_each_shared_limit(
    scene: Scene, limit: Limit, counted: bytes, beside: dict[str, object] | None, way: Way
) -> None:
    wallet_id = THE_INSTALLATION if limit is SENT_IN_ALL else scene.wallet.id
    of = subject_of(scene.house.keys, wallet_id, limit, counted, way=way)
    rate = limit.rate_of(way)
    await _used_up(scene.house, of, rate, but=1)

    await _send(scene, a_text(way=way))

    with pytest.raises(TooMany) as refused:
        await _send(scene, a_text(way=way))
    await _send(scene, a_text(way=Way.LINK if way is Way.ADDRESS else Way.ADDRESS))
    if beside is not None:
        await _send(scene, a_text(way=way, **beside))
    await scene.move(refused.value.retry_at - await cast.now(scene.house))
    await _send(scene, a_text(way=way))


async def test_one_mailbox_is_not_buried_whatever_the_codes_are_for(scene: Scene) -> None:
    mail = a_text(kind=AddressKind.EMAIL, address=CARLS.written, network=None)
    for _ in range(SENT_TO_ADDRESS.rate_of(Way.ADDRESS).burst):
        await _send(scene, mail)

    with pytest.raises(TooMany):
        await _send(scene, mail)
    await _send(scene, a_text(kind=AddressKind.EMAIL, address=NOBODYS.written, network=None))


async def _send(scene: Scene, sending: Sending) -> None:
    async with scene.house.engine.begin() as db:
        await budgets.take_sending(db, scene.house.keys, scene.wallet, sending)


async def _used_up(house: House, of: rows.Subject, rate: Rate, *, but: int) -> None:
    """As after so many attempts at this very instant."""
    async with house.engine.begin() as db:
        now = await cast.now(house)
        values = {
            "wallet_id": of.wallet_id,
            "name": of.name,
            "subject": of.subject,
            "arrival": now + (rate.burst - but) * rate.each,
        }
        await rows.forget(db, of)
        await db.execute(insert(limits).values(values))


# Two thousand pages, opened and pressed.
@pytest.mark.timeout(600)
async def test_a_flood_of_strangers_from_thousands_of_networks_stops_no_link_holder(
    scene: Scene,
) -> None:
    """Everything strangers share is used up, and one of them holds its rows locked just now."""
    refused = 0
    async with scene.house.engine.connect() as db:
        for n in range(2000):
            sending = a_text(
                kind=AddressKind.EMAIL,
                address=f"somebody-{n}@correo.example",
                network=f"10.{n // 250}.{n % 250}.0/24",
            )
            try:
                async with db.begin():
                    await budgets.take_sending(db, scene.house.keys, scene.wallet, sending)
            except TooMany:
                refused += 1
    assert refused >= 2000 - 700
    stranger = await scene.without(NOBODYS)
    with pytest.raises(TooMany):
        await scene.ask(stranger, "198.51.100.0/24")

    async with scene.house.engine.connect() as db, db.begin():
        for way_limit in (SENT_BY_WALLET, SENT_IN_ALL):
            wallet_id = THE_INSTALLATION if way_limit is SENT_IN_ALL else scene.wallet.id
            of = subject_of(scene.house.keys, wallet_id, way_limit, b"", way=Way.ADDRESS)
            await rows.take(db, of, way_limit.rate_of(Way.ADDRESS))
        async with asyncio.timeout(60):
            await scene.ask(await scene.with_link(), "198.51.100.0/24")
            code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    assert len(code) == 6


# Failing ----------------------------------------------------------------------------------------


async def test_without_its_limits_no_code_is_sent(scene: Scene) -> None:
    session = await scene.with_link()
    before = await what_is_stored(scene.house)
    steps = 0
    while True:
        with power_cut_at(scene.house.engine, steps + 1) as cut:
            await scene.ask(session, "203.0.113.0/24")
        if not cut.happened:
            break
        assert await what_is_stored(scene.house) == before
        steps += 1

    # Each of the eight limits of a mail is a statement of its own, at least.
    assert steps > 8
    assert await what_is_stored(scene.house) != before


async def test_without_its_limits_no_code_is_compared(scene: Scene) -> None:
    session = await scene.with_link()
    await scene.ask(session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    async with scene.house.engine.connect() as db:
        challenge = (await db.execute(select(challenges.c.attempts))).scalars().all()
    with power_cut_at(scene.house.engine, 3) as cut:
        await reports.spend_code(scene.house, scene.wallet, session, code)

    assert cut.happened
    async with scene.house.engine.connect() as db:
        assert (await db.execute(select(challenges.c.attempts))).scalars().all() == challenge
    assert isinstance(await reports.spend_code(scene.house, scene.wallet, session, code), str)


# By hand ----------------------------------------------------------------------------------------


async def test_the_operator_sees_every_limit_and_what_is_used_up(scene: Scene) -> None:
    before = {seen.name: seen for seen in await limits_by_hand.show(scene.house, scene.wallet.id)}
    assert {seen.limit.name for seen in before.values()} == {limit.name for limit in LIMITS}

    for _ in range(2):
        session = await scene.without()
        await scene.ask(session)
        await scene.move(2 * MINUTE)
    await scene.ask(await scene.without())

    seen = {seen.name: seen for seen in await limits_by_hand.show(scene.house, scene.wallet.id)}
    hour = seen["codes-an-hour-without-link"]
    assert (hour.burst, hour.in_use, hour.used_up) == (3, 1, 1)
    assert hour.retry_at is not None
    assert seen["codes-a-day-without-link"].used_up == 0
    assert seen["codes-an-hour"] == before["codes-an-hour"]


async def test_the_operator_resets_one_limit_for_everyone(scene: Scene) -> None:
    await scene.ask(await scene.without())
    await scene.ask(await scene.without(NOBODYS))

    assert (
        await limits_by_hand.reset_all(scene.house, scene.wallet.id, "code-wait-without-link") == 2
    )

    await scene.ask(await scene.without())
    with pytest.raises(KeyError):
        await limits_by_hand.reset_all(scene.house, scene.wallet.id, "patience")


async def test_the_operator_resets_a_network(scene: Scene) -> None:
    of = subject_of(
        scene.house.keys, scene.wallet.id, SENT_FROM_NETWORK, b"203.0.113.0/24", way=Way.ADDRESS
    )
    await _used_up(scene.house, of, SENT_FROM_NETWORK.rate_of(Way.ADDRESS), but=0)
    with pytest.raises(TooMany):
        await scene.ask(await scene.without(), "203.0.113.0/24")

    assert await limits_by_hand.reset_network(scene.house, scene.wallet, "203.0.113.0/24") == 1

    await scene.ask(await scene.without(), "203.0.113.0/24")
