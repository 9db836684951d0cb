"""Several processes under one parent: started one by one, stopped in a stated order.

Nothing is restarted here. A part that ends by itself ends the whole, loudly: whoever runs
this in earnest has a supervisor of their own, and whoever runs the demo wants to know.
"""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, NoReturn, Protocol, Self, TextIO
from urllib.parse import urlsplit

import msgspec

# Tells a child which process it lives for.
PARENT = "RESGUARDO_PARENT_PID"
LOOKS_EVERY = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PartEnded(Exception):
    """A part ended by itself: `name` and its exit `status`, negative if a signal ended it."""

    def __init__(self, name: str, status: int) -> None:
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        super().__init__(f"{name} ended by itself ({how})")
        self.name = name
        self.status = status


class NotReady(Exception):
    """A part was started, lives, and did not become ready in the time it had."""


class Part(Protocol):
    """Something that runs: a child process, a database cluster."""

    def poll(self) -> int | None: ...
    def stop(self) -> None: ...


def die_with_parent(*, grace: float = 10.0) -> None:
    """End this process when its parent is gone: ask politely, then leave after `grace` seconds.

    Call it first thing. Works wherever there are process numbers, also for a parent that
    was killed before we came here, if that parent was a `Parent`.
    """
    # Taken out of the environment: our own children live for us, not for our parent.
    parent = int(os.environ.pop(PARENT, "0")) or os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOKS_EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


