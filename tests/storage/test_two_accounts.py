"""One human with two accounts at the desk is one person, wherever two people decide.

That they are the same is known by an address that both gave as their own.
"""

import pytest
from sqlalchemy import update

from domain.refusals import Involved, LevelTooLow, OwnDecision, OwnProposal
from domain.reports import Outcome
from domain.tickets import Finding, RejectReason, ReleaseReason
from domain.wallets import Wallet
from service.operations import (
    client_mistakes,
    keeping_frozen,
    outcomes,
    own_addresses,
    reinstating,
    release_reviews,
    tickets,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load
from service.storage.tables import contacts as contacts_table
from tests import deciding
from tests import people as cast
from tests.desks import Case, a_case, proposed, proved

pytestmark = pytest.mark.anyio
HIS_MAIL = "arne@correo.example"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await deciding.every_release_is_drawn(house, await cast.a_wallet(house))


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


async def gave(house: House, *agents: SignedIn, address: str = HIS_MAIL) -> None:
    """Each of them says that this address is theirs."""
    now = await cast.now(house)
    async with house.engine.begin() as db:
        for one in agents:
            await own_addresses.put_all(db, house, one.agent, (address,), now=now)


async def test_what_somebody_proposed_they_do_not_decide_under_another_name(
    house: House, wallet: Wallet, case: Case
) -> None:
    arne = await cast.an_agent(house, wallet, "arne", 4)
    his_other = await cast.an_agent(house, wallet, "arne-at-night", 4)
    sonia = await cast.an_agent(house, wallet, "sonia", 4)
    await gave(house, arne, his_other)
    await gave(house, sonia, address="sonia@correo.example")
    await proposed(house, case, arne)
    waits = await deciding.its_id(house, wallet, case.ticket_id)

    with pytest.raises(OwnProposal):
        await tickets.approve_release(house, case.ticket_id, waits, by=his_other)
    with pytest.raises(OwnProposal):
        await tickets.reject_release(
            house, case.ticket_id, waits, by=his_other, reason=RejectReason.OTHER
        )
    await tickets.approve_release(house, case.ticket_id, waits, by=sonia)

    async with house.engine.connect() as db:
        sight = await load.sight_of(db, his_other.agent)
        (drawn,) = await load.release_reviews_seen(db, sight, limit=10)
    with pytest.raises(Involved):
        await release_reviews.find(
            house, case.ticket_id, drawn.id, Finding.IN_ORDER, "", by=his_other
        )


async def test_nobody_keeps_it_frozen_or_looks_again_under_another_name(
    house: House, wallet: Wallet, case: Case
) -> None:
    arne = await cast.an_agent(house, wallet, "arne", 4)
    his_other = await cast.an_agent(house, wallet, "arne-at-night", 4)
    sonia = await cast.an_agent(house, wallet, "sonia", 4)
    await gave(house, arne, his_other)
    waits = await deciding.keeping_proposed(house, wallet, case.ticket_id, arne)

    with pytest.raises(OwnProposal):
        await keeping_frozen.approve(house, case.ticket_id, waits.id, by=his_other)
    await keeping_frozen.approve(house, case.ticket_id, waits.id, by=sonia)
    with pytest.raises(OwnDecision):
        await keeping_frozen.review(house, case.ticket_id, keeps=False, by=his_other)


async def test_the_system_picks_nobody_who_is_whoever_proposed(
    house: House, wallet: Wallet, case: Case
) -> None:
    arne = await cast.an_agent(house, wallet, "arne", 3)
    his_other = await cast.an_agent(house, wallet, "arne-at-night", 3)
    others = [await cast.an_agent(house, wallet, f"other-{one}", 3) for one in range(3)]
    await gave(house, arne, his_other)

    for _ in range(8):
        waits = await deciding.keeping_proposed(house, wallet, case.ticket_id, arne)
        assert waits.approver_id in {one.agent.id for one in others}
        (picked,) = [one for one in others if one.agent.id == waits.approver_id]
        await tickets.reject_release(
            house, case.ticket_id, waits.id, by=picked, reason=RejectReason.OTHER
        )


async def test_a_client_s_mistake_takes_two_humans(house: House, wallet: Wallet) -> None:
    arne = await cast.an_agent(house, wallet, "arne", 4)
    his_other = await cast.an_agent(house, wallet, "arne-at-night", 4)
    sonia = await cast.an_agent(house, wallet, "sonia", 4)
    await gave(house, arne, his_other)
    caller = await deciding.a_caller(house, wallet)
    await deciding.frozen_by(house, wallet, caller, "olga-2")
    mistake_id = await deciding.mistake_proposed(house, caller, arne)

    with pytest.raises(OwnProposal):
        await client_mistakes.approve(house, mistake_id, by=his_other)
    await client_mistakes.approve(house, mistake_id, by=sonia)


async def test_a_report_is_found_false_and_its_contact_taken_back_by_two_humans(
    house: House, wallet: Wallet, case: Case
) -> None:
    arne = await cast.an_agent(house, wallet, "arne", 4)
    his_other = await cast.an_agent(house, wallet, "arne-at-night", 4)
    sonia = await cast.an_agent(house, wallet, "sonia", 4)
    await gave(house, arne, his_other)
    await proved(house, case, arne)
    async with house.engine.connect() as db:
        (report,) = await load.reports_of(db, wallet.id, case.ticket_id)
    this = (house, case.ticket_id, report.id)
    await outcomes.hear_reporter(*this, by=arne)
    await outcomes.decide(*this, Outcome.FALSE, by=arne)
    async with house.engine.connect() as db:
        verdict = await load.pending_verdict(db, wallet.id, report.id)
    assert verdict is not None

    with pytest.raises(OwnProposal):
        await outcomes.confirm_false(*this, verdict.id, by=his_other)
    with pytest.raises(OwnProposal):
        await outcomes.reject_false(*this, verdict.id, by=his_other)
    await deciding.is_demoted(house, sonia, level=2)
    with pytest.raises(LevelTooLow):
        await outcomes.confirm_false(*this, verdict.id, by=sonia)
    await deciding.is_demoted(house, sonia, level=3)
    await outcomes.confirm_false(*this, verdict.id, by=sonia)

    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=arne)
    waits = await deciding.its_id(house, wallet, case.ticket_id)
    await tickets.approve_release(house, case.ticket_id, waits, by=sonia)
    that = (house, case.ticket_id, report.contact_id)
    async with house.engine.begin() as db:
        hers = contacts_table.c.id == report.contact_id
        await db.execute(update(contacts_table).where(hers).values(status="suspended"))
    await reinstating.propose(*that, by=arne)
    with pytest.raises(OwnProposal):
        await reinstating.confirm(*that, by=his_other)
    await deciding.is_demoted(house, sonia, level=2)
    with pytest.raises(LevelTooLow):
        await reinstating.confirm(*that, by=sonia)
    await deciding.is_demoted(house, sonia, level=3)
    await reinstating.confirm(*that, by=sonia)
