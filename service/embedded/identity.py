"""As whom PostgreSQL runs. It refuses to be root, and its owner must be known by name."""

import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

from msgspec import Struct

from service.embedded import launcher

# Only what a server needs: PGDATA, PGPORT and their like must not leak in from a shell.
ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": os.defpath}


class Identity(Struct, frozen=True, kw_only=True):
    """`self` as we are; `namespace` another name for ourselves, so that files are reached as
    before; `switch` an existing system account, which reaches only what is open to it."""

    how: Literal["self", "namespace", "switch"]
    uid: int
    gid: int

    @property
    def owner(self) -> int:
        """Who its files belong to, as seen from here."""
        return self.uid if self.how == "switch" else os.geteuid()

    @property
    def group(self) -> int:
        return self.gid if self.how == "switch" else os.getegid()

    def own(self, path: Path) -> None:
        if path.lstat().st_uid != self.owner:
            os.chown(path, self.owner, self.group, follow_symlinks=False)

    def command(self, way: str, *command: str | Path, watched: int = 0) -> list[str]:
        """The command line that runs `command` under this identity; see `launcher`."""
        start = [sys.executable, "-I", "-S", launcher.__file__]
        words = [self.how, self.uid, self.gid, watched, way, *command]
        return start + [str(word) for word in words]

    def run(
        self, *command: str | Path, way: str = "exec", typed: str = "", log: IO[str] | None = None
    ) -> int:
        """Run to the end and answer the exit code; what it says goes to the log, or nowhere."""
        ended = subprocess.run(  # noqa: S603 - programs of the wheel, arguments from this package
            self.command(way, *command, watched=watched_by_kernel()),
            input=typed,
            stdout=log or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            text=True,
            check=False,
        )
        return ended.returncode


def watched_by_kernel() -> int:
    """Our process number, if a child can ask the kernel to be told of our death; else 0.

    Linux ties that wish to the thread that forked. Only the main thread is sure to live as
    long as the process.
    """
    on_main_thread = threading.current_thread() is threading.main_thread()
    return os.getpid() if sys.platform == "linux" and on_main_thread else 0


def candidates(owner: int | None) -> Iterator[Identity]:
    """Who may run a cluster whose files belong to `owner` (None: there are none), best first."""
    me = os.geteuid()
    if me != 0:
        if is_known(me):
            yield Identity(how="self", uid=me, gid=os.getegid())
        else:
            # initdb wants a name for us, and a container may run us under a bare number.
            yield from namespaces()
        return
    if owner:
        # Files of an ordinary user stay theirs: tomorrow they run this without being root.
        yield Identity(how="switch", uid=owner, gid=group_of(owner))
    yield from namespaces()
    for account in system_accounts():
        yield Identity(how="switch", uid=account.pw_uid, gid=account.pw_gid)


def namespaces() -> list[Identity]:
    """One is enough: inside, the name changes nothing but what PostgreSQL believes."""
    if sys.platform != "linux":
        return []
    accounts = system_accounts()[:1]
    return [Identity(how="namespace", uid=each.pw_uid, gid=each.pw_gid) for each in accounts]


def system_accounts() -> list[pwd.struct_passwd]:
    """The existing accounts made for having no rights; none is ever added."""
    known = {account.pw_name: account for account in pwd.getpwall() if account.pw_uid > 0}
    return [known[name] for name in ("postgres", "nobody") if name in known]


def is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def group_of(uid: int) -> int:
    return pwd.getpwuid(uid).pw_gid if is_known(uid) else uid
