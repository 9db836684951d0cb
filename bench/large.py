"""A large wallet beside a small one: what waits for the database must not wait longer.

The measured owners are stored between the parts of the bulk, so that their rows lie among millions
and not at an end. `ACCOUNTS` says how large; contacts and sessions follow, as 8 : 20 : 10.
"""

import asyncio
import os
import random
import time
from typing import Final

import msgspec

from bench import bulk, open_loop
from bench.bulk import Size
from bench.ground import Ground, serving
from bench.latency import asking, pressing
from bench.open_loop import Seen
from bench.ready_to_report import Press, presses
from bench.results import tell

# A tenth of the largest wallet; `make large` takes all of it.
_ACCOUNTS: Final = int(os.environ.get("ACCOUNTS", "800000"))
SIZE: Final = Size(accounts=_ACCOUNTS, contacts=_ACCOUNTS * 5 // 2, sessions=_ACCOUNTS * 5 // 4)
PARTS: Final = 4
QUESTIONS: Final = 500
REPORTS: Final = 20
SECONDS: Final = 20
# Another session for nearly every question: no row stays warm by being asked again.
TOKENS: Final = QUESTIONS * SECONDS
# The limit of what a large database may take longer.
_LONGER: Final = 1.25


def measure(ground: Ground) -> None:
    """The 95th percentile of introspection and of the confirming POST, small and then large."""
    count = REPORTS * SECONDS
    small = _both(ground, asyncio.run(presses(ground, count, named="small")))
    # Nobody presses for this one: its copies must be those of an account in use.
    asyncio.run(presses(ground, 1, named="pattern"))
    each, began = count // PARTS, time.monotonic()
    pressed: list[Press] = []
    for part in range(PARTS):
        bulk.fill(ground, "pattern-1", SIZE, part=part, parts=PARTS)
        pressed += asyncio.run(presses(ground, each, named=f"among{part}"))
    bulk.settle(ground)
    bulk.freshen(ground)
    tell("a large database: accounts", SIZE.accounts, "accounts")
    tell("a large database: contacts", SIZE.contacts, "contacts")
    tell("a large database: sessions", SIZE.sessions, "sessions")
    tell("a large database: stored", bulk.bytes_stored(ground) / 1e9, "GB")
    tell("a large database: filled in", time.monotonic() - began, "s")
    chance = random.Random(20)  # which sessions are asked for is no secret
    numbers = chance.sample(range(1, SIZE.sessions + 1), min(TOKENS, SIZE.sessions))
    large = _both(
        msgspec.structs.replace(ground, tokens=tuple(map(bulk.session_token, numbers))), pressed
    )
    for before, after in zip(small, large, strict=True):
        tell(
            f"{after.name}, large database: p95 (to reach: at most {_LONGER} of the small one's)",
            after.p95,
            "ms",
            reference=before.p95,
            reference_name="the same with a small database",
        )
        tell(f"{after.name}, large database: errors among {after.asked}", after.errors, "requests")


def _both(ground: Ground, pressed: list[Press]) -> tuple[Seen, ...]:
    """One after the other: beside each other they would measure the machine's two cores."""
    reports = [press.request(ground) for press in pressed]
    with serving(ground):
        # Connections, plans and caches as a running service has them.
        open_loop.run(asking(ground, QUESTIONS, 2))
        asked = open_loop.run(asking(ground, QUESTIONS, SECONDS))
        return (*asked, *open_loop.run(pressing(ground, reports, REPORTS)))
