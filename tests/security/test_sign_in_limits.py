"""Guessing at an agent's sign-in: counted before compared, and it keeps no agent out elsewhere."""

from datetime import timedelta

import pytest
from msgspec import Struct

from domain.limits import (
    PROVED_AGAIN,
    SIGN_INS_FROM_NETWORK,
    SIGN_INS_OF_LOGIN,
    SIGN_INS_OF_LOGIN_FROM_NETWORK,
)
from domain.refusals import SignInFailed, TooMany
from domain.wallets import THE_INSTALLATION, Wallet
from service.embedded import Cluster
from service.operations import agents, limits_by_hand
from service.operations.agents import SignedIn
from service.operations.agents_door import PasswordAndCode
from service.operations.house import House
from service.operations.limits import subject_of
from service.storage import limits as rows
from tests import people as cast
from tests.clocks import stand_still
from tests.desks import Authenticator, an_agent
from tests.fault.power_cuts import power_cut_at

pytestmark = pytest.mark.anyio
HERE = "203.0.113.0/24"
ELSEWHERE = "198.51.100.0/24"
WRONG = "not the right passphrase"


class Door(Struct, frozen=True, kw_only=True):
    house: House
    astrid: Authenticator

    async def right(self, network: str | None = HERE, *, code: str | None = None) -> SignedIn:
        opened = await agents.sign_in(
            self.house,
            login="astrid",
            password=cast.PASSWORD,
            code=code or await self.astrid.new_code(),
            network=network,
        )
        return await agents.signed_in(self.house, opened.cookie)

    async def shown(self) -> PasswordAndCode:
        return PasswordAndCode(password=cast.PASSWORD, code=await self.astrid.new_code())

    async def wrong(self, login: str = "astrid", network: str | None = HERE) -> None:
        with pytest.raises(SignInFailed):
            await self._wrong(login, network)

    async def refused(self, login: str = "astrid", network: str | None = HERE) -> timedelta:
        with pytest.raises(TooMany) as refused:
            await self._wrong(login, network)
        return refused.value.retry_at - await cast.now(self.house)

    async def _wrong(self, login: str, network: str | None) -> None:
        await agents.sign_in(
            self.house, login=login, password=WRONG, code="000000", network=network
        )


@pytest.fixture
async def door(house: House, cluster: Cluster, database: str) -> Door:
    await stand_still(cluster, database)
    wallet: Wallet = await cast.a_wallet(house)
    return Door(house=house, astrid=await an_agent(house, wallet, "astrid", level=2))


@pytest.mark.parametrize("login", ["astrid", "mallory"])
async def test_ten_attempts_at_a_login_whether_or_not_anyone_has_it(door: Door, login: str) -> None:
    for _ in range(10):
        await door.wrong(login)

    assert await door.refused(login) == SIGN_INS_OF_LOGIN_FROM_NETWORK.rate.each
    await cast.move_clock(door.house, SIGN_INS_OF_LOGIN_FROM_NETWORK.rate.each)
    await door.wrong(login)
    await door.refused(login)


async def test_past_the_limit_the_right_password_is_the_same_answer(door: Door) -> None:
    for _ in range(10):
        await door.wrong()

    with pytest.raises(TooMany):
        await door.right()
    await door.right(ELSEWHERE)


@pytest.mark.parametrize("limit", [SIGN_INS_FROM_NETWORK, SIGN_INS_OF_LOGIN])
async def test_both_sides_of_what_one_network_and_one_login_have(door: Door, limit: object) -> None:
    whole = SIGN_INS_FROM_NETWORK if limit is SIGN_INS_FROM_NETWORK else SIGN_INS_OF_LOGIN
    counted = HERE if whole is SIGN_INS_FROM_NETWORK else "astrid"
    of = subject_of(door.house.keys, THE_INSTALLATION, whole, counted.encode())
    async with door.house.engine.begin() as db:
        for _ in range(whole.rate.burst - 1):
            await rows.take(db, of, whole.rate)

    await door.wrong()

    await door.refused()
    await cast.move_clock(door.house, whole.rate.each)
    await door.wrong()


async def test_an_attempt_is_counted_before_anything_is_compared(door: Door) -> None:
    of = subject_of(door.house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    code = await door.astrid.new_code()
    # Three limits and their commit, then the first look at who it may be.
    with power_cut_at(door.house.engine, 5) as cut:
        await door.right(code=code)

    assert cut.happened
    async with door.house.engine.connect() as db:
        left = await rows.see(db, of, SIGN_INS_OF_LOGIN.rate)
    assert left.remaining == SIGN_INS_OF_LOGIN.rate.burst - 1


async def test_without_its_limits_nobody_is_signed_in(door: Door) -> None:
    code = await door.astrid.new_code()
    for step in range(1, 5):
        with power_cut_at(door.house.engine, step) as cut:
            await door.right(code=code)
        assert cut.happened

    of = subject_of(door.house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    async with door.house.engine.connect() as db:
        left = await rows.see(db, of, SIGN_INS_OF_LOGIN.rate)
    assert left.remaining == SIGN_INS_OF_LOGIN.rate.burst


async def test_an_unlocked_console_is_no_place_to_guess_the_password(door: Door) -> None:
    by = await door.right()
    for _ in range(10):
        with pytest.raises(SignInFailed):
            await agents.prove_again(door.house, by, PasswordAndCode(password=WRONG, code="000000"))

    with pytest.raises(TooMany) as refused:
        await agents.prove_again(door.house, by, await door.shown())

    # Half a minute has passed since the first, for the new code.
    since = await cast.now(door.house) - timedelta(seconds=30)
    assert refused.value.retry_at == since + PROVED_AGAIN.rate.each
    await limits_by_hand.reset_login(door.house, "Astrid")
    await agents.prove_again(door.house, by, await door.shown())


async def test_the_operator_lets_an_agent_try_again(door: Door) -> None:
    of = subject_of(door.house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    async with door.house.engine.begin() as db:
        for _ in range(SIGN_INS_OF_LOGIN.rate.burst):
            await rows.take(db, of, SIGN_INS_OF_LOGIN.rate)
    await door.refused()

    assert await limits_by_hand.reset_login(door.house, "astrid") == 1

    await door.right()
