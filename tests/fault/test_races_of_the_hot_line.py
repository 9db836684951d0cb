"""The wallet's own freeze against whatever else happens to the account at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

from domain.contacts import Contact
from domain.refusals import AccountIsFrozen, ChangedMeanwhile, NothingPending, Refused
from domain.reports import LossKind
from domain.tickets import ReleaseReason
from domain.wallet_reports import FreezeReason
from domain.wallets import Wallet
from service.operations import (
    clients,
    desk,
    filing,
    hot_line,
    missing_confirmations,
    reports,
    tickets,
    unreached_owners,
    visits,
)
from service.operations.clients import Caller
from service.operations.hot_line import Stopped, Told
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.visits import Draft
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.tables import outbox, wallet_sessions
from service.storage.tables import tickets as ticket_rows
from service.storage.values import BrowserSession, Scope
from tests import people as cast
from tests import proving

pytestmark = pytest.mark.anyio


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    caller: Caller
    carl: Contact
    link: str

    async def freezes(self, key: str) -> Stopped:
        return await hot_line.freeze(
            self.house,
            self.wallet,
            cast.OLGA,
            Told(reason=FreezeReason.STOLEN),
            client_id=self.caller.client_id,
            request=Request(
                wallet_id=self.wallet.id,
                caller=str(self.caller.client_id),
                route="freeze",
                key=key,
                body=b"{}",
            ),
        )

    async def said(self, event: str) -> int:
        async with self.house.engine.connect() as db:
            found = select(func.count()).where(outbox.c.event == event)
            return (await db.execute(found)).scalar_one()


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    secret = await clients.add_client(house, wallet.id, "fraud", (Scope.FREEZE,))
    caller = await clients.client_by_secret(house, wallet, "fraud", secret)
    return Scene(house=house, wallet=wallet, caller=caller, carl=carl, link=link)


async def all_of(*acts: Awaitable[Any]) -> list[Any]:
    ends = await asyncio.gather(*acts, return_exceptions=True)
    faults = [
        end for end in ends if isinstance(end, BaseException) and not isinstance(end, Refused)
    ]
    assert faults == []
    return ends


async def _visit(scene: Scene) -> BrowserSession:
    visit = await cast.a_verified_visit(scene.house, scene.wallet, scene.link)
    said = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN)
    await reports.save(scene.house, scene.wallet, visit, said)
    return await visits.current(scene.house, visit)


async def _is_frozen_once(scene: Scene) -> None:
    account = await cast.the_account(scene.house, scene.wallet, scene.carl.account_id)
    assert (account.is_frozen, account.version, account.epoch) == (True, 1, 1)
    assert await scene.said("account-frozen") == 1
    async with scene.house.engine.connect() as db:
        open_ones = select(func.count()).where(ticket_rows.c.closed_at.is_(None))
        assert await db.scalar(open_ones) == 1


async def test_against_a_contacts_report_it_is_one_freeze_and_one_ticket(scene: Scene) -> None:
    visit = await _visit(scene)

    ends = await all_of(
        filing.file_report(scene.house, scene.wallet, visit, key="button"),
        scene.freezes("call"),
        scene.freezes("another call"),
    )

    assert not any(isinstance(end, Refused) for end in ends)
    await _is_frozen_once(scene)
    assert await scene.said("ticket-joined") == 2


async def test_against_sign_ins_no_session_slips_in_between(scene: Scene) -> None:
    ends = await all_of(
        *(cast.a_session(scene.house, scene.wallet, f"t{n}") for n in range(4)),
        scene.freezes("call"),
        *(cast.a_session(scene.house, scene.wallet, f"u{n}") for n in range(4)),
    )

    assert {type(end) for end in ends if isinstance(end, Refused)} <= {AccountIsFrozen}
    await _is_frozen_once(scene)
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.max(wallet_sessions.c.epoch))) == 0


async def test_against_itself_with_one_key_it_happens_once(scene: Scene) -> None:
    ends = await all_of(*(scene.freezes("call") for _ in range(6)))

    assert len({(end.reference, end.version) for end in ends}) == 1
    await _is_frozen_once(scene)
    assert await scene.said("wallet-reported-loss") == 1


async def test_against_a_release_the_account_is_frozen_in_the_end(scene: Scene) -> None:
    """Either it joins first, and nobody approves what they did not see; or it freezes anew."""
    house, wallet = scene.house, scene.wallet
    await scene.freezes("first call")
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    (row,) = (await desk.see_queue(house, astrid)).rows
    await proving.proved(house, wallet, row.ticket_id, astrid)
    await tickets.propose_release(house, row.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    seen = await desk.see_ticket(house, row.ticket_id, arne)
    assert seen.proposal is not None

    ends = await all_of(
        tickets.approve_release(
            house,
            row.ticket_id,
            seen.proposal.proposal_id,
            by=arne,
            seen=seen.ticket.row_version,
        ),
        scene.freezes("second call"),
    )

    approved, stopped = ends
    account = await cast.the_account(house, wallet, scene.carl.account_id)
    assert account.is_frozen
    assert isinstance(stopped, Stopped)
    assert stopped.version == account.version == (3 if approved is None else 1)
    if approved is not None:
        assert isinstance(approved, ChangedMeanwhile | NothingPending)


async def test_two_workers_say_it_once(scene: Scene) -> None:
    house = scene.house
    await scene.freezes("call")
    await cast.move_clock(house, timedelta(seconds=60))

    alarmed = await all_of(
        *(missing_confirmations.alarm_missing_confirmations(house) for _ in range(4))
    )
    await all_of(*(unreached_owners.request_proofs(house) for _ in range(4)))

    assert sum(alarmed) == 1
    assert await scene.said("confirmation-missed") == 1
