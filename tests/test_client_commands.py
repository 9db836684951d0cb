"""`python -m service client`: what the operator sees and changes, and when it says no."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import ECKey

from domain.refusals import ClientNotValid
from domain.wallets import Wallet
from service.__main__ import commands
from service.operations import clients, clients_by_hand
from service.operations.house import House
from tests import people as cast
from tests.api.signers import EC, RSA, jwks

pytestmark = pytest.mark.anyio
ADD = ("add", cast.NORTE.origin, "norte", "--scope", "accounts")


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
        return await asyncio.to_thread(runner.invoke, commands, ["client", *words])

    async def does(self, *words: str) -> str:
        result = await self.runs(*words)
        assert result.exit_code == 0, result.stderr
        return result.stdout.strip()

    async def is_refused(self, *words: str) -> str:
        result = await self.runs(*words)
        assert result.exit_code in {1, 2}, result.stdout
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.stderr


@pytest.fixture
def operator(database_url: str, keys_folder: Path, wallet: Wallet) -> Operator:
    return Operator(database_url, keys_folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(RSA, EC))
    return file


async def _is_let_in(house: House, wallet: Wallet, secret: str) -> bool:
    try:
        await clients.client_by_secret(house, wallet, "norte", secret)
    except ClientNotValid:
        return False
    return True


async def test_a_secret_is_rotated_with_the_overlap_that_was_asked_for(
    operator: Operator, house: House, wallet: Wallet
) -> None:
    first = await operator.does(*ADD)
    second = await operator.does("secret", "rotate", "norte", "--overlap", "30m")

    (seen,) = await clients_by_hand.show(house)
    assert seen.overlap_until is not None
    wait = (seen.overlap_until - await cast.now(house)).total_seconds()
    assert 29 * 60 < wait <= 30 * 60
    assert await _is_let_in(house, wallet, first)
    assert await _is_let_in(house, wallet, second)
    assert "good until 20" in await operator.is_refused("secret", "rotate", "norte")

    third = await operator.does("secret", "rotate", "norte", "--at-once")
    for secret, good in ((first, False), (second, False), (third, True)):
        assert await _is_let_in(house, wallet, secret) is good
    for wrong in (
        ("--overlap", "24"),
        ("--overlap", "0h"),
        ("--overlap", "31d"),
        ("--overlap", "1h", "--at-once"),
    ):
        await operator.is_refused("secret", "rotate", "norte", *wrong)
    assert await _is_let_in(house, wallet, third)


async def test_a_client_that_signs_is_made_of_a_file_and_its_keys_change(
    operator: Operator, file: Path, tmp_path: Path
) -> None:
    assert (await operator.does(*ADD, "--key", str(file))).split() == ["rsa", "ec"]
    shown = await operator.does("show", "norte")
    assert "methods: private_key_jwt\n" in shown
    assert "key: rsa, added 20" in shown
    assert "has no secret" in await operator.is_refused("secret", "rotate", "norte")

    another = ECKey.generate_key("P-256")
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(another.as_dict(private=False)))
    kid = await operator.does("key", "add", "norte", str(bare))
    assert kid == another.thumbprint()
    assert "already" in await operator.is_refused("key", "add", "norte", str(bare))
    for gone in ("rsa", "ec"):
        await operator.does("key", "remove", "norte", gone)
    assert "no key ec" in await operator.is_refused("key", "remove", "norte", "ec")
    # One begins with a hyphen now and then.
    assert "no key -Pq" in await operator.is_refused("key", "remove", "norte", "-Pq")
    assert "only one" in await operator.is_refused("key", "remove", "norte", kid)
    await operator.does("key", "remove", "norte", kid, "--at-once")
    assert "methods: none" in await operator.does("show", "norte")


async def test_a_private_key_is_not_taken_and_not_said(operator: Operator, tmp_path: Path) -> None:
    private = EC.as_dict(private=True)
    secret = tmp_path / "private.json"
    secret.write_text(json.dumps(private))

    told = await operator.is_refused(*ADD, "--key", str(secret))

    assert "secret" in told
    assert str(private["d"]) not in told
    assert await operator.does("list") == ""


async def test_clients_are_listed_without_anything_to_call_with(
    operator: Operator, house: House, wallet: Wallet, file: Path
) -> None:
    secret = await operator.does(*ADD)
    await operator.does(
        "add", cast.NORTE.origin, "gate", "--scope", "introspect", "--key", str(file)
    )
    await operator.does("exp-cap", "gate", "--seconds", "60")
    caller = await clients.client_by_secret(house, wallet, "norte", secret)
    token = (await clients.issue_token(house, wallet, caller, None)).access_token

    gate, norte = (await operator.does("list", "--wallet", cast.NORTE.origin)).splitlines()

    assert gate == f"gate  {cast.NORTE.origin}  private_key_jwt  introspect  exp cap 60 s"
    assert norte.startswith(
        f"norte  {cast.NORTE.origin}  client_secret_basic  accounts  last token"
    )
    shown = await operator.does("show", "norte")
    assert "tokens: 1" in shown
    for hidden in (secret, token):
        assert hidden not in norte + shown

    await operator.does("exp-cap", "gate", "--seconds", "none")
    assert "exp cap" not in await operator.does("show", "gate")
    for wrong in ("0", "-1", "86401", "soon"):
        await operator.is_refused("exp-cap", "gate", "--seconds", wrong)


async def test_a_client_that_has_ended_stays_in_the_list_and_its_name_is_not_given_again(
    operator: Operator, house: House, wallet: Wallet
) -> None:
    secret = await operator.does(*ADD)
    await operator.does("end", "norte")

    assert not await _is_let_in(house, wallet, secret)
    listed = await operator.does("list")
    assert "  none  accounts  " in listed
    assert "ended 20" in listed
    assert "already" in await operator.is_refused(*ADD)
    for words in (
        ("end", "norte"),
        ("secret", "rotate", "norte"),
        ("secret", "end", "norte"),
        ("exp-cap", "norte", "--seconds", "60"),
    ):
        assert "has ended" in await operator.is_refused(*words)
    for words in (("end", "nobody"), ("show", "nobody"), ("key", "remove", "nobody", "a")):
        assert "no client nobody" in await operator.is_refused(*words)
    assert "no wallet" in await operator.is_refused("list", "--wallet", "https://nobody.example")


async def test_a_client_moves_from_its_secret_to_keys(
    operator: Operator, house: House, wallet: Wallet, file: Path
) -> None:
    secret = await operator.does(*ADD)
    assert "could not call" in await operator.is_refused("secret", "end", "norte")
    await operator.does("key", "add", "norte", str(file))
    assert "client_secret_basic, private_key_jwt" in await operator.does("list")

    await operator.does("secret", "end", "norte")

    assert not await _is_let_in(house, wallet, secret)
    assert "  private_key_jwt  " in await operator.does("list")
