"""The record as auditors read it: who may, what is found, and what was changed."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.access import Role
from domain.recovery import GoodTime, Voice
from domain.safety import Wish
from domain.wallets import Wallet
from service.embedded import OWNER, Cluster
from service.operations import clients, journal_checks, journal_page, safety
from service.operations.house import House
from service.operations.journal import seal_journal
from service.security.tokens import new_id
from service.storage.tables import account_addresses, agent_addresses, journal, seals
from service.storage.tables import agents as agents_table
from service.storage.values import Scope
from tests import people as cast
from tests.at_desk import AtDesk, at_desk
from tests.browsers import Page
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
PATH = "/console/journal"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


async def an_auditor(
    house: House, app: Litestar, wallet: Wallet, *, language: str = "en"
) -> AtDesk:
    ada = await at_desk(house, app, wallet, "ada", level=1, language=language)
    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "ada")
            .values(role=Role.AUDITOR.value)
        )
    return ada


@pytest.fixture
async def ada(house: House, app: Litestar, case: Case) -> AtDesk:
    auditor = await an_auditor(house, app, case.wallet)
    await seal_journal(house)
    return auditor


async def test_the_record_is_for_auditors_and_supervisors(
    house: House, app: Litestar, case: Case, ada: AtDesk
) -> None:
    for login, level, status in (("arne", 3, 403), ("sofia", 4, 200)):
        desk = await at_desk(house, app, case.wallet, login, level=level)
        assert (await desk.browser.open(PATH)).status == status
        queue = await desk.browser.open("/console")
        assert (PATH in [href for href, _ in queue.links]) == (status == 200)
    page = await ada.browser.open(PATH)

    assert page.status == 200
    assert "Account frozen, every session void" in page.text
    assert "account-frozen" in page.text
    assert "Made the wallet" in page.text


async def test_the_installations_own_record_is_for_auditors_alone(
    house: House, app: Litestar, case: Case, ada: AtDesk
) -> None:
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)
    await seal_journal(house)

    page = await ada.browser.open(f"{PATH}?wallet=installation")

    assert "<code>agent-signed-in</code>" in page.html
    assert "<code>account-frozen</code>" not in page.html
    assert (await sofia.browser.open(f"{PATH}?wallet=installation")).status == 404


async def test_another_wallets_record_does_not_exist(house: House, ada: AtDesk) -> None:
    sur = await cast.a_wallet(house, replace(cast.NORTE, origin="http://sur.localhost:8000"))

    assert (await ada.browser.open(f"{PATH}?wallet={sur.id}")).status == 404


async def test_entries_are_found_by_what_by_whom_about_what_and_when(
    house: House, case: Case, ada: AtDesk
) -> None:
    async def numbers(query: str) -> int:
        page = await ada.browser.open(f"{PATH}?{query}")
        assert page.status == 200
        return page.html.count('<th scope="row">')

    everything = await numbers("")
    assert await numbers("event=account-frozen") == 1
    by_contacts = await numbers("actor=contact")
    assert 0 < by_contacts < everything
    of_account = await numbers(f"about={case.reference.lower()}")
    assert 0 < of_account < everything
    assert await numbers(f"about={case.account.id}") == of_account
    assert 0 < await numbers(f"about={case.ticket_id}") < of_account
    today = (await cast.now(house)).astimezone(None).date()
    assert await numbers(f"day={today - timedelta(days=30)}") == 0
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        assert await numbers(f"day={day}&event=account-frozen") in {0, 1}
    # What cannot be meant finds everything, or nothing for a reference that leads nowhere.
    assert await numbers("event=nonsense&actor=x&day=31-31&before=-1&wallet=y") == everything
    assert await numbers("before=99999999999999999999") == everything
    assert await numbers("about=K7QF-3M2X-Z") == 0


async def test_pages_follow_each_other_without_a_gap(
    house: House, wallet: Wallet, ada: AtDesk
) -> None:
    for n in range(60):
        await clients.add_client(house, wallet.id, f"program-{n}", (Scope.ACCOUNTS,))
    await seal_journal(house)
    seen: list[int] = []
    path: str | None = PATH
    while path is not None:
        page = await ada.browser.open(path)
        shown = [int(one.split("<")[0]) for one in page.html.split('<th scope="row">')[1:]]
        assert len(shown) <= journal_page.ON_A_PAGE
        seen += shown
        path = next((href for href, text in page.links if text == "Older entries"), None)

    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) > 60


async def test_what_somebody_changed_is_shown_with_its_number(
    house: House, wallet: Wallet, ada: AtDesk, owner: AsyncEngine
) -> None:
    assert "all fit" in (await ada.browser.open(PATH)).text
    await journal_checks.check_journal(house)
    assert "Whole up to number" in (await ada.browser.open(PATH)).text

    def entry(number: int) -> ColumnElement[bool]:
        ours = (seals.c.wallet_id == wallet.id) & (seals.c.number == number)
        return journal.c.id.in_(select(seals.c.entry_id).where(ours))

    async with owner.begin() as db:
        await db.execute(
            update(journal)
            .where(entry(3))
            .values(entry=func.replace(journal.c.entry, '"by"', '"By"'))
        )
        await db.execute(delete(journal).where(entry(5)))
    page = await ada.browser.open(PATH)

    assert "The record was changed" in page.text
    assert "these numbers do not fit their seals: 5, 3." in page.text
    assert "the entry is gone" in page.text
    # Looked for, what cannot be read is passed over and stops nothing.
    assert (await ada.browser.open(f"{PATH}?event=account-frozen&actor=contact")).status == 200

    await cast.move_clock(house, journal_checks.WHOLE_EVERY)
    await journal_checks.check_journal(house)
    await ada.sign_in()
    page = await ada.browser.open(PATH)
    assert "number 3 to be the first that does not fit" in page.text


async def test_what_waits_for_its_seal_is_counted(
    house: House, wallet: Wallet, ada: AtDesk
) -> None:
    assert "None waits" in (await ada.browser.open(PATH)).text

    await clients.add_client(house, wallet.id, "late", (Scope.ACCOUNTS,))

    assert "the oldest since" in (await ada.browser.open(PATH)).text


async def test_what_is_about_a_readers_own_account_is_kept_from_them(
    house: House, wallet: Wallet, case: Case, ada: AtDesk
) -> None:
    """She is Olga too: neither shown nor found."""
    by = await ada.signed_in()
    async with house.engine.begin() as db:
        index = await db.scalar(
            select(account_addresses.c.address_index).where(
                account_addresses.c.account_id == case.account.id
            )
        )
        await db.execute(
            insert(agent_addresses).values(
                id=new_id(),
                agent_id=by.agent.id,
                wallet_id=wallet.id,
                address_index=index,
                added_at=await cast.now(house),
            )
        )

    page = await ada.browser.open(PATH)

    assert "Not shown: it is about your own account" in page.text
    assert str(case.account.id) not in page.html
    assert "<code>account-frozen</code>" not in page.html
    for query in ("event=account-frozen", f"about={case.reference}", f"about={case.account.id}"):
        found = await ada.browser.open(f"{PATH}?{query}")
        assert '<th scope="row">' not in found.html
    assert (await ada.browser.open(case.path)).status == 404


async def test_what_only_trained_agents_may_know_is_kept_from_all_others(
    house: House, wallet: Wallet, ada: AtDesk
) -> None:
    await cast.olga(house, wallet, "olga-9")
    session = await cast.a_session(house, wallet, "hers", subject="olga-9")
    pages = await cast.at_her_pages(house, wallet, session, "olga-9")
    wish = Wish(voice=Voice.TEXT, good_time=GoodTime.ANY, words="")
    await safety.ask(house, wallet, pages, wish, key="help")
    await seal_journal(house)

    page = await ada.browser.open(PATH)
    assert "Not shown" in page.text
    assert "safety" not in page.html.replace("console/safety", "")
    assert '<th scope="row">' not in (await ada.browser.open(f"{PATH}?event=safety-asked")).html

    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "ada")
            .values(trained_for_safety=True)
        )
    assert "<code>safety-asked</code>" in (await ada.browser.open(PATH)).html


def _acts(page: Page, case: Case) -> set[str]:
    """What can be done on a ticket. That somebody is looking is told also of who only reads."""
    found = {form.action for form in page.forms if form.action.startswith(case.path)}
    return found - {f"{case.path}/presence"}


async def test_an_auditor_reads_tickets_and_does_nothing_on_them(
    house: House, app: Litestar, case: Case, ada: AtDesk
) -> None:
    """By hand neither: every address of the console that takes a form says no."""
    page = await ada.browser.open(case.path)
    assert case.reference in page.text
    assert not _acts(page, case)
    astrid = await at_desk(house, app, case.wallet, "astrid", level=4)
    theirs = await astrid.browser.open(case.path)
    tried = _acts(theirs, case)
    assert len(tried) > 2
    token = page.form("/console/sign-out").fields["csrf_token"]
    async with house.engine.connect() as db:
        before = (await db.execute(select(func.count()).select_from(journal))).scalar_one()

    for action in sorted(tried):
        fields = {
            **next(form.fields for form in theirs.forms if form.action == action),
            "csrf_token": token,
        }
        assert (await ada.browser.send(action, fields)).status >= 400, action

    async with house.engine.connect() as db:
        after = (await db.execute(select(func.count()).select_from(journal))).scalar_one()
    assert after == before
