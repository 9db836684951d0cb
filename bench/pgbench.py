"""The best that is possible: what PostgreSQL itself does, asked by its own pgbench."""

import re
import subprocess
from pathlib import Path
from typing import Final

from bench.ground import Ground
from service import embedded

SECONDS: Final = 6


def prepared_select(ground: Ground, *, connections: int = 32) -> float:
    """Transactions a second of pgbench's own select by primary key, prepared, on loopback."""
    _run(ground, "--initialize", "--scale=1", "--quiet")
    return _rate(
        ground, "--select-only", "--protocol=prepared", f"--client={connections}", "--jobs=2"
    )


def script(ground: Ground, path: Path, *, connections: int, accounts: int) -> float:
    """Transactions a second of a script of ours, prepared; it picks one of `accounts` accounts."""
    return _rate(
        ground,
        f"--file={path}",
        f"--define=accounts={accounts}",
        "--protocol=prepared",
        f"--client={connections}",
        "--jobs=2",
    )


def _rate(ground: Ground, *arguments: str) -> float:
    told = _run(ground, *arguments, f"--time={SECONDS}", "--no-vacuum")
    found = re.search(r"^tps = ([0-9.]+)", told, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench told no rate:\n{told}")
    return float(found[1])


def _run(ground: Ground, *arguments: str) -> str:
    environment = ground.cluster.environment(embedded.OWNER)
    done = subprocess.run(  # our own binary, our own words
        [str(ground.cluster.bin / "pgbench"), *arguments, embedded.DATABASE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
