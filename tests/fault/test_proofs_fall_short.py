"""A report of an earlier loss, while what a card proved waits for its second person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from domain.ids import ProposalId
from domain.refusals import NothingPending
from domain.reports import LossKind
from domain.tickets import ReleaseReason, Stage
from service.operations import filing, reports, tickets, visits
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.visits import Draft
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.values import BrowserSession
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio
A_WEEK = timedelta(days=7)
AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def arne(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "arne", 3)


@pytest.fixture
async def waits(house: House, case: Case, arne: SignedIn) -> ProposalId:
    """Proposed on a card that was a week old by an hour."""
    assert arne
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    made_before = A_WEEK + AN_HOUR
    await proving.card_used(house, case.wallet, case.ticket_id, made_before=made_before)
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid)
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    return await deciding.its_id(house, case.wallet, case.ticket_id)


async def cleo_at_the_button(house: House, case: Case) -> BrowserSession:
    """The phone was gone two hours before anybody said so."""
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    visit = await cast.a_verified_visit(house, case.wallet, case.cleos_link)
    noticed_at = ticket.opened_at - 2 * AN_HOUR
    said = Draft(contact_id=case.cleo.id, kind=LossKind.STOLEN, noticed_at=noticed_at)
    await reports.save(house, case.wallet, visit, said)
    return await visits.current(house, visit)


async def test_the_report_and_what_it_takes_back_are_stored_wholly_or_not_at_all(
    house: House, case: Case, waits: ProposalId
) -> None:
    assert waits
    visit = await cleo_at_the_button(house, case)
    before = await deciding.the_ticket(house, case.wallet, case.ticket_id)

    await everything_or_nothing(
        house, lambda: filing.file_report(house, case.wallet, visit, key="button")
    )

    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    assert (ticket.stage, ticket.proved_at) == (Stage.OPENED, None)
    assert (before.stage, ticket.boost) == (Stage.PROPOSED, before.boost + 1)


async def test_approved_at_the_same_moment_it_is_released_on_what_was_known_or_not_at_all(
    house: House, case: Case, arne: SignedIn, waits: ProposalId
) -> None:
    visit = await cleo_at_the_button(house, case)

    filed, approved = await asyncio.gather(
        filing.file_report(house, case.wallet, visit, key="button"),
        tickets.approve_release(house, case.ticket_id, waits, by=arne),
        return_exceptions=True,
    )

    assert not isinstance(filed, BaseException)
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    if approved is None:
        assert ticket.stage is Stage.RELEASED
        # Her report froze it anew, with a ticket on which nothing is proved.
        assert filed.ticket_id != case.ticket_id
    else:
        assert isinstance(approved, NothingPending)
        assert (ticket.stage, filed.ticket_id) == (Stage.OPENED, case.ticket_id)
    assert (await cast.the_account(house, case.wallet, case.account.id)).is_frozen
