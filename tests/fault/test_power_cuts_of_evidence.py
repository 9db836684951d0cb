"""What agents establish on a ticket, and what owners enter: cut at every statement."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.accounts import AddressKind
from domain.tickets import ProofKind, ReleaseReason
from service.operations import evidence, owner_codes, tickets
from service.operations.agents import SignedIn
from service.operations.evidence import Answers, ReplacedLine
from service.operations.house import House
from service.storage import load
from service.storage.tables import owner_codes as rows
from tests import people as cast
from tests import proving
from tests.desks import Case, a_case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 2)


async def test_a_code_is_asked_for_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    mailbox = await proving.the_address(house, case.wallet, case.ticket_id, AddressKind.EMAIL)

    await everything_or_nothing(
        house, lambda: owner_codes.ask(house, case.ticket_id, mailbox.id, by=astrid)
    )

    assert await proving.what_olga_types(house, case.wallet, case.ticket_id)


async def test_a_code_proves_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    """A guess stays counted, whatever happens after it; the proposal falls with the proof."""
    await proving.proved(house, case.wallet, case.ticket_id, astrid)
    await cast.move_clock(house, timedelta(minutes=2))
    mailbox = await proving.the_address(house, case.wallet, case.ticket_id, AddressKind.EMAIL)
    await owner_codes.ask(house, case.ticket_id, mailbox.id, by=astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    reason = ReleaseReason.OWNER_SAFE
    await tickets.propose_release(house, case.ticket_id, reason=reason, by=astrid)

    async def again() -> None:
        async with house.engine.begin() as db:
            await db.execute(update(rows).values(attempts=0))

    await everything_or_nothing(
        house,
        lambda: owner_codes.enter(house, case.wallet, typed),
        counts=("owner_codes", "limits"),
        again=again,
    )

    async with house.engine.connect() as db:
        assert await load.pending_proposal(db, case.wallet.id, case.ticket_id) is None
        proofs = await load.proofs_of(db, case.wallet.id, case.ticket_id)
    assert [one.kind for one in proofs].count(ProofKind.OWNER_CODE) == 2


async def test_a_replaced_line_is_recorded_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    number = await proving.the_address(house, case.wallet, case.ticket_id, AddressKind.PHONE)
    line = ReplacedLine(
        address_id=number.id, replaced_at=await cast.now(house), reference="Claro 4711"
    )
    await cast.move_clock(house, timedelta(days=2))

    await everything_or_nothing(
        house, lambda: evidence.record_line(house, case.ticket_id, line, by=astrid, key="button")
    )


async def test_the_checklist_is_filled_in_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    looked_at = await cast.now(house)

    await everything_or_nothing(
        house,
        lambda: evidence.fill_in(
            house,
            case.ticket_id,
            Answers(looked_at=looked_at, changes=True, tries=True),
            by=astrid,
        ),
    )
