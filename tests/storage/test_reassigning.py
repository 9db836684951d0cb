"""A supervisor gives tickets on: to whom, with which reason, and what two at once make of it."""

import asyncio
from typing import Any, Final
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from domain.ids import AgentAddressId, AgentId, TicketId
from domain.refusals import CannotTakeTicket, ChangedMeanwhile, LevelTooLow, NotFound, WordsMissing
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import board, browsers, desk, reassigning
from service.operations.agents import SignedIn
from service.operations.board import Board
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load, tables
from service.storage.rows import put
from service.storage.values import AgentAddress
from tests import desks
from tests import people as cast
from tests.desks import Case

pytestmark = pytest.mark.anyio
WHY: Final = "Astrid went home"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await desks.a_case(house, wallet)


@pytest.fixture
async def sofia(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "sofia", 4)


@pytest.fixture
async def arne(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "arne", 2)


async def the_ticket(house: House, case: Case, ticket_id: TicketId | None = None) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, case.wallet.id, ticket_id or case.ticket_id)


async def given(
    house: House, case: Case, to: AgentId | None, by: SignedIn, *, seen: int | None = None
) -> None:
    version = seen or (await the_ticket(house, case)).row_version
    await reassigning.reassign(house, case.ticket_id, to, reason=WHY, by=by, seen=version)


async def changed(house: House, agent: SignedIn, **columns: Any) -> None:
    async with house.engine.begin() as db:
        this = tables.agents.c.id == agent.agent.id
        await db.execute(update(tables.agents).where(this).values(**columns))


def offered(seen: Board, case: Case) -> list[str]:
    return [one.name for one in seen.takers[case.ticket_id]]


