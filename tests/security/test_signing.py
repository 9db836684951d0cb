"""The keys wallets' tokens are signed with: named by what they are, published before they sign."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import jwt
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from service.commands.keys import key_commands
from service.security import keys
from service.security.keys import KeysWrong, SigningKeys
from service.security.signing import (
    USED_AFTER,
    Algorithm,
    SigningKey,
    key_for,
    line_of,
    new_key,
    public_key,
    signed,
)
from service.settings import Settings
from tests.ports import free_port
from tests.served import environment_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
def folder(tmp_path: Path, keys_folder: Path) -> Path:
    return copytree(keys_folder, tmp_path / "keys")


def _made(at: datetime) -> SigningKey:
    return new_key(Algorithm.ES256, now=at)


def test_another_library_verifies_each_algorithm(folder: Path) -> None:
    for key in SigningKeys(folder).all():
        token = signed(key, b'{"iss":"us"}', kind="secevent+jwt")

        assert jwt.get_unverified_header(token) == {
            "alg": key.algorithm.value,
            "typ": "secevent+jwt",
            "kid": key.id,
        }
        public = jwt.PyJWK(dict(public_key(key)))
        assert jwt.decode(token, public, algorithms=[key.algorithm]) == {"iss": "us"}


def test_a_new_key_signs_a_day_after_it_was_published() -> None:
    first, second = _made(NOON - timedelta(days=9)), _made(NOON)

    for order in ((first, second), (second, first)):
        before = key_for(order, Algorithm.ES256, now=NOON + USED_AFTER - A_MOMENT)
        after = key_for(order, Algorithm.ES256, now=NOON + USED_AFTER)
        assert (before, after) == (first, second)


def test_the_first_key_of_all_signs_at_once() -> None:
    only, next_one = _made(NOON), _made(NOON + timedelta(hours=1))

    assert key_for((next_one, only), Algorithm.ES256, now=NOON) == only


def test_a_rotated_key_is_known_to_running_processes_and_the_old_one_stays(folder: Path) -> None:
    running = SigningKeys(folder)
    before = running.all()

    added = keys.rotate(folder, "signing-es256")

    assert set(running.all()) == {*before, added}
    assert SigningKeys(folder).all() == running.all()
    assert (folder / "signing-es256").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in folder.iterdir()} == {*keys.NAMES, *keys.CAME_LATER}
    now = added.created_at
    assert running.for_signing(Algorithm.ES256, now=now) in before
    assert running.for_signing(Algorithm.ES256, now=now + USED_AFTER) == added


def test_files_that_go_wrong_do_not_stop_what_is_running(folder: Path) -> None:
    running = SigningKeys(folder)
    before = running.all()
    (folder / "signing-es256").unlink()

    assert running.all() == before
    with pytest.raises(KeysWrong, match="keys create"):
        SigningKeys(folder)
    assert keys.create(folder)
    assert running.all() != before


GARBLED: Mapping[str, Callable[[str, str, str], str]] = {
    "empty": lambda _, __, ___: "",
    "no secret": lambda name, at, _: f"{name} {at}",
    "another name": lambda _, at, secret: f"another {at} {secret}",
    "no instant": lambda name, _, secret: f"{name} yesterday {secret}",
    "no zone": lambda name, _, secret: f"{name} 2026-01-01T00:00:00 {secret}",
    "cut": lambda name, at, secret: f"{name} {at} {secret[:-8]}",
    "no key": lambda name, at, _: f"{name} {at} AAAA",
}


@pytest.mark.parametrize("how", GARBLED)
def test_a_garbled_key_is_refused_by_name(folder: Path, how: str) -> None:
    name, at, secret = (folder / "signing-es256").read_text().split()
    (folder / "signing-es256").write_text(GARBLED[how](name, at, secret))

    with pytest.raises(KeysWrong, match="signing-es256"):
        keys.load(folder)


def test_a_key_signs_with_its_own_algorithm_alone(folder: Path) -> None:
    """Moved to the other file, it is none."""
    (folder / "signing-rs256").write_text((folder / "signing-es256").read_text())

    with pytest.raises(KeysWrong, match="signing-rs256"):
        keys.load(folder)


def test_a_key_never_prints_its_secret(folder: Path) -> None:
    key = _made(NOON)

    assert line_of(key).split()[2] not in repr(key)
    assert repr(key.secret) not in repr(key)


def test_the_command_adds_a_key_and_says_from_when_it_signs(
    settings: Settings, folder: Path
) -> None:
    before = SigningKeys(folder).all()
    told = environment_of(replace(settings, keys=folder), free_port())

    typed = CliRunner().invoke(key_commands, ["rotate", "signing-rs256"], env=told)

    assert typed.exit_code == 0, typed.output
    (added,) = set(SigningKeys(folder).all()) - set(before)
    assert added.algorithm is Algorithm.RS256
    wrong = CliRunner().invoke(key_commands, ["rotate", "master"], env=told)
    assert wrong.exit_code == 2
