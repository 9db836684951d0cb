"""What a contact's phone has to load before a page is whole, with nothing kept from before."""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Final

from bench.crowd import enrol, registry
from bench.ground import Ground, serving
from bench.ready_to_report import presses
from bench.results import tell
from service.security.forms import SEED_COOKIE
from service.web.frame import CONTACT_COOKIE
from tests.browsers import Page
from tests.outage.town import RealBrowser

# What a server may send at once on a new connection: ten segments (RFC 6928).
FIRST_FLIGHT: Final = 14_336
_PARTS: Final = re.compile(
    r'<(?:link rel="stylesheet" href|script[^>]* src|img[^>]* src)="(/[^"]+)"'
)
_LANGUAGES: Final = ("es", "pt-BR", "en")


def measure(ground: Ground) -> None:
    """Each page in its heaviest language, as sent: words and style, which make it whole.

    The largest also with the scripts that add to it, and every header.
    """
    with serving(ground):
        heaviest = asyncio.run(_weigh(ground))
    for path, (weight, _) in heaviest.items():
        tell(
            f"first view of {path}: page and style, as sent",
            weight,
            "bytes",
            reference=FIRST_FLIGHT,
            reference_name="first flight of a new connection",
        )
    (largest, everything), path = max((weights, path) for path, weights in heaviest.items())
    tell(
        f"largest first view of a contact's page, {path}",
        largest,
        "bytes",
        reference=FIRST_FLIGHT,
        reference_name="first flight of a new connection",
    )
    tell("that page with its scripts and all headers", everything, "bytes")


async def _weigh(ground: Ground) -> dict[str, tuple[int, int]]:
    heaviest: dict[str, tuple[int, int]] = {}
    for language in _LANGUAGES:
        async for browser, page in _pages(ground, language):
            if page.status != 200:
                raise RuntimeError(f"{page.path} answered {page.status}")
            weight = await _weight_of(browser, page)
            heaviest[page.path] = max(weight, heaviest.get(page.path, (0, 0)))
    return heaviest


async def _weight_of(browser: RealBrowser, page: Page) -> tuple[int, int]:
    parts = sorted(set(_PARTS.findall(page.html)))
    if not any(_is_style(part) for part in parts):
        raise RuntimeError(f"{page.path} was not weighed whole: its style is missing")
    answers = {page.path: browser.answers[-1]}
    for part in parts:
        answers[part] = await browser.request("GET", part)
    whole = sum(
        answer.num_bytes_downloaded
        for path, answer in answers.items()
        if path == page.path or _is_style(path)
    )
    heads = sum(len(k) + len(v) + 4 for one in answers.values() for k, v in one.headers.raw)
    return whole, heads + sum(one.num_bytes_downloaded for one in answers.values())


def _is_style(part: str) -> bool:
    return part.partition("?")[0].endswith(".css")


async def _pages(ground: Ground, language: str) -> AsyncGenerator[tuple[RealBrowser, Page]]:
    """Everything a contact may come across, from the invitation to the withdrawal."""
    async with registry(ground) as opened:
        invited = enrol(opened, f"invited-{language}", accepted=False)
        linked = enrol(opened, f"linked-{language}")
    stranger = RealBrowser(ground.origin, ground.port, language=language)
    for path in ("/report", "/report/address", "/status", "/status/address", "/mine"):
        yield stranger, await stranger.open(path)

    carl = RealBrowser(ground.origin, ground.port, language=language)
    opening = await carl.open(f"/i#{invited.link_token}")
    yield carl, opening
    read = await opening.press("/i", token=f"#{invited.link_token}")
    yield carl, read
    yield carl, await read.press("/i/code")

    carl = RealBrowser(ground.origin, ground.port, language=language)
    opening = await carl.open(f"/r#{linked.link_token}")
    yield carl, opening
    yield carl, await opening.press("/r", token=f"#{linked.link_token}")

    (press,) = await presses(ground, 1, named=f"weighed-{language}")
    cookies = dict(cookie.split("=", 1) for cookie in press.cookie.split("; "))
    carl = RealBrowser(ground.origin, ground.port, language=language)
    carl.cookies |= {name: cookies[name] for name in (CONTACT_COOKIE, SEED_COOKIE)}
    yield carl, await carl.open("/r/what")
    check = await carl.open("/r/check")
    yield carl, check
    receipt = await check.press("/r/confirm")
    yield carl, receipt
    explained = await receipt.press("/withdraw")
    yield carl, explained
    yield carl, await explained.press("/withdraw/code")
