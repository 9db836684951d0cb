"""How agents come in, change and go: cut at every statement."""

from datetime import timedelta

import pytest
from msgspec import Struct
from sqlalchemy import delete

from domain.access import Role
from domain.wallets import Wallet
from service.operations import (
    agents,
    agents_by_hand,
    agents_codes,
    browsers,
    passkeys,
)
from service.operations.agents import NewAgent, SignedIn
from service.operations.agents_by_hand import Changes
from service.operations.agents_door import PasskeyAnswer, PasswordAndCode
from service.operations.house import House
from service.storage.tables import limits as limits_table
from tests import people as cast
from tests.desks import Authenticator, an_agent
from tests.fault.power_cuts import everything_or_nothing
from tests.houses import CONSOLE
from tests.passkeys import SecurityKey

pytestmark = pytest.mark.anyio
NETWORK = "203.0.113.0/24"
BROWSER = b"this browser"
A_WHILE = timedelta(minutes=1)
# Counted, or used up, and committed before it is looked at.
COUNTS = ("limits", "passkey_challenges")
OWN = ("astrid@correo.example", "+54 9 11 2345-6789")


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    astrid: Authenticator
    by: SignedIn
    key: SecurityKey

    async def forgiven(self) -> None:
        """Every try is counted; the next one begins anew."""
        async with self.house.engine.begin() as db:
            await db.execute(delete(limits_table))


def answer(said: str) -> PasskeyAnswer:
    return PasskeyAnswer(answer=said, origin=CONSOLE)


@pytest.fixture
async def scene(house: House) -> Scene:
    """Astrid, who signed in again just now, with a passkey and recovery codes."""
    wallet = await cast.a_wallet(house)
    astrid = await an_agent(house, wallet, "astrid", level=2)
    opened = await agents.sign_in(
        house, login="astrid", password=cast.PASSWORD, code=await astrid.new_code()
    )
    by = await agents.signed_in(house, opened.cookie)
    shown = PasswordAndCode(password=cast.PASSWORD, code=await astrid.new_code())
    by = await agents.prove_again(house, by, shown)
    key = SecurityKey(CONSOLE)
    options = await passkeys.ask_for_new(house, by, origin=CONSOLE)
    await passkeys.add(house, by, answer(key.make(options)), name="laptop")
    return Scene(house=house, wallet=wallet, astrid=astrid, by=by, key=key)


async def test_a_passkey_is_asked_for_wholly_or_not_at_all(scene: Scene) -> None:
    house, by = scene.house, scene.by
    await everything_or_nothing(
        house,
        lambda: passkeys.ask_at_the_door(house, origin=CONSOLE, browser=BROWSER, network=NETWORK),
    )
    await everything_or_nothing(house, lambda: passkeys.ask_again(house, by, origin=CONSOLE))
    await everything_or_nothing(house, lambda: passkeys.ask_for_new(house, by, origin=CONSOLE))


async def test_a_passkey_signs_in_and_proves_wholly_or_not_at_all(scene: Scene) -> None:
    """The challenge is gone with the first answer, also if the power goes then."""
    house, by, key = scene.house, scene.by, scene.key

    async def comes_in() -> browsers.Opened:
        options = await passkeys.ask_at_the_door(
            house, origin=CONSOLE, browser=BROWSER, network=NETWORK
        )
        shown = answer(key.sign(options))
        return await agents.sign_in_with_passkey(house, shown, browser=BROWSER, network=NETWORK)

    async def proves() -> SignedIn:
        options = await passkeys.ask_again(house, by, origin=CONSOLE)
        return await agents.prove_again(house, by, answer(key.sign(options)))

    await everything_or_nothing(house, comes_in, counts=COUNTS, again=scene.forgiven)
    await everything_or_nothing(house, proves, counts=COUNTS, again=scene.forgiven)


async def test_a_passkey_is_added_and_ended_wholly_or_not_at_all(scene: Scene) -> None:
    house, by = scene.house, scene.by

    async def adds() -> None:
        key = SecurityKey(CONSOLE)
        options = await passkeys.ask_for_new(house, by, origin=CONSOLE)
        await passkeys.add(house, by, answer(key.make(options)), name="another")

    await everything_or_nothing(house, adds, counts=COUNTS)
    first, _ = (await passkeys.see_me(house, by)).passkeys
    await everything_or_nothing(house, lambda: passkeys.end(house, by, first.passkey_id))


async def test_recovery_codes_are_made_and_used_wholly_or_not_at_all(scene: Scene) -> None:
    house = scene.house
    await everything_or_nothing(house, lambda: passkeys.make_codes(house, scene.by))
    code = (await passkeys.make_codes(house, scene.by))[0]

    async def signs_in() -> browsers.Opened:
        return await agents.sign_in(
            house, login="astrid", password=cast.PASSWORD, code=code, network=NETWORK
        )

    await everything_or_nothing(house, signs_in, counts=COUNTS, again=scene.forgiven)


async def test_what_the_operator_does_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house = scene.house
    codes = agents_codes.new_codes()[:1]
    new = NewAgent(
        login="arne",
        name="Arne",
        password=cast.PASSWORD,
        level=3,
        wallets=(scene.wallet.id,),
        language="en",
        own_addresses=OWN,
        recovery_codes=codes,
    )
    changes = Changes(level=4, role=Role.OFFICER, own_addresses=OWN)
    await everything_or_nothing(house, lambda: agents.add_agent(house, new))
    await everything_or_nothing(house, lambda: agents_by_hand.change(house, "astrid", changes))
    await everything_or_nothing(
        house,
        lambda: agents_by_hand.reset(
            house, "astrid", password="another passphrase", recovery_codes=codes
        ),
    )
    await everything_or_nothing(house, lambda: agents_by_hand.end(house, "astrid"))
