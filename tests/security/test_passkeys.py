"""Passkeys: which answers of an authenticator count, and how often."""

import asyncio
import json
from datetime import timedelta

import pytest
from msgspec import Struct
from sqlalchemy import func, select, update

from domain.agents import MOST_PASSKEYS
from domain.policy import DEFAULT
from domain.refusals import (
    NotFound,
    PageExpired,
    PasskeyNotValid,
    ProveAgainFirst,
    SignInFailed,
    TooManyPasskeys,
)
from domain.wallets import Wallet
from service.operations import agents, housekeeping, passkeys
from service.operations.agents import SignedIn
from service.operations.agents_door import PasskeyAnswer, PasswordAndCode
from service.operations.house import House
from service.security import passkeys as ceremonies
from service.storage.tables import agent_passkeys, passkey_challenges
from service.storage.tables import agents as agents_table
from tests import people as cast
from tests.desks import Authenticator, an_agent
from tests.houses import CONSOLE
from tests.passkeys import SecurityKey, decoded, encoded

pytestmark = pytest.mark.anyio
HERE = "203.0.113.0/24"
A_MOMENT = timedelta(seconds=1)
BROWSER, ANOTHER = b"this browser", b"another browser"


class Door(Struct, frozen=True, kw_only=True):
    house: House
    astrid: Authenticator

    async def sign_in(self, who: Authenticator | None = None) -> SignedIn:
        agent = who or self.astrid
        opened = await agents.sign_in(
            self.house, login=agent.login, password=cast.PASSWORD, code=await agent.new_code()
        )
        return await agents.signed_in(self.house, opened.cookie)

    async def proved(self, who: Authenticator | None = None) -> SignedIn:
        """Signed in, and again just now."""
        agent = who or self.astrid
        by = await self.sign_in(agent)
        shown = PasswordAndCode(password=cast.PASSWORD, code=await agent.new_code())
        return await agents.prove_again(self.house, by, shown)

    async def add(self, key: SecurityKey, by: SignedIn, name: str = "laptop") -> None:
        options = await passkeys.ask_for_new(self.house, by, origin=CONSOLE)
        await passkeys.add(self.house, by, answer(key.make(options)), name=name)

    async def asked(self, browser: bytes = BROWSER) -> str:
        return await passkeys.ask_at_the_door(
            self.house, origin=CONSOLE, browser=browser, network=HERE
        )

    async def enter(self, said: str, browser: bytes = BROWSER) -> SignedIn:
        opened = await agents.sign_in_with_passkey(
            self.house, answer(said), browser=browser, network=HERE
        )
        return await agents.signed_in(self.house, opened.cookie)

    async def is_refused(self, said: str, browser: bytes = BROWSER) -> bool:
        try:
            await self.enter(said, browser)
        except SignInFailed:
            return True
        return False


def answer(said: str) -> PasskeyAnswer:
    return PasskeyAnswer(answer=said, origin=CONSOLE)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def door(house: House, wallet: Wallet) -> Door:
    return Door(house=house, astrid=await an_agent(house, wallet, "astrid", level=3))


