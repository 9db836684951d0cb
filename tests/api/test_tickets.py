"""Tickets for a wallet's help desk: read, noted on, told about; nobody is revealed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import func, select, update

from domain.reports import Outcome
from domain.wallets import Wallet
from service.operations import desk, outcomes
from service.operations import tickets as operations
from service.operations.house import House
from service.storage.tables import journal, tickets
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import Backend, backend_of
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
PATH = "/v1/tickets"
KEY = {"Idempotency-Key": "note-1"}
NOTE = {"text": "She stands at our branch in Rosario."}


@pytest.fixture
async def case(house: House, norte: Backend, wallet: Wallet) -> Case:
    return await a_case(house, wallet, note="in the taxi", reach="+54 11 5555 0199")


def path_of(case: Case) -> str:
    return f"{PATH}/{case.ticket_id}"


async def read(backend: Backend, case: Case) -> tuple[dict[str, Any], str]:
    answer = await backend.call("GET", path_of(case))
    assert answer.status_code == 200
    return answer.json(), answer.headers["etag"]


async def test_a_ticket_says_how_far_it_is_and_names_nobody(norte: Backend, case: Case) -> None:
    told, etag = await read(norte, case)

    assert told["id"] == str(case.ticket_id)
    assert told["reference"] == case.reference
    assert told["subject"] == cast.OLGA
    assert (told["stage"], told["open"], told["level"]) == ("opened", True, 1)
    assert told["reports"] == [{"reference": case.reference, "outcome": None, "decided_at": None}]
    assert told["external_stage"] is None
    text = str(told)
    hidden = ("Carl", "Cleo", "Olga Ortiz", "correo", "taxi", "5555 0199", "55550199")
    for secret in (*hidden, str(case.cleo.id)):
        assert secret not in text
    assert etag.startswith('"')
    listed = (await norte.call("GET", PATH)).json()
    assert listed == {"items": [told], "next": None}


async def test_another_wallets_tickets_do_not_exist(sur: Backend, case: Case) -> None:
    unknown = f"{PATH}/{uuid4()}"
    for path in (path_of(case), unknown):
        assert (await sur.call("GET", path)).status_code == 404
        assert (await sur.call("GET", f"{path}/notes")).status_code == 404
        stage = {"stage": "called-owner"}
        anything = {"If-Match": "*"}
        put = await sur.call("PUT", f"{path}/external-stage", stage, more=anything)
        assert put.status_code == 404
        noted = await sur.call("POST", f"{path}/notes", NOTE, more={**KEY, **anything})
        assert noted.status_code == 404
    assert (await sur.call("GET", PATH)).json()["items"] == []


@pytest.mark.parametrize("kind", ["safety", "drill"])
async def test_safety_tickets_and_rehearsals_do_not_exist_here(
    house: House, norte: Backend, case: Case, kind: str
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(tickets).values(kind=kind))

    assert (await norte.call("GET", path_of(case))).status_code == 404
    assert (await norte.call("GET", PATH)).json()["items"] == []
    noted = await norte.call("POST", f"{path_of(case)}/notes", NOTE, more={**KEY, "If-Match": "*"})
    assert noted.status_code == 404


async def test_the_scope_is_needed(app: Litestar, house: House, wallet: Wallet, case: Case) -> None:
    others = tuple(scope for scope in Scope if scope is not Scope.TICKETS)
    async with backend_of(app, house, wallet, client_id="other", scopes=others) as other:
        assert (await other.call("GET", PATH)).status_code == 403
        assert (await other.call("GET", path_of(case))).status_code == 403


async def test_writing_names_what_was_read(norte: Backend, case: Case) -> None:
    path, stage = f"{path_of(case)}/external-stage", {"stage": "called-owner"}
    _, etag = await read(norte, case)

    missing = await norte.call("PUT", path, stage)
    assert (missing.status_code, missing.json()["code"]) == (428, "if-match-needed")
    for wrong in ('"other"', f"W/{etag}", etag.strip('"')):
        refused = await norte.call("PUT", path, stage, more={"If-Match": wrong})
        assert (refused.status_code, refused.json()["code"]) == (412, "changed-since-read")
    assert (await read(norte, case))[1] == etag

    done = await norte.call("PUT", path, stage, more={"If-Match": f'"other", {etag}'})
    assert done.status_code == 200
    assert done.json()["external_stage"]["stage"] == "called-owner"
    told, later = await read(norte, case)
    assert (told, later) == (done.json(), done.headers["etag"])
    assert later != etag

    stale = await norte.call("PUT", path, {"stage": "done"}, more={"If-Match": etag})
    assert stale.status_code == 412
    # The same again is right, whatever was read: the first answer may have been lost.
    again = await norte.call("PUT", path, stage, more={"If-Match": etag})
    assert (again.status_code, again.headers["etag"]) == (200, later)
    assert (await norte.call("PUT", path, {"stage": "released"})).status_code == 400
    assert told["stage"] == "opened"


async def test_what_agents_do_is_another_version(
    house: House, wallet: Wallet, norte: Backend, case: Case
) -> None:
    before, etag = await read(norte, case)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    await cast.move_clock(house, timedelta(minutes=1))
    await operations.reach_owner(house, case.ticket_id, by=astrid)

    after, later = await read(norte, case)

    assert after["stage"] == "owner-reached"
    assert later != etag
    assert after["updated_at"] > before["updated_at"]


async def test_a_note_is_left_once_and_only_its_author_reads_it(
    app: Litestar, house: House, wallet: Wallet, norte: Backend, case: Case
) -> None:
    path = f"{path_of(case)}/notes"
    _, etag = await read(norte, case)
    assert (await norte.call("POST", path, NOTE, more=KEY)).status_code == 428
    assert (await norte.call("POST", path, NOTE, more={"If-Match": etag})).status_code == 400
    stale = await norte.call("POST", path, NOTE, more={**KEY, "If-Match": '"x"'})
    assert stale.status_code == 412

    first = await norte.call("POST", path, NOTE, more={**KEY, "If-Match": etag})
    assert first.status_code == 201
    assert first.json()["text"] == NOTE["text"]
    # What it was answered, even if the ticket has changed since.
    again = await norte.call("POST", path, NOTE, more={**KEY, "If-Match": '"x"'})
    assert (again.status_code, again.json()) == (201, first.json())
    other = await norte.call("POST", path, {"text": "no"}, more={**KEY, "If-Match": etag})
    assert other.status_code == 422
    empty = {"text": "\u200b\u202e"}
    nothing = await norte.call("POST", path, empty, more={"Idempotency-Key": "2", "If-Match": etag})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing-said")

    assert (await norte.call("GET", path)).json() == {"items": [first.json()], "next": None}
    scopes = (Scope.TICKETS,)
    async with backend_of(app, house, wallet, client_id="other", scopes=scopes) as another:
        assert (await another.call("GET", path)).json()["items"] == []
    assert NOTE["text"] not in str(await read(norte, case))


async def test_notes_come_in_pages(norte: Backend, case: Case) -> None:
    path = f"{path_of(case)}/notes"
    for n in range(3):
        more = {"Idempotency-Key": str(n), "If-Match": "*"}
        assert (await norte.call("POST", path, {"text": str(n)}, more=more)).status_code == 201

    first = (await norte.call("GET", f"{path}?limit=2")).json()
    rest = (await norte.call("GET", f"{path}?limit=2&cursor={first['next']}")).json()

    assert [one["text"] for one in (*first["items"], *rest["items"])] == ["0", "1", "2"]
    assert rest["next"] is None


async def test_nothing_is_written_on_a_closed_ticket(
    house: House, wallet: Wallet, norte: Backend, case: Case
) -> None:
    await cast.released(house, wallet)
    anything = {"If-Match": "*"}

    told, _ = await read(norte, case)
    assert (told["stage"], told["open"]) == ("released", False)
    stage = await norte.call(
        "PUT", f"{path_of(case)}/external-stage", {"stage": "done"}, more=anything
    )
    noted = await norte.call("POST", f"{path_of(case)}/notes", NOTE, more={**KEY, **anything})
    for refused in (stage, noted):
        assert (refused.status_code, refused.json()["code"]) == (409, "ticket-closed")


async def test_tickets_are_chosen_by_stage_by_being_open_and_by_when_they_changed(
    house: House, wallet: Wallet, norte: Backend, case: Case
) -> None:
    async def found(query: str) -> list[str]:
        answer = await norte.call("GET", f"{PATH}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["reference"] for one in answer.json()["items"]]

    assert await found("open=true") == await found("stage=opened") == [case.reference]
    assert await found("open=false") == await found("stage=released") == []
    now = (await cast.now(house)).isoformat().replace("+00:00", "Z")
    assert await found(f"updated_since={now}") == []
    await cast.move_clock(house, timedelta(seconds=2))
    await cast.released(house, wallet)
    assert await found(f"updated_since={now}") == [case.reference]
    assert await found("open=false&stage=released") == [case.reference]
    for wrong in (
        "open=1",
        "stage=none",
        "updated_since=5",
        "updated_since=2020-01-01",
        "cursor=x",
    ):
        refused = await norte.call("GET", f"{PATH}?{wrong}")
        assert (refused.status_code, refused.json()["code"]) == (400, "bad-request"), wrong


async def test_whatever_changes_between_two_pages_comes_again_and_nothing_is_missed(
    house: House, wallet: Wallet, norte: Backend
) -> None:
    for n in range(4):
        await cast.olga(house, wallet, f"olga-{n}")
        body, key = {"reason": "lost"}, {"Idempotency-Key": "call"}
        await norte.call("POST", f"/v1/accounts/olga-{n}/freeze", body, more=key)
    seen: list[str] = []
    path = f"{PATH}?limit=2"
    while True:
        page = (await norte.call("GET", path)).json()
        seen += [one["subject"] for one in page["items"]]
        if len(seen) == 2:
            changed = page["items"][0]["id"]
            told = await norte.call(
                "PUT",
                f"{PATH}/{changed}/external-stage",
                {"stage": "owner-informed"},
                more={"If-Match": "*"},
            )
            assert told.status_code == 200
        if page["next"] is None:
            break
        path = f"{PATH}?limit=2&cursor={page['next']}"

    assert seen == ["olga-0", "olga-1", "olga-2", "olga-3", "olga-0"]


async def test_a_decided_report_counts_as_a_change(
    house: House, wallet: Wallet, norte: Backend, case: Case
) -> None:
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    seen = await desk.see_ticket(house, case.ticket_id, astrid)
    report = seen.reports[0]
    await cast.move_clock(house, timedelta(minutes=1))
    since = (await cast.now(house)).isoformat().replace("+00:00", "Z")
    assert (await norte.call("GET", f"{PATH}?updated_since={since}")).json()["items"] == []

    await outcomes.decide(
        house, case.ticket_id, report.report_id, Outcome.REAL, by=astrid, seen=report.row_version
    )

    (told,) = (await norte.call("GET", f"{PATH}?updated_since={since}")).json()["items"]
    assert [one["outcome"] for one in told["reports"]] == ["real"]


async def test_what_the_help_desk_says_is_on_record_and_moves_nothing(
    house: House, norte: Backend, case: Case
) -> None:
    await norte.call(
        "PUT",
        f"{path_of(case)}/external-stage",
        {"stage": "waiting-for-branch"},
        more={"If-Match": "*"},
    )

    async with house.engine.connect() as db:
        said = select(func.count()).select_from(journal)
        told = journal.c.entry.contains('"stage":"waiting-for-branch"')
        by_wallet = journal.c.entry.contains('"kind":"wallet"')
        assert await db.scalar(said.where(told, by_wallet)) == 1
        assert await db.scalar(select(tickets.c.stage)) == "opened"
