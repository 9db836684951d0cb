"""The owner's own devices, reports and history; and the narrow door while frozen."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from domain.ids import ReportId, TicketId
from domain.reports import Outcome
from domain.wallets import Wallet
from service.operations import outcomes
from service.operations.house import House
from service.storage.tables import hints, loss_reports, tickets
from tests import people as cast
from tests.api.backends import frozen
from tests.api.identity import Olga

pytestmark = pytest.mark.anyio
CALL = {"number": "+54 9 11 6789-0123", "language": "es", "good_time": "evening", "voice": "text"}
A_SECOND = timedelta(seconds=1)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def items(olga: Olga, what: str) -> list[dict[str, Any]]:
    answer = await olga.asks(f"/v1/me/{what}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def lost_and_given_back(olga: Olga, wallet: Wallet) -> None:
    await frozen(olga.house, wallet)
    await cast.released(olga.house, wallet)
    await cast.move_clock(olga.house, A_SECOND)


async def test_devices_say_which_of_them_a_freeze_barred(olga: Olga, wallet: Wallet) -> None:
    await cast.a_session(olga.house, wallet, "at-the-laptop", cast.LAPTOP)
    (laptop,) = await items(olga, "devices")
    assert (laptop["id"], laptop["label"], laptop["reported"]) == ("laptop-1", "Firefox", False)

    await lost_and_given_back(olga, wallet)

    seen = {one["id"]: one["reported"] for one in await items(olga, "devices")}
    assert seen == {"laptop-1": True, "phone-1": True}


async def test_reports_show_who_and_what_and_nothing_of_safety(olga: Olga, wallet: Wallet) -> None:
    assert await items(olga, "reports") == []
    await lost_and_given_back(olga, wallet)

    (report,) = await items(olga, "reports")

    assert set(report) == {"id", "by", "kind", "status", "filed_at", "withdrawn_at", "outcome"}
    assert report["outcome"] is None
    assert (report["by"]["name"], report["kind"], report["status"]) == ("Carl", "stolen", "filed")


async def test_what_became_of_a_report_is_told_to_whoever_signed_in_strongly(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    await frozen(house, wallet)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    async with house.engine.connect() as db:
        row = (await db.execute(select(loss_reports.c.id, loss_reports.c.ticket_id))).one()
    ticket_id, report_id = TicketId(row.ticket_id), ReportId(row.id)
    await outcomes.decide(house, ticket_id, report_id, Outcome.MISTAKE, by=sofia)
    await cast.released(house, wallet)
    await cast.move_clock(house, A_SECOND)

    weak = await olga.asks("/v1/me/reports", await olga.token(acr="urn:norte:pin"))
    (report,) = await items(olga, "reports")

    assert (report["status"], report["outcome"]) == ("decided", "mistake")
    assert [one["outcome"] for one in weak.json()["items"]] == [None]


async def test_history_names_no_agent_no_stage_and_no_reference(olga: Olga, wallet: Wallet) -> None:
    await lost_and_given_back(olga, wallet)

    answer = await olga.asks("/v1/me/activity")

    told = [one["what"] for one in answer.json()["items"]]
    assert told[0] == "account-released"
    assert told[-1] == "account-registered"
    assert {"contact-invited", "contact-accepted", "loss-reported", "account-frozen"} <= set(told)
    for word in ("astrid", "arne", "proof", "propos", "ticket", "reference", "agent", "reached"):
        assert word not in answer.text.lower()
    named = {one["contact"]["name"] for one in answer.json()["items"] if one["contact"]}
    assert named == {"Carl"}


async def test_lists_go_on_page_by_page(olga: Olga, wallet: Wallet) -> None:
    await lost_and_given_back(olga, wallet)
    whole = await items(olga, "activity")
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await olga.asks(f"/v1/me/activity?limit=2{cursor}")).json()
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert found == whole
    for wrong in ("limit=0", "limit=101", "cursor=first"):
        assert (await olga.asks(f"/v1/me/activity?{wrong}")).status_code == 400


async def test_another_owners_history_is_not_hers(olga: Olga, wallet: Wallet) -> None:
    await lost_and_given_back(olga, wallet)
    await cast.olga(olga.house, wallet, "cleo-1")
    cleo = await olga.token(sub="cleo-1")

    told = (await olga.asks("/v1/me/activity", cleo)).json()["items"]

    assert {one["what"] for one in told} == {"account-registered"}
    for what in ("reports", "devices"):
        assert (await olga.asks(f"/v1/me/{what}", cleo)).json()["items"] == []


async def count(house: House, table: Any) -> int:
    async with house.engine.connect() as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_call_back_lies_on_the_open_ticket_once_for_a_key(
    olga: Olga, wallet: Wallet
) -> None:
    await frozen(olga.house, wallet)
    await cast.move_clock(olga.house, A_SECOND)
    asked: dict[str, Any] = {"method": "POST", "body": CALL, "more": {"Idempotency-Key": "call"}}

    first = await olga.asks("/v1/me/call-backs", **asked)
    again = await olga.asks("/v1/me/call-backs", **asked)
    asked["body"] = {**CALL, "voice": "call"}
    other = await olga.asks("/v1/me/call-backs", **asked)

    assert (first.status_code, again.json()) == (202, first.json())
    assert code(other) == (422, "idempotency-key-reused")
    assert await count(olga.house, hints) == 1
    assert await count(olga.house, tickets) == 1


async def test_a_call_back_without_a_freeze_opens_a_ticket_that_shows_nowhere(
    olga: Olga, wallet: Wallet
) -> None:
    taken = await olga.asks("/v1/me/call-backs", method="POST", body=CALL)

    assert taken.status_code == 202
    assert await count(olga.house, tickets) == 1
    assert (await olga.asks()).status_code == 200
    assert "hint" not in (await olga.asks("/v1/me/activity")).text
    wrong = await olga.asks("/v1/me/call-backs", method="POST", body={**CALL, "number": "911"})
    assert code(wrong) == (422, "address-not-allowed")


async def test_a_dispute_needs_a_key_a_freeze_and_a_recent_strong_sign_in(
    olga: Olga, wallet: Wallet
) -> None:
    path, key = "/v1/me/disputes", {"Idempotency-Key": "it-was-me"}
    early = await olga.asks(path, method="POST", body={}, more=key)
    assert code(early) == (409, "account-not-frozen")
    await frozen(olga.house, wallet)
    await cast.move_clock(olga.house, A_SECOND)
    later = (await cast.now(olga.house)).timestamp()

    without = await olga.asks(path, method="POST", body={})
    weak = await olga.token(acr="urn:norte:pin", auth_time=later)
    refused = await olga.asks(path, weak, method="POST", body={}, more=key)
    first = await olga.asks(path, method="POST", body={"note": "I have it"}, more=key)
    again = await olga.asks(path, method="POST", body={"note": "I have it"}, more=key)

    assert code(without) == (400, "bad-request")
    assert code(refused) == (401, "strong-sign-in-needed")
    assert (first.status_code, again.json()) == (201, first.json())
    # A sign-in that is strong and later, but of ten minutes ago.
    await cast.move_clock(olga.house, timedelta(minutes=10))
    stale = await olga.token(auth_time=later)
    answer = await olga.asks(path, stale, method="POST", body={}, more=key)
    assert code(answer) == (401, "strong-sign-in-needed")
    call = await olga.asks("/v1/me/call-backs", stale, method="POST", body=CALL)
    assert call.status_code == 202


async def test_a_rehearsal_begins_once_in_thirty_days(olga: Olga, wallet: Wallet) -> None:
    session = await cast.a_session(olga.house, wallet, "what-she-has")
    pages = await cast.at_her_pages(olga.house, wallet, session)
    carl, _ = await cast.a_contact(olga.house, wallet, pages)
    asked: dict[str, Any] = {"method": "POST", "body": {"contact_id": str(carl.id)}}

    begun = await olga.asks("/v1/me/drills", **asked, more={"Idempotency-Key": "drill"})
    again = await olga.asks("/v1/me/drills", **asked, more={"Idempotency-Key": "drill"})
    second = await olga.asks("/v1/me/drills", **asked)

    assert (begun.status_code, again.json()) == (201, begun.json())
    assert code(second) == (429, "too-soon")
    newest, *_ = await items(olga, "activity")
    assert newest["what"] == "drill-begun"
