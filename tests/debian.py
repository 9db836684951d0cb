"""Programs of Debian's that tests drive, unpacked into `var/tools`: nothing is installed.

The lists of packages are fetched into a folder of our own, so that root and an ordinary user do
the same, nothing of the system changes, and no package's scripts run.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).parents[1] / "var" / "tools"
# Which packages a folder was made for; written last.
_MADE_FOR: Final = "made-for"


class NotFetched(Exception):
    """A test needs these programs, and this machine cannot get them."""

    def __init__(self, packages: Sequence[str], why: str) -> None:
        super().__init__(
            f"The tests need Debian's packages {', '.join(packages)} (unpacked, not installed), "
            f"and they could not be fetched.\n{why.strip()}\n"
            "On another system run the tests in a Debian container."
        )


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """The folder with these packages, and what this machine lacks of all they depend on.

    Fetched when it is asked for the first time. Raises NotFetched.
    """
    root = TOOLS / name
    with _alone(name):
        if not _is_made_for(root, packages):
            _make(root, packages)
    return root


@contextmanager
def _alone(name: str) -> Generator[None]:
    """Several processes run the tests, and each may be the first to ask."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_made_for(root: Path, packages: Sequence[str]) -> bool:
    made_for = root / _MADE_FOR
    return made_for.is_file() and made_for.read_text().split() == [*packages]


def _make(root: Path, packages: Sequence[str]) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NotFetched(packages, "This system has no apt-get.")
    fetched = root.with_suffix(".fetched")
    for folder in (root, fetched):
        shutil.rmtree(folder, ignore_errors=True)
    (fetched / "lists" / "partial").mkdir(parents=True)
    (fetched / "cache" / "archives" / "partial").mkdir(parents=True)
    try:
        _apt(fetched, packages, "update")
        said = _apt(fetched, packages, "install", "--simulate", "--no-install-recommends")
        # "Inst libapr1 (1.7.2 …)": what an installation would add here.
        lacking = {line.split()[1] for line in said.splitlines() if line.startswith("Inst ")}
        _apt(fetched, sorted({*packages, *lacking}), "download")
        for package in sorted(fetched.glob("*.deb")):
            subprocess.run(["dpkg", "-x", package, root], check=True)
        (root / _MADE_FOR).write_text("\n".join(packages))
    finally:
        shutil.rmtree(fetched)


def _apt(folder: Path, packages: Sequence[str], verb: str, *options: str) -> str:
    """What it says. Works without a right to anything but this folder."""
    command = ["apt-get", "-q", "-o", f"Dir::State::lists={folder / 'lists'}"]
    command += ["-o", f"Dir::Cache={folder / 'cache'}", "-o", "Debug::NoLocking=1"]
    # As root it would fetch as another user, who cannot write here.
    command += ["-o", "APT::Sandbox::User=", "-o", "APT::Update::Error-Mode=any"]
    if verb != "update":
        options = (*options, *packages)
    done = subprocess.run(
        [*command, verb, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotFetched(packages, done.stderr)
    return done.stdout
