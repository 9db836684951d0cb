"""The console over HTTP, on the real app: the queue, and what one ticket shows."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import select

from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import desk
from service.operations.house import House
from service.storage.tables import proofs as proofs_table
from tests import people as cast
from tests.at_desk import (
    AtDesk,
    approved_from,
    arne,
    astrid,
    at_desk,
    case,
    stage_of,
    statements,
    wallet,
)
from tests.desks import Case, a_case, proposed

__all__ = ["arne", "astrid", "case", "wallet"]

pytestmark = pytest.mark.anyio


# The queue --------------------------------------------------------------------------------------


async def test_an_empty_queue_says_so(astrid: AtDesk) -> None:
    page = await astrid.browser.open("/console")

    assert "Nobody is waiting" in page.text
    assert re.search(r"As of \d\d:\d\d:\d\d \(Buenos Aires\)", page.text)


async def test_the_queue_shows_the_late_ones_first_in_words(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    first = await a_case(house, wallet)
    await cast.move_clock(house, timedelta(hours=1, minutes=2))
    second = await a_case(house, wallet, "olga-2")
    astrid = await at_desk(house, app, wallet, "astrid", level=2)
    page = await astrid.browser.open("/console")

    assert page.text.index(first.reference) < page.text.index(second.reference)
    assert "2 open tickets · 1 late" in page.text
    assert re.search(rf"5[78] min late ?first attempt ?{first.reference}", page.text)
    assert re.search(rf"min left ?first attempt ?{second.reference}", page.text)
    assert "Link + e-mail code" in page.text
    assert "Argentina, Spanish" in page.text


async def test_a_longer_queue_takes_no_more_statements(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    who = await astrid.signed_in()
    counts: list[int] = []
    for many in (1, 2, 3):
        await a_case(house, wallet, f"olga-{many}")
        await cast.move_clock(house, timedelta(hours=2))
        with statements(house) as asked:
            queue = await desk.see_queue(house, who)
        assert len(queue.rows) == many
        counts.append(len(asked))

    assert counts[0] == counts[1] == counts[2]


async def test_a_pasted_reference_finds_its_ticket_however_it_is_written(
    house: House, case: Case, astrid: AtDesk
) -> None:
    spoken = case.reference.lower().replace("-", " ")

    assert (await astrid.browser.open(f"/console/find?reference={spoken}")).path == case.path
    for other in ("K7QF-3M2X", "", "%00", "%27%20OR%201=1", "%F0%9F%98%80" * 50):
        page = await astrid.browser.open(f"/console/find?reference={other}")
        assert page.status == 404
        assert "No ticket found" in page.text


# One ticket -------------------------------------------------------------------------------------


async def test_what_a_contact_wrote_is_shown_as_text_and_as_a_hint(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    case = await a_case(
        house,
        wallet,
        note='<script>alert(1)</script> =HYPERLINK("http://evil.example")',
        reach="<img src=x onerror=alert(2)>",
    )
    page = await astrid.browser.open(case.path)

    assert "<script>alert" not in page.html
    assert "<img src=x" not in page.html
    assert '<script>alert(1)</script> =HYPERLINK("http://evil.example")' in page.text
    assert page.text.count("a hint, never a proof") == 2


async def test_addresses_are_masked(case: Case, astrid: AtDesk) -> None:
    page = await astrid.browser.open(case.path)

    assert "o•••@c•••.example" in page.text
    assert "olga-1@correo.example" not in page.html
    assert "2345" not in page.text
    assert "23456789" not in page.html.replace(" ", "").replace("-", "")


async def test_a_ticket_of_another_wallet_does_not_exist(
    house: House, app: Litestar, case: Case
) -> None:
    sul = await cast.a_wallet(house, replace(cast.NORTE, origin="http://sul.localhost:8000"))
    bea = await at_desk(house, app, sul, "bea", level=4)
    token = {"csrf_token": (await bea.browser.open("/console")).forms[1].fields["csrf_token"]}
    wrong = f"/console/tickets/{uuid4()}"

    for tail in ("", "/approval"):
        page = await bea.browser.open(case.path + tail)
        assert page.status == 404
        assert page.text == (await bea.browser.open(wrong + tail)).text
    for tail, fields in (
        ("/owner-reached", {}),
        ("/proofs", {"kind": "replaced-line", "source": "x", "key": str(uuid4())}),
        ("/owner-code", {"address": str(uuid4())}),
        ("/checklist", {"looked_at": "2026-11-21T12:00:00+00:00"}),
        ("/proposal", {"reason": "owner-safe", "seen": "1"}),
        ("/rejection", {"proposal": str(uuid4())}),
    ):
        assert (await bea.browser.send(case.path + tail, token | fields)).status == 404
    assert (await bea.browser.open(f"/console/find?reference={case.reference}")).status == 404
    assert case.reference not in (await bea.browser.open("/console")).text


async def test_the_page_speaks_the_agents_language(house: House, app: Litestar, case: Case) -> None:
    for login, language, words in (
        ("astrid", "es", "Contactar al titular"),
        ("bia", "pt-BR", "Contatar o titular"),
        ("erin", "en", "Reach the owner"),
    ):
        agent = await at_desk(house, app, case.wallet, login, level=1, language=language)
        page = await agent.browser.open(case.path)
        assert f'<html lang="{language}">' in page.html
        assert words in page.text


async def test_a_line_without_its_reference_is_no_proof_and_what_was_typed_stays(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    path = f"{case.path}/proofs"

    refused = await page.press(path, replaced_at="2026-11-21T10:00", source="  ")
    assert refused.status == 422
    assert "the carrier's reference" in refused.text
    assert refused.title.startswith("Not done: Ticket ")
    assert refused.form(path).fields["replaced_at"] == "2026-11-21T10:00"
    refused = await page.press(path, replaced_at="yesterday", source="claro 7")
    assert refused.status == 422
    assert refused.form(path).fields["source"] == "claro 7"
    assert await stage_of(house, case, astrid) is Stage.OPENED


@pytest.mark.parametrize("kind", ["owner-code", "wallet-reproofing", "recovery-card", "tick"])
async def test_no_other_proof_is_written_down_by_hand(
    house: House, case: Case, astrid: AtDesk, kind: str
) -> None:
    page = await astrid.browser.open(case.path)
    form = page.form(f"{case.path}/proofs")
    by_hand = form.fields | {
        "kind": kind,
        "source": "the owner swears it",
        "replaced_at": "2026-11-21T10:00",
    }

    refused = await astrid.browser.send(f"{case.path}/proofs", by_hand)

    assert refused.status == 422
    assert "No other proof is written down by hand." in refused.text
    async with house.engine.connect() as db:
        assert (await db.execute(select(proofs_table.c.id))).all() == []


async def test_a_closed_ticket_takes_no_proof(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    await proposed(house, case, await astrid.signed_in())
    await approved_from(await arne.browser.open(f"{case.path}/approval"), arne, case)

    refused = await page.press(
        f"{case.path}/proofs", replaced_at="2026-11-21T10:00", source="claro 7"
    )
    assert refused.status == 409
    assert "This ticket is closed." in refused.text
    for tail in ("owner-code", "checklist"):
        assert (await page.press(f"{case.path}/{tail}")).status == 409
