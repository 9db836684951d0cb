"""What somebody leaves who says that they are the owner: on the ticket, and never a proof."""

from itertools import count

import pytest
from sqlalchemy import func, select

from domain.events import ActorKind
from domain.refusals import AccountNotFrozen
from domain.tickets import ReleaseReason, Stage
from service.operations import desk, hints, tickets, timeline
from service.storage.tables import left_hints
from tests import people as cast
from tests.fault.power_cuts import power_cut_at, what_is_stored
from tests.helpless import (
    NOBODYS_MAIL,
    OLGAS_MAIL,
    a_card,
    asks_for_help,
    every_hint,
    hints_on,
    the_ticket,
    tickets_of,
)
from tests.storage.test_recovery_cards import WRONG, Scene, scene

__all__ = ["scene"]
pytestmark = pytest.mark.anyio
NUMBER = "+54 11 4321-1234"


async def test_a_hint_opens_an_unconfirmed_ticket_and_freezes_nothing(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await asks_for_help(house, wallet, number=NUMBER)
    assert await hints.file_hints(house) == 1

    assert not await scene.is_frozen()
    ticket = await the_ticket(house, wallet, scene.account.id)
    assert (ticket.unconfirmed, ticket.stage, ticket.priority) == (True, Stage.OPENED, "urgent")
    async with house.engine.connect() as db:
        entries = await timeline.entries_of(db, ticket)
    assert [(one.event, one.by.kind) for one in entries] == [
        ("ticket-opened", ActorKind.STRANGER),
        ("hint-left", ActorKind.STRANGER),
    ]
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    seen = await desk.see_ticket(house, ticket.id, astrid)
    assert seen.frozen_at is None
    assert seen.cannot.propose == AccountNotFrozen.code
    (hint,) = seen.hints
    assert hint.said is not None
    assert (hint.said.number, hint.said.wrong_code) == (NUMBER, False)
    (row,) = (await desk.see_queue(house, astrid)).rows
    assert row.unconfirmed
    with pytest.raises(AccountNotFrozen):
        await tickets.propose_release(house, ticket.id, reason=ReleaseReason.OWNER_SAFE, by=astrid)


async def test_a_wrong_code_leaves_word_of_it(scene: Scene) -> None:
    await a_card(scene.house, scene.wallet, scene.pages)
    await asks_for_help(scene.house, scene.wallet, WRONG)
    await hints.file_hints(scene.house)

    ticket = await the_ticket(scene.house, scene.wallet, scene.account.id)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    (hint,) = (await desk.see_ticket(scene.house, ticket.id, astrid)).hints
    assert hint.said is not None
    assert (hint.said.number, hint.said.wrong_code) == ("", True)


async def test_the_right_code_needs_no_hint_beside_it(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)
    await asks_for_help(scene.house, scene.wallet, codes[0])

    assert await hints.file_hints(scene.house) == 0
    await asks_for_help(scene.house, scene.wallet, codes[1], number=NUMBER)
    assert await hints.file_hints(scene.house) == 1


async def test_more_hints_join_the_open_ticket_whatever_opened_it(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    for _ in range(2):
        await asks_for_help(house, wallet, number=NUMBER)
    assert await hints.file_hints(house) == 2
    ticket = await the_ticket(house, wallet, scene.account.id)
    assert ticket.boost == 2
    assert len(await hints_on(house, wallet, ticket.id)) == 2


async def test_what_is_about_nobody_goes_without_a_trace(scene: Scene) -> None:
    await asks_for_help(scene.house, scene.wallet, number=NUMBER, address=NOBODYS_MAIL)

    assert await hints.file_hints(scene.house) == 0

    assert await tickets_of(scene.house, scene.wallet, scene.account.id) == ()
    assert await every_hint(scene.house) == ()
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(left_hints)) == 0


async def test_neither_number_nor_address_is_stored_in_clear(scene: Scene) -> None:
    await asks_for_help(scene.house, scene.wallet, number=NUMBER)
    waiting = repr(await what_is_stored(scene.house))
    await hints.file_hints(scene.house)
    filed = repr(await what_is_stored(scene.house))

    for stored in (waiting, filed):
        assert NUMBER not in stored
        assert OLGAS_MAIL not in stored


async def test_a_report_freezes_what_was_only_a_hint_and_clears_the_mark(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    carl, link = await cast.a_contact(house, wallet, scene.pages)
    await asks_for_help(house, wallet, number=NUMBER)
    await hints.file_hints(house)

    await cast.a_report(house, wallet, carl, link)

    ticket = await the_ticket(house, wallet, scene.account.id)
    assert not ticket.unconfirmed
    assert await scene.is_frozen()
    await cast.released(house, wallet)


async def test_the_card_freezes_what_was_only_a_hint_and_clears_the_mark(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)
    await asks_for_help(scene.house, scene.wallet, number=NUMBER)
    await hints.file_hints(scene.house)

    await asks_for_help(scene.house, scene.wallet, codes[0])

    ticket = await the_ticket(scene.house, scene.wallet, scene.account.id)
    assert not ticket.unconfirmed
    assert await scene.is_frozen()
    async with scene.house.engine.connect() as db:
        events = [one.event for one in await timeline.entries_of(db, ticket)]
    assert events.count("ticket-confirmed") == 1


async def test_a_stranger_cannot_bury_a_ticket_in_hints(scene: Scene) -> None:
    most = scene.wallet.policy.recovery.hints_on_a_ticket
    for number in range(most + 1):
        await asks_for_help(scene.house, scene.wallet, number=NUMBER, browser=f"tab {number}")
    while await hints.file_hints(scene.house):
        pass

    ticket = await the_ticket(scene.house, scene.wallet, scene.account.id)
    assert len(await hints_on(scene.house, scene.wallet, ticket.id)) == most


async def test_filing_a_hint_is_cut_without_losing_or_doubling_it(scene: Scene) -> None:
    """Whatever stops it, the hint waits; once it is through, it is there once."""
    await asks_for_help(scene.house, scene.wallet, number=NUMBER)
    before = await what_is_stored(scene.house)
    for step in count(1):
        with power_cut_at(scene.house.engine, step) as cut:
            await hints.file_hints(scene.house)
        if not cut.happened:
            break
        assert await what_is_stored(scene.house) == before, f"half done at statement {step}"

    assert len(await every_hint(scene.house)) == 1