class Child:
    """A program of ours, with its lines written to `output` under its name."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: TextIO,
        stops_within: float,
        is_hurried: Callable[[], bool],
    ) -> None:
        self._stops_within = stops_within
        self._is_hurried = is_hurried
        self._process = subprocess.Popen(  # noqa: S603 - the caller's own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A pipe would make Python keep its lines back until there are many.
            env={**environment, PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"},
            # Ctrl-C at the terminal reaches the parent alone, which knows the order.
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._pump = threading.Thread(
            target=hand_on, args=(name, self._process.stdout, output), name=name, daemon=True
        )
        self._pump.start()

    def poll(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        """SIGTERM; when its time is up, or someone is in a hurry, SIGKILL for it and its own."""
        if self.poll() is None:
            self._process.terminate()
        until = time.monotonic() + self._stops_within
        while self.poll() is None:
            if self._is_hurried() or time.monotonic() > until:
                # Not yet waited for, so its number still is its own, and names its group; macOS
                # refuses if it has ended in this very moment.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            time.sleep(0.02)
        # A grandchild may hold the pipe open; its last lines are not worth waiting for.
        self._pump.join(1.0)


def hand_on(name: str, lines: IO[bytes] | None, output: TextIO) -> None:
    if lines is None:
        return
    with lines:
        for line in lines:
            # Nobody may be listening any more; the child must not wait for them to come back.
            with suppress(OSError, ValueError):
                output.write(f"{name:8} | {line.decode('utf-8', 'replace').rstrip()}\n")
                output.flush()


class Parent:
    """Used as a context: on the way out, for whatever reason, all parts stop in order.

    Being asked to stop (SIGINT, SIGTERM, SIGHUP) leaves the context quietly; asked again, it
    kills children instead of waiting for them. Only in the main thread, where signals arrive.
    """

    def __init__(self, *, stops: Sequence[str], output: TextIO | None = None) -> None:
        self._stops = stops
        self._output = output or sys.stdout
        self._parts: dict[str, Part] = {}
        self._asked = False
        self._stopping = False
        self._hurried = False
        self._handlers: dict[int, signal.Handlers | int | Callable[..., object] | None] = {}

    def adopt(self, name: str, part: Part) -> None:
        """Take over a part that runs already; it must have a place in the order of stopping."""
        self._check_place_of(name)
        self._parts[name] = part

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        ready: Callable[[], bool] | str | None = None,
        ready_within: float = 30.0,
        stops_within: float = 10.0,
    ) -> Child:
        """Start a child and wait until it is ready: a question, or an address that answers 200.

        `environment` is all it gets. Raises PartEnded if any part ends meanwhile, NotReady.
        """
        self._check_place_of(name)
        child = self._parts[name] = Child(
            name,
            command,
            environment=environment,
            output=self._output,
            stops_within=stops_within,
            is_hurried=lambda: self._hurried,
        )
        is_ready = (lambda: answers(ready)) if isinstance(ready, str) else ready
        until = time.monotonic() + ready_within
        while is_ready is not None and not is_ready():
            self._see_that_all_live()
            if time.monotonic() > until:
                raise NotReady(f"{name} was not ready within {ready_within:g} seconds")
            time.sleep(0.02)
        return child

    def wait(self) -> NoReturn:
        """Until a part ends by itself (PartEnded) or we are asked to stop."""
        while True:
            self._see_that_all_live()
            time.sleep(LOOKS_EVERY)

    def _check_place_of(self, name: str) -> None:
        if name not in self._stops or name in self._parts:
            raise ValueError(f"{name!r} has no free place among {', '.join(self._stops)}")

    def _see_that_all_live(self) -> None:
        for name, part in self._parts.items():
            status = part.poll()
            if status is not None:
                raise PartEnded(name, status)

    def _be_asked(self, _number: int, _frame: FrameType | None) -> None:
        self._hurried = self._asked
        self._asked = True
        if not self._stopping:
            self._stopping = True
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            self._handlers[number] = signal.signal(number, self._be_asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._stopping = True
        with ExitStack() as stack:
            for number, handler in self._handlers.items():
                stack.callback(signal.signal, number, handler)
            # Last in, first out; and each is stopped even if stopping another one fails.
            for name in reversed(self._stops):
                if name in self._parts:
                    stack.callback(self._parts[name].stop)
        return isinstance(fault, KeyboardInterrupt) and self._asked


def answers(url: str) -> bool:
    """Whether a GET of this address on our own machine answers 200 just now."""
    parts = urlsplit(url)
    # Not urllib: it would ask a proxy named in the environment.
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1.0)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def kept_port(name: str, state: Path, *, preferred: int | None = None) -> int:
    """The port this name had in the last run, if it is free; else another, kept from now on.

    `state` is a JSON file of names and ports. Bookmarks and open tabs outlive a restart.
    """
    kept = kept_ports(state)
    others = {port for other, port in kept.items() if other != name}
    port = free_port(kept.get(name, preferred), others=others)
    state.parent.mkdir(parents=True, exist_ok=True)
    unfinished = state.with_name(f"{state.name}.{os.getpid()}.new")
    unfinished.write_bytes(msgspec.json.encode({**kept, name: port}))
    unfinished.replace(state)
    return port


def kept_ports(state: Path) -> dict[str, int]:
    """What the file says; nothing if it is missing or was spoilt, for it holds only wishes."""
    with suppress(FileNotFoundError, msgspec.MsgspecError):
        return msgspec.json.decode(state.read_bytes(), type=dict[str, int])
    return {}


def free_port(preferred: int | None = None, *, others: Collection[int] = ()) -> int:
    """The preferred port if nobody listens there, else any other free one outside `others`.

    Free at this moment: whoever listens next decides, so bind soon.
    """
    if preferred is not None and preferred not in others and is_free(preferred):
        return preferred
    while True:
        with socket.socket(socket.AF_INET) as any_free:
            any_free.bind(("127.0.0.1", 0))
            port: int = any_free.getsockname()[1]
        if port not in others and is_free(port):
            return port


def is_free(port: int) -> bool:
    """Both loopback addresses: a browser may take either for `localhost`."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                # As servers do: connections that are only fading away do not matter.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((address, port))
                trial.listen()
        except OSError as refused:
            if family is socket.AF_INET or refused.errno == errno.EADDRINUSE:
                return False
    return True
