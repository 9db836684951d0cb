"""Break each rule of `domain/` in every small way there is, and see whether a test notices.

    make mutants                                            the whole of domain/: some 30 minutes
    make mutants ONLY="domain/contacts domain/limits.py"    one folder, one module

mutmut makes the mutants: one `<` for a `<=`, one event fewer, one argument left out. Each is tried
by the tests of `tests/domain/` that ever reach it. Mutants and their tests live in `var/mutants`,
away from the house, so that neither a database nor a web server is built for each of them.

What is not broken, and why:

- whatever stands outside functions: the numbers of `policy`, the table of `limits`, words, the
  fields of values, LEADS_TO. mutmut switches mutants inside functions only. Numbers stand a second
  time in test_numbers and test_limits, what values begin with in test_values, where states lead in
  the tests that walk the rules;
- what mutmut itself leaves alone: docstrings, annotations, what is given to `len` and `isinstance`;
- `test_the_map` is left out of the tests: names on a map are no rule and kill no mutant.

Nothing else is excluded, and no line of `domain/` carries a mark that would spare it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

HOUSE: Final = Path(__file__).parents[2]
WORKSHOP: Final = HOUSE / "var" / "mutants"
SAID: Final = WORKSHOP / "mutmut.txt"
MUTMUT: Final = Path(sys.executable).with_name("mutmut")
# Of a hundred mutants; the rest are read by people.
ENOUGH: Final = 90
# Whatever is not tried by then counts as not tried, and the run fails.
LONGEST: Final = int(os.environ.get("MINUTES", "90")) * 60

SETTINGS: Final = """\
[tool.mutmut]
source_paths = ["domain"]
only_mutate = [{only}]
also_copy = ["conftest.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = ["tests/domain"]
# Which functions changed since the last run is not asked: the workshop is new each time.
use_git_change_detection = false
track_dependencies = false
# A mutant that never ends is stopped after this many times what its tests took.
timeout_multiplier = 4.0
timeout_constant = 20.0

[tool.pytest]
pythonpath = ["."]
strict = true
filterwarnings = ["error"]
"""

# The same examples for every mutant, so that a mutant is killed by what it does and not by chance
# or by a busy machine; and fewer, because a mutant meets hundreds of tests.
FEWER_EXAMPLES: Final = """\
from hypothesis import settings

settings.register_profile(
    "mutants", max_examples=30, derandomize=True, deadline=None, database=None
)
settings.load_profile("mutants")
"""

# mutmut passes over decorated functions. A property is a rule like any other, so in the workshop
# it is written the long way, with its body in a plain method.
PROPERTY: Final = re.compile(r"( +)@property\n +def (\w+)\(self\)( -> [^:\n]+):\n((?:\1 .*\n|\n)+)")
THE_LONG_WAY: Final = r"\1def the_\2(self)\3:\n\4\1\2 = property(lambda self: self.the_\2())\n\n"


class Mutant(NamedTuple):
    name: str
    module: str
    # killed, survived, timeout, no tests, not checked, …
    fate: str


def build(only: list[str]) -> None:
    """Everything a mutant needs, and nothing else."""
    shutil.rmtree(WORKSHOP, ignore_errors=True)
    leave = shutil.ignore_patterns("__pycache__", "test_the_map.py")
    shutil.copytree(HOUSE / "domain", WORKSHOP / "domain", ignore=leave)
    shutil.copytree(HOUSE / "tests" / "domain", WORKSHOP / "tests" / "domain", ignore=leave)
    shutil.copy(HOUSE / "tests" / "builders.py", WORKSHOP / "tests")
    for path in (WORKSHOP / "domain").rglob("*.py"):
        path.write_text(PROPERTY.sub(THE_LONG_WAY, path.read_text()))
        if "@property" in path.read_text():
            raise SystemExit(f"{path}: a property this script cannot write the long way")
    (WORKSHOP / "conftest.py").write_text(FEWER_EXAMPLES)
    patterns = (one if one.endswith(".py") else f"{one.rstrip('/')}/*" for one in only)
    settings = SETTINGS.format(only=", ".join(map(json.dumps, patterns)))
    (WORKSHOP / "pyproject.toml").write_text(settings)


def try_all() -> None:
    # On one core: whoever else works on this machine goes on doing so.
    command = [MUTMUT, "run", "--max-children", "1"]
    with SAID.open("w") as said:
        try:
            # At a terminal its counter is worth seeing; in a file it would be megabytes.
            out = None if sys.stdout.isatty() else said
            done = subprocess.run(
                command, cwd=WORKSHOP, stdout=out, stderr=out, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            print(
                f"Stopped after {LONGEST // 60} minutes: MINUTES=… allows more, ONLY=… asks less."
            )
            return
    if done.returncode:
        raise SystemExit(SAID.read_text()[-4000:] or done.returncode)


def tried() -> list[Mutant]:
    """What became of each, as mutmut tells it: `    domain.limits.x_take__mutmut_3: killed`."""
    told = subprocess.run(
        [MUTMUT, "results", "--all", "true"],
        cwd=WORKSHOP,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = (line.strip().rpartition(": ") for line in told.stdout.splitlines() if line.strip())
    return [Mutant(name, name.rpartition(".")[0], fate) for name, _, fate in lines]


def tell(mutants: list[Mutant]) -> float:
    """A line for each module, the survivors by name, and the share that did not survive."""
    for module in sorted({one.module for one in mutants}):
        print(line(module, [one for one in mutants if one.module == module]))
    print(line("in all", mutants))
    if alive := [one for one in mutants if not is_dead(one)]:
        print("\nNot killed; `mutmut show NAME` in var/mutants shows what each changed:")
        for one in alive:
            print(f"  {one.name}: {one.fate}")
    return share(mutants)


def line(name: str, mutants: list[Mutant]) -> str:
    fates = Counter(one.fate for one in mutants)
    shown = ["killed", "survived", "timeout"]
    shown += sorted(fates.keys() - set(shown))
    return f"{name:28}{share(mutants):6.1f} %" + "".join(
        f"{fates[fate]:6} {fate}" for fate in shown
    )


def share(mutants: list[Mutant]) -> float:
    return 100 * sum(map(is_dead, mutants)) / len(mutants)


def is_dead(mutant: Mutant) -> bool:
    """A mutant that never ends is noticed too; one that no test reaches, or met no test, is not."""
    return mutant.fate in {"killed", "timeout"}


def main() -> None:
    only = sys.argv[1:]
    for one in only:
        if not (HOUSE / one).exists() or not one.startswith("domain"):
            raise SystemExit(f"{one}: no folder or module of domain/")
    build(only)
    try_all()
    mutants = tried()
    if not mutants:
        raise SystemExit("Nothing there to break.")
    if tell(mutants) < ENOUGH:
        raise SystemExit(f"Less than {ENOUGH} % killed.")


if __name__ == "__main__":
    main()
