"""Web, worker and PostgreSQL are killed in turn while people report: nothing answered is lost.

`make test` lives through one round; `make outage` through as many as it is told.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from domain.wallets import Wallet
from service.operations import journal
from service.storage import tables
from tests import people as cast
from tests.browsers import Page
from tests.outage.crowd import Owner, Reporter, an_owner, reporters_of
from tests.outage.town import LOOKS_EVERY, Town, a_town, until

pytestmark = pytest.mark.anyio
ROUNDS: Final = int(os.environ.get("OUTAGES", "1"))
OWNERS: Final = int(os.environ.get("OWNERS", "5"))
AT_ONCE: Final = 4
# Longer than the longest lease, so that what a killed worker held is taken over.
PAST_ALL_LEASES: Final = timedelta(minutes=2)


@pytest.mark.timeout(120 + 120 * ROUNDS)
async def test_nothing_answered_is_lost_whoever_is_killed() -> None:
    async with a_town() as (town, wallet):
        owners: list[Owner] = []
        reporters: list[Reporter] = []
        for _ in range(ROUNDS):
            for shoot in (_kill_web, _kill_worker, _kill_database):
                wave = await _a_wave(town, wallet, len(owners))
                owners += wave
                reporters += await _report_while(town, wave, shoot)
        await _everything_left(town)
        await _each_report_is_there_once(town, wallet, owners, reporters)
        await _each_letter_is_one_letter(town, owners, reporters)
        await _the_journal_is_whole(town, wallet)


async def _a_wave(town: Town, wallet: Wallet, first: int) -> list[Owner]:
    """New owners, half of them with two contacts who will both report."""
    town.worker.stop()
    wave = [
        await an_owner(town.house, wallet, first + number, contacts=1 + number % 2)
        for number in range(OWNERS)
    ]
    if first == 0:
        await town.open()
    else:
        town.worker.start()
    # The next code in anybody's mailbox is the one they ask for.
    await _everything_left(town)
    return wave


async def _report_while(
    town: Town,
    wave: list[Owner],
    shoot: Callable[[Town, list[Reporter]], Coroutine[Any, Any, None]],
) -> list[Reporter]:
    reporters = reporters_of(town, wave)
    turn = asyncio.Semaphore(AT_ONCE)

    async def at_the_button(reporter: Reporter) -> Page:
        async with turn:
            return await reporter.comes_to_the_button(town)

    async def press(reporter: Reporter, summary: Page) -> None:
        async with turn:
            await reporter.presses(summary)

    summaries = await asyncio.gather(*map(at_the_button, reporters))
    async with asyncio.TaskGroup() as everybody:
        everybody.create_task(shoot(town, reporters))
        for reporter, summary in zip(reporters, summaries, strict=True):
            everybody.create_task(press(reporter, summary))
    return reporters


async def _kill_web(town: Town, reporters: list[Reporter]) -> None:
    await until(lambda: any(reporter.reference for reporter in reporters))
    (web,) = town.webs
    web.kill()
    await until(lambda: any(reporter.lost for reporter in reporters))
    web.start()


async def _kill_worker(town: Town, reporters: list[Reporter]) -> None:
    """Between sending and recording: the letter is taken, the answer finds nobody any more."""
    before = len(town.mailbox.letters)

    async def pull_the_plug() -> None:
        town.mailbox.on_letter = None
        town.worker.kill()

    town.mailbox.on_letter = pull_the_plug
    await until(lambda: len(town.mailbox.letters) > before and town.mailbox.on_letter is None)
    town.worker.start()
    await cast.move_clock(town.house, PAST_ALL_LEASES)
    assert reporters


async def _kill_database(town: Town, reporters: list[Reporter]) -> None:
    await until(lambda: any(reporter.reference for reporter in reporters))
    town.kill_database()
    await until(lambda: any(reporter.refused for reporter in reporters))
    town.start_database()


async def _everything_left(town: Town) -> None:
    """No promise waits, no delivery is due."""
    promised = select(func.count()).where(tables.outbox.c.dispatched_at.is_(None))
    due = select(func.count()).where(tables.deliveries.c.state == "due")
    looked = 0
    while True:
        async with town.house.engine.connect() as db:
            if not await db.scalar(promised) and not await db.scalar(due):
                return
        looked += 1
        if looked % 40 == 0:
            # What a killed process held waits for its lease to end, or for its next try.
            await cast.move_clock(town.house, PAST_ALL_LEASES)
        await asyncio.sleep(LOOKS_EVERY)


async def _each_report_is_there_once(
    town: Town, wallet: Wallet, owners: list[Owner], reporters: list[Reporter]
) -> None:
    async with town.house.engine.connect() as db:
        filed = (await db.execute(select(tables.loss_reports))).all()
        opened = (await db.execute(select(tables.tickets))).all()
    answered = Counter((r.contact.id, r.reference) for r in reporters)
    assert Counter((row.contact_id, row.reference) for row in filed) == answered
    assert Counter(row.account_id for row in opened) == Counter(o.account.id for o in owners)
    assert all(row.closed_at is None for row in opened)
    ticket_of = {row.account_id: row.id for row in opened}
    assert all(row.ticket_id == ticket_of[row.account_id] for row in filed)
    for owner in owners:
        account = await cast.the_account(town.house, wallet, owner.account.id)
        assert account.is_frozen
        # Frozen once, however many reported and however often they pressed.
        assert (account.version, account.epoch) == (1, 1)


async def _each_letter_is_one_letter(
    town: Town, owners: list[Owner], reporters: list[Reporter]
) -> None:
    """Every promised message left; one that left twice is the same letter, with the same id."""
    async with town.house.engine.connect() as db:
        promised = (await db.execute(select(tables.deliveries))).all()
    assert {row.state for row in promised} == {"sent"}
    arrived = Counter(str(letter["Message-ID"]) for letter in town.mailbox.letters)
    assert {f"<{row.id}@{cast.NORTE.email_from.partition('@')[2]}>" for row in promised} == set(
        arrived
    )
    told = {
        (letter["Message-ID"], letter["To"], letter["Subject"]) for letter in town.mailbox.letters
    }
    assert len(told) == len(arrived)
    receipts = Counter(row.contact_id for row in promised if row.event == "loss-reported")
    assert receipts == Counter(reporter.contact.id for reporter in reporters)
    frozen = Counter(row.account_id for row in promised if row.event == "account-frozen")
    assert frozen == Counter(owner.account.id for owner in owners)


async def _the_journal_is_whole(town: Town, wallet: Wallet) -> None:
    while await journal.seal_journal(town.house):
        pass
    verdict = await journal.verify_journal(town.house, wallet.id)
    assert (verdict.unsealed, verdict.broken_at) == (0, None)
