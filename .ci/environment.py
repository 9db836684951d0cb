"""Make the project's own virtual environment, `.venv`, out of one of the two lock files.

Called by the Makefile as `python3 .ci/environment.py run` or `... dev`, with the standard
library alone. It promises that `.venv` holds exactly what the lock names (plain pip checks
every hash), does nothing when that is already so, and lets concurrent calls wait for each
other. What is too old or missing is named on standard error, with exit code 1.

This file is read by whatever `python3` there is: its syntax stays older than the project's,
so that an old Python says what is wrong instead of failing to parse.
"""

import hashlib
import os
import subprocess
import sys

LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.path.join(ROOT, ".venv")
STAMP = os.path.join(HOME, "installed")


class SetupFailed(Exception):
    """The environment could not be made; the text says what a person can do about it."""


def digest(lock: str) -> str:
    with open(os.path.join(ROOT, lock), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def wanted(kind: str) -> "list[str]":
    """The stamp's lines. The development lock contains the run-time lock, so it has both.

    The folder is part of it because the scripts in a virtual environment name their own
    place: one that was copied along with its clone would run the original's Python.
    """
    lines = ["python " + sys.version.replace("\n", " "), "folder " + HOME]
    lines.append("requirements.lock " + digest(LOCKS["run"]))
    if kind == "dev":
        lines.append("requirements-dev.lock " + digest(LOCKS["dev"]))
    return lines


def installed() -> "list[str]":
    """The stamp of a finished set-up, or nothing if its Python is gone from the machine."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            lines = file.read().splitlines()
        subprocess.check_call([python(), "-c", ""], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return []
    return lines


def python() -> str:
    return os.path.join(HOME, "bin", "python")


def make_anew() -> None:
    made = subprocess.call([sys.executable, "-m", "venv", "--clear", HOME])
    if made != 0:
        raise SetupFailed(
            f"{sys.executable} could not make a virtual environment (see above).\n"
            "On Debian or Ubuntu: apt-get install python3-venv"
        )


def install(kind: str) -> None:
    # Twice quiet: errors only. A warning here is about this machine's pip, not about us.
    pip = [python(), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    lock = os.path.join(ROOT, LOCKS[kind])
    if subprocess.call([*pip, "--require-hashes", "--requirement", lock]) != 0:
        raise SetupFailed(f"pip could not install {LOCKS[kind]} (see above).")


def set_up(kind: str) -> None:
    goal, present = wanted(kind), installed()
    if set(goal) <= set(present):
        return
    print("setting up .venv from " + LOCKS[kind], flush=True)
    # Without a stamp while it is under way, so that an interrupted set-up is not trusted.
    if os.path.exists(STAMP):
        os.remove(STAMP)
    # Going from the run-time lock to the development lock only adds packages; anything
    # else starts afresh, because pip would leave behind what a lock no longer names.
    if not (present and set(present) <= set(goal)):
        make_anew()
    install(kind)
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write("\n".join(goal) + "\n")


def one_at_a_time(kind: str) -> None:
    import fcntl

    # Beside .venv and not in it, because the folder may be replaced. The lock belongs to
    # this process: it is given back even if the process is killed.
    with open(HOME + ".lock", "w", encoding="utf-8") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        set_up(kind)


def main() -> int:
    if sys.version_info < (3, 11):
        sys.stderr.write(
            f"Resguardo needs Python 3.11 or newer; {sys.executable} is older.\n"
            "Name another one: make PYTHON=/path/to/python3.11 ...\n"
        )
        return 1
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.stderr.write("usage: python3 .ci/environment.py run|dev\n")
        return 2
    try:
        one_at_a_time(sys.argv[1])
    except SetupFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
