"""How soon `make run` says where to click, once it was set up: every start but the first."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from bench.ground import Ground
from bench.results import tell
from tests.demos import ROOT, Demo, demo_folder

STARTS: Final = int(os.environ.get("STARTS", "5"))
# Before anyone wonders whether it still comes.
LIMIT: Final = 10.0


def measure(_: Ground) -> None:
    """The demo brings a house of its own, with its database, in a folder of its own."""
    starts: list[float] = []
    imports: list[float] = []
    with demo_folder() as folder:
        _start(folder)
        # Turn by turn, so that both meet whatever else the machine does.
        for _turn in range(STARTS):
            imports.append(_import())
            starts.append(_start(folder))
    tell_starts(starts, imports)


def tell_starts(starts: list[float], imports: list[float]) -> None:
    """Seconds until ready, beside what one of its processes needs at the very least."""
    name = "the demo's second start until ready"
    reference = "an interpreter that imports the service's app"
    tell(f"{name}: p50", median(starts), "s", reference=median(imports), reference_name=reference)
    tell(f"{name}: max", max(starts), "s", reference=LIMIT, reference_name="limit")


def _start(folder: Path) -> float:
    """Start, and end again."""
    demo = Demo(folder)
    if demo.stop() != 0:
        raise RuntimeError("the demo ended with a fault:\n" + "".join(demo.said))
    return demo.ready_after


def _import() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import service.app"], cwd=ROOT, check=True)
    return time.perf_counter() - began
