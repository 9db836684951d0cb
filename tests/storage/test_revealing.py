"""An address in clear for an agent: with a reason, within a quota, and written down."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.accounts import AddressKind
from domain.ids import AgentAddressId, ContactId
from domain.limits import REVEALS_A_DAY, REVEALS_AN_HOUR
from domain.refusals import (
    KeyReused,
    LevelTooLow,
    NotFound,
    Refused,
    TicketClosed,
    TooMany,
    WordsMissing,
)
from domain.revealing import RevealReason, Whose
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations import desk, limits, purging, revealing, second_addresses
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.revealing import Asked, Shown
from service.security.blind_index import index_of
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.security.tokens import new_id
from service.storage import load
from service.storage.tables import agent_addresses, contacts, journal, reveals
from service.storage.tables import agents as agents_table
from tests import people as cast
from tests.desks import SECOND, Case, a_case, a_second_address

pytestmark = pytest.mark.anyio
PHONE: Final = "+5491123456789"
A_DAY: Final = timedelta(days=1)
A_YEAR_AND_A_HALF: Final = 548 * A_DAY


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


class Desk(Struct, frozen=True, kw_only=True):
    """Astrid, of level 2, before Olga's ticket."""

    house: House
    wallet: Wallet
    case: Case
    astrid: SignedIn

    async def phone(self) -> UUID:
        async with self.house.engine.connect() as db:
            known = await load.addresses_of(db, self.wallet.id, self.case.account.id)
        return next(one.id for one in known if one.kind is AddressKind.PHONE)

    async def carl(self) -> ContactId:
        async with self.house.engine.connect() as db:
            (report,) = await load.reports_of(db, self.wallet.id, self.case.ticket_id)
        return report.contact_id

    async def show(
        self, address_id: UUID | None = None, *, by: SignedIn | None = None, **asked: Any
    ) -> Shown:
        values: dict[str, Any] = {
            "whose": Whose.OWNER,
            "address_id": address_id or await self.phone(),
            "reason": RevealReason.CALL_OWNER,
        }
        key = asked.pop("key", str(new_id()))
        ticket_id = asked.pop("ticket_id", self.case.ticket_id)
        wanted = Asked(**{**values, **asked})
        return await revealing.reveal(self.house, ticket_id, wanted, by=by or self.astrid, key=key)

    async def written(self) -> int:
        """How often it is written down; the journal agrees."""
        async with self.house.engine.connect() as db:
            stored = await db.scalar(select(func.count()).select_from(reveals))
            said = journal.c.entry.contains('"event":"address-revealed"')
            recorded = await db.scalar(select(func.count()).where(said))
        assert stored == recorded
        return stored or 0


@pytest.fixture
async def at(house: House) -> Desk:
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    return Desk(house=house, wallet=wallet, case=case, astrid=astrid)


async def test_the_owner_s_number_is_shown_once_and_written_down(at: Desk) -> None:
    shown = await at.show()

    assert (shown.address, shown.kind, shown.name) == (PHONE, AddressKind.PHONE, "Olga Ortiz")
    assert await at.written() == 1
    async with at.house.engine.connect() as db:
        (reveal,) = await load.reveals_on(db, at.wallet.id, at.case.ticket_id)
        said = journal.c.entry.contains('"event":"address-revealed"')
        entry = await db.scalar(select(journal.c.entry).where(said))
    assert (reveal.revealed_by, reveal.whose) == (at.astrid.agent.id, Whose.OWNER)
    assert (reveal.reason, reveal.words) == (RevealReason.CALL_OWNER, None)
    # Nothing of what was shown.
    assert PHONE not in repr(reveal)
    assert PHONE not in (entry or "")


async def test_a_reporter_s_address_is_shown_from_level_2_on(at: Desk) -> None:
    arne = await cast.an_agent(at.house, at.wallet, "arne", 1)
    asked: dict[str, Any] = {"whose": Whose.REPORTER, "reason": RevealReason.HEAR_REPORTER}

    shown = await at.show(await at.carl(), **asked)

    assert (shown.address, shown.name) == ("carl@correo.example", "Carl")
    with pytest.raises(LevelTooLow):
        await at.show(await at.carl(), by=arne, **asked)
    assert (await at.show(by=arne)).address == PHONE
    assert await at.written() == 2


