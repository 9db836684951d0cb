"""`make bench`: measures beside the best that is possible, in the same run.

Names of measurements may follow (`make bench ONLY="latency worker"`); without, all are made.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from bench import (
    codes,
    demo,
    gateways,
    introspection,
    large,
    latency,
    live,
    next_call,
    owner_page,
    queue,
    reports,
    signals,
    weight,
    worker,
)
from bench.ground import Ground, ground
from bench.results import tell

Measure = Callable[[Ground], None]


def tell_memory(here: Ground, load: str) -> None:
    """What a web process held at the most while this was measured."""
    if here.web_memory.rss == 0:
        return
    name = f"web process under {load}, most memory"
    tell(f"{name}: PSS", here.web_memory.pss, "MB", reference=150, reference_name="limit")
    tell(f"{name}: RSS", here.web_memory.rss, "MB", reference=150, reference_name="limit")


# What PostgreSQL's own limits are measured with fills tables with rows that nobody could send, so
# what has to do with messages stands on ground of its own.
GROUNDS: Final[Mapping[str, Mapping[str, Measure]]] = {
    "introspections and reports": {
        "introspection": introspection.measure,
        "beside_reports": introspection.beside_reports,
        "reports": reports.measure,
        "latency": latency.measure,
    },
    "codes, freezes and pages": {
        "codes": codes.measure,
        "next_call": next_call.measure,
        "gateways": gateways.measure,
        "owner_page": owner_page.measure,
        "weight": weight.measure,
        "worker": worker.measure,
        "signals": signals.measure,
        "demo": demo.measure,
    },
    "agents at work": {"live": live.measure, "queue": queue.measure},
    # Last, because filling it takes longer than all the others.
    "a large database": {"large": large.measure},
}


def main() -> None:
    known = {name for measures in GROUNDS.values() for name in measures}
    wanted = set(sys.argv[1:]) or known
    if unknown := wanted - known:
        sys.exit(f"no such measurement: {', '.join(sorted(unknown))}; there are {sorted(known)}")
    for load, measures in GROUNDS.items():
        chosen = [measure for name, measure in measures.items() if name in wanted]
        if chosen:
            with ground() as here:
                for measure in chosen:
                    measure(here)
                tell_memory(here, load)


if __name__ == "__main__":
    main()