async def test_a_ticket_is_given_with_its_reason_in_journal_and_timeline(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    await given(house, case, arne.agent.id, sofia)

    assert (await the_ticket(house, case)).assigned_to == arne.agent.id
    seen = await desk.see_ticket(house, case.ticket_id, sofia)
    told = [(one.event, one.by_name) for one in seen.timeline[-2:]]
    assert sorted(told) == [("ticket-handed-over", "Sofia"), ("ticket-noted", "Sofia")]
    assert list(seen.work.notes.values()) == [WHY]
    await given(house, case, None, sofia)
    assert (await the_ticket(house, case)).assigned_to is None


async def test_only_whoever_supervises_gives_tickets_on_and_never_without_a_reason(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    seen = (await the_ticket(house, case)).row_version

    with pytest.raises(LevelTooLow):
        await given(house, case, arne.agent.id, arne)
    with pytest.raises(WordsMissing):
        await reassigning.reassign(
            house, case.ticket_id, arne.agent.id, reason=" ", by=sofia, seen=seen
        )
    with pytest.raises(LevelTooLow):
        await reassigning.reassign_all(
            house, {case.ticket_id: seen}, arne.agent.id, reason=WHY, by=arne
        )

    assert (await the_ticket(house, case)).row_version == seen


@pytest.mark.parametrize(
    "columns",
    [
        {"role": "officer"},
        {"role": "auditor"},
        {"wallets": []},
        {"speaks": ["pt-BR"]},
        {"serves_losses": False},
    ],
    ids=("officer", "auditor", "other wallet", "other language", "other kind"),
)
async def test_whoever_cannot_take_it_is_neither_offered_nor_given_it(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn, columns: dict[str, Any]
) -> None:
    assert offered(await board.see_board(house, sofia), case) == ["Arne", "Sofia"]
    await changed(house, arne, **columns)

    assert offered(await board.see_board(house, sofia), case) == ["Sofia"]
    with pytest.raises(CannotTakeTicket):
        await given(house, case, arne.agent.id, sofia)


async def test_whoever_speaks_the_owners_language_is_offered_it(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    await changed(house, arne, speaks=["es", "pt-BR"])

    assert "Arne" in offered(await board.see_board(house, sofia), case)
    await given(house, case, arne.agent.id, sofia)


async def test_whoever_is_off_is_neither_offered_nor_given_it(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    await browsers.end(house, arne.session)

    assert offered(await board.see_board(house, sofia), case) == ["Sofia"]
    for nobody in (arne.agent.id, AgentId(uuid4())):
        with pytest.raises(CannotTakeTicket):
            await given(house, case, nobody, sofia)


async def test_nobody_is_given_a_ticket_of_their_own(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    """Arne is Cleo at home."""
    assert "Arne" in offered(await board.see_board(house, sofia), case)
    async with house.engine.begin() as db:
        own = AgentAddress(
            id=AgentAddressId(new_id()),
            agent_id=arne.agent.id,
            wallet_id=case.wallet.id,
            address_index=case.cleo.address_index,
            added_at=await cast.now(house),
        )
        await put(db, None, own)

    assert "Arne" not in offered(await board.see_board(house, sofia), case)
    with pytest.raises(CannotTakeTicket):
        await given(house, case, arne.agent.id, sofia)


async def test_of_two_supervisors_at_once_the_second_is_refused(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    sergio = await cast.an_agent(house, case.wallet, "sergio", 4)
    seen = (await the_ticket(house, case)).row_version

    ends = await asyncio.gather(
        given(house, case, arne.agent.id, sofia, seen=seen),
        given(house, case, sergio.agent.id, sergio, seen=seen),
        return_exceptions=True,
    )

    assert [type(end) for end in ends if end is not None] == [ChangedMeanwhile]
    winner = (arne, sergio)[ends.index(None)]
    assert (await the_ticket(house, case)).assigned_to == winner.agent.id


async def test_a_supervisor_of_another_wallet_finds_no_such_ticket(
    house: House, case: Case, arne: SignedIn
) -> None:
    other = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    stranger = await cast.an_agent(house, other, "simon", 4)

    with pytest.raises(NotFound):
        await given(house, case, arne.agent.id, stranger)
    seen = await board.see_board(house, stranger, (case.ticket_id,))
    assert (seen.asked, seen.takers, seen.away) == ({}, {}, ())


async def test_all_of_an_agent_who_went_home_are_given_on_and_what_cannot_be_stays(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await given(house, case, astrid.agent.id, sofia)
    mine = {"assigned_to": astrid.agent.id}
    spanish, portuguese, changed_one = await desks.tickets_like(
        house, case, mine, mine | {"language": "pt-BR"}, mine
    )
    await changed(house, arne, speaks=["es"])
    assert (await board.see_board(house, sofia)).away == ()
    await browsers.end(house, astrid.session)

    (away,) = (await board.see_board(house, sofia)).away
    assert [(one.name, one.takes, one.has) for one in away.takers] == [
        ("Sofia", 4, 0),
        ("Arne", 3, 0),
    ]
    chosen = {one.ticket_id: one.row_version for one in away.tickets} | {changed_one: 99}
    left = await reassigning.reassign_all(house, chosen, arne.agent.id, reason=WHY, by=sofia)

    assert {(one.ticket_id, one.code) for one in left} == {
        (portuguese, "cannot-take-ticket"),
        (changed_one, "changed-meanwhile"),
    }
    holders = [
        (await the_ticket(house, case, one)).assigned_to
        for one in (case.ticket_id, spanish, portuguese, changed_one)
    ]
    assert holders == [arne.agent.id, arne.agent.id, astrid.agent.id, astrid.agent.id]
    (away,) = (await board.see_board(house, sofia)).away
    assert {one.ticket_id for one in away.tickets} == {portuguese, changed_one}


async def test_the_board_offers_twenty_of_an_agent_at_once_those_open_longest_first(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    oldest = (await the_ticket(house, case)).opened_at
    await desks.tickets_like(house, case, *([{"assigned_to": arne.agent.id}] * 22))
    async with house.engine.begin() as db:
        mine = tables.tickets.c.id == case.ticket_id
        earlier = oldest.replace(year=oldest.year - 1)
        held = {"assigned_to": arne.agent.id, "opened_at": earlier}
        await db.execute(update(tables.tickets).where(mine).values(**held))
    await browsers.end(house, arne.session)

    (away,) = (await board.see_board(house, sofia)).away

    assert len(away.tickets) == 20
    assert away.tickets[0].ticket_id == case.ticket_id


async def test_an_auditor_reads_the_board_and_is_offered_nobody(
    house: House, case: Case, sofia: SignedIn, arne: SignedIn
) -> None:
    await given(house, case, arne.agent.id, sofia)
    await browsers.end(house, arne.session)
    await changed(house, sofia, role="auditor")
    async with house.engine.connect() as db:
        auditor = replace(sofia, agent=await load.agent(db, sofia.agent.id))

    seen = await board.see_board(house, auditor)

    assert (seen.may_reassign, seen.away, offered(seen, case)) == (False, (), [])
