"""`python -m service …` without an interpreter for each command: starting one takes a second and
a half, and what is typed after the first word does not depend on it.

`main` itself runs, with its own event loop, words, environment and standard streams.
"""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from service.__main__ import main
from tests.leaks import EARS

ROOT: Final = Path(__file__).parents[1]


def settings_of(database_url: str, keys_folder: Path) -> dict[str, str]:
    """What an operator has set; lines are as long as they like."""
    return {
        "RESGUARDO_DATABASE_URL": database_url,
        "RESGUARDO_KEYS": str(keys_folder),
        "COLUMNS": "200",
    }


def typed(
    settings: Mapping[str, str], *words: str, told: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command with these words; `told` is what stands on its standard input.

    Waits for it, as whoever typed it does: nothing else of the test goes on meanwhile.
    """
    # In a thread: a command brings its own event loop.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(_in_its_place, settings, words, told).result()


def _in_its_place(
    settings: Mapping[str, str], words: tuple[str, ...], told: str
) -> subprocess.CompletedProcess[str]:
    ours = sys.argv
    with CliRunner(env=dict(settings)).isolation(told) as (output, errors, _):
        sys.argv = [str(ROOT / "service" / "__main__.py"), *words]
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.argv = ours
        said, complained = output.getvalue().decode(), errors.getvalue().decode()
    EARS.hear("standard error of a command", complained)
    return subprocess.CompletedProcess(words, status, said, complained)
