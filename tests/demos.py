"""The demo as a person starts it: a process of its own, in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Final, TypeVar

from service.demo.run import clean
from service.processes import kept_ports

T = TypeVar("T")
ROOT: Final = Path(__file__).parents[1]
# The last line that says where to click.
READY: Final = "Ctrl-C stops it"
# Far above what any honest machine takes: how fast it is, is measured by `make bench`.
_READY_WITHIN: Final = 250.0
_ENDS_WITHIN: Final = 120.0


def until(question: Callable[[], T | None], *, within: float = 60.0) -> T:
    """The first answer that is true; fails when there is none in time."""
    end = time.monotonic() + within
    while True:
        if answer := question():
            return answer
        assert time.monotonic() < end, f"not within {within:g} s"
        time.sleep(0.005)


class Demo:
    """A running `demo run`, ready to be clicked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        began = time.monotonic()
        self._process = subprocess.Popen(
            command("run", folder),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            while not (self.said and READY in self.said[-1]):
                line = self._lines.get(timeout=_READY_WITHIN)
                assert line is not None, "".join(self.said)
                self.said.append(line)
        except BaseException:
            self.stop()
            raise
        self.ready_after = time.monotonic() - began
        self.pid = self._process.pid
        self.ports = kept_ports(folder / "ports.json")

    def address(self, name: str) -> str:
        return f"http://localhost:{self.ports[name]}"

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends(self) -> int:
        """Its exit status, once it has ended by itself."""
        return self._process.wait(_ENDS_WITHIN)

    def stop(self) -> int:
        """Ctrl-C, unless it ended already; the exit status."""
        if self._process.poll() is None:
            self.send(signal.SIGINT)
        status = self._process.wait(_ENDS_WITHIN)
        self._reader.join(5)
        while not self._lines.empty():
            self.said.append(self._lines.get() or "")
        return status

    def _read(self, lines: IO[str] | None) -> None:
        assert lines is not None
        with lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)


@contextmanager
def port_taken(folder: Path, name: str) -> Generator[int]:
    """Someone else listens where this part of the demo used to."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", kept_ports(folder / "ports.json")[name]))
        other.listen()
        yield other.getsockname()[1]


def command(name: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "service", "demo", name, "--folder", str(folder)]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "RESGUARDO" not in name}


@contextmanager
def demo_folder() -> Generator[Path]:
    """Not pytest's folder: nobody but the person who runs the tests may walk through that one."""
    folder = Path(tempfile.mkdtemp(prefix="resguardo-demo-"))
    try:
        yield folder
    finally:
        clean(folder)
        folder.rmdir()


def family(pid: int) -> dict[int, str]:
    """Every process below this one, with its command."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    parents = {int(row[0]): int(row[1]) for row in rows}
    commands = {int(row[0]): row[2] if len(row) > 2 else "" for row in rows}
    found: dict[int, str] = {}
    below = {pid}
    while below:
        below = {child for child, parent in parents.items() if parent in below}
        found |= {child: commands[child] for child in below}
    return found


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
