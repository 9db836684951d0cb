"""Listens to all that the suite says: a name, an address, a code or a key in it fails the test.

What is heard: everything pytest captures (standard output and error of this process and of every
child that inherits them, and each logging record), files that children write to, PostgreSQL's log
among them, and the standard error of commands. What a command says on standard output is for the
person who typed it, and may be a secret shown once.
"""

import logging
import re
import secrets
import subprocess
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import IO, Any, Final

import pytest

# The cast, as no program says it by itself; agents' and owners' keys are in small letters.
_NAMES: Final = re.compile(r"\b(?:Olga|Olguita|Carl|Carlitos|Cleo|Mallory)\b")
_ADDRESSES: Final = re.compile(r"[\w.+-]+(?:@|%40)(?:correo|mail)\.example")
_PHONES: Final = re.compile(r"(?:\+|%2B)54[ \d()-]{8,}\d", re.IGNORECASE)
_LONG: Final = re.compile(r"[\w+/-]{20,}")
_CODES: Final = re.compile(r"(?<![\w.:/#-])(?:\d{8}|\d{6})(?![\w.:/-])")
# Numbers of processes are as long as codes, and are everywhere.
_PROCESSES: Final = re.compile(r"\[\d+\]|(?:pid|process)\W{0,3}\d+", re.IGNORECASE)
_LONGEST_CODE: Final = 8


class Ears:
    """What must not be said, and where it might be."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        # A code is six digits: of one test alone, or chance would find it somewhere.
        self._codes: set[str] = set()
        self._files: list[tuple[str, IO[bytes]]] = []
        self._heard: list[tuple[str, str]] = []

    def hide(self, *words: str) -> None:
        """Long random words: tokens, keys."""
        self._secrets.update(words)

    def hide_code(self, code: str) -> None:
        self._codes.add(code)

    def begin(self) -> None:
        """Another test: its codes are its own."""
        self._codes.clear()

    def listen_to(self, file: Path) -> None:
        """From its present end on."""
        opened = file.open("rb")
        opened.seek(0, 2)
        self._files.append((file.name, opened))

    def hear(self, where: str, said: str | bytes | None) -> None:
        if said:
            text = said if isinstance(said, str) else said.decode(errors="replace")
            self._heard.append((where, text))

    def leaks(self, captured: Iterable[tuple[str, str]] = ()) -> list[str]:
        """Everything said since it was asked last, and not allowed."""
        heard = [*captured, *self._heard]
        self._heard.clear()
        heard += [(name, file.read().decode(errors="replace")) for name, file in self._files]
        return [f"{where}: {word}" for where, text in heard for word in self.found(text)]

    def found(self, text: str) -> list[str]:
        """What this text must not hold."""
        found = [*_NAMES.findall(text), *_ADDRESSES.findall(text), *_PHONES.findall(text)]
        found += [word for word in _LONG.findall(text) if word in self._secrets]
        codes = _CODES.findall(_PROCESSES.sub("", text)) if self._codes else []
        return found + [code for code in codes if code in self._codes]


EARS: Final = Ears()


def pytest_configure() -> None:
    """Before anything of ours is imported that keeps these names."""
    # The tests' own browser writes down each address it opens, and the mail server outside what it
    # is told; they are no part of the house.
    for outside in ("httpx", "mail.log"):
        logging.getLogger(outside).setLevel(logging.WARNING)
    secrets.token_urlsafe = _overheard_token(secrets.token_urlsafe)
    secrets.randbelow = _overheard_code(secrets.randbelow)
    subprocess.Popen = Overheard


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    EARS.begin()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    captured = [(name, said) for name, said in report.sections if name.endswith(f" {call.when}")]
    leaks = EARS.leaks(captured)
    if leaks and report.passed:
        report.outcome = "failed"
        report.longrepr = "Said what nobody may read:\n" + "\n".join(leaks)
    return report


class Overheard(subprocess.Popen[Any]):
    """A child whose words are heard, wherever they go."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Before it can say a word.
        for where in {options.get("stdout"), options.get("stderr")}:
            name = getattr(where, "name", None)
            if isinstance(name, str) and Path(name).is_file():
                EARS.listen_to(Path(name))
        super().__init__(*arguments, **options)

    def communicate(self, *arguments: Any, **options: Any) -> tuple[Any, Any]:
        said, errors = super().communicate(*arguments, **options)
        EARS.hear("standard error of a command", errors)
        return said, errors


def _overheard_token(make: Callable[..., str]) -> Callable[..., str]:
    def token(*arguments: Any) -> str:
        made = make(*arguments)
        EARS.hide(made)
        return made

    return token


def _overheard_code(choose: Callable[[int], int]) -> Callable[[int], int]:
    def below(most: int) -> int:
        chosen = choose(most)
        digits = len(str(most)) - 1
        if most == 10**digits and digits in {6, _LONGEST_CODE}:
            EARS.hide_code(str(chosen).zfill(digits))
        return chosen

    return below
