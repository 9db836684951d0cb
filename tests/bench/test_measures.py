"""What is measured can be asked for by its name, and is told beside its reference."""

import re
from pathlib import Path

import msgspec
import pytest

from bench import demo
from bench.__main__ import GROUNDS
from bench.results import Result

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_names_every_measure_and_no_other() -> None:
    named = re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|$", README.read_text(), re.MULTILINE)

    assert sorted(named) == sorted(name for measures in GROUNDS.values() for name in measures)


def test_the_demos_starts_are_told_beside_an_import_and_their_limit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo.tell_starts([4.0, 12.0, 6.0], [2.0, 1.5, 9.0])

    half, most = (
        msgspec.json.decode(line, type=Result) for line in capsys.readouterr().out.splitlines()
    )
    # Half of the starts beside half of the imports; the slowest one beside what was promised.
    assert (half.value, half.unit, half.reference, half.ratio) == (6.0, "s", 2.0, 3.0)
    assert half.reference_name == "an interpreter that imports the service's app"
    assert (most.value, most.reference, most.reference_name, most.ratio) == (12, 10, "limit", 1.2)
