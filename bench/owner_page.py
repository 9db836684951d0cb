"""How long an owner waits for her page, and how much of that is the database: an open loop at 20
requests a second, beside a page of the same process that asks the database for nothing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from bench import open_loop, stop_watch
from bench.connections import request
from bench.crowd import Registry, owner_of, registry
from bench.ground import Ground, serving
from bench.open_loop import Flow, Seen, percentile
from bench.results import tell
from bench.stop_watch import Timed
from service.operations import browsers
from service.storage.values import BrowserKind, LinkPurpose
from service.web.frame import OWNER_COOKIE

RATE: Final = 20
SECONDS: Final = 20
# Before it counts: connections are opened, statements prepared.
WARM_UP: Final = 3
OWNERS: Final = 50
PEOPLE: Final = 5
PAGE: Final = "/owner"
# The form that a personal link leads to: the same frame, words and compression.
STILL: Final = "/r"
_NAME: Final = f"owner's page, {PEOPLE} people on it, at {RATE:g}/s"


def measure(ground: Ground) -> None:
    """One web process, timed from the instant at which each request is due."""
    cookies = asyncio.run(_at_their_pages(ground))
    hers = [_get(ground, PAGE, cookie) for cookie in cookies]
    still = [_get(ground, STILL, "")]
    file = ground.folder / "stop-watch"
    with serving(ground, command=("bench.stop_watch", str(file))):
        for requests in (hers, still):
            open_loop.run(_asking(ground, "warm up", requests, WARM_UP))
        (reference,) = open_loop.run(_asking(ground, "a page without database", still, SECONDS))
        (seen,) = open_loop.run(_asking(ground, _NAME, hers, SECONDS))
    _tell_waiting(seen, reference)
    # The last of those asked for: the warm up came first.
    _tell_sql(stop_watch.read(file, path=PAGE)[-seen.asked :])


def _tell_waiting(seen: Seen, reference: Seen) -> None:
    of: dict[str, Callable[[Seen], float]] = {
        "p50": lambda one: one.p50,
        "p99": lambda one: one.p99,
        "max": lambda one: one.longest,
    }
    beside = "a page without database, same process and rate"
    for word, figure in of.items():
        at = figure(reference)
        tell(f"{_NAME}: {word}", figure(seen), "ms", reference=at, reference_name=beside)
    tell(f"{_NAME}: errors among {seen.asked}", seen.errors, "requests")
    tell(f"{_NAME}: the client's own lateness, p99", seen.own_p99, "ms")


def _tell_sql(timed: Sequence[Timed]) -> None:
    """Within the web process: the whole of each request, and what it spent on statements."""
    slowest = sorted(timed, key=lambda one: one.took)[-max(1, len(timed) // 100) :]
    for which, these in (("", timed), (" among the slowest hundredth", slowest)):
        share = sum(one.in_sql for one in these) / sum(one.took for one in these)
        tell(f"{_NAME}: share of the time in SQL{which}", share * 100, "%")
    for word, figures in (
        ("in the web process", sorted(one.took for one in timed)),
        ("in SQL", sorted(one.in_sql for one in timed)),
    ):
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            tell(f"{_NAME}: {word}, {name}", percentile(figures, share) * 1000, "ms")
    tell(
        f"{_NAME}: statements and ends of transactions",
        sum(t.statements for t in timed) / len(timed),
        "a request",
    )


def _asking(ground: Ground, name: str, requests: Sequence[bytes], seconds: float) -> Flow:
    return Flow(
        name=name,
        port=ground.port,
        requests=tuple(requests),
        rate=RATE,
        seconds=seconds,
        expects=b"</html>",
    )


def _get(ground: Ground, path: str, cookie: str) -> bytes:
    headers = {"Cookie": cookie} if cookie else {}
    return request("GET", path, host=ground.host, headers=headers)


async def _at_their_pages(ground: Ground) -> list[str]:
    """Cookies of owners who came from the wallet's app, each with all places taken."""
    async with registry(ground) as opened:
        return [_at_her_page(opened, f"at-her-page-{number}") for number in range(OWNERS)]


def _at_her_page(opened: Registry, subject: str) -> str:
    account_id = owner_of(opened, subject, PEOPLE)
    begun = browsers.begin(
        kind=BrowserKind.OWNER,
        purpose=LinkPurpose.MANAGE.value,
        wallet_id=opened.wallet.id,
        at=opened.now,
        expires_at=opened.now + timedelta(hours=1),
    )
    opened.add(replace(begun.session, account_id=account_id, epoch=0, may_manage=True))
    return f"{OWNER_COOKIE}={begun.cookie}"
