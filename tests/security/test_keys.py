"""Key files: written once, readable by their owner alone, never invented."""

import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from service.security.keys import CAME_LATER, NAMES, KeysWrong, create, load

A_SECRET = b64encode(b"s" * 32).decode()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finding primes takes longer than any test here."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    create(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, made_once: Path) -> Path:
    return copytree(made_once, tmp_path / "keys")


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.usefixtures("careless_umask")
def test_only_their_owner_can_read_new_keys_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "keys"

    assert create(folder)

    assert {path.name for path in folder.iterdir()} == {*NAMES, *CAME_LATER}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_key_that_came_later_is_written_beside_the_others(folder: Path) -> None:
    (folder / CAME_LATER[0]).unlink()
    before = contents(folder)

    assert create(folder)

    assert before.items() <= contents(folder).items()
    assert set(contents(folder)) == {*NAMES, *CAME_LATER}


def test_keys_are_written_once_and_never_over_others(folder: Path) -> None:
    before = contents(folder)

    assert not create(folder)

    assert contents(folder) == before


def test_every_key_is_another_one(tmp_path: Path) -> None:
    create(tmp_path / "one")
    create(tmp_path / "two")

    rings = [load(tmp_path / "one"), load(tmp_path / "two")]

    secrets = [
        key.secret for ring in rings for key in (*ring.master, *ring.codes, ring.index, ring.forms)
    ]
    assert len(set(secrets)) == len(secrets) == 8
    assert {len(secret) for secret in secrets} == {32}


@pytest.mark.parametrize("missing", NAMES)
def test_a_set_that_is_not_whole_is_neither_used_nor_completed(folder: Path, missing: str) -> None:
    load(folder)
    (folder / missing).unlink()
    before = contents(folder)

    with pytest.raises(KeysWrong, match=missing):
        load(folder)
    with pytest.raises(KeysWrong, match="restore"):
        create(folder)
    assert contents(folder) == before


def test_no_folder_is_no_keys(tmp_path: Path) -> None:
    with pytest.raises(KeysWrong, match="keys create"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_file_that_others_can_use_is_refused(folder: Path, name: str, mode: int) -> None:
    load(folder)
    (folder / name).chmod(mode)

    with pytest.raises(KeysWrong, match=f"{mode:o}"):
        load(folder)
    (folder / name).chmod(0o400)
    load(folder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "garbled",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="empty line"),
        pytest.param(b"master-1\n", id="no secret"),
        pytest.param(f" {A_SECRET}\n".encode(), id="no name"),
        pytest.param(b"master-1 " + b64encode(b"s" * 31), id="too short"),
        pytest.param(b"master-1 " + b64encode(b"s" * 33), id="too long"),
        pytest.param(f"master-1 {A_SECRET[:-2]}\n".encode(), id="cut"),
        pytest.param(f"master-1 {A_SECRET[:-3]}*=\n".encode(), id="no base64"),
        pytest.param(b"master-1 \xff\xfe\n", id="no text"),
        pytest.param(f"master-1 {A_SECRET}\nrubbish\n".encode(), id="one line of two"),
    ],
)
def test_a_garbled_file_is_refused_by_name(folder: Path, name: str, garbled: bytes) -> None:
    load(folder)
    (folder / name).write_bytes(garbled)

    with pytest.raises(KeysWrong, match=name):
        load(folder)


def test_the_newest_key_stands_on_top_and_older_ones_are_kept(folder: Path) -> None:
    before = load(folder)
    for name in ("master", "codes"):
        kept = (folder / name).read_text()
        (folder / name).write_text(f"{name}-2 {A_SECRET}\n{kept}")

    ring = load(folder)

    assert [key.id for key in ring.master] == ["master-2", "master-1"]
    assert [key.id for key in ring.codes] == ["codes-2", "codes-1"]
    assert ring.master[1] == before.master[0]
    assert ring.codes[0].secret == b"s" * 32


def test_keys_never_print_their_secrets(folder: Path) -> None:
    (folder / "master").write_text(f"master-1 {A_SECRET}\n")
    ring = load(folder)

    for shown in (repr(ring), str(ring), repr(ring.master), f"{ring.index}"):
        assert "ssss" not in shown
        assert A_SECRET not in shown
        assert repr(ring.index.secret) not in shown
