"""`python -m service limits`: what the operator sees and resets, and when it says no."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from domain.limits import LIMITS, SIGN_INS_OF_LOGIN
from domain.wallets import THE_INSTALLATION, Wallet
from service.__main__ import commands
from service.operations.house import House
from service.operations.limits import subject_of
from service.storage import limits as rows
from service.storage.tables import journal
from tests import people as cast

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


class Operator:
    """At the command line, with the house's settings around."""

    def __init__(self, database_url: str, keys: Path) -> None:
        plain = database_url.replace("postgresql+asyncpg", "postgresql")
        self.environment = {"RESGUARDO_DATABASE_URL": plain, "RESGUARDO_KEYS": str(keys)}

    async def runs(self, *words: str) -> Result:
        """In a thread: a command brings its own event loop."""
        runner = CliRunner(env=self.environment)
        return await asyncio.to_thread(runner.invoke, commands, ["limits", *words])


@pytest.fixture
def operator(database_url: str, keys_folder: Path, wallet: Wallet) -> Operator:
    return Operator(database_url, keys_folder)


async def test_every_limit_is_shown_with_reason_and_use(operator: Operator, house: House) -> None:
    of = subject_of(house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    async with house.engine.begin() as db:
        for _ in range(SIGN_INS_OF_LOGIN.rate.burst):
            await rows.take(db, of, SIGN_INS_OF_LOGIN.rate)

    shown = await operator.runs("show")

    assert shown.exit_code == 0, shown.output
    told = " ".join(shown.output.split())
    for limit in LIMITS:
        assert limit.name in told
        assert limit.why in told
        assert f"fails {limit.fails.value}" in told
    assert "in use 1, used up 1, the next from 20" in told


async def test_a_login_is_reset_and_that_is_recorded(operator: Operator, house: House) -> None:
    of = subject_of(house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    async with house.engine.begin() as db:
        await rows.take(db, of, SIGN_INS_OF_LOGIN.rate)

    assert (await operator.runs("reset", "--login", "Astrid")).output == "1 reset.\n"
    assert (await operator.runs("reset", "--login", "Astrid")).output == "0 reset.\n"
    async with house.engine.connect() as db:
        own = journal.c.wallet_id == THE_INSTALLATION
        entries = (await db.scalars(select(journal.c.entry).where(own))).all()
    assert [entry for entry in entries if "limit-reset" in entry and "operator" in entry] == entries
    assert len(entries) == 1
    assert "astrid" not in entries[0].lower()


async def test_whoever_asks_for_nothing_in_particular_is_told_so(
    operator: Operator, wallet: Wallet
) -> None:
    origin = ("--wallet", wallet.origin)
    for words, told in (
        (("reset",), "Name one of"),
        (("reset", "--login", "astrid", "--network", "x"), "Name one of"),
        (("reset", "--address", "carl@correo.example"), "name its origin"),
        (("reset", *origin, "--address", "carl"), "neither an e-mail address"),
        (("reset", *origin, "--everyone", "patience"), "no limit called patience"),
        (("show", "--wallet", "https://nobody.example"), "There is no wallet"),
    ):
        answer = await operator.runs(*words)
        assert answer.exit_code == 1
        assert told in answer.output


async def test_an_address_a_network_and_everyone_can_be_reset(
    operator: Operator, wallet: Wallet
) -> None:
    origin = ("--wallet", wallet.origin)
    for words in (
        (*origin, "--address", "carl@correo.example"),
        (*origin, "--network", "203.0.113.0/24"),
        (*origin, "--everyone", "sent-by-wallet-without-link"),
        ("--everyone", "sent-in-all"),
    ):
        answer = await operator.runs("reset", *words)
        assert (answer.exit_code, answer.output) == (0, "0 reset.\n"), answer.output
