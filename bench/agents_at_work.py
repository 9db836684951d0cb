"""Agents signed in at the console, and a queue as long as is asked for."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench.ground import Ground
from service import embedded
from service.console.frame import AGENT_COOKIE
from service.operations import agents, browsers
from service.operations.agents import NewAgent
from service.operations.house import House
from service.security.keys import load as load_keys
from service.security.passwords import Passwords
from service.storage import load
from service.storage.rows import clock, put
from service.storage.values import BrowserKind

# Rows that one statement makes; few enough that a stopped run stops soon.
_AT_ONCE: Final = 50_000
_PASSPHRASE: Final = "of somebody who never types it"  # noqa: S105  # of a database that goes
# An account has been through this many before.
_CLOSED_EACH: Final = 10


def console_host(ground: Ground) -> str:
    """What requests to the console name, on whichever port."""
    return f"console.localhost:{ground.port}"


def house_of(ground: Ground) -> House:
    engine = create_async_engine(ground.cluster.url(embedded.SERVICE), pool_size=4)
    return House(engine=engine, keys=load_keys(ground.keys), passwords=Passwords())


async def cookies(ground: Ground, many: int, *, named: str) -> list[str]:
    """Of that many agents of level 4, each signed in."""
    house = house_of(ground)
    try:
        return [await _signed_in(house, ground, f"{named}-{number}") for number in range(many)]
    finally:
        await house.engine.dispose()


async def _signed_in(house: House, ground: Ground, login: str) -> str:
    new = NewAgent(
        login=login,
        name="Sofia",
        password=_PASSPHRASE,
        level=4,
        wallets=(ground.wallet.id,),
        language="es",
    )
    await agents.add_agent(house, new)
    async with house.engine.begin() as db:
        agent = await load.agent_by_login(db, login)
        if agent is None:
            raise LookupError(login)
        now = await clock(db)
        opened = browsers.begin(
            kind=BrowserKind.AGENT,
            purpose="console",
            wallet_id=None,
            at=now,
            expires_at=now + timedelta(hours=8),
        )
        await put(db, None, replace(opened.session, agent_id=agent.id))
    return f"{AGENT_COOKIE}={opened.cookie}"


def fill(ground: Ground, *, open_ones: range, closed_ones: range) -> None:
    """Tickets by their numbers; an open one has an owner and an entry in the record."""
    asyncio.run(_fill(ground, open_ones, closed_ones))


async def _fill(ground: Ground, open_ones: range, closed_ones: range) -> None:
    engine = create_async_engine(ground.cluster.url(embedded.SERVICE))
    try:
        for part in _parts(open_ones):
            for statement in (_PERSONS["open"], _OWNERS["open"], _OPEN, _ENTRIES):
                await _run(engine, statement, part)
        owned = range(closed_ones.start // _CLOSED_EACH + 1, closed_ones.stop // _CLOSED_EACH + 1)
        for part in _parts(owned):
            for statement in (_PERSONS["over"], _OWNERS["over"]):
                await _run(engine, statement, part)
        for part in _parts(closed_ones):
            await _run(engine, _CLOSED, part)
    finally:
        await engine.dispose()
    owner = create_async_engine(ground.cluster.url(embedded.OWNER), isolation_level="AUTOCOMMIT")
    async with owner.connect() as db:
        await db.execute(text("vacuum analyze"))
    await owner.dispose()


def _parts(numbers: range) -> list[dict[str, Any]]:
    return [
        {"first": first, "last": min(first + _AT_ONCE, numbers.stop) - 1}
        for first in range(numbers.start, numbers.stop, _AT_ONCE)
    ]


async def _run(engine: AsyncEngine, statement: str, part: dict[str, Any]) -> None:
    async with engine.begin() as db:
        await db.execute(text(statement), part)


# Ids that say what they are of; the order of the queue is that of instants.
_ID: Final = "('{kind}' || lpad(to_hex({number}), 24, '0'))::uuid"
_OVERS: Final = f"greatest(n / {_CLOSED_EACH}, 1)"


def _id(kind: str, number: str = "n") -> str:
    return _ID.format(kind=kind, number=number)


_EACH: Final = "generate_series(cast(:first as int), cast(:last as int)) n"
_KINDS: Final = {"open": "0000", "over": "1111"}
_PERSONS: Final = {
    word: f"""
insert into persons (id, wallet_id, data_key_id, language, created_at, row_version)
select {_id(f"eeee{kind}")}, wallet_id, data_key_id, language, created_at, 1
  from (select * from persons where id = (select person_id from accounts
                                           where subject = 'owner-0')) pattern, {_EACH}
"""  # noqa: S608  # our own words
    for word, kind in _KINDS.items()
}
_OWNERS: Final = {
    word: f"""
insert into accounts (id, wallet_id, subject, person_id, first_name, display_name, language,
                      time_zone, state, version, epoch, display, frozen_at, confirmed_done,
                      created_at, row_version)
select {_id(f"aaaa{kind}")}, wallet_id, '{word}-' || n, {_id(f"eeee{kind}")}, first_name,
       display_name, language, time_zone, '{"frozen" if word == "open" else "active"}', 1, 1,
       display, {"now()" if word == "open" else "null"}, confirmed_done, created_at, 1
  from (select * from accounts where subject = 'owner-0') pattern, {_EACH}
"""  # noqa: S608  # our own words
    for word, kind in _KINDS.items()
}
_OPEN: Final = f"""
insert into tickets (id, wallet_id, account_id, kind, priority, stage, boost, reference, opened_at,
                     first_attempt_until, decision_until, unconfirmed, danger, evidence_version,
                     row_version)
select {_id("bbbb0000")}, wallet_id, {_id("aaaa0000")}, 'loss', 'urgent', 'opened', n % 3,
       'OPEN-' || n,
       now() - n * interval '1 s', now() + n * interval '1 s', now() + n * interval '1 min',
       false, false, 0, 1
  from (select * from accounts where subject = 'owner-0') pattern, {_EACH}
"""  # noqa: S608  # our own words
_CLOSED: Final = f"""
insert into tickets (id, wallet_id, account_id, kind, priority, stage, boost, reference, opened_at,
                     first_attempt_until, decision_until, closed_at, unconfirmed, danger,
                     evidence_version, row_version)
select {_id("cccc0000")}, wallet_id, {_id("aaaa1111", _OVERS)}, 'loss', 'urgent', 'released', 0,
       'OVER-' || n,
       now() - n * interval '1 min', now(), now(), now() - n * interval '1 s',
       false, false, 0, 1
  from (select * from accounts where subject = 'owner-0') pattern, {_EACH}
"""  # noqa: S608  # our own words
_ENTRIES: Final = f"""
insert into journal (id, wallet_id, at, account_id, entry)
select {_id("dddd0000")}, wallet_id, now(), {_id("aaaa0000")},
       '{{"by":{{"kind":"clock"}},"what":{{"event":"ticket-opened"}}}}'
  from (select * from accounts where subject = 'owner-0') pattern, {_EACH}
"""  # noqa: S608  # our own words
