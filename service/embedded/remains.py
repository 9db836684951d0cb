"""What a predecessor left: processes that still run, and files that say they do.

A predecessor that was killed tells its postmaster through the kernel, so most remains are
just about to go. Only PostgreSQL processes that this package started on this very folder
are ever signalled: program, working directory and cluster name are all looked at, because
the number in a left-over `postmaster.pid` may by now be anybody's.
"""

import contextlib
import signal
import time
from pathlib import Path

import psutil

from service.embedded.faults import FolderInUse, NotStarted

# Appears in the postmaster's arguments and, by PostgreSQL's doing, in its children's titles.
CLUSTER_NAME = "resguardo-embedded"

# To a postmaster: fast, then immediate shutdown. To backends without one: the query's end.
STEPS = (
    (signal.SIGINT, signal.SIGTERM, 10.0),
    (signal.SIGQUIT, signal.SIGQUIT, 5.0),
    (signal.SIGKILL, signal.SIGKILL, 5.0),
)
TOLD_AGAIN_AFTER = 0.5


def end(data: Path) -> None:
    """When this returns, no PostgreSQL of ours works in `data`. Raises FolderInUse, NotStarted."""
    for to_postmaster, to_orphans, patience in STEPS:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            left = working_in(data)
            refuse_strangers(left, data)
            # Who they are changes while we look: looked at again until they are gone.
            tell(left, to_postmaster, to_orphans)
            if are_gone(data, TOLD_AGAIN_AFTER):
                return
    raise NotStarted(f"PostgreSQL processes of an earlier run in {data} do not end.")


def refuse_strangers(left: list[psutil.Process], data: Path) -> None:
    for process in left:
        if not is_ours(process):
            raise FolderInUse(
                f"PostgreSQL, process {process.pid}, works in {data} and was started by someone "
                "else. Stop it first."
            )


def tell(left: list[psutil.Process], to_postmaster: int, to_orphans: int) -> None:
    """A living postmaster sees to its backends; a killed one is past seeing to anything."""
    masters = [process for process in left if is_postmaster(process)]
    everyone = to_postmaster == signal.SIGKILL or not masters
    for process in left if everyone else masters:
        with contextlib.suppress(psutil.Error):
            process.send_signal(to_postmaster if masters else to_orphans)


def are_gone(data: Path, patience: float) -> bool:
    until = time.monotonic() + patience
    while working_in(data):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def working_in(data: Path) -> list[psutil.Process]:
    """PostgreSQL always works in its data folder. The dead who wait to be reaped do not count."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        # Processes end while we look, and some are not ours to look at.
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(data):
                found.append(process)
    return found


def is_ours(process: psutil.Process) -> bool:
    words = words_of(process)
    if not words:
        return True
    return f"cluster_name={CLUSTER_NAME}" in words or words[0].startswith(
        f"postgres: {CLUSTER_NAME}: "
    )


def is_postmaster(process: psutil.Process) -> bool:
    """Its children put a title in the place of their arguments."""
    return "-D" in words_of(process)


def words_of(process: psutil.Process) -> list[str]:
    """Its arguments, or its title; nothing if it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def tidy(data: Path, sockets: Path) -> None:
    """Remove what would keep PostgreSQL from starting. Only after `end`, under the claim.

    PostgreSQL believes a left-over file if its process number lives, whoever has it now. It
    still finds forgotten processes by their shared memory.
    """
    (data / "postmaster.pid").unlink(missing_ok=True)
    for left in sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)
