"""The embedded cluster: start it, reach it, stop it."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

from service.embedded import creation, remains
from service.embedded.claim import Claim
from service.embedded.creation import ADMIN, DATABASE
from service.embedded.faults import ClusterFault, NotStarted
from service.embedded.identity import ENVIRONMENT, watched_by_kernel
from service.embedded.place import PORT, Place, home_of, settle, stand_in_for

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Recovery after a crash reads the write-ahead log again; that may take a while.
READY_WITHIN = 120.0
KEPT_LOG = 5_000_000
# Fast, immediate, and the last resort; each with the seconds it gets.
STOPPING = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "cluster_name": remains.CLUSTER_NAME,
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Statements and the details of a violated constraint hold people's addresses.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
)

# A throw-away cluster survives nothing, and is quick.
THROW_AWAY: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "shared_buffers": "32MB",
        # It would sit in a template just when a test wants to copy it.
        "autovacuum": "off",
    }
)


class Cluster:
    """A running cluster. Ends with the process that started it, whatever kills that one."""

    def __init__(
        self,
        place: Place,
        passwords: dict[str, str],
        claim: Claim,
        process: subprocess.Popen[bytes],
        pid: int,
    ) -> None:
        self.folder = place.folder
        self.bin = place.binaries.bin
        self.pid = pid
        self._place = place
        self._passwords = passwords
        self._claim = claim
        self._process = process

    def url(self, role: str, database: str = DATABASE) -> str:
        """For SQLAlchemy; without `+asyncpg` also for asyncpg and libpq. Holds the password."""
        host = quote(str(self._place.sockets))
        return (
            f"postgresql+asyncpg://{role}:{self._passwords[role]}@/{database}"
            f"?host={host}&port={PORT}"
        )

    def environment(self, role: str, database: str = DATABASE) -> dict[str, str]:
        """For the programs in `bin`: a password in their arguments would show in every `ps`."""
        return {
            **ENVIRONMENT,
            "PGHOST": str(self._place.sockets),
            "PGPORT": str(PORT),
            "PGUSER": role,
            "PGPASSWORD": self._passwords[role],
            "PGDATABASE": database,
        }

    def create_database(self, name: str, template: str | None = None) -> None:
        """Made like the first one. Nobody may be connected to the template meanwhile."""
        self._tell(*creation.new_database(plain(name), plain(template or "template1")))

    def drop_database(self, name: str) -> None:
        """Whoever is connected is thrown out; a database that is not there is fine."""
        self._tell(f"DROP DATABASE IF EXISTS {plain(name)} WITH (FORCE)")

    def _tell(self, *statements: str) -> None:
        told = subprocess.run(  # noqa: S603 - psql of the wheel
            [self.bin / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"],
            input=";\n".join(statements) + ";\n",
            env=self.environment(ADMIN, "postgres"),
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode != 0:
            raise ClusterFault(told.stderr.strip())

    def poll(self) -> int | None:
        """None while it runs, else how it ended."""
        return self._process.poll()

    def stop(self) -> None:
        """End sessions and write everything down; harmless when repeated."""
        try:
            end(self._process)
            # In a folder that was deleted meanwhile, all that is left belongs to another.
            if self._claim.holds():
                # A killed postmaster leaves its backends behind.
                remains.end(self._place.data)
                remains.tidy(self._place.data, self._place.sockets)
                shutil.rmtree(self._place.sockets, ignore_errors=True)
        finally:
            self._claim.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    folder: Path, *, durable: bool = True, settings: Mapping[str, str] = MappingProxyType({})
) -> Cluster:
    """Start the cluster in `folder`; the first time, make it.

    Ready for connections when this returns. Whatever an earlier run left is cleared away.
    `durable=False` is for tests: fast, and lost in a crash. `settings` are PostgreSQL's own and
    win over ours. Raises FolderInUse, NoBinaries, NotStarted.
    """
    folder = folder.resolve()
    claim = Claim(folder)
    try:
        home = home_of(folder)
        remains.end(home / "data")
        for unfinished in home.glob(f"{creation.UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        place = settle(folder)
        begin_log(place)
        passwords = creation.passwords_for(place, durable=durable)
        remains.tidy(place.data, place.sockets)
        ours = SETTINGS if durable else {**SETTINGS, **THROW_AWAY}
        process, pid = launch(place, {**ours, **settings})
        return Cluster(place, passwords, claim, process, pid)
    except BaseException:
        claim.release()
        raise


def remove(folder: Path) -> None:
    """Forget a cluster with all it holds, wherever parts of it had to be. Raises FolderInUse."""
    folder = folder.resolve()
    try:
        # Whoever is removing it too must not find new files in it.
        claim = Claim(folder, make=False)
    except FileNotFoundError:
        return
    try:
        home = home_of(folder)
        remains.end(home / "data")
        if home == stand_in_for(folder):
            shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder)
    finally:
        claim.release()


def begin_log(place: Place) -> None:
    if place.log.exists() and place.log.stat().st_size > KEPT_LOG:
        place.log.replace(place.log.with_name("log.old"))
    place.log.touch(mode=0o600)


def launch(place: Place, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the postmaster and wait until it accepts connections; answers its process number.

    It is the process itself, or the one child of a process that watches over it.
    """
    given = {**settings, "unix_socket_directories": str(place.sockets)}
    words = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    command = place.identity.command(
        "exec" if watched_by_kernel() else "watch",
        *(place.binaries.bin / "postgres", "-D", place.data, *words),
        watched=os.getpid(),
    )
    with place.log.open("ab") as log:
        before = log.tell()
        process = subprocess.Popen(  # noqa: S603 - postgres of the wheel
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=ENVIRONMENT,
            # Ctrl-C at the terminal must not stop the database before those who use it.
            start_new_session=True,
        )
    try:
        return process, wait_until_ready(place, process, before)
    except BaseException:
        end(process)
        raise


def wait_until_ready(place: Place, process: subprocess.Popen[bytes], before: int) -> int:
    until = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < until:
        if pid := pid_when_ready(place.data):
            return pid
        time.sleep(0.01)
    said = creation.log_since(place, before)
    raise NotStarted(f"PostgreSQL in {place.folder} did not start:\n{said}")


def pid_when_ready(data: Path) -> int | None:
    """The postmaster says so in the eighth line of its file, which pg_ctl reads too."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").split("\n")
    except FileNotFoundError:
        return None
    return int(lines[0]) if len(lines) > 7 and lines[7].strip() == "ready" else None


def end(process: subprocess.Popen[bytes]) -> None:
    for number, patience in STOPPING:
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def plain(name: str) -> str:
    """Names are put into statements: nothing that would need quoting may come in."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no plain database name")
    return name
