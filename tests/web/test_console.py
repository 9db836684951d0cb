"""The console over HTTP, on the real app: who gets in, what they see, that release takes two."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import event, select, update

from domain import events
from domain.accounts import AccountState
from domain.events import Event, name_of
from domain.refusals import Refused
from domain.tickets import ReleaseReason, Stage
from domain.wallets import Wallet
from service.operations import agents, desk, owner_codes, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.owner_codes import Entered
from service.storage.tables import agents as agents_table
from service.storage.tables import proofs as proofs_table
from service.wording import templates
from tests import people as cast
from tests import proving
from tests.browsers import Browser, Page
from tests.desks import Authenticator, Case, a_case, an_agent, proposed
from tests.houses import CONSOLE

pytestmark = pytest.mark.anyio
AGENT_COOKIE = "__Host-agent"


class AtDesk(Struct, frozen=True, kw_only=True):
    """An agent with a browser of their own, and the authenticator in their pocket."""

    browser: Browser
    authenticator: Authenticator

    async def new_code(self) -> str:
        return await self.authenticator.new_code()

    async def sign_in(self, page: Page | None = None) -> Page:
        door = page or await self.browser.open("/console/sign-in")
        return await door.press(
            "/console/sign-in",
            login=self.authenticator.login,
            password=cast.PASSWORD,
            code=await self.new_code(),
        )

    async def signed_in(self) -> SignedIn:
        cookie = self.browser.cookies[AGENT_COOKIE]
        return await agents.signed_in(self.authenticator.house, cookie)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


@pytest.fixture
async def arne(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "arne", level=3)


async def at_the_door(
    house: House, app: Litestar, wallet: Wallet, login: str, *, level: int, language: str = "en"
) -> AtDesk:
    found = await an_agent(house, wallet, login, level=level, language=language)
    return AtDesk(browser=Browser(app, CONSOLE, language="en"), authenticator=found)


async def at_desk(
    house: House, app: Litestar, wallet: Wallet, login: str, *, level: int, language: str = "en"
) -> AtDesk:
    """Signed in."""
    found = await at_the_door(house, app, wallet, login, level=level, language=language)
    await found.sign_in()
    return found


async def approved_from(page: Page, agent: AtDesk, case: Case) -> Page:
    return await page.press(
        f"{case.path}/approval", password=cast.PASSWORD, code=await agent.new_code()
    )


async def is_frozen(house: House, case: Case) -> bool:
    account = await cast.the_account(house, case.wallet, case.account.id)
    return account.state is AccountState.FROZEN


async def stage_of(house: House, case: Case, agent: AtDesk) -> Stage:
    seen = await desk.see_ticket(house, case.ticket_id, await agent.signed_in())
    return seen.ticket.stage


@contextmanager
def statements(house: House) -> Generator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(house.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(house.engine.sync_engine, "before_cursor_execute", note)


# The door ---------------------------------------------------------------------------------------


async def test_whoever_is_not_signed_in_comes_to_the_door_and_from_there_to_where_they_were_going(
    house: House, app: Litestar, case: Case
) -> None:
    astrid = await at_the_door(house, app, case.wallet, "astrid", level=2)

    door = await astrid.browser.open(case.path)
    assert door.title.startswith("Sign in")
    assert case.reference not in door.html

    page = await astrid.sign_in(door)
    assert page.path == case.path
    assert case.reference in page.text


async def test_the_consoles_own_address_leads_to_the_queue_and_a_wallets_has_none(
    app: Litestar, astrid: AtDesk
) -> None:
    assert (await astrid.browser.open("/")).path == "/console"

    stranger = Browser(app)
    assert (await stranger.request("GET", "/console")).status_code == 404
    assert (await stranger.request("GET", "/console/sign-in")).status_code == 404


async def test_every_reason_not_to_let_somebody_in_gives_the_same_answer(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    astrid = await at_the_door(house, app, wallet, "astrid", level=2)
    gone = await at_the_door(house, app, wallet, "gone", level=2)
    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "gone")
            .values(ended_at=await cast.now(house))
        )
    used = await astrid.new_code()
    await astrid.sign_in()
    attempts = [
        ("mallory", cast.PASSWORD, await astrid.new_code()),
        ("astrid", "another long passphrase", await astrid.new_code()),
        ("astrid", cast.PASSWORD, "000000"),
        ("astrid", cast.PASSWORD, used),
        ("gone", cast.PASSWORD, await gone.new_code()),
        # What no keyboard types must not look different either.
        ("astrid\0", "\0", "１２３４５６"),
        ("", "", ""),
        ("a" * 5000, "p" * 5000, "9" * 5000),
    ]
    answers: set[tuple[int, str]] = set()
    for login, password, code in attempts:
        browser = Browser(app, CONSOLE, language="en")
        door = await browser.open("/console/sign-in")
        page = await door.press("/console/sign-in", login=login, password=password, code=code)
        assert AGENT_COOKIE not in browser.cookies
        answers.add((page.status, page.text))

    assert len(answers) == 1
    ((status, text),) = answers
    assert status == 401
    assert "Login, password or code is not right." in text


async def test_an_unknown_name_asks_as_much_of_the_database_as_a_wrong_password_or_code(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    walks: list[list[str]] = []
    for login, password in (
        ("mallory", cast.PASSWORD),
        ("astrid", "another long passphrase"),
        ("astrid", cast.PASSWORD),
    ):
        with statements(house) as asked, pytest.raises(Refused):
            await agents.sign_in(house, login=login, password=password, code="0")
        walks.append(asked)

    assert len(walks[0]) > 2
    assert walks[0] == walks[1] == walks[2]


async def test_sign_in_leads_nowhere_but_into_the_console(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    astrid = await at_the_door(house, app, wallet, "astrid", level=2)
    for target in ("https://evil.example/", "//evil.example", "/console/../owner", "\\evil", ""):
        astrid.browser.cookies.pop(AGENT_COOKIE, None)
        door = await astrid.browser.open("/console/sign-in")
        page = await door.press(
            "/console/sign-in",
            login="astrid",
            password=cast.PASSWORD,
            code=await astrid.new_code(),
            next=target,
        )
        assert page.path == "/console"


async def test_a_session_ends_after_30_quiet_minutes(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await cast.move_clock(house, timedelta(minutes=29))
    assert (await astrid.browser.open(case.path)).path == case.path
    await cast.move_clock(house, timedelta(minutes=29))
    assert (await astrid.browser.open(case.path)).path == case.path

    await cast.move_clock(house, timedelta(minutes=30))
    door = await astrid.browser.open(case.path)
    assert "Your session has ended" in door.text
    assert (await astrid.sign_in(door)).path == case.path


async def test_a_session_ends_after_8_hours_however_busy(house: House, astrid: AtDesk) -> None:
    began = await cast.now(house)
    while await cast.now(house) < began + timedelta(hours=8) - timedelta(minutes=20):
        await cast.move_clock(house, timedelta(minutes=20))
        assert (await astrid.browser.open("/console")).path == "/console"

    await cast.move_clock(house, timedelta(minutes=20))
    assert "Your session has ended" in (await astrid.browser.open("/console")).text


async def test_a_press_after_the_session_ended_does_nothing_and_comes_back_to_the_ticket(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    await cast.move_clock(house, timedelta(minutes=31))

    door = await page.press(f"{case.path}/owner-reached")
    assert door.title.startswith("Sign in")
    page = await astrid.sign_in(door)
    assert page.path == case.path
    assert await stage_of(house, case, astrid) is Stage.OPENED


async def test_signing_out_ends_the_session_itself_not_only_the_cookie(astrid: AtDesk) -> None:
    cookie = astrid.browser.cookies[AGENT_COOKIE]
    page = await astrid.browser.open("/console")

    assert (await page.press("/console/sign-out")).title.startswith("Sign in")
    astrid.browser.cookies[AGENT_COOKIE] = cookie
    assert (await astrid.browser.open("/console")).title.startswith("Sign in")


async def test_forms_from_elsewhere_or_without_the_token_do_nothing(
    house: House, case: Case, astrid: AtDesk
) -> None:
    token = (await astrid.browser.open(case.path)).form(f"{case.path}/owner-reached").fields
    path = f"{case.path}/owner-reached"
    for fields, origin in (
        (token, "https://evil.example"),
        (token, "http://localhost:8000"),
        (token, "null"),
        ({"csrf_token": "0" * 64}, CONSOLE),
        ({"csrf": "none"}, CONSOLE),
    ):
        answer = await astrid.browser.request(
            "POST", path, fields=fields, headers={"Origin": origin}
        )
        assert answer.status_code == 403
        assert "This form was not accepted" in answer.text

    assert await stage_of(house, case, astrid) is Stage.OPENED


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
    assert "2345" not in page.html


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


# Two people -------------------------------------------------------------------------------------


async def test_two_agents_walk_the_whole_way_and_the_account_is_given_back(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert "Carl, trusted contact" in page.text
    assert "It needs two proofs of different kinds" in page.text
    page = await page.press(f"{case.path}/owner-reached")
    assert "Recorded: you have reached the owner." in page.text
    assert page.title.startswith("Ticket ")
    await proving.reproved(house, case.wallet, case.ticket_id)
    page = await astrid.browser.open(case.path)
    assert "Missing: a proof of another kind." in page.text
    page = await page.press(f"{case.path}/owner-code")
    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert f"read this key to them: {typed.key}" in page.text
    assert typed.code not in page.html
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED
    page = await astrid.browser.open(case.path)
    assert "The owner says" not in page.text
    page = await page.press(f"{case.path}/checklist")
    assert "The checklist is recorded." in page.text
    page = await page.press(f"{case.path}/proposal", reason="owner-safe")
    assert "Proposed. Somebody else has to decide now." in page.text
    assert "This takes level 3 or an officer." in page.text

    page = await (await arne.browser.open(case.path)).follow("Read and decide")
    for words in (
        "The owner is safe and asks for it",
        "KYC-",
        "Sessions stay void: 1 was ended.",
        "Devices stay barred: Galaxy A54.",
        "The owner is told; Norte reads it the next time it asks.",
    ):
        assert words in page.text
    assert await is_frozen(house, case)
    page = await approved_from(page, arne, case)

    assert (
        "Released. The owner is being told; the wallet reads it the next time it asks." in page.text
    )
    assert "Approved the release" in page.text
    assert not await is_frozen(house, case)
    assert "Nobody is waiting" in (await astrid.browser.open("/console")).text


async def test_approving_takes_the_password_and_a_code_that_was_not_used(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    path = f"{case.path}/approval"
    used = await arne.new_code()
    refused = await page.press(path, password="another long passphrase", code=used)
    assert refused.status == 401
    assert "Password or code is not right." in refused.text
    astrids = await astrid.authenticator.code()
    assert (await page.press(path, password=cast.PASSWORD, code=astrids)).status == 401
    assert (await page.press(path, password="", code="")).status == 401
    bare = {"csrf_token": page.form(path).fields["csrf_token"]}
    assert (await arne.browser.send(path, bare)).status == 422
    # Signing in elsewhere spends the code that the authenticator shows.
    spent = await arne.new_code()
    await agents.sign_in(house, login="arne", password=cast.PASSWORD, code=spent)
    assert (await page.press(path, password=cast.PASSWORD, code=spent)).status == 401

    assert await is_frozen(house, case)


async def test_nobody_approves_what_they_proposed_by_any_way(
    house: House, case: Case, arne: AtDesk, astrid: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    # A page that was made while it was somebody else's proposal …
    tab = await arne.browser.open(f"{case.path}/approval")
    form = tab.form(f"{case.path}/approval")
    who = await arne.signed_in()
    await proving.card_used(house, case.wallet, case.ticket_id)
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=who)
    seen = await desk.see_ticket(house, case.ticket_id, who)
    assert seen.proposal is not None
    own = {"proposal": str(seen.proposal.proposal_id), "seen": str(seen.ticket.row_version)}

    page = await arne.browser.open(f"{case.path}/approval")
    assert "You proposed this release. Somebody else must decide it." in page.text
    assert [form.action for form in page.forms if "approval" in form.action] == []
    # … and one that names the new proposal.
    typed = {"password": cast.PASSWORD, "code": await arne.new_code()}
    refused = await arne.browser.send(f"{case.path}/approval", form.fields | own | typed)
    assert refused.status == 403
    token = {"csrf_token": form.fields["csrf_token"], "proposal": own["proposal"]}
    no = token | {"reason": "other"}
    assert (await arne.browser.send(f"{case.path}/rejection", no)).status == 403

    assert await is_frozen(house, case)
    assert await stage_of(house, case, arne) is Stage.PROPOSED


async def test_levels_are_kept_by_page_and_by_press(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    ines = await at_desk(house, app, case.wallet, "ines", level=1)
    page = await ines.browser.open(case.path)
    assert "This takes level 2 or above." in page.text
    token = {"csrf_token": page.form(f"{case.path}/checklist").fields["csrf_token"]}
    wish = token | {"reason": "owner-safe", "seen": "1"}
    assert (await ines.browser.send(f"{case.path}/proposal", wish)).status == 403

    await proposed(house, case, await astrid.signed_in())
    for agent in (ines, astrid):
        page = await agent.browser.open(f"{case.path}/approval")
        assert "This takes level 3 or an officer." in page.text
        seen = await desk.see_ticket(house, case.ticket_id, await agent.signed_in())
        assert seen.proposal is not None
        typed = {
            "csrf_token": page.forms[1].fields["csrf_token"],
            "proposal": str(seen.proposal.proposal_id),
            "seen": str(seen.ticket.row_version),
            "password": cast.PASSWORD,
            "code": await agent.new_code(),
        }
        assert (await agent.browser.send(f"{case.path}/approval", typed)).status == 403

    assert await is_frozen(house, case)


async def test_somebody_made_today_cannot_approve_yet(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "arne")
            .values(can_approve_from=await cast.now(house) + timedelta(hours=1))
        )

    refused = await approved_from(page, arne, case)
    assert refused.status == 403
    assert "less than 24 hours ago" in refused.text
    assert await is_frozen(house, case)


async def test_a_proof_after_the_proposal_voids_it_under_the_approvers_eyes(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    ticket = await astrid.browser.open(case.path)
    assert "Whatever is recorded here voids it." in ticket.text
    await proving.card_used(house, case.wallet, case.ticket_id)

    refused = await approved_from(page, arne, case)
    assert refused.status == 409
    assert "The proposal you read no longer stands" in refused.text
    assert await is_frozen(house, case)
    assert "no longer stands" in (await arne.browser.open(case.path)).text


async def test_a_page_approves_only_the_proposal_it_showed(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    rejected = await page.press(f"{case.path}/rejection", reason="something-open")
    assert "Rejected. The account stays frozen." in rejected.text
    await tickets.propose_release(
        house,
        case.ticket_id,
        reason=ReleaseReason.REPORTED_BY_MISTAKE,
        by=await astrid.signed_in(),
    )

    refused = await approved_from(page, arne, case)
    assert refused.status == 409
    assert await is_frozen(house, case)


async def test_a_report_that_joined_since_the_page_was_made_has_to_be_read_first(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    await cast.a_report(house, case.wallet, case.cleo, case.cleos_link)

    refused = await approved_from(page, arne, case)
    assert refused.status == 409
    assert "The ticket changed after your page was made." in refused.text
    assert "Cleo" in refused.text
    assert await is_frozen(house, case)

    await approved_from(refused, arne, case)
    assert not await is_frozen(house, case)


async def test_a_proposal_on_a_page_that_is_stale_keeps_its_reason(
    house: House, case: Case, astrid: AtDesk
) -> None:
    who = await astrid.signed_in()
    await proving.proved(house, case.wallet, case.ticket_id, who)
    page = await astrid.browser.open(case.path)
    await cast.a_report(house, case.wallet, case.cleo, case.cleos_link)

    refused = await page.press(f"{case.path}/proposal", reason="device-found")
    assert refused.status == 409
    assert refused.form(f"{case.path}/proposal").fields["reason"] == "device-found"
    page = await refused.press(f"{case.path}/proposal")
    assert "Proposed." in page.text


async def test_a_release_happens_once(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    await approved_from(page, arne, case)

    again = await approved_from(page, arne, case)
    assert again.status == 409
    assert "This ticket is closed." in again.text
    account = await cast.the_account(house, case.wallet, case.account.id)
    assert (account.state, account.version) == (AccountState.ACTIVE, 2)


# Words ------------------------------------------------------------------------------------------


@pytest.fixture(params=["es", "pt-BR", "en"])
def words(request: pytest.FixtureRequest) -> Any:
    language: str = request.param
    template = templates(language).get_template("console/words.html")
    return template.make_module({"page": Struct(), "lang": language, "csrf": ""})


def test_everything_that_happens_to_an_account_has_a_sentence(words: Any) -> None:
    found = {name_of(kind) for kind in vars(events).values() if _is_event_of_an_account(kind)}
    assert len(found) > 15
    for name in found - {"account-registered"}:
        line = Line(event=name, what=Anything(), named=Anything())
        assert str(words.happened(line)) != name


class Anything(dict[str, object]):
    """An event's members, whichever a sentence asks for."""

    def __missing__(self, name: str) -> str | int:
        return {"boost": 2, "reason": "owner"}.get(name, "recovery-card")


class Line(Struct):
    """What a line of the timeline is, whoever did it."""

    event: str
    what: Anything
    named: Anything
    by_name: str = "Astrid"
    by_kind: str = "agent"


def _is_event_of_an_account(kind: object) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, Event)
        and "account_id" in kind.__struct_fields__
    )