async def test_either_of_a_reporter_s_addresses_is_shown_each_on_its_own(at: Desk) -> None:
    """Each is one reveal and one of the quota; the other is not shown beside it."""
    carl = await at.carl()
    second = await a_second_address(at.house, at.wallet, carl)
    asked: dict[str, Any] = {"whose": Whose.REPORTER, "reason": RevealReason.HEAR_REPORTER}

    enrolled = await at.show(carl, key="k/1", **asked)
    other = await at.show(second.id, key="k/2", **asked)

    assert (enrolled.address, enrolled.kind) == ("carl@correo.example", AddressKind.EMAIL)
    assert (other.address, other.kind, other.name) == (SECOND, AddressKind.PHONE, "Carl")
    assert await at.written() == 2
    async with at.house.engine.connect() as db:
        told = await load.reveals_on(db, at.wallet.id, at.case.ticket_id)
    assert {one.address_id for one in told} == {carl, second.id}
    (seen,) = (await desk.see_ticket(at.house, at.case.ticket_id, at.astrid)).signs.reporters
    assert seen.second is not None
    assert (seen.second.address_id, seen.second.masked) == (second.id, "+54 ••• 99")
    for _ in range(REVEALS_AN_HOUR.rate.burst - 2):
        await at.show(second.id, **asked)
    with pytest.raises(TooMany):
        await at.show(second.id, **asked)


async def test_a_second_address_is_shown_on_its_own_reporter_s_ticket_alone(at: Desk) -> None:
    """Not as the owner's, not of whoever did not report, not below level 2, not once removed."""
    second = await a_second_address(at.house, at.wallet, await at.carl())
    cleos = await a_second_address(at.house, at.wallet, at.case.cleo.id, "cleo@otro.example")
    arne = await cast.an_agent(at.house, at.wallet, "arne", 1)
    asked: dict[str, Any] = {"whose": Whose.REPORTER, "reason": RevealReason.HEAR_REPORTER}

    with pytest.raises(NotFound):
        await at.show(second.id, whose=Whose.OWNER)
    with pytest.raises(NotFound):
        await at.show(cleos.id, **asked)
    with pytest.raises(LevelTooLow):
        await at.show(second.id, by=arne, **asked)
    async with at.house.engine.begin() as db:
        await second_addresses.forget(db, second)
    with pytest.raises(NotFound):
        await at.show(second.id, **asked)

    assert await at.written() == 0
    (seen,) = (await desk.see_ticket(at.house, at.case.ticket_id, at.astrid)).signs.reporters
    assert seen.second is None


async def test_nobody_s_address_but_the_owner_s_and_the_reporters_is_shown(at: Desk) -> None:
    """Cleo has not reported; another owner's address stands on another ticket."""
    otto = await a_case(at.house, at.wallet, "otto-1")
    elsewhere = replace(at, case=otto)

    tried: tuple[dict[str, Any], ...] = (
        {"address_id": at.case.cleo.id, "whose": Whose.REPORTER},
        {"address_id": await elsewhere.phone()},
        {"address_id": await elsewhere.carl(), "whose": Whose.REPORTER},
        # The right one, called something else.
        {"address_id": await at.phone(), "whose": Whose.REPORTER},
        {"address_id": await at.carl(), "whose": Whose.OWNER},
        {"address_id": new_id()},
    )
    for asked in tried:
        with pytest.raises(NotFound):
            await at.show(**asked)

    assert await at.written() == 0


async def test_whoever_does_not_see_the_ticket_is_shown_nothing(at: Desk) -> None:
    """Another wallet's agent; one whose own address leads to the account; nobody's ticket."""
    sur = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur", short_name="Sur")
    foreign = await cast.an_agent(at.house, await cast.a_wallet(at.house, sur), "arne", 4)
    friend = await cast.an_agent(at.house, at.wallet, "sofia", 4)
    async with at.house.engine.begin() as db:
        await db.execute(
            agent_addresses.insert().values(
                id=AgentAddressId(new_id()),
                agent_id=friend.agent.id,
                wallet_id=at.wallet.id,
                address_index=index_of(at.house.keys, at.wallet.id, AddressKind.PHONE, PHONE),
                added_at=await cast.now(at.house),
            )
        )

    for by in (foreign, friend):
        with pytest.raises(NotFound):
            await at.show(by=by)
    with pytest.raises(NotFound):
        await at.show(ticket_id=new_id())
    assert await at.written() == 0


async def test_an_auditor_reads_and_is_shown_nothing(at: Desk) -> None:
    async with at.house.engine.begin() as db:
        this = agents_table.c.login == "astrid"
        await db.execute(update(agents_table).where(this).values(role="auditor"))
    auditor = replace(at.astrid, agent=replace(at.astrid.agent, role="auditor"))

    with pytest.raises(LevelTooLow):
        await at.show(by=auditor)

    await at_least_seen(at, auditor)
    assert await at.written() == 0


async def at_least_seen(at: Desk, by: SignedIn) -> None:
    seen = await desk.see_ticket(at.house, at.case.ticket_id, by)
    assert seen.signs.cannot_reveal == LevelTooLow.code
    assert PHONE not in repr(seen)


async def test_nothing_is_shown_once_the_ticket_is_closed(at: Desk) -> None:
    # `released` has agents of its own.
    async with at.house.engine.begin() as db:
        this = agents_table.c.login == "astrid"
        await db.execute(update(agents_table).where(this).values(login="astrid-of-before"))
    await cast.released(at.house, at.wallet)

    with pytest.raises(TicketClosed):
        await at.show()
    assert await at.written() == 0


