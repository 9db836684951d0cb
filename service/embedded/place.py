"""Where a cluster lives and as whom it runs: found out by trying, not by reading modes.

    folder/     what the caller named: lock, passwords.json, log, and normally all the rest
      data/     PostgreSQL's own folder; a link to the stand-in, if the identity cannot come here
      socket/   the only way in; in the temporary folder if the path would be too long

Nothing outside these ever changes its mode or owner.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from service.embedded import binaries, remains
from service.embedded.binaries import Binaries
from service.embedded.faults import NotStarted
from service.embedded.identity import Identity, candidates
from service.embedded.launcher import NO_SOCKET

# No TCP port: the number is part of the socket's name, and its folder is the cluster's own.
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
# macOS takes 103 characters, Linux four more.
LONGEST_SOCKET_PATH = 103
# Root's own place for lasting state, open to every identity on the way down.
STAND_IN_PARENT = Path("/var/lib")


class Place(Struct, frozen=True, kw_only=True):
    folder: Path
    home: Path
    sockets: Path
    identity: Identity
    binaries: Binaries

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def passwords(self) -> Path:
        return self.folder / "passwords.json"


def home_of(folder: Path) -> Path:
    """The folder that holds `data`: itself, or its stand-in."""
    return (folder / "data").resolve().parent


def stand_in_for(folder: Path) -> Path:
    return STAND_IN_PARENT / f"resguardo-{short_name(folder)}"


def short_name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def settle(folder: Path) -> Place:
    """Choose identity, home and socket folder; make them. Raises NotStarted, NoBinaries."""
    home = home_of(folder)
    # Made anew each time: the last run may have been someone else's.
    shutil.rmtree(home / "socket", ignore_errors=True)
    data = home / "data"
    exists = data.exists()
    owner = data.stat().st_uid if exists else None
    found = first_that_works(folder, home, owner)
    if found is None and not exists and os.geteuid() == 0 and STAND_IN_PARENT.is_dir():
        # Perhaps it lies below root's home, where an unprivileged account cannot go.
        home = make_stand_in(folder)
        found = first_that_works(folder, home, owner)
    if found is None:
        raise NotStarted(
            f"PostgreSQL cannot work in {home}: it needs a folder to write in that can hold a "
            "socket, and it refuses to be root (instead of whom a user namespace, `postgres` and "
            "`nobody` were tried). Choose another folder, or name a PostgreSQL of your own in "
            "RESGUARDO_DATABASE_URL."
        )
    identity, sockets = found
    if exists and owner != identity.owner:
        for path in (data, *data.rglob("*")):
            identity.own(path)
    usable = usable_by(identity, binaries.serving(data), home)
    return Place(folder=folder, home=home, sockets=sockets, identity=identity, binaries=usable)


def first_that_works(folder: Path, home: Path, owner: int | None) -> tuple[Identity, Path] | None:
    """The best identity that can work in `home`, and the socket folder that works for it."""
    for identity in candidates(owner):
        if identity.how == "switch":
            # It may walk through, not look around: what lies here beside its own is private.
            home.chmod(0o711)
        trial = home / "trial"
        shutil.rmtree(trial, ignore_errors=True)
        trial.mkdir(mode=0o700)
        identity.own(trial)
        try:
            if sockets := try_out(identity, trial, socket_folders(folder, home, identity)):
                return identity, sockets
        finally:
            shutil.rmtree(trial, ignore_errors=True)
    return None


def try_out(identity: Identity, trial: Path, offered: Iterable[Path]) -> Path | None:
    for sockets in offered:
        make_private(sockets, identity)
        answer = identity.run(trial, sockets / "trial", way="probe")
        if answer == 0:
            return sockets
        shutil.rmtree(sockets, ignore_errors=True)
        if answer != NO_SOCKET:
            break
    return None


def socket_folders(folder: Path, home: Path, identity: Identity) -> Iterator[Path]:
    """Predictable, so that the next run finds and clears what this one may leave."""
    outside = f"resguardo-{identity.owner}-{short_name(folder)}"
    # Of a predictable name in a folder for all, `make_private` checks whose it is.
    shared = (tempfile.gettempdir(), "/tmp")  # noqa: S108
    for each in (home / "socket", *(Path(parent, outside) for parent in shared)):
        if len(os.fsencode(each / SOCKET)) <= LONGEST_SOCKET_PATH:
            yield each


def make_private(sockets: Path, identity: Identity) -> None:
    """Only the identity (and root) may enter. Raises NotStarted if someone else was first."""
    if not os.path.lexists(sockets):
        sockets.mkdir(mode=0o700)
        identity.own(sockets)
    found = sockets.lstat()
    if sockets.is_symlink() or found.st_uid not in {identity.owner, os.geteuid()}:
        raise NotStarted(
            f"{sockets} belongs to someone else (uid {found.st_uid}). Remove it, or set TMPDIR."
        )
    identity.own(sockets)
    sockets.chmod(0o700)


def make_stand_in(folder: Path) -> Path:
    """A home outside `folder` whose data belong to it. One left by a folder of the same name
    that was deleted since is deleted too: without its passwords it serves nobody."""
    home = stand_in_for(folder)
    remains.end(home / "data")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o711)
    (home / "belongs-to").write_bytes(os.fsencode(folder) + b"\n")
    link = folder / "data"
    link.unlink(missing_ok=True)
    # Before there is anything to find, so that nothing made later can be lost.
    link.symlink_to(home / "data")
    return home


def usable_by(identity: Identity, found: Binaries, home: Path) -> Binaries:
    if identity.run(found.bin / "postgres", "--version") == 0:
        return found
    copy = binaries.copied(found, home)
    if identity.run(copy.bin / "postgres", "--version") == 0:
        return copy
    raise NotStarted(f"{copy.bin / 'postgres'} cannot be executed; is {home} mounted noexec?")
