"""The map in `domain/README.md` names what there is."""

import re
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import domain
from domain.accounts import AccountState
from domain.contacts import ContactStatus
from domain.reports import ReportStatus
from domain.tickets import Stage

FOLDER: Final = Path(str(domain.__file__)).parent
MAP: Final = (FOLDER / "README.md").read_text()
MODULES: Final = {
    ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
    for path in FOLDER.rglob("*.py")
    # Facts stand with the life they belong to; the map names their package.
    if path.parent != FOLDER / "events" or path.name == "__init__.py"
} - {"__init__"}
ANSWERS: Final = re.findall(r"`([a-z_]+(?:\.\w+)+)`", MAP)


def test_every_module_is_on_the_map() -> None:
    names = set(re.findall(r"`([a-z_]+(?:\.\w+)*)`", MAP))

    assert names | {name.partition(".")[0] for name in names} >= MODULES


@pytest.mark.parametrize("answer", sorted(set(ANSWERS)))
def test_every_answer_on_the_map_exists(answer: str) -> None:
    module, *names = answer.split(".")

    assert module in MODULES
    assert reduce(getattr, names, import_module(f"domain.{module}")) is not None


def test_every_path_on_the_map_exists() -> None:
    paths = re.findall(r"`((?:service|notifications|tests)/[\w/.]*)`", MAP)

    assert paths
    assert [path for path in paths if not (FOLDER.parent / path).exists()] == []


@pytest.mark.parametrize("states", [AccountState, ContactStatus, ReportStatus, Stage])
def test_every_state_is_drawn(states: type[AccountState]) -> None:
    drawings = "".join(re.findall(r"```text\n(.*?)```", MAP, flags=re.DOTALL))

    assert [state.name for state in states if state.name not in drawings] == []