async def test_a_passkey_signs_its_agent_in_and_nobody_else(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    by = await door.proved()
    await door.add(key, by, name="  laptop\u202e at work ")

    entered = await door.enter(key.sign(await door.asked()))

    assert entered.agent.login == "astrid"
    (seen,) = (await passkeys.see_me(door.house, by)).passkeys
    assert seen.name == "laptop at work"
    assert seen.used_at is not None
    assert await door.is_refused(SecurityKey(CONSOLE).sign(await door.asked()))


async def test_a_challenge_is_answered_once(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    said = key.sign(await door.asked())
    await door.enter(said)

    assert await door.is_refused(said)


async def test_of_two_answers_at_once_to_one_challenge_one_counts(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    options = await door.asked()
    said = [key.sign(options) for _ in range(6)]

    refused = await asyncio.gather(*(door.is_refused(one) for one in said))

    assert sorted(refused) == [False, *[True] * 5]


async def test_a_challenge_belongs_to_the_browser_that_asked(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    options = await door.asked(ANOTHER)

    assert await door.is_refused(key.sign(options))
    assert not await door.is_refused(key.sign(options), ANOTHER)


@pytest.mark.usefixtures("clock_stands")
async def test_a_challenge_is_good_for_five_minutes(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    lasts = DEFAULT.sessions.passkey_challenge_lasts
    in_time, too_late = await door.asked(), await door.asked()
    await cast.move_clock(door.house, lasts - 10 * A_MOMENT)
    assert not await door.is_refused(key.sign(in_time))

    await cast.move_clock(door.house, 10 * A_MOMENT)

    assert await door.is_refused(key.sign(too_late))


async def test_challenges_nobody_answered_are_swept_away(door: Door) -> None:
    await door.asked()
    await cast.move_clock(door.house, DEFAULT.sessions.passkey_challenge_lasts + A_MOMENT)

    await housekeeping.sweep(door.house)

    async with door.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(passkey_challenges)) == 0


async def test_an_answer_counts_only_from_the_consoles_own_origin(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    key.origin = "http://console.localhost:9999"
    assert await door.is_refused(key.sign(await door.asked()))
    key.origin = "https://console.norte.example"
    assert await door.is_refused(key.sign(await door.asked()))

    key.origin = CONSOLE

    assert not await door.is_refused(key.sign(await door.asked()))


async def test_an_authenticator_that_verified_nobody_is_one_factor_and_not_enough(
    door: Door,
) -> None:
    key = SecurityKey(CONSOLE)
    by = await door.proved()
    await door.add(key, by)
    key.verifies = False
    assert await door.is_refused(key.sign(await door.asked()))

    with pytest.raises(PasskeyNotValid):
        await door.add(SecurityKey(CONSOLE, verifies=False), by)


async def test_a_copy_of_a_passkey_falls_behind_the_count(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    key.count = 7
    await door.enter(key.sign(await door.asked()))

    key.count = 7 - 1
    assert await door.is_refused(key.sign(await door.asked()))
    key.count = 7 + 1
    assert not await door.is_refused(key.sign(await door.asked()))


async def test_a_passkey_that_does_not_count_is_taken_as_often_as_it_signs(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    for _ in range(2):
        key.count = -1
        assert not await door.is_refused(key.sign(await door.asked()))


async def test_an_answer_in_the_name_of_somebody_else_counts_for_nobody(
    door: Door, wallet: Wallet
) -> None:
    key, own = SecurityKey(CONSOLE), SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    arne = await door.proved(await an_agent(door.house, wallet, "arne", level=3))
    await door.add(own, arne)

    assert await door.is_refused(key.sign(await door.asked(), user_id=arne.agent.id.bytes))
    # Nobody proves with another's passkey that they are still themselves.
    options = await passkeys.ask_again(door.house, arne, origin=CONSOLE)
    with pytest.raises(SignInFailed):
        await agents.prove_again(door.house, arne, answer(key.sign(options)))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[" * 10_000,
        '{"x": ' + "[" * 10_000,
        "null",
        '"passkey"',
        '{"id": 1}',
        json.dumps({"id": "é", "rawId": "é", "type": "public-key", "response": {}}),
        "x" * 20_000,
    ],
)
async def test_what_no_authenticator_says_is_wrong_and_no_fault(door: Door, said: str) -> None:
    assert await door.is_refused(said)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("broken", [b"", b"\x00", b"{}", b"\xa1" * 40, bytes(200)])
async def test_an_answer_broken_anywhere_is_wrong_and_no_fault(
    door: Door, part: str, broken: bytes
) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    said = json.loads(key.sign(await door.asked()))
    assert broken != decoded(said["response"][part])
    said["response"][part] = encoded(broken)

    assert await door.is_refused(json.dumps(said))


@pytest.mark.parametrize("broken", [b"", b"\xbf", b"\x9f" * 3000, bytes(90)])
async def test_a_new_passkey_broken_anywhere_is_refused(door: Door, broken: bytes) -> None:
    by, key = await door.proved(), SecurityKey(CONSOLE)
    said = json.loads(key.make(await passkeys.ask_for_new(door.house, by, origin=CONSOLE)))
    said["response"]["attestationObject"] = encoded(broken)

    with pytest.raises(PasskeyNotValid):
        await passkeys.add(door.house, by, answer(json.dumps(said)), name="laptop")


@pytest.mark.usefixtures("clock_stands")
async def test_an_unlocked_console_gets_no_passkey(door: Door) -> None:
    """Only within five minutes of signing in again, on the clock of the database."""
    by = await door.sign_in()
    with pytest.raises(ProveAgainFirst):
        await passkeys.ask_for_new(door.house, by, origin=CONSOLE)
    shown = PasswordAndCode(password=cast.PASSWORD, code=await door.astrid.new_code())
    by = await agents.prove_again(door.house, by, shown)
    await cast.move_clock(door.house, DEFAULT.sessions.agent_proof_lasts - 10 * A_MOMENT)
    key = SecurityKey(CONSOLE)
    await door.add(key, by)
    options = await passkeys.ask_for_new(door.house, by, origin=CONSOLE)
    assert (await passkeys.see_me(door.house, by)).changes_until is not None

    await cast.move_clock(door.house, 10 * A_MOMENT)

    assert (await passkeys.see_me(door.house, by)).changes_until is None
    late = answer(SecurityKey(CONSOLE).make(options))
    (kept,) = (await passkeys.see_me(door.house, by)).passkeys
    with pytest.raises(ProveAgainFirst):
        await passkeys.add(door.house, by, late, name="late")
    with pytest.raises(ProveAgainFirst):
        await passkeys.end(door.house, by, kept.passkey_id)
    with pytest.raises(ProveAgainFirst):
        await passkeys.make_codes(door.house, by)


async def test_proving_again_in_one_session_opens_nothing_in_another(door: Door) -> None:
    await door.proved()
    elsewhere = await door.sign_in()

    with pytest.raises(ProveAgainFirst):
        await passkeys.ask_for_new(door.house, elsewhere, origin=CONSOLE)


async def test_a_passkey_proves_again_in_place_of_password_and_code(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved())
    by = await door.enter(key.sign(await door.asked()))
    options = await passkeys.ask_again(door.house, by, origin=CONSOLE)
    said = answer(key.sign(options))

    proved = await agents.prove_again(door.house, by, said)

    assert proved.agent.login == "astrid"
    assert proved.session.verified_at is not None
    with pytest.raises(SignInFailed):
        await agents.prove_again(door.house, by, said)


async def test_what_was_signed_for_the_door_proves_nothing_again(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    by = await door.proved()
    await door.add(key, by)
    at_the_door = await door.asked(by.session.token_sha256)

    with pytest.raises(SignInFailed):
        await agents.prove_again(door.house, by, answer(key.sign(at_the_door)))


async def test_whoever_has_no_passkey_is_told_so(door: Door) -> None:
    by = await door.sign_in()

    with pytest.raises(NotFound):
        await passkeys.ask_again(door.house, by, origin=CONSOLE)


async def test_an_ended_passkey_signs_nobody_in(door: Door, wallet: Wallet) -> None:
    key = SecurityKey(CONSOLE)
    by = await door.proved()
    await door.add(key, by)
    (kept,) = (await passkeys.see_me(door.house, by)).passkeys
    somebody = await door.proved(await an_agent(door.house, wallet, "arne", level=3))
    with pytest.raises(NotFound):
        await passkeys.end(door.house, somebody, kept.passkey_id)

    await passkeys.end(door.house, by, kept.passkey_id)

    assert (await passkeys.see_me(door.house, by)).passkeys == ()
    assert await door.is_refused(key.sign(await door.asked()))


async def test_a_passkey_is_added_once(door: Door) -> None:
    key, by = SecurityKey(CONSOLE), await door.proved()
    await door.add(key, by)

    with pytest.raises(PasskeyNotValid):
        await door.add(key, by)
    options = json.loads(await passkeys.ask_for_new(door.house, by, origin=CONSOLE))
    assert [one["id"] for one in options["excludeCredentials"]] == [encoded(key.credential_id)]


async def test_ten_passkeys_are_enough(door: Door) -> None:
    by = await door.proved()
    for _ in range(MOST_PASSKEYS):
        await door.add(SecurityKey(CONSOLE), by)

    with pytest.raises(TooManyPasskeys):
        await door.add(SecurityKey(CONSOLE), by)


async def test_an_agent_who_has_ended_has_no_way_in_by_passkey(door: Door) -> None:
    key, by = SecurityKey(CONSOLE), await door.proved()
    await door.add(key, by)
    async with door.house.engine.begin() as db:
        now = await cast.now(door.house)
        await db.execute(update(agents_table).values(ended_at=now))

    assert await door.is_refused(key.sign(await door.asked()))


async def test_no_proof_is_taken_for_a_session_that_has_ended(door: Door) -> None:
    by = await door.sign_in()
    await cast.move_clock(door.house, timedelta(minutes=30))
    shown = PasswordAndCode(password=cast.PASSWORD, code=await door.astrid.new_code())

    with pytest.raises(PageExpired):
        await agents.prove_again(door.house, by, shown)


async def test_the_console_says_its_host_and_what_it_insists_on(door: Door) -> None:
    by = await door.proved()
    new = json.loads(await passkeys.ask_for_new(door.house, by, origin=CONSOLE))
    known = json.loads(await door.asked())

    assert new["rp"]["id"] == known["rpId"] == ceremonies.host_of(CONSOLE) == "console.localhost"
    assert new["authenticatorSelection"]["userVerification"] == "required"
    assert new["authenticatorSelection"]["residentKey"] == "required"
    assert known["userVerification"] == "required"
    # At the door nobody is asked who they are, and no passkey's name is given away.
    assert known["allowCredentials"] == []
    assert len(decoded(new["challenge"])) == len(decoded(known["challenge"])) == 32


async def test_only_the_public_half_is_stored(door: Door) -> None:
    key = SecurityKey(CONSOLE)
    await door.add(key, await door.proved(), name="laptop")
    async with door.house.engine.connect() as db:
        row = (await db.execute(select(agent_passkeys))).one()

    assert row.credential_id == key.credential_id
    assert b"laptop" not in row.name
