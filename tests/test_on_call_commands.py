"""`python -m service on-call`: whom the operator lets be woken, and when it says no."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from domain.wallets import Wallet
from service.__main__ import commands
from service.operations.house import House
from service.storage.tables import journal, outbox
from tests import people as cast

pytestmark = pytest.mark.anyio


class Operator:
    def __init__(self, database_url: str, keys: Path) -> None:
        plain = database_url.replace("postgresql+asyncpg", "postgresql")
        self.environment = {"RESGUARDO_DATABASE_URL": plain, "RESGUARDO_KEYS": str(keys)}

    async def runs(self, *words: str) -> Result:
        """In a thread: a command brings its own event loop."""
        runner = CliRunner(env=self.environment)
        return await asyncio.to_thread(runner.invoke, commands, ["on-call", *words])


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
def operator(database_url: str, keys_folder: Path, wallet: Wallet) -> Operator:
    assert wallet
    return Operator(database_url, keys_folder)


async def test_somebody_is_added_listed_tested_and_removed(
    operator: Operator, house: House, wallet: Wallet
) -> None:
    added = await operator.runs("add", "Omar", "--phone", "+54 9 11 2345-6789")
    assert added.exit_code == 0, added.output
    person_id = added.output.strip()

    told = await operator.runs("list")
    assert f"{person_id}   10  every wallet  Omar  +5491123456789  es" in told.output
    tested = await operator.runs("test", person_id, "--wallet", wallet.origin)
    assert tested.exit_code == 0, tested.output
    async with house.engine.connect() as db:
        body = await db.scalar(select(outbox.c.body).where(outbox.c.event == "on-call-tested"))
        assert body is not None
        assert person_id in body
    removed = await operator.runs("remove", person_id)
    assert removed.exit_code == 0, removed.output

    assert (await operator.runs("list")).output == ""
    async with house.engine.connect() as db:
        entries = (await db.scalars(select(journal.c.entry))).all()
    changes = [entry for entry in entries if "on-call-changed" in entry]
    assert len(changes) == 2
    # Who it was stands nowhere for ever.
    assert not [entry for entry in entries if "Omar" in entry or "23456789" in entry]


async def test_those_of_one_wallet_say_so(operator: Operator, wallet: Wallet) -> None:
    email = ("--email", "nadia@guardia.example", "--wallet", wallet.origin, "--place", "2")
    assert (await operator.runs("add", "Nadia", *email)).exit_code == 0

    assert f"2  {wallet.origin}  Nadia" in (await operator.runs("list")).output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "Omar"), "Say one of --phone and --email."),
        (("add", "Omar", "--phone", "+5491123456789", "--email", "o@x.example"), "Say one of"),
        (("add", "Omar", "--phone", "011 2345 6789"), "needs its country code"),
        (("add", "Omar", "--email", "omar"), "No message can be sent there"),
        (("remove", "01a2025b-9add-7cf3-b405-868a1b686436"), "Nobody on the list"),
        (
            ("test", "01a2025b-9add-7cf3-b405-868a1b686436", "--wallet", cast.NORTE.origin),
            "Nobody on the list",
        ),
    ],
    ids=lambda one: one[:3] if isinstance(one, str) else "-".join(one)[:50],
)
async def test_what_the_operator_is_told_instead(
    operator: Operator, words: tuple[str, ...], why: str
) -> None:
    told = await operator.runs(*words)

    assert told.exit_code == 1
    assert why in told.output
