"""The best that is possible: what PostgreSQL itself does, asked by its own pgbench."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from bench.ground import Ground
from service import embedded

SECONDS: Final = 6


def fill(ground: Ground) -> None:
    """The tables of pgbench's own transactions, made anew."""
    _run(ground, "--initialize", "--scale=1", "--quiet")


def prepared_select(ground: Ground, *, connections: int = 32) -> float:
    """Transactions a second of pgbench's own select by primary key, prepared, on loopback."""
    fill(ground)
    return _rate(
        ground, "--select-only", "--protocol=prepared", f"--client={connections}", "--jobs=2"
    )


def script(ground: Ground, path: Path, *, connections: int, accounts: int) -> float:
    """Transactions a second of a script of ours, prepared; it picks one of `accounts` accounts.

    `<script>_ready.sql` beside it runs once before.
    """
    make_ready(ground, path)
    return _rate(
        ground,
        f"--file={path}",
        f"--define=accounts={accounts}",
        "--protocol=prepared",
        f"--client={connections}",
        "--jobs=2",
    )


def make_ready(ground: Ground, path: Path) -> None:
    """What a script of ours finds, and statistics as a living database has them."""
    ready = path.with_name(f"{path.stem}_ready.sql")
    _run(ground, f"--file={ready}", "--transactions=1", "--no-vacuum")


def latencies(
    ground: Ground, *what: str, rate: float, seconds: int, connections: int = 32
) -> list[float]:
    """Seconds of each transaction at a fixed rate, from the instant at which it was to start."""
    with tempfile.TemporaryDirectory(prefix="resguardo-pgbench-") as folder:
        _run(
            ground,
            *what,
            f"--rate={rate}",
            f"--time={seconds}",
            f"--client={connections}",
            "--jobs=2",
            "--protocol=prepared",
            "--no-vacuum",
            "--log",
            f"--log-prefix={folder}/log",
        )
        lines = [line for log in Path(folder).iterdir() for line in log.read_text().splitlines()]
    # client, number, microseconds, …
    return [int(line.split()[2]) / 1e6 for line in lines]


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
