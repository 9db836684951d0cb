"""The house itself: its folders, which way imports point, what gets installed."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from msgspec import Struct, convert, field
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ALWAYS_THERE = {"alembic", "domain", "notifications", "service", "tests"}
ROOMS = ALWAYS_THERE | {"bench", "docs", "examples"}
THE_PROJECT_MAKES = {"var"}

# What rules may be built from: nothing here reads, writes, waits, asks the time or throws dice.
# Adding a module is a decision, so it stands here by name.
PURE = {
    *("abc", "base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "decimal"),
    *("enum", "functools", "hashlib", "hmac", "itertools", "math", "msgspec", "operator", "re"),
    *("string", "typing", "unicodedata", "uuid"),
}
IMPURE_NAMES = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}
IMPURE_METHODS = {"now", "today", "utcnow", "uuid1", "uuid4"}

HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}")
PIN = re.compile(r"([a-z0-9.-]+)==([^ ;]+)( ; [^\\]+)?")


def what_reaches_out(source: str) -> set[str]:
    """Whatever in this module could make a rule's answer depend on more than its arguments."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names if not is_pure(name.name)}
            case ast.ImportFrom(module=module, names=names):
                found |= set() if is_pure(module or "") else {module or "."}
                found |= {name.name for name in names} & (IMPURE_METHODS | IMPURE_NAMES)
            case ast.Name(id=name):
                found |= {name} & IMPURE_NAMES
            case ast.Attribute(attr=name):
                found |= {name} & IMPURE_METHODS
            case _:  # the rest of the grammar is harmless
                pass
    return found


def is_pure(module: str) -> bool:
    return module.partition(".")[0] in PURE | {"domain"}


def test_every_folder_is_on_the_map() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}

    assert folders >= ALWAYS_THERE
    assert folders - THE_PROJECT_MAKES <= ROOMS


def test_the_folder_of_migrations_does_not_hide_the_library() -> None:
    library = importlib.util.find_spec("alembic")

    assert library is not None
    assert library.origin is not None
    assert (ROOT / "alembic") not in Path(library.origin).parents


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import re, uuid\nfrom datetime import datetime\nfrom domain.ids import WalletId", ""),
        ("def rule(now: datetime) -> bool:\n    return now < later", ""),
        ("import random", "random"),
        ("from os.path import join", "os.path"),
        ("from notifications import outbox", "notifications"),
        ("from . import ids", "."),
        ("import sqlalchemy.ext.asyncio", "sqlalchemy.ext.asyncio"),
        ("def rule():\n    import time", "time"),
        ("begun = datetime.datetime.now(UTC)", "now"),
        ("from uuid import uuid4", "uuid4"),
        ("class A(Struct):\n    id: UUID = field(default_factory=uuid.uuid4)", "uuid4"),
        ("print(open('x'))", "print open"),
    ],
)
def test_what_a_rule_must_not_touch_is_noticed(source: str, found: str) -> None:
    assert what_reaches_out(source) == set(found.split())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "domain").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_rules_depend_on_nothing_but_their_arguments(path: Path) -> None:
    assert what_reaches_out(path.read_text(encoding="utf-8")) == set()


