"""A wallet freezes one of its own accounts: the effects of a report, once, and no release."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import func, select

from domain.accounts import AddressKind, ClosingReason
from domain.recovery import GoodTime, Voice
from domain.refusals import AccountIsClosed
from domain.wallets import Wallet
from service.operations import accounts, desk, hints, housekeeping
from service.operations.addresses import normal_email
from service.operations.hints import Asked, Said
from service.operations.house import House
from service.storage import load
from service.storage.tables import journal, outbox, tickets, wallet_reports
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import A_MOMENT, Backend, a_session, backend_of, frozen
from tests.fault.power_cuts import what_is_stored

PATH = f"/v1/accounts/{cast.OLGA}/freeze"
STATE = f"/v1/accounts/{cast.OLGA}/freeze-state"
KEY = {"Idempotency-Key": "call-1"}
STOLEN = {"reason": "stolen"}


@pytest.fixture
async def _olga(house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet)


pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_olga")]


async def freeze(backend: Backend, body: object = STOLEN, *, key: str = "call-1") -> httpx.Response:
    return await backend.call("POST", PATH, body, more={"Idempotency-Key": key})


async def happened(house: House) -> list[str]:
    async with house.engine.connect() as db:
        return list(await db.scalars(select(outbox.c.event).order_by(outbox.c.id)))


async def test_the_account_freezes_with_all_that_a_report_does(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await norte.call("POST", "/v1/sessions", a_session())

    answer = await freeze(norte)

    told = answer.json()
    assert answer.status_code == 201
    state = (await norte.call("GET", STATE)).json()
    assert (told["state"], told["version"]) == (state["state"], state["version"]) == ("frozen", 1)
    assert told["sessions_void_before"] == state["sessions_void_before"]
    assert (await norte.introspect("phone-token")).json() == {"active": False}
    again = await norte.call("POST", "/v1/sessions", a_session("another"))
    assert (again.status_code, again.json()["code"]) == (409, "account-frozen")
    assert {"account-frozen", "ticket-opened", "wallet-reported-loss"} <= set(await happened(house))
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    (row,) = (await desk.see_queue(house, astrid)).rows
    assert (row.reference, row.boost, row.unconfirmed) == (told["reference"], 0, False)
    assert row.by_wallet == ("stolen",)


async def test_what_the_hot_line_says_is_read_by_agents_and_stored_sealed(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await norte.call("POST", "/v1/sessions", a_session())
    said = {
        "reason": "suspected-takeover",
        "note": "she is at the airport",
        "operator_reference": "desk 7, call 4711",
        "noticed_at": "2026-01-01T09:00:00-03:00",
        "device_id": "phone-1",
        "danger": True,
    }

    await freeze(norte, said)

    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    (row,) = (await desk.see_queue(house, astrid)).rows
    seen = await desk.see_ticket(house, row.ticket_id, astrid)
    (report,) = seen.wallet_reports
    assert (report.reason, report.note) == ("suspected-takeover", "she is at the airport")
    assert (report.operator, report.in_danger) == ("desk 7, call 4711", True)
    assert report.noticed_at is not None
    assert report.noticed_at.isoformat() == "2026-01-01T12:00:00+00:00"
    assert [one.named_in_report for one in seen.devices] == [True]
    assert (seen.ticket.danger, seen.ticket.holds_notices) == (True, True)
    assert (await norte.call("GET", STATE)).json()["display"] == "neutral"
    stored = str(await what_is_stored(house))
    assert "airport" not in stored
    assert "call 4711" not in stored


async def test_frozen_already_the_answer_is_the_same_and_the_ticket_moves_up(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    first = await freeze(norte)
    await cast.move_clock(house, A_MOMENT)

    second = await freeze(norte, {"reason": "lost"}, key="call-2")

    assert (second.status_code, second.json()) == (201, first.json())
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    (row,) = (await desk.see_queue(house, astrid)).rows
    assert (row.boost, row.by_wallet) == (1, ("stolen", "lost"))
    events = await happened(house)
    assert (events.count("account-frozen"), events.count("wallet-reported-loss")) == (1, 2)


async def test_it_joins_the_ticket_that_a_contact_opened(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await frozen(house, wallet)
    before = (await norte.call("GET", STATE)).json()

    told = (await freeze(norte)).json()

    assert (told["version"], told["sessions_void_before"]) == (
        before["version"],
        before["sessions_void_before"],
    )
    async with house.engine.connect() as db:
        rows = (await db.execute(select(tickets.c.reference, tickets.c.boost))).all()
        assert [tuple(row) for row in rows] == [(told["reference"], 1)]


async def test_a_mere_hint_is_confirmed_by_it(norte: Backend, house: House, wallet: Wallet) -> None:
    said = Said(number="011 4321", language="es", good_time=GoodTime.ANY, voice=Voice.CALL)
    asked = Asked(
        kind=AddressKind.EMAIL,
        written=normal_email(f"{cast.OLGA}@correo.example"),
        code=None,
        said=said,
    )
    await hints.ask_for_help(house, wallet, asked, browser="a-browser")
    assert await hints.file_hints(house) == 1

    await freeze(norte)

    async with house.engine.connect() as db:
        assert list(await db.scalars(select(tickets.c.unconfirmed))) == [False]
    assert (await happened(house)).count("ticket-confirmed") == 1


async def test_a_closing_stops_and_a_closed_account_cannot_freeze(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet, "olga-2")
    for subject in (cast.OLGA, "olga-2"):
        await accounts.close_account(
            house, wallet, subject, reason=ClosingReason.CLOSED, by=cast.THE_WALLET
        )

    assert (await freeze(norte)).status_code == 201
    assert (await happened(house)).count("account-closing-stopped") == 1
    await cast.move_clock(house, timedelta(hours=72))
    await housekeeping.close_accounts(house)
    fresh = await signed_in_again(norte)
    late = await fresh.call("POST", "/v1/accounts/olga-2/freeze", STOLEN, more=KEY)
    assert (late.status_code, late.json()["code"]) == (409, AccountIsClosed.code)
    async with house.engine.connect() as db:
        account = await load.account_by_subject(db, wallet.id, cast.OLGA)
        assert account is not None
        assert account.is_frozen


async def signed_in_again(backend: Backend) -> Backend:
    """Its token ran out meanwhile."""
    answer = await backend.ask_token(grant_type="client_credentials")
    return replace(backend, token=answer.json()["access_token"])


async def test_a_repeated_key_gets_the_first_answer_and_does_nothing_again(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    first = await freeze(norte)
    await cast.released(house, wallet)

    again = await freeze(norte)

    assert (again.status_code, again.json()) == (201, first.json())
    assert (await norte.call("GET", STATE)).json()["state"] == "active"
    other = await freeze(norte, {"reason": "lost"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    anew = await freeze(norte, key="call-2")
    assert (anew.json()["version"], anew.json()["state"]) == (3, "frozen")


async def test_one_key_for_two_accounts_freezes_both(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    """A careless key must not leave somebody's account open."""
    await cast.olga(house, wallet, "olga-2")

    answers = await asyncio.gather(
        *(
            norte.call("POST", f"/v1/accounts/{subject}/freeze", STOLEN, more=KEY)
            for subject in (cast.OLGA, "olga-2")
        )
    )

    assert {answer.json()["state"] for answer in answers} == {"frozen"}
    assert len({answer.json()["reference"] for answer in answers}) == 2


