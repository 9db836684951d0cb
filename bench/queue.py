"""How long an agent waits for the queue: with few tickets, and with very many.

The same page of fifty rows, in the same run. `OPEN` and `CLOSED` say how many the long one has.
"""

import asyncio
import os
from typing import Final

from bench import agents_at_work, open_loop
from bench.connections import request
from bench.ground import Ground, serving
from bench.open_loop import Flow, Seen
from bench.results import tell

OPEN: Final = int(os.environ.get("OPEN", "10000"))
CLOSED: Final = int(os.environ.get("CLOSED", "1000000"))
FEW_OPEN: Final = 100
FEW_CLOSED: Final = 1000
# Far below what a process can answer: what is measured is the page, not a line before it.
RATE: Final = 1
SECONDS: Final = 40
WARM_UP: Final = 3
# The limit of what a long queue's page may take longer.
_LONGER: Final = 1.5
_VIEWS: Final = {
    "the queue": "/console",
    "my tickets": "/console?view=mine",
    "closed tickets": "/console?view=closed",
}


def measure(ground: Ground) -> None:
    """Median and 95th percentile of the page, short and then long."""
    (cookie,) = asyncio.run(agents_at_work.cookies(ground, 1, named="reader"))
    agents_at_work.fill(
        ground, open_ones=range(1, FEW_OPEN + 1), closed_ones=range(1, FEW_CLOSED + 1)
    )
    short = _seen(ground, cookie)
    agents_at_work.fill(
        ground,
        open_ones=range(FEW_OPEN + 1, OPEN + 1),
        closed_ones=range(FEW_CLOSED + 1, CLOSED + 1),
    )
    long = _seen(ground, cookie)
    of = f"{OPEN} open and {CLOSED} closed tickets"
    beside = f"the same page with {FEW_OPEN} and {FEW_CLOSED}"
    for before, after in zip(short, long, strict=True):
        for word, name in (("p50", "p50"), ("p95", "p95")):
            tell(
                f"{after.name}, {of}: {word} (to reach: at most {_LONGER} of the short one's)",
                getattr(after, name),
                "ms",
                reference=getattr(before, name),
                reference_name=beside,
            )
        tell(f"{after.name}, {of}: errors among {after.asked}", after.errors, "requests")


def _seen(ground: Ground, cookie: str) -> list[Seen]:
    with serving(ground):
        for path in _VIEWS.values():
            open_loop.run(_asking(ground, "warm up", path, cookie, WARM_UP))
        return [
            open_loop.run(_asking(ground, name, path, cookie, SECONDS))[0]
            for name, path in _VIEWS.items()
        ]


def _asking(ground: Ground, name: str, path: str, cookie: str, seconds: float) -> Flow:
    host = agents_at_work.console_host(ground)
    return Flow(
        name=name,
        port=ground.port,
        requests=(request("GET", path, host=host, headers={"Cookie": cookie}),),
        rate=RATE,
        seconds=seconds,
        connections=4,
        expects=b"</html>",
    )
