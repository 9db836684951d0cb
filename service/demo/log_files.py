"""The children's lines: all of them into files, to the terminal only what someone should read."""

import io
import re
from pathlib import Path
from threading import Lock
from typing import Final, TextIO

_KEPT: Final = 2_000_000
_TROUBLE: Final = re.compile(
    r"""\b(warning|error|critical|fatal|exception)\b|^\w*(Error|Exception)\b""", re.IGNORECASE
)
# A structured line says itself how grave it is; "error": null is no trouble.
_LEVEL: Final = re.compile(r'"level": "(warning|error|critical)"')
_TRACEBACK: Final = re.compile(r"Traceback \(most recent call last\)")


class LogFiles(io.StringIO):
    """What `Parent` writes to: lines of the form ``name | line``. Keeps nothing in memory."""

    def __init__(self, folder: Path, terminal: TextIO) -> None:
        super().__init__()
        self._folder = folder
        self._terminal = terminal
        self._one_at_a_time = Lock()
        # Whose traceback is being told: it goes to the terminal up to its last line.
        self._telling: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.log"):
            if file.stat().st_size > _KEPT:
                file.replace(file.with_suffix(".old"))

    def write(self, text: str, /) -> int:
        name, _, line = text.partition("|")
        name, line = name.strip(), line.removeprefix(" ")
        with self._one_at_a_time:
            with (self._folder / f"{name}.log").open("a", encoding="utf-8") as file:
                file.write(line)
            if self._is_for_people(name, line):
                self._terminal.write(f"{name}: {line}")
                self._terminal.flush()
        return len(text)

    def _is_for_people(self, name: str, line: str) -> bool:
        if _TRACEBACK.search(line):
            self._telling.add(name)
            return True
        if name in self._telling:
            # The exception itself is the first line that is not indented.
            if not line.startswith((" ", "\n")):
                self._telling.discard(name)
            return True
        looks_for = _LEVEL if line.startswith("{") else _TROUBLE
        return looks_for.search(line) is not None
