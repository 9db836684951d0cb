"""What an operator types about agents, and what happens to them."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from domain.access import Agent, Role
from domain.refusals import PageExpired, SignInFailed
from domain.wallets import Wallet
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.totp import code_at
from service.storage import load
from service.storage.tables import agent_addresses, agent_codes, journal
from tests import people as cast
from tests.command_line import settings_of
from tests.command_line import typed as typed_there

PASSWORD, ANOTHER = cast.PASSWORD, "yet another passphrase"
pytestmark = pytest.mark.anyio


class Typed:
    """`python -m service agent …`"""

    def __init__(self, database_url: str, keys_folder: Path) -> None:
        self._settings = settings_of(database_url, keys_folder)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return typed_there(self._settings, "agent", *words)

    def done(self, *words: str) -> list[str]:
        """Its lines, after it went well."""
        did = self(*words)
        assert did.returncode == 0, did.stderr
        return did.stdout.splitlines()

    def refused(self, *words: str) -> str:
        did = self(*words)
        assert did.returncode == 1, did.stdout
        assert "Traceback" not in did.stderr
        return " ".join(did.stderr.split())

    def astrid(self, *more: str) -> list[str]:
        words = ("add", "Astrid", "--name", "Astrid", "--level", "2")
        return self.done(*words, "--wallet", cast.NORTE.origin, "--password", PASSWORD, *more)


@pytest.fixture
def typed(database_url: str, keys_folder: Path) -> Typed:
    return Typed(database_url, keys_folder)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


async def astrid(house: House) -> Agent:
    async with house.engine.connect() as db:
        found = await load.agent_by_login(db, "astrid")
    assert found is not None
    return found


async def enter(house: House, code: str, password: str = PASSWORD) -> tuple[SignedIn, str]:
    opened = await agents.sign_in(house, login="astrid", password=password, code=code)
    return await agents.signed_in(house, opened.cookie), opened.cookie


async def recorded(house: House) -> list[str]:
    async with house.engine.connect() as db:
        entries = await db.scalars(select(journal.c.entry).order_by(journal.c.id))
    return [name for entry in entries for name in re.findall(r'"event":"(agent-[a-z-]+)"', entry)]


async def test_an_agent_is_added_with_all_that_they_serve(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    own = ("--own-address", "Astrid@Correo.example", "--own-address", "+54 9 11 2345-6789")
    serves = ("--speaks", "es", "--speaks", "pt-BR", "--no-losses", "--safety")

    secret, *codes = typed.astrid(*own, *serves)

    made = await astrid(house)
    assert (made.speaks, made.serves_losses, made.trained_for_safety) == (
        ("es", "pt-BR"),
        False,
        True,
    )
    async with house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(agent_addresses)) == 2
        assert await db.scalar(select(func.count()).select_from(agent_codes)) == len(codes) == 10
    await enter(house, code_at(secret, await cast.now(house)))
    await enter(house, codes[0])
    assert await recorded(house) == [
        "agent-added",
        "agent-signed-in",
        "agent-signed-in",
        "agent-code-used",
    ]
    shown = typed.done("show", "astrid")
    for line in (
        "kinds: safety",
        "speaks: es pt-BR",
        "own addresses: 2",
        "recovery codes left: 9",
        "wallets: http://localhost:8000",
    ):
        assert line in shown


async def test_a_reset_ends_all_they_signed_in_with(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    old, *old_codes = typed.astrid()
    _, cookie = await enter(house, code_at(old, await cast.now(house)))

    new, *codes = typed.done("reset", "astrid", "--password", ANOTHER)

    with pytest.raises(PageExpired):
        await agents.signed_in(house, cookie)
    await cast.move_clock(house, timedelta(minutes=1))
    for secret, password in ((old, PASSWORD), (old, ANOTHER), (new, PASSWORD)):
        with pytest.raises(SignInFailed):
            await enter(house, code_at(secret, await cast.now(house)), password)
    with pytest.raises(SignInFailed):
        await enter(house, old_codes[0], ANOTHER)
    by, _ = await enter(house, code_at(new, await cast.now(house)), ANOTHER)
    assert by.agent.can_approve_from > await cast.now(house)
    await enter(house, codes[0], ANOTHER)
    assert "15 characters" in typed.refused("reset", "astrid", "--password", "short")


async def test_a_change_says_only_what_is_different(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    typed.astrid("--speaks", "es")
    before = await astrid(house)

    typed.done("change", "astrid", "--speaks-any", "--no-losses", "--safety")
    after = await astrid(house)
    assert (after.speaks, after.serves_losses, after.trained_for_safety) == ((), False, True)
    assert (after.level, after.role, after.can_approve_from) == (
        before.level,
        before.role,
        before.can_approve_from,
    )

    shown = typed.done("change", "astrid", "--level", "3", "--role", "officer")
    raised = await astrid(house)
    assert (raised.level, raised.role) == (3, Role.OFFICER)
    assert raised.can_approve_from > before.can_approve_from
    assert "role: officer" in shown
    assert "Nothing was said" in typed.refused("change", "astrid")
    assert "no agent of this login" in typed.refused("change", "nobody", "--level", "1")
    assert (await recorded(house)).count("agent-changed") == 2


async def test_a_further_wallet_asks_for_the_own_addresses_again(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    """Only hashes are kept, each good for one wallet: nobody could say what is theirs there."""
    typed.astrid("--own-address", "astrid@correo.example")
    sur = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    await cast.a_wallet(house, sur)
    both = ("--wallet", cast.NORTE.origin, "--wallet", "http://sur.localhost:8000")

    assert "--own-address" in typed.refused("change", "astrid", *both)
    assert len((await astrid(house)).wallets) == 1
    typed.done("change", "astrid", *both, "--own-address", "astrid@correo.example")
    assert "own addresses: 2" in typed.done("show", "astrid")
    # Fewer wallets need no saying, and an own address can be taken back.
    typed.done("change", "astrid", "--wallet", cast.NORTE.origin)
    assert "own addresses: 0" in typed.done("change", "astrid", "--no-own-address")


async def test_who_is_ended_is_out_and_stays_in_the_list(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    secret, *_ = typed.astrid()
    _, cookie = await enter(house, code_at(secret, await cast.now(house)))

    typed.done("end", "astrid")

    with pytest.raises(PageExpired):
        await agents.signed_in(house, cookie)
    (line,) = typed.done("list")
    assert line.startswith("astrid  Astrid  agent level 2 ended ")
    assert "has ended" in typed.refused("end", "astrid")
    assert "has ended" in typed.refused("reset", "astrid", "--password", ANOTHER)
    assert "has ended" in typed.refused("change", "astrid", "--level", "4")


async def test_a_login_is_taken_once_and_an_own_address_is_one(
    house: House, wallet: Wallet, typed: Typed
) -> None:
    typed.astrid()
    words = ("--name", "A", "--level", "1", "--wallet", cast.NORTE.origin, "--password", PASSWORD)

    assert "already" in typed.refused("add", "ASTRID", *words)
    assert "own address" in typed.refused("add", "arne", *words, "--own-address", "12")
    assert [line.split()[0] for line in typed.done("list")] == ["astrid"]
