"""Taking the next ticket, passing one over, saying that one looks: cut at every statement."""

import pytest

from domain.tickets import SkipReason
from domain.wallets import Wallet
from service.operations import next_ticket, presence
from service.operations.house import House
from tests import people as cast
from tests.desks import Case, a_case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


async def test_next_assigns_records_and_is_seen_to_look_or_does_none_of_it(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)

    assert await everything_or_nothing(house, lambda: next_ticket.take(house, astrid)) > 5


async def test_passing_over_is_recorded_with_its_words_or_did_not_happen(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await next_ticket.take(house, astrid)

    assert (
        await everything_or_nothing(
            house,
            lambda: next_ticket.skip(
                house, case.ticket_id, reason=SkipReason.OTHER, words="vecina", by=astrid
            ),
        )
        > 5
    )


async def test_somebody_looks_or_does_not_and_has_left_or_not(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)

    await everything_or_nothing(house, lambda: presence.say(house, case.ticket_id, astrid))
    await everything_or_nothing(house, lambda: presence.leave(house, case.ticket_id, astrid))
