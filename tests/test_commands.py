"""The operator's commands, as they are typed."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from domain.policy import Policy
from service.operations.house import House
from service.operations.wallets import NewWallet, WalletWrong, require_usable_policies
from service.storage import load
from service.storage.tables import wallets
from tests import people as cast
from tests.command_line import ROOT, settings_of
from tests.command_line import typed as typed_there

EXAMPLE = ROOT / "docs" / "wallet.json"
pytestmark = pytest.mark.anyio


def typed(database_url: str, keys_folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return typed_there(settings_of(database_url, keys_folder), *words)


def typed_at_a_terminal(
    database_url: str, keys_folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    """In an interpreter of its own, as nobody but a person would start it."""
    return subprocess.run(
        [sys.executable, "-m", "service", *words],
        env={**os.environ, **settings_of(database_url, keys_folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_example_of_a_wallet_is_one(
    house: House, database_url: str, keys_folder: Path
) -> None:
    example = msgspec.json.decode(EXAMPLE.read_bytes(), type=NewWallet)

    added = typed_at_a_terminal(database_url, keys_folder, "wallet", "add", str(EXAMPLE))
    secret = typed(
        database_url, keys_folder, "client", "add", example.origin, "norte", "--scope", "accounts"
    )

    assert added.returncode == 0, added.stderr
    assert secret.returncode == 0, secret.stderr
    async with house.engine.connect() as db:
        assert (await db.scalars(select(wallets.c.origin))).all() == [example.origin]


async def test_whose_tokens_owners_come_with_is_said_changed_and_taken_back(
    house: House, database_url: str, keys_folder: Path
) -> None:
    example = msgspec.json.decode(EXAMPLE.read_bytes(), type=NewWallet)
    typed(database_url, keys_folder, "wallet", "add", str(EXAMPLE))
    words = ("wallet", "issuer", example.origin)
    said = ("--issuer", "https://id2.norte.example/t", "--audience", "resguardo")

    async def known() -> tuple[object, ...]:
        columns = (wallets.c.issuer, wallets.c.audience, wallets.c.token_algorithms)
        async with house.engine.connect() as db:
            return tuple((await db.execute(select(*columns))).one())

    assert await known() == (example.issuer, example.audience, ["RS256", "ES256"])
    changed = typed(database_url, keys_folder, *words, *said, "--algorithm", "EdDSA")
    assert changed.returncode == 0, changed.stderr
    assert await known() == ("https://id2.norte.example/t", "resguardo", ["EdDSA"])
    for wrong in (
        (*words, *said, "--algorithm", "HS256"),
        (*words, "--issuer", "http://id.norte.example", "--audience", "resguardo"),
        (*words, "--issuer", "https://id.norte.example"),
        (*words, *said, "--none"),
        words,
        ("wallet", "issuer", "https://nobody.example", *said),
    ):
        refused = typed(database_url, keys_folder, *wrong)
        assert refused.returncode in {1, 2}
        assert "Traceback" not in refused.stderr
    assert (await known())[1:] == ("resguardo", ["EdDSA"])
    assert typed(database_url, keys_folder, *words, "--none").returncode == 0
    assert (await known())[:2] == (None, None)


async def test_a_wallet_that_messages_could_not_be_sent_for_is_named(
    database_url: str, keys_folder: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wallet.json"
    wrong.write_text(EXAMPLE.read_text().replace('"avisos@norte.example"', '"Norte <a@b.example>"'))

    refused = typed(database_url, keys_folder, "wallet", "add", str(wrong))

    assert refused.returncode == 2
    assert "email_from" in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_a_wallet_moves_its_numbers_within_the_bounds_and_no_further(
    house: House, database_url: str, keys_folder: Path, tmp_path: Path
) -> None:
    example = msgspec.json.decode(EXAMPLE.read_bytes(), type=NewWallet)
    typed(database_url, keys_folder, "wallet", "add", str(EXAMPLE))
    numbers = tmp_path / "numbers.json"

    def change(origin: str, told: str) -> subprocess.CompletedProcess[str]:
        numbers.write_text(told)
        return typed(database_url, keys_folder, "wallet", "policy", origin, str(numbers))

    async def known() -> Policy:
        async with house.engine.connect() as db:
            return (await load.all_wallets(db))[0].policy

    changed = change(example.origin, '{"contacts": {"rests_for": "P120D", "most": 4}}')
    assert changed.returncode == 0, changed.stderr
    assert (await known()).contacts.rests_for == timedelta(days=120)
    for told, named in (
        ('{"contacts": {"most": 6}}', "contacts.most"),
        ('{"contacts": {"rests_for": "P89D"}}', "rests_for lies between 90 days"),
        ('{"sessions": {"page_link_lasts": "PT61S"}}', "page_link_lasts lies between"),
        ('{"codes": {"lasts": "PT11M"}}', "lasts lies between"),
        ('{"codes": {"lives": "PT1M"}}', "lives"),
    ):
        refused = change(example.origin, told)
        assert refused.returncode == 2
        assert named in refused.stderr
        assert "Traceback" not in refused.stderr
    assert change("https://nobody.example", "{}").returncode == 1
    assert (await known()).contacts.most == 4


async def test_nothing_starts_with_a_number_out_of_bounds(house: House) -> None:
    wallet = await cast.a_wallet(house)
    async with house.engine.begin() as db:
        await require_usable_policies(db)
        await db.execute(update(wallets).values(policy={"reports": {"pause_takes": "P1D"}}))

        with pytest.raises(WalletWrong) as refusal:
            await require_usable_policies(db)
        assert str(refusal.value).startswith(f"policy of {wallet.origin}: pause_takes lies between")


def test_every_number_is_listed_with_its_bounds() -> None:
    listed = typed_there({}, "wallet", "numbers").stdout.splitlines()

    assert "contacts.most  5  1..5" in listed
    assert "codes.lasts  PT600S  PT180S..PT600S" in listed
    assert not [line for line in listed if "None" in line]
    assert len(listed) > 50


def test_a_setting_that_is_missing_is_named(keys_folder: Path) -> None:
    refused = typed_at_a_terminal("mysql://nowhere", keys_folder, "wallet", "list")

    assert refused.returncode == 2
    assert "RESGUARDO_DATABASE_URL" in refused.stderr


async def test_an_agent_added_by_hand_is_told_the_secret_once(
    house: House, database_url: str, keys_folder: Path
) -> None:
    typed(database_url, keys_folder, "wallet", "add", str(EXAMPLE))
    words = ("agent", "add", "astrid", "--name", "Astrid", "--level", "2", "--role", "agent")
    words += ("--wallet", "https://resguardo.norte.example", "--password")

    short = typed(database_url, keys_folder, *words, "too short")
    added = typed(database_url, keys_folder, *words, "a long enough passphrase")

    assert short.returncode == 1
    assert "15 characters" in short.stderr
    assert added.returncode == 0, added.stderr
    async with house.engine.connect() as db:
        known = await load.agent_by_login(db, "astrid")
    assert known is not None
    secret, *codes = added.stdout.split()
    assert len(secret) == 32
    assert len(codes) == 10