async def test_ten_at_once_are_one_freeze(norte: Backend, house: House) -> None:
    answers = await asyncio.gather(
        *(freeze(norte, key=f"call-{n % 5}") for n in range(10)),
        *(norte.call("POST", "/v1/sessions", a_session(f"t{n}")) for n in range(5)),
    )

    freezes, sessions = answers[:10], answers[10:]
    assert {answer.status_code for answer in freezes} == {201}
    assert len({answer.text for answer in freezes}) == 1
    assert {answer.status_code for answer in sessions} <= {201, 409}
    for n in range(5):
        assert (await norte.introspect(f"t{n}")).json() == {"active": False}
    async with house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(wallet_reports)) == 5
        assert await db.scalar(select(func.count()).select_from(tickets)) == 1


async def test_the_scope_is_needed_and_releases_nothing(
    app: Litestar, norte: Backend, house: House, wallet: Wallet
) -> None:
    others = tuple(scope for scope in Scope if scope is not Scope.FREEZE)
    async with backend_of(app, house, wallet, client_id="others", scopes=others) as without:
        refused = await freeze(without)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await norte.call("POST", PATH, STOLEN)).status_code == 400
    async with backend_of(app, house, wallet, client_id="fraud", scopes=(Scope.FREEZE,)) as fraud:
        assert (await freeze(fraud)).status_code == 201
        for path in (PATH, STATE):
            assert (await fraud.call("DELETE", path)).status_code == 405
            assert (await fraud.call("GET", STATE)).status_code == 403


async def test_an_account_of_another_wallet_is_not_frozen(norte: Backend, sur: Backend) -> None:
    assert (await freeze(sur)).status_code == 404
    assert (await norte.call("GET", STATE)).json()["state"] == "active"
    unknown = await norte.call("POST", "/v1/accounts/nobody/freeze", STOLEN, more=KEY)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")


async def test_a_device_we_never_heard_of_does_not_stop_a_freeze(norte: Backend) -> None:
    answer = await freeze(norte, {"reason": "lost", "device_id": "never-seen"})

    assert answer.json()["state"] == "frozen"


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("reason", "because"),
        ("note", "n" * 501),
        ("operator_reference", "o" * 61),
        ("noticed_at", "2026-01-01T00:00:00"),
        ("danger", "yes"),
        ("device_id", ""),
    ],
)
async def test_what_is_not_of_the_form_freezes_nothing(
    norte: Backend, member: str, wrong: object
) -> None:
    answer = await freeze(norte, {**STOLEN, member: wrong})

    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{member}"]
    assert (await norte.call("GET", STATE)).json()["state"] == "active"


async def test_who_froze_it_stands_in_the_journal(norte: Backend, house: House) -> None:
    await freeze(norte)

    async with house.engine.connect() as db:
        entries = list(await db.scalars(select(journal.c.entry)))
    (entry,) = [one for one in entries if '"event":"account-frozen"' in one]
    assert '"kind":"wallet"' in entry