def what_it_says(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def copy_of_the_sources(folder: Path) -> Path:
    for package in ("service", "notifications", "domain"):
        only_modules = shutil.ignore_patterns("__pycache__", "templates", "static", "locales")
        shutil.copytree(ROOT / package, folder / package, ignore=only_modules)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken_contracts(folder: Path) -> set[str]:
    """The names of the import contracts that these sources break."""
    linter = Path(sys.executable).with_name("lint-imports")
    said = what_it_says([str(linter), "--no-cache"], folder)
    names = set(re.findall(r"^(.+) BROKEN", said.stdout, re.MULTILINE))
    assert (said.returncode == 0) == (names == set()), said.stdout + said.stderr
    return names


def test_the_imports_of_the_house_point_one_way(tmp_path: Path) -> None:
    assert broken_contracts(copy_of_the_sources(tmp_path)) == set()


PACKAGES = "service → notifications → domain"
SERVICE = "app | worker → the edges → operations → storage → security"
WALLET = "the sample wallet uses the public HTTP API alone"
FRAMEWORK = "below the edges nothing knows the web framework"


@pytest.mark.parametrize(
    ("module", "imported", "broken"),
    [
        ("domain/stray.py", "notifications", PACKAGES),
        ("notifications/stray.py", "service", PACKAGES),
        ("service/storage/stray.py", "service.operations", SERVICE),
        ("service/security/stray.py", "service.storage", SERVICE),
        ("service/operations/stray.py", "service.console", SERVICE),
        ("service/web/stray.py", "service.api", SERVICE),
        ("service/jobs/stray.py", "service.signals", SERVICE),
        ("service/api/stray.py", "service.demo", SERVICE),
        ("service/demo/wallet/stray.py", "service.storage", WALLET),
        ("service/operations/stray.py", "litestar", FRAMEWORK),
    ],
)
def test_an_import_against_the_grain_is_caught(
    tmp_path: Path, module: str, imported: str, broken: str
) -> None:
    stray = copy_of_the_sources(tmp_path) / module
    if not stray.parent.is_dir():  # the wallet may be one module as well as a folder of them
        stray = stray.parent.with_suffix(".py")
    stray.write_text(f"import {imported}\n", encoding="utf-8")

    assert broken_contracts(tmp_path) == {broken}


class Declared(Struct):
    class Project(Struct, rename="kebab"):
        dependencies: list[str]
        optional_dependencies: dict[str, list[str]]

    project: Project
    groups: dict[str, list[str]] = field(name="dependency-groups")


class Lock(Struct):
    header: list[str]
    hashes: dict[str, list[str]]
    versions: dict[str, str]
    everywhere: set[str]


def declared() -> Declared:
    return convert(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")), Declared)


def lock(name: str) -> Lock:
    """The lock of that name. Fails at any line that is not a comment, a pin or a hash."""
    read = Lock(header=[], hashes={}, versions={}, everywhere=set())
    package = ""
    for line in (ROOT / name).read_text("utf-8").splitlines():
        content = line.removesuffix(" \\")
        if content.startswith("#"):
            read.header.append(content)
        elif HASH.fullmatch(content):
            read.hashes[package].append(content)
        else:
            pin = PIN.fullmatch(content)
            assert pin is not None, f"{name}: {line!r}"
            package = pin[1]
            read.versions[package], read.hashes[package] = pin[2], []
            read.everywhere |= set() if pin[3] else {package}
    return read


LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_address(name: str) -> None:
    read = lock(name)

    assert read.versions
    assert all(read.hashes.values())
    assert any("make lock" in line for line in read.header)
    assert not any("://" in line for line in read.header)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_as_new_as_what_it_was_made_from(name: str) -> None:
    wanted, read = declared(), lock(name)
    names = [*wanted.project.dependencies, *wanted.project.optional_dependencies["demo"]]
    names += wanted.groups["dev"] if name == "requirements-dev.lock" else []

    for requirement in map(Requirement, names):
        locked = read.versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(locked), requirement


def test_tests_run_on_what_the_service_runs_on() -> None:
    run, dev = map(lock, LOCKS)

    assert run.hashes.items() <= dev.hashes.items()
    assert run.versions.items() <= dev.versions.items()
    assert {name: version(name) for name in dev.everywhere} == {
        name: dev.versions[name] for name in dev.everywhere
    }


def test_make_alone_lists_what_can_be_made() -> None:
    listed = what_it_says(["make", "-s"], ROOT)

    named = re.findall(r"^make ([a-z-]+) +\w", listed.stdout, re.MULTILINE)
    assert named == [
        "help",
        "setup",
        "run",
        "run-clean",
        "test",
        "check",
        "mutants",
        "outage",
        "lives",
        "pictures",
        "bench",
        "large",
        "lock",
    ]


def test_an_old_python_can_read_the_script_that_refuses_it() -> None:
    source = (ROOT / ".ci/environment.py").read_text("utf-8")

    assert ast.parse(source, feature_version=(3, 6))


def test_a_missing_python_is_named() -> None:
    said = what_it_says(["make", "-s", "setup", "PYTHON="], ROOT)

    assert said.returncode != 0
    assert "Python 3.11 or newer" in said.stderr


def test_what_guards_the_main_line_runs_both_checks() -> None:
    run = ROOT / ".ci/run"

    assert os.access(run, os.X_OK)
    assert {"make check", "make test"} <= set(run.read_text("utf-8").splitlines())
