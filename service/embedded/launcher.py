"""Becomes the identity under which PostgreSQL runs, then becomes the program itself.

A program of its own, started by path with `python -I -S`: a user namespace can only be
entered by a process with a single thread, the kernel forgets the death signal whenever
credentials change, and no code should run between the fork and the exec of a process that
has threads. Standard library only.

    launcher.py HOW UID GID WATCHED WAY COMMAND...

`HOW` is `self`, `namespace` or `switch`. `WATCHED` is the process whose death ends the
command, 0 for none. `WAY` is `exec` (the command takes this process's place; Linux only
if a process is watched), `watch` (this process stays, hands signals on and watches), or
`probe` (the command is a folder and a socket path: can the identity use both?).

Exit codes of its own: 69 the identity cannot be had, 73 the folder cannot be used,
74 the socket cannot be made, 75 the watched process is gone already.
"""

import ctypes
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

NO_IDENTITY = 69
NO_FOLDER = 73
NO_SOCKET = 74
NOBODY_LEFT = 75

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# Fast shutdown: PostgreSQL ends its sessions and writes a checkpoint.
FAST = signal.SIGINT
# Immediate shutdown: it recovers from its write-ahead log at the next start.
IMMEDIATE = signal.SIGQUIT
FAST_TAKES = 10.0


def become(how: str, uid: int, gid: int) -> None:
    if how == "namespace":
        enter_namespace(uid, gid)
    elif how == "switch":
        # The groups first: afterwards the right to change them is gone.
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def enter_namespace(uid: int, gid: int) -> None:
    """Appear as `uid` to this process and its children, while files are reached as before."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1", "ascii")


def die_with(parent: int) -> None:
    """Ask the kernel for a fast shutdown when the parent's thread that forked us ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(FAST), 0, 0, 0)
    # It may have died before the kernel knew of our wish.
    if os.getppid() != parent:
        sys.exit(NOBODY_LEFT)


def execute(command: list[str]) -> NoReturn:
    # Python ignores these two, and an ignored signal stays ignored across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - the command comes from this package alone


def probe(folder: Path, socket_path: str) -> int:
    """Try for real what PostgreSQL will do; permission bits alone do not tell."""
    try:
        mark = folder / "mark"
        mark.touch()
        mark.unlink()
    except OSError:
        return NO_FOLDER
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as endpoint:
            endpoint.bind(socket_path)
        Path(socket_path).unlink()
    except OSError:
        return NO_SOCKET
    return 0


def watch(child: int, parent: int) -> int:
    """Stay with the child: hand stop signals on, and stop it once the parent is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: os.kill(child, received))
    orphaned_at: float | None = None
    while True:
        # A child that has ended but was not waited for keeps its number, so that no signal
        # sent above can reach a stranger.
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if orphaned_at is None and os.getppid() != parent:
            orphaned_at = time.monotonic()
            os.kill(child, FAST)
        if orphaned_at is not None and time.monotonic() - orphaned_at > FAST_TAKES:
            os.kill(child, IMMEDIATE)
        time.sleep(0.05)


def main(how: str, uid: str, gid: str, watched: str, way: str, *command: str) -> int:
    parent = int(watched)
    if way == "watch":
        watcher = os.getpid()
        child = os.fork()
        if child:
            return watch(child, parent)
        # Should the watcher itself be killed, Linux still tells its child.
        parent = watcher
    try:
        become(how, int(uid), int(gid))
    except OSError as refused:
        sys.stderr.write(f"cannot run as {how} {uid}:{gid}: {refused}\n")
        return NO_IDENTITY
    if way == "probe":
        return probe(Path(command[0]), command[1])
    if parent:
        die_with(parent)
    execute(list(command))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
