"""Proofs as they really come about; and a thief who talks well, refused with the reason."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from domain.accounts import AddressKind
from domain.ids import AddressId, DeviceId
from domain.refusals import (
    AccountNotFrozen,
    AddressDoesNotCount,
    ChecklistOpen,
    LineReplacedBefore,
    LineTooFresh,
    NotFound,
    NoticesHeld,
    OwnerNotVerified,
    ProofsMissing,
    TooMany,
    TooSoon,
)
from domain.tickets import PROVED, CheckAnswer, Doubt, ProofKind, ReleaseReason, Ticket
from domain.wallets import Wallet
from service.operations import accounts, danger, desk, evidence, owner_codes, tickets
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.agents import SignedIn
from service.operations.evidence import Answers, ReplacedLine
from service.operations.house import House
from service.operations.owner_codes import Entered
from service.operations.ticket_evidence import EvidenceSeen, Missing
from service.operations.ticket_page import TicketSeen
from service.storage import load
from service.storage.tables import account_addresses, checks, outbox, refused_tries
from service.storage.tables import owner_codes as rows
from service.storage.tables import proofs as proofs_table
from service.storage.tables import tickets as tickets_table
from tests import people as cast
from tests import proving
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
A_MINUTE: Final = timedelta(minutes=1)
A_DAY: Final = timedelta(days=1)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, wallet: Wallet, case: Case) -> SignedIn:
    return await cast.an_agent(house, wallet, "astrid", 2)


async def seen(house: House, case: Case, by: SignedIn) -> TicketSeen:
    return await desk.see_ticket(house, case.ticket_id, by)


async def found(house: House, case: Case, by: SignedIn) -> EvidenceSeen:
    return (await seen(house, case, by)).evidence


async def address_of(house: House, case: Case, kind: AddressKind) -> AddressId:
    return (await proving.the_address(house, case.wallet, case.ticket_id, kind)).id


async def asked(house: House, case: Case, by: SignedIn) -> None:
    mailbox = await address_of(house, case, AddressKind.EMAIL)
    await owner_codes.ask(house, case.ticket_id, mailbox, by=by)


async def propose(house: House, case: Case, by: SignedIn) -> None:
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=by)


# A code that the owner enters -------------------------------------------------------------------


async def test_the_owner_enters_key_and_code_and_nobody_types_the_proof(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert len(typed.code) == 8

    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED

    async with house.engine.connect() as db:
        (proof,) = await load.proofs_of(db, case.wallet.id, case.ticket_id)
    assert (proof.kind, proof.recorded_by, proof.source) == (ProofKind.OWNER_CODE, None, None)
    assert proof.address_id == await address_of(house, case, AddressKind.EMAIL)
    # Once, and never again.
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.NOT_RIGHT


async def test_the_code_goes_to_that_address_and_to_no_other(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)

    async with house.engine.connect() as db:
        told = (
            await db.execute(select(outbox.c.body).where(outbox.c.event == "owner-code-asked"))
        ).scalar_one()
    assert str(await address_of(house, case, AddressKind.EMAIL)) in told
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert typed.code not in told
    assert typed.key not in told


async def test_five_guesses_and_the_right_code_is_worth_nothing(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    wrong = replace(typed, code="00000000" if typed.code != "00000000" else "00000001")

    ends = await asyncio.gather(*(owner_codes.enter(house, case.wallet, wrong) for _ in range(8)))

    assert set(ends) == {Entered.NOT_RIGHT}
    async with house.engine.connect() as db:
        assert await db.scalar(select(rows.c.attempts)) == 5
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.NOT_RIGHT
    code = (await found(house, case, astrid)).code
    assert code is not None
    assert (code.guesses_left, code.is_live) == (0, False)


async def test_the_fifth_guess_may_still_be_right(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    wrong = replace(typed, code="00000000" if typed.code != "00000000" else "00000001")
    for _ in range(4):
        assert await owner_codes.enter(house, case.wallet, wrong) is Entered.NOT_RIGHT

    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED


async def test_only_the_browser_that_typed_the_key_first_guesses(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    wrong = replace(typed, code="00000000" if typed.code != "00000000" else "00000001")
    await owner_codes.enter(house, case.wallet, wrong)
    elsewhere = replace(typed, browser="mallory's browser")

    assert await owner_codes.enter(house, case.wallet, elsewhere) is Entered.NOT_RIGHT
    async with house.engine.connect() as db:
        assert await db.scalar(select(rows.c.attempts)) == 1
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED


async def test_a_key_of_another_wallet_or_of_nobody_is_no_key(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    sul = await cast.a_wallet(house, replace(cast.NORTE, origin="http://sul.localhost:8000"))

    assert await owner_codes.enter(house, sul, typed) is Entered.NOT_RIGHT
    nobodys = replace(typed, key="000-000-0")
    assert await owner_codes.enter(house, case.wallet, nobodys) is Entered.NOT_RIGHT


@pytest.mark.parametrize(("late", "end"), [(False, Entered.PROVED), (True, Entered.NOT_RIGHT)])
async def test_it_lasts_ten_minutes(
    house: House, case: Case, astrid: SignedIn, *, late: bool, end: Entered
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    almost = timedelta(minutes=9, seconds=30)
    await cast.move_clock(house, timedelta(minutes=10) if late else almost)

    assert await owner_codes.enter(house, case.wallet, typed) is end


async def test_the_next_code_waits_a_minute_and_ends_the_one_before(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    first = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    with pytest.raises(TooSoon):
        await asked(house, case, astrid)
    await cast.move_clock(house, A_MINUTE)
    await asked(house, case, astrid)

    assert await owner_codes.enter(house, case.wallet, first) is Entered.NOT_RIGHT
    second = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert await owner_codes.enter(house, case.wallet, second) is Entered.PROVED


async def test_five_codes_in_an_hour_are_the_most(
    house: House, case: Case, astrid: SignedIn
) -> None:
    for _ in range(5):
        await asked(house, case, astrid)
        await cast.move_clock(house, A_MINUTE)

    with pytest.raises(TooMany):
        await asked(house, case, astrid)


async def test_a_network_that_tries_keys_is_slowed_down(house: House, case: Case) -> None:
    typed = owner_codes.Typed(key="000-000-0", code="1", browser="b", network="198.51.100.0/24")
    for _ in range(60):
        assert await owner_codes.enter(house, case.wallet, typed) is Entered.NOT_RIGHT

    with pytest.raises(TooMany):
        await owner_codes.enter(house, case.wallet, typed)


async def test_an_address_removed_meanwhile_takes_no_code(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    async with house.engine.begin() as db:
        await db.execute(update(account_addresses).values(removed_at=await cast.now(house)))

    assert await owner_codes.enter(house, case.wallet, typed) is Entered.NO_LONGER
    assert (await seen(house, case, astrid)).proofs == ()


async def test_in_danger_nothing_is_written_before_an_agent_lets_it(
    house: House, case: Case, astrid: SignedIn
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(tickets_table).values(danger=True))

    with pytest.raises(NoticesHeld):
        await asked(house, case, astrid)
    assert (await found(house, case, astrid)).cannot_write == "notices-held"
    version = (await seen(house, case, astrid)).ticket.row_version
    await danger.let_notices_go(house, case.ticket_id, by=astrid, seen=version)
    await asked(house, case, astrid)


# A thief who talks well -------------------------------------------------------------------------


async def test_the_reported_number_takes_no_code(
    house: House, case: Case, astrid: SignedIn
) -> None:
    number = await address_of(house, case, AddressKind.PHONE)

    with pytest.raises(AddressDoesNotCount):
        await owner_codes.ask(house, case.ticket_id, number, by=astrid)

    shown = {one.kind: one for one in (await found(house, case, astrid)).addresses}
    assert shown[AddressKind.PHONE].doubt is Doubt.LINE_NOT_REPLACED
    assert shown[AddressKind.EMAIL].doubt is None


async def test_an_address_added_yesterday_takes_no_code(
    house: House, case: Case, astrid: SignedIn
) -> None:
    mailbox = await address_of(house, case, AddressKind.EMAIL)
    async with house.engine.begin() as db:
        yesterday = await cast.now(house) - A_DAY
        await db.execute(
            update(account_addresses)
            .where(account_addresses.c.id == mailbox)
            .values(added_at=yesterday, verified_at=yesterday)
        )

    with pytest.raises(AddressDoesNotCount):
        await asked(house, case, astrid)


async def test_an_address_that_the_wallet_was_talked_into_during_the_freeze_takes_no_code(
    house: House, case: Case, astrid: SignedIn
) -> None:
    long_ago = await cast.now(house) - timedelta(days=30)
    told = ToldAccount(
        subject=cast.OLGA,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=(
            ToldAddress(
                kind=AddressKind.EMAIL, address="mallory@correo.example", verified_at=long_ago
            ),
        ),
    )
    await accounts.put_account(house, case.wallet, told, by=cast.THE_WALLET)

    doubts = [one.doubt for one in (await found(house, case, astrid)).addresses]

    assert sorted(one for one in doubts if one) == ["removed", "removed", "while-frozen"]


async def test_a_mailbox_alone_and_the_same_kind_twice_release_nothing(
    house: House, case: Case, astrid: SignedIn
) -> None:
    for _ in range(2):
        await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
        await cast.move_clock(house, A_MINUTE)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid)

    with pytest.raises(ProofsMissing):
        await propose(house, case, astrid)
    assert (await found(house, case, astrid)).missing[0] is Missing.OUT_OF_REACH


# A replaced line --------------------------------------------------------------------------------


async def a_line(house: House, case: Case, **changes: object) -> ReplacedLine:
    """Replaced a minute after the loss."""
    ticket = await _ticket(house, case)
    line = ReplacedLine(
        address_id=await address_of(house, case, AddressKind.PHONE),
        replaced_at=ticket.opened_at + A_MINUTE,
        reference="Claro 4711",
    )
    return replace(line, **changes)


async def _ticket(house: House, case: Case) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, case.wallet.id, case.ticket_id)


async def test_a_replaced_line_counts_after_a_day_and_its_number_with_it(
    house: House, case: Case, astrid: SignedIn
) -> None:
    line = await a_line(house, case)
    since = line.replaced_at - await cast.now(house)
    await cast.move_clock(house, since + A_DAY - A_MINUTE)
    with pytest.raises(LineTooFresh) as refused:
        await evidence.record_line(house, case.ticket_id, line, by=astrid, key="one")
    assert refused.value.retry_at == line.replaced_at + A_DAY

    await cast.move_clock(house, 2 * A_MINUTE)
    await evidence.record_line(house, case.ticket_id, line, by=astrid, key="one")

    (proof,) = (await seen(house, case, astrid)).proofs
    assert (proof.kind, proof.source) == (ProofKind.REPLACED_LINE, "Claro 4711")
    number = await address_of(house, case, AddressKind.PHONE)
    await owner_codes.ask(house, case.ticket_id, number, by=astrid)
    # Both are of what a thief with the line would have: it takes one more.
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED
    assert not (await seen(house, case, astrid)).proofs_are_enough


async def test_a_line_recorded_twice_is_one_proof(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await cast.move_clock(house, 2 * A_DAY)
    line = await a_line(house, case)
    for _ in range(2):
        await evidence.record_line(house, case.ticket_id, line, by=astrid, key="button")

    assert len((await seen(house, case, astrid)).proofs) == 1


async def test_a_line_from_before_the_loss_and_nobodys_number_are_refused(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await cast.move_clock(house, 2 * A_DAY)
    early = await a_line(house, case, replaced_at=(await _ticket(house, case)).opened_at)
    nobodys = await a_line(house, case, address_id=AddressId(UUID(int=1)))
    mailbox = await a_line(house, case, address_id=await address_of(house, case, AddressKind.EMAIL))

    for line, refusal in (
        (early, LineReplacedBefore),
        (nobodys, NotFound),
        (mailbox, AddressDoesNotCount),
    ):
        with pytest.raises(refusal):
            await evidence.record_line(house, case.ticket_id, line, by=astrid, key="k")


async def test_a_time_without_a_zone_is_of_the_wallets_wall(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await cast.move_clock(house, 3 * A_DAY)
    opened = (await _ticket(house, case)).opened_at
    # In Buenos Aires it is three hours earlier on the wall.
    wall = (opened + timedelta(hours=1)).replace(tzinfo=None) - timedelta(hours=3)
    line = await a_line(house, case, replaced_at=wall)

    await evidence.record_line(house, case.ticket_id, line, by=astrid, key="k")

    async with house.engine.connect() as db:
        stored = await db.scalar(select(proofs_table.c.performed_at))
    assert stored == opened + timedelta(hours=1)


# The checklist ----------------------------------------------------------------------------------


async def test_the_way_to_a_proposal_names_the_next_thing(
    house: House, case: Case, astrid: SignedIn
) -> None:
    async def missing() -> tuple[Missing, ...]:
        return (await found(house, case, astrid)).missing

    everything = (
        Missing.OUT_OF_REACH,
        Missing.SECOND_KIND,
        Missing.CHANGES,
        Missing.TRIES,
        Missing.DEVICES,
    )
    assert await missing() == everything
    await proving.reproved(house, case.wallet, case.ticket_id)
    assert await missing() == everything[1:]
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
    assert await missing() == everything[2:]
    with pytest.raises(ChecklistOpen):
        await propose(house, case, astrid)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid)
    assert await missing() == ()
    await propose(house, case, astrid)


async def test_said_again_nothing_changes_and_another_answer_voids_the_proposal(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proving.proved(house, case.wallet, case.ticket_id, astrid)
    await propose(house, case, astrid)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid)
    assert (await seen(house, case, astrid)).proposal is not None

    await proving.looked_through(house, case.wallet, case.ticket_id, astrid, CheckAnswer.IN_HAND)

    after = await seen(house, case, astrid)
    assert (after.proposal, after.ticket.stage) == (None, PROVED)


async def test_only_the_verified_owner_says_where_a_device_is(
    house: House, case: Case, astrid: SignedIn
) -> None:
    (device,) = (await found(house, case, astrid)).devices
    in_hand = Answers(
        looked_at=await cast.now(house), devices={device.device_id: CheckAnswer.IN_HAND}
    )
    with pytest.raises(OwnerNotVerified):
        await evidence.fill_in(house, case.ticket_id, in_hand, by=astrid)
    foreign = replace(in_hand, devices={DeviceId(UUID(int=1)): CheckAnswer.IN_HAND})
    with pytest.raises(NotFound):
        await evidence.fill_in(house, case.ticket_id, foreign, by=astrid)


async def test_a_change_after_the_look_makes_it_open_again(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proving.proved(house, case.wallet, case.ticket_id, astrid)
    assert (await found(house, case, astrid)).is_ready
    await cast.move_clock(house, A_MINUTE)
    async with house.engine.connect() as db:
        account = await load.account(db, case.wallet.id, case.account.id)
    told = ToldAccount(
        subject=account.subject,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=(),
    )
    await accounts.put_account(house, case.wallet, told, by=cast.THE_WALLET)

    assert (await found(house, case, astrid)).missing == (Missing.CHANGES,)
    with pytest.raises(ChecklistOpen):
        await propose(house, case, astrid)


async def test_what_a_page_could_not_show_nobody_has_looked_at(
    house: House, case: Case, astrid: SignedIn
) -> None:
    """The page was made before the last change; its button says nothing about that."""
    made_at = (await found(house, case, astrid)).changes[0].at

    await evidence.fill_in(
        house, case.ticket_id, Answers(looked_at=made_at, changes=True), by=astrid
    )
    assert Missing.CHANGES in (await found(house, case, astrid)).missing

    # Nor does a page from the future.
    ahead = await cast.now(house) + A_DAY
    await evidence.fill_in(house, case.ticket_id, Answers(looked_at=ahead, changes=True), by=astrid)
    async with house.engine.connect() as db:
        looked_at = await db.scalar(select(checks.c.looked_at))
    assert looked_at is not None
    assert looked_at < ahead


async def test_a_try_long_after_the_look_makes_it_open_again(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proving.proved(house, case.wallet, case.ticket_id, astrid)
    looked_at = await cast.now(house)

    async def tried(at: timedelta) -> tuple[Missing, ...]:
        async with house.engine.begin() as db:
            await db.execute(refused_tries.delete())
            await db.execute(
                refused_tries.insert().values(
                    account_id=case.account.id,
                    minute=looked_at + at,
                    way="session",
                    device="new",
                    wallet_id=case.wallet.id,
                    tries=1,
                    last_at=looked_at + at,
                )
            )
        return (await found(house, case, astrid)).missing

    assert await tried(timedelta(minutes=14)) == ()
    assert await tried(timedelta(minutes=16)) == (Missing.TRIES,)
    # Of an earlier freeze, and looked at then.
    assert await tried(-A_DAY) == ()


async def test_devices_in_hand_come_back_with_the_release_and_the_others_stay_barred(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proving.proved(house, case.wallet, case.ticket_id, astrid)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid, CheckAnswer.IN_HAND)
    await propose(house, case, astrid)
    proposal = (await seen(house, case, arne)).proposal
    assert proposal is not None

    await tickets.approve_release(house, case.ticket_id, proposal.proposal_id, by=arne)

    assert [one.barred for one in (await seen(house, case, astrid)).devices] == [False]


async def test_a_mere_hint_takes_no_proof_and_no_answer(
    house: House, case: Case, astrid: SignedIn
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(tickets_table).values(unconfirmed=True))

    with pytest.raises(AccountNotFrozen):
        await asked(house, case, astrid)
    with pytest.raises(AccountNotFrozen):
        await proving.looked_through(house, case.wallet, case.ticket_id, astrid)


async def test_the_right_code_typed_twice_at_once_is_one_proof(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await asked(house, case, astrid)
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)

    ends = await asyncio.gather(*(owner_codes.enter(house, case.wallet, typed) for _ in range(4)))

    assert sorted(ends).count(Entered.PROVED) == 1
    assert len((await seen(house, case, astrid)).proofs) == 1
