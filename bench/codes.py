"""A code asked for, guessed wrong, and spent: how many a second one web process takes."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.connections import Answer, connect, request
from bench.crowd import Pair, enrol, registry
from bench.ground import Ground, serving
from bench.results import tell
from domain.events import CodeAsked, name_of
from service import embedded
from service.security import forms
from service.security.encryption import Place
from service.security.keys import load as load_keys
from service.storage.keychain import find_key
from service.storage.tables import outbox
from service.web.frame import CONTACT_COOKIE

CONTACTS: Final = 300
CONNECTIONS: Final = 16
_COOKIE: Final = re.compile(rf"{CONTACT_COOKIE}=([^;\s]+)".encode())


class Visitor(Struct, kw_only=True):
    """A contact with the link in hand; the cookie comes with the first answer."""

    pair: Pair
    seed: str
    csrf_token: str
    # Everybody's own: what comes from one network is limited together.
    network: str
    cookie: str = ""


def measure(ground: Ground) -> None:
    """Each contact asks once, guesses once, and types the right code: no limit is reached."""
    visitors = asyncio.run(_visitors(ground))
    with serving(ground):
        asked = asyncio.run(_everybody(ground, visitors, _presses_link, _keeps_cookie))
        codes = asyncio.run(_codes(ground))

        def wrong(visitor: Visitor, ground: Ground) -> bytes:
            code = (int(codes[str(visitor.pair.contact_id)]) + 1) % 1_000_000
            return _types(visitor, ground, f"{code:06}")

        def right(visitor: Visitor, ground: Ground) -> bytes:
            return _types(visitor, ground, codes[str(visitor.pair.contact_id)])

        checked = asyncio.run(_everybody(ground, visitors, wrong, _was_wrong))
        spent = asyncio.run(_everybody(ground, visitors, right, _was_right))
    for what, rate in (
        ("asking for a code with the link", asked),
        ("checking a wrong code", checked),
        ("spending the right code", spent),
    ):
        tell(f"{what}, one process, {CONNECTIONS} connections", rate, "1/s")


async def _visitors(ground: Ground) -> list[Visitor]:
    async with registry(ground) as opened:
        visitors: list[Visitor] = []
        for number in range(CONTACTS):
            seed = forms.new_seed()
            visitors.append(
                Visitor(
                    pair=enrol(opened, f"code-{number}"),
                    seed=seed,
                    csrf_token=forms.token_for(opened.ring, seed),
                    network=f"10.{number // 256}.{number % 256}.1",
                )
            )
    return visitors


async def _everybody(
    ground: Ground,
    visitors: Sequence[Visitor],
    write: Callable[[Visitor, Ground], bytes],
    read: Callable[[Visitor, Answer], None],
) -> float:
    """Answers a second while everybody does the same, a few at once."""
    waiting = iter(visitors)

    async def one_after_the_other() -> None:
        connection = await connect(ground.port)
        for visitor in waiting:
            read(visitor, await connection.ask(write(visitor, ground)))
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(CONNECTIONS)))
    return len(visitors) / (time.monotonic() - began)


def _presses_link(visitor: Visitor, ground: Ground) -> bytes:
    return _post(visitor, ground, "/r", token=f"#{visitor.pair.link_token}")


def _types(visitor: Visitor, ground: Ground, code: str) -> bytes:
    return _post(visitor, ground, "/r/code/check", code=code)


def _post(visitor: Visitor, ground: Ground, path: str, **typed: str) -> bytes:
    cookies = f"{forms.SEED_COOKIE}={visitor.seed}"
    if visitor.cookie:
        cookies += f"; {CONTACT_COOKIE}={visitor.cookie}"
    headers = {"Origin": ground.origin, "Cookie": cookies, "X-Forwarded-For": visitor.network}
    body = urlencode({"csrf_token": visitor.csrf_token, **typed})
    return request("POST", path, host=ground.host, headers=headers, body=body)


def _keeps_cookie(visitor: Visitor, answer: Answer) -> None:
    _require(answer, 303, b"\r\nlocation: /r/code")
    found = _COOKIE.search(answer.head)
    if found is None:
        raise RuntimeError("no cookie came with the code")
    visitor.cookie = found[1].decode()


def _was_wrong(_visitor: Visitor, answer: Answer) -> None:
    _require(answer, 422, b"")


def _was_right(_visitor: Visitor, answer: Answer) -> None:
    _require(answer, 303, b"\r\nlocation: /r/whose")


def _require(answer: Answer, status: int, expected: bytes) -> None:
    if answer.status != status or expected not in answer.head:
        raise RuntimeError(f"not the answer that was measured: {answer.head!r}")


async def _codes(ground: Ground) -> dict[str, str]:
    """What everybody's letter will say, by contact."""
    engine = create_async_engine(ground.cluster.url(embedded.OWNER))
    try:
        async with engine.connect() as db:
            return await _read_codes(db, ground)
    finally:
        await engine.dispose()


async def _read_codes(db: AsyncConnection, ground: Ground) -> dict[str, str]:
    key = await find_key(db, load_keys(ground.keys), ground.wallet.data_key_id)
    asked = select(outbox.c.id, outbox.c.body, outbox.c.secret).where(
        outbox.c.event == name_of(CodeAsked), outbox.c.secret.isnot(None)
    )
    codes: dict[str, str] = {}
    for row in await db.execute(asked):
        event = msgspec.json.decode(row.body, type=CodeAsked)
        codes[str(event.contact_id)] = key.open(Place("outbox", "secret", row.id), row.secret)
    return codes