async def test_an_address_that_was_erased_is_not_there(at: Desk) -> None:
    carl = await at.carl()
    async with at.house.engine.begin() as db:
        await db.execute(update(contacts).where(contacts.c.id == carl).values(address=b""))

    with pytest.raises(NotFound):
        await at.show(carl, whose=Whose.REPORTER, reason=RevealReason.HEAR_REPORTER)


async def test_a_reason_of_one_s_own_is_kept_sealed_for_supervisors(at: Desk) -> None:
    sofia = await cast.an_agent(at.house, at.wallet, "sofia", 4)
    with pytest.raises(WordsMissing):
        await at.show(reason=RevealReason.OTHER, words="  ")

    await at.show(reason=RevealReason.OTHER, words="the bank asks for it")

    async with at.house.engine.connect() as db:
        (reveal,) = await load.reveals_on(db, at.wallet.id, at.case.ticket_id)
    assert reveal.words is not None
    assert b"bank" not in reveal.words
    (seen,) = (await desk.see_ticket(at.house, at.case.ticket_id, sofia)).signs.reveals
    assert (seen.by, seen.words, seen.whose) == ("Astrid", "the bank asks for it", Whose.OWNER)
    assert (await desk.see_ticket(at.house, at.case.ticket_id, at.astrid)).signs.reveals == ()


async def test_words_beside_a_reason_of_the_list_are_not_kept(at: Desk) -> None:
    await at.show(reason=RevealReason.COMPARE, words="and more")

    async with at.house.engine.connect() as db:
        (reveal,) = await load.reveals_on(db, at.wallet.id, at.case.ticket_id)
    assert reveal.words is None


async def test_a_button_pressed_twice_is_one_reveal(at: Desk) -> None:
    first = await at.show(key="k")
    second = await at.show(key="k")

    assert first.address == second.address
    assert await at.written() == 1
    with pytest.raises(KeyReused):
        await at.show(await at.carl(), key="k", whose=Whose.REPORTER)


async def test_the_quota_of_an_hour_says_from_when_again(at: Desk) -> None:
    for _ in range(REVEALS_AN_HOUR.rate.burst):
        await at.show()
    with pytest.raises(TooMany) as refused:
        await at.show()
    assert await at.written() == REVEALS_AN_HOUR.rate.burst

    await cast.move_clock(at.house, refused.value.retry_at - await cast.now(at.house))
    await at.show()
    assert await at.written() == REVEALS_AN_HOUR.rate.burst + 1
    # Somebody else's is not touched by it.
    arne = await cast.an_agent(at.house, at.wallet, "arne", 1)
    await at.show(by=arne)


async def test_the_quota_of_a_day_holds_however_slowly_it_is_spent(at: Desk) -> None:
    of = limits.subject_of(at.house.keys, THE_INSTALLATION, REVEALS_A_DAY, at.astrid.agent.id.bytes)
    for _ in range(REVEALS_A_DAY.rate.burst - 1):
        await limits.count(at.house, (of, REVEALS_A_DAY.rate))
    await at.show()

    with pytest.raises(TooMany):
        await at.show()

    # What was refused counts nowhere: neither limit was moved on by it.
    assert await at.written() == 1


async def test_two_at_the_edge_of_the_quota_are_shown_one_address(at: Desk) -> None:
    for _ in range(REVEALS_AN_HOUR.rate.burst - 1):
        await at.show()
    otto = replace(at, case=await a_case(at.house, at.wallet, "otto-1"))
    before = await at.written()

    # On two tickets, so that no lock of a ticket puts one after the other.
    told = await asyncio.gather(at.show(), otto.show(), return_exceptions=True)

    assert [type(one) for one in told if isinstance(one, Refused)] == [TooMany]
    assert sum(isinstance(one, Shown) for one in told) == 1
    assert await at.written() == before + 1


async def test_words_are_forgotten_with_the_ticket_and_that_it_was_shown_is_not(at: Desk) -> None:
    await at.show(reason=RevealReason.OTHER, words="the bank asks for it")
    async with at.house.engine.begin() as db:
        this = agents_table.c.login == "astrid"
        await db.execute(update(agents_table).where(this).values(login="astrid-of-before"))
    await cast.released(at.house, at.wallet)
    await cast.move_clock(at.house, A_YEAR_AND_A_HALF)

    await purging.purge(at.house)

    async with at.house.engine.connect() as db:
        (reveal,) = await load.reveals_on(db, at.wallet.id, at.case.ticket_id)
        (report,) = await load.reports_of(db, at.wallet.id, at.case.ticket_id)
    assert (reveal.words, reveal.reason) == (None, RevealReason.OTHER)
    assert report.network is None
    assert await at.written() == 1
