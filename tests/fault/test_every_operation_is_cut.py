"""An operation that no power cut was tried on fails here, by its name, the day it is written."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = "service.operations"
OPERATIONS: Final = ROOT / "service" / "operations"
# What cuts, and what its tests call by names of their own.
CUTTING: Final = frozenset({"everything_or_nothing", "each_table_whole"})
TESTS: Final = tuple(sorted(Path(__file__).parent.glob("test_power_cuts*.py")))
CAST: Final = (ROOT / "tests" / "people.py", ROOT / "tests" / "helpless.py")
# What opens a transaction: an engine's own, and the one of the hot statements.
OPENS: Final = frozenset({"begin", "transaction"})
NOT_CUT: Final = {
    "mistakes_undone.carry_on": "two operations, each of which is cut, for one account at a time",
    "reassigning.reassign_all": "one operation, which is cut, for one ticket at a time",
    "at_work.at_work": "what agents' acts happen in; it is cut with each of them",
    "visits.current": "reads one row under its lock and writes nothing",
}

Function = ast.AsyncFunctionDef | ast.FunctionDef


def test_every_operation_that_opens_a_transaction_is_cut() -> None:
    operations = _operations()
    assert len(operations) > 40
    missing = operations - _cut() - set(NOT_CUT)
    assert not missing, f"no power cut was tried on {sorted(missing)}"


def test_what_need_not_be_cut_exists_and_is_not() -> None:
    assert set(NOT_CUT) <= _operations() - _named_in_tests()


def test_an_operation_nobody_cuts_would_be_found() -> None:
    """Both sides: the reading above sees transactions, and sees that some are missing."""
    assert {"filing.file_report", "tickets.approve_release"} <= _operations()
    assert "desk.see_queue" not in _operations()
    assert "filing.file_report" in _cut()
    assert "filing.nobody_wrote_this" not in _cut()


def _operations() -> set[str]:
    """Public functions of a house that open a transaction, themselves or by what they call."""
    calls, functions = _graph()
    opening = {name for name, one in functions.items() if _opens(one)}
    return {
        name
        for name, one in functions.items()
        if not name.partition(".")[2].startswith("_")
        and _takes_a_house(one)
        and not _reached(name, calls).isdisjoint(opening)
    }


def _cut() -> set[str]:
    """What is named where something is cut, and all that it calls."""
    calls, _ = _graph()
    return {reached for name in _named_in_tests() for reached in _reached(name, calls)}


def _named_in_tests() -> set[str]:
    known: dict[str, Function] = {}
    for path in CAST:
        known |= {f"{path.stem}.{one.name}": one for one in _functions(path)}
    named: set[str] = set()
    for path in TESTS:
        here = known | {one.name: one for one in _functions(path)}
        for call in ast.walk(_parsed(path)):
            if isinstance(call, ast.Call) and _called(call) in CUTTING:
                for argument in call.args[1:]:
                    named |= _named(argument, here, set())
    return named


def _named(tree: ast.AST, known: dict[str, Function], seen: set[str]) -> set[str]:
    """`module.function` wherever it stands, also behind functions of the tests themselves."""
    found: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = "people" if node.value.id == "cast" else node.value.id
            names = [f"{module}.{node.attr}"]
            found |= set(names)
        elif isinstance(node, ast.Name):
            names = [node.id, f"helpless.{node.id}"]
        for name in names:
            if name in known and name not in seen:
                seen.add(name)
                found |= _named(known[name], known, seen)
    return found


def _graph() -> tuple[dict[str, set[str]], dict[str, Function]]:
    """Who calls whom among the operations, private functions included."""
    functions: dict[str, Function] = {}
    for path in OPERATIONS.rglob("*.py"):
        functions |= {f"{path.stem}.{one.name}": one for one in _functions(path)}
    calls: dict[str, set[str]] = {}
    for path in OPERATIONS.rglob("*.py"):
        own = {one.name: f"{path.stem}.{one.name}" for one in _functions(path)} | _imported(path)
        for one in _functions(path):
            called = {name for node in ast.walk(one) for name in _names(node, own)}
            calls[f"{path.stem}.{one.name}"] = called & set(functions)
    return calls, functions


def _imported(path: Path) -> dict[str, str]:
    """What a module knows of other operations: their functions, and whole modules. The rules have
    modules and functions of the same names."""
    return {
        one.asname or one.name: f"{(node.module or '').removeprefix(PACKAGE)}.{one.name}".strip(".")
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        for one in node.names
    }


def _names(node: ast.AST, own: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id in own:
            yield f"{own[node.value.id]}.{node.attr}"
    elif isinstance(node, ast.Name) and node.id in own:
        yield own[node.id]


def _reached(name: str, calls: dict[str, set[str]]) -> set[str]:
    reached, waiting = {name}, [name]
    while waiting:
        for called in calls.get(waiting.pop(), set()) - reached:
            reached.add(called)
            waiting.append(called)
    return reached


def _opens(function: Function) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in OPENS
        and (_is_engine(node.func.value) or node.func.attr == "transaction")
        for node in ast.walk(function)
    )


def _is_engine(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "engine"


def _takes_a_house(function: Function) -> bool:
    first = function.args.args[0] if function.args.args else None
    return (
        first is not None
        and isinstance(first.annotation, ast.Name)
        and (first.annotation.id == "House")
    )


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


@cache
def _functions(path: Path) -> tuple[Function, ...]:
    return tuple(
        node
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    )


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
