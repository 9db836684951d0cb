"""Whoever confirms as the second person reads what it does, and signs in again: that a report is
false, and that somebody who was suspended is taken back."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.contacts import ContactStatus
from domain.reports import Outcome
from service.operations import reinstating
from service.operations.house import House
from service.storage.tables import agents as agents_table
from service.storage.tables import contacts, loss_reports
from tests import people as cast
from tests.at_desk import AtDesk, arne, astrid, at_desk, case, confirmed_from, wallet
from tests.browsers import Page
from tests.desks import Case
from tests.judging import Judged, an_earlier_one, called_false, taking_back

__all__ = ["arne", "astrid", "case", "wallet"]

pytestmark = pytest.mark.anyio


@pytest.fixture
async def judged(house: House, case: Case, astrid: AtDesk) -> Judged:
    """Olga is known for certain, and Astrid says that Carl's report is false."""
    return await called_false(house, case, await astrid.signed_in())


async def waits(judged: Judged, astrid: AtDesk, what: str) -> str:
    """Astrid's proposal of that kind waits; where its page stands."""
    if what == "verdict":
        return judged.verdict
    return await taking_back(judged, await astrid.signed_in())


both = pytest.mark.parametrize("what", ["verdict", "reinstatement"])


async def decides(judged: Judged, agent: AtDesk, about: str) -> Page:
    """From the ticket, where the link stands that names what is decided."""
    page = await agent.browser.open(judged.case.path)
    return await page.follow(f"Read and decide: {about}")


async def made_today(house: House, login: str) -> None:
    async with house.engine.begin() as db:
        later = await cast.now(house) + timedelta(hours=1)
        this = update(agents_table).where(agents_table.c.login == login)
        await db.execute(this.values(can_approve_from=later))


# That a report is false ---------------------------------------------------------------------------


async def test_the_second_person_reads_what_a_false_report_leads_to_and_signs_in_again(
    judged: Judged, arne: AtDesk
) -> None:
    page = await decides(judged, arne, judged.case.reference)
    for words in (
        "Astrid says that it is false.",
        "The report is false for good, and counts for 180 days.",
        "For 7 days what Carl reports does not freeze this account",
        "Carl is told.",
        "nothing is frozen or given back by this",
    ):
        assert words in page.text
    assert await judged.outcome() is None

    done = await confirmed_from(page, arne, f"{judged.verdict}/approval")

    assert "Recorded." in done.text
    assert done.path.startswith(judged.case.path)
    assert await judged.outcome() is Outcome.FALSE
    assert await judged.carl() is ContactStatus.ACTIVE


async def test_the_page_says_that_it_is_the_one_that_suspends(judged: Judged, arne: AtDesk) -> None:
    await an_earlier_one(judged)
    page = await arne.browser.open(f"{judged.verdict}/approval")
    assert "With this, 2 false reports count: Carl is suspended." in page.text

    await confirmed_from(page, arne, f"{judged.verdict}/approval")

    assert await judged.carl() is ContactStatus.SUSPENDED


async def test_the_page_says_where_nothing_follows(
    house: House, judged: Judged, arne: AtDesk
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(contacts).values(status="suspended"))
    page = await arne.browser.open(f"{judged.verdict}/approval")

    assert "Nothing changes for Carl" in page.text
    assert "Nobody is told." in page.text


# Taken back ---------------------------------------------------------------------------------------


async def test_the_second_person_reads_what_taking_back_does_and_signs_in_again(
    judged: Judged, astrid: AtDesk, arne: AtDesk
) -> None:
    path = await taking_back(judged, await astrid.signed_in())
    page = await decides(judged, arne, "Carl")
    for words in (
        "Taking Carl back",
        "Astrid proposes to take them back.",
        judged.case.reference,
        "What Carl reports freezes this account again, at once.",
        "another one can suspend them again",
        "The owner and Carl are told.",
    ):
        assert words in page.text
    assert "would have to be begun anew" not in page.text
    assert await judged.carl() is ContactStatus.SUSPENDED

    done = await confirmed_from(page, arne, f"{path}/approval")

    assert "Recorded." in done.text
    assert await judged.carl() is ContactStatus.ACTIVE


async def test_the_page_says_that_a_removal_that_had_begun_ends(
    house: House, judged: Judged, astrid: AtDesk, arne: AtDesk
) -> None:
    path = await taking_back(judged, await astrid.signed_in())
    now = await cast.now(house)
    async with house.engine.begin() as db:
        carl = update(contacts).where(contacts.c.id == judged.carl_id)
        await db.execute(
            carl.values(
                removal_began_at=now,
                removal_seconds=int(timedelta(hours=72).total_seconds()),
                leaves_at=now + timedelta(hours=72),
            )
        )

    page = await arne.browser.open(f"{path}/approval")

    assert "The removal of Carl that had begun ends" in page.text


async def test_a_no_to_taking_back_keeps_its_page_until_it_has_a_reason(
    judged: Judged, astrid: AtDesk, arne: AtDesk
) -> None:
    path = await taking_back(judged, await astrid.signed_in())
    page = await arne.browser.open(f"{path}/approval")
    without = await page.press(f"{path}/rejection", because="")
    assert without.status == 422
    assert "A no needs its reason." in without.text

    # Nothing that proves who they are goes along with a no.
    no = without.form(f"{path}/rejection")
    assert no.names.isdisjoint({"password", "code", "passkey"})
    assert "Recorded." in (await without.press(no, because="too-early")).text
    assert await judged.carl() is ContactStatus.SUSPENDED
    page = await arne.browser.open(f"{path}/approval")
    assert "Nothing is waiting for a decision." in page.text
    late = await without.press(no, because="not-explained")
    assert late.status == 409
    assert "no longer stands" in late.text


async def test_a_page_takes_back_only_for_the_proposal_it_showed(
    judged: Judged, astrid: AtDesk, arne: AtDesk
) -> None:
    path = await taking_back(judged, await astrid.signed_in())
    page = await arne.browser.open(f"{path}/approval")
    await page.press(f"{path}/rejection", because="too-early")
    house, ticket_id = judged.house, judged.case.ticket_id
    await reinstating.propose(house, ticket_id, judged.carl_id, by=await astrid.signed_in())

    refused = await confirmed_from(page, arne, f"{path}/approval")
    assert refused.status == 409
    assert "The ticket changed after your page was made." in refused.text
    assert await judged.carl() is ContactStatus.SUSPENDED

    await confirmed_from(refused, arne, f"{path}/approval")
    assert await judged.carl() is ContactStatus.ACTIVE


# Both ---------------------------------------------------------------------------------------------


@both
async def test_confirming_takes_the_password_and_a_code_that_was_not_used(
    judged: Judged, astrid: AtDesk, arne: AtDesk, what: str
) -> None:
    path = f"{await waits(judged, astrid, what)}/approval"
    page = await arne.browser.open(path)
    before = (await judged.outcome(), await judged.carl())

    wrong = await page.press(path, password="another long passphrase", code=await arne.new_code())
    assert wrong.status == 401
    assert "Password or code is not right." in wrong.text
    assert wrong.title.startswith("Not done: ")
    astrids = await astrid.authenticator.code()
    assert (await page.press(path, password=cast.PASSWORD, code=astrids)).status == 401
    assert (await page.press(path, password="", code="")).status == 401
    assert (await page.press(path, password="", code="", passkey="{}")).status == 401
    bare = {"csrf_token": page.form(path).fields["csrf_token"]}
    not_whole = await arne.browser.send(path, bare)
    assert not_whole.status == 422
    assert "The form did not arrive whole." in not_whole.text
    assert (await judged.outcome(), await judged.carl()) == before

    assert "Recorded." in (await confirmed_from(wrong, arne, path)).text
    assert (await judged.outcome(), await judged.carl()) != before


@both
async def test_nobody_confirms_what_they_proposed(
    judged: Judged, astrid: AtDesk, arne: AtDesk, what: str
) -> None:
    path = await waits(judged, astrid, what)
    other = await arne.browser.open(f"{path}/approval")
    async with judged.house.engine.begin() as db:
        this = update(agents_table).where(agents_table.c.login == "astrid")
        await db.execute(this.values(level=3))

    page = await astrid.browser.open(f"{path}/approval")
    assert "Somebody else must confirm" in page.text
    assert not [form.action for form in page.forms if form.action.startswith(path)]
    assert "Back to the ticket" in [words for _, words in page.links]
    # As if the other's page stood in their browser.
    token = {"csrf_token": page.form("/console/sign-out").fields["csrf_token"]}
    typed = {"password": cast.PASSWORD, "code": await astrid.new_code()}
    yes = other.form(f"{path}/approval").fields | token | typed
    refused = await astrid.browser.send(f"{path}/approval", yes)
    assert refused.status == 403
    assert "Somebody else must confirm" in refused.text
    no = other.form(f"{path}/rejection").fields | token
    if what == "reinstatement":
        no["because"] = "too-early"
    assert (await astrid.browser.send(f"{path}/rejection", no)).status == 403


@both
async def test_who_may_not_confirm_reads_why(
    judged: Judged, app: Litestar, astrid: AtDesk, arne: AtDesk, what: str
) -> None:
    path = f"{await waits(judged, astrid, what)}/approval"
    ines = await at_desk(judged.house, app, judged.case.wallet, "ines", level=2)
    page = await ines.browser.open(path)
    assert "This takes level 3 or an officer." in page.text
    assert path not in [form.action for form in page.forms]

    page = await arne.browser.open(path)
    await made_today(judged.house, "arne")
    refused = await confirmed_from(page, arne, path)
    assert refused.status == 403
    assert "less than 24 hours ago. Until then you cannot confirm what others" in refused.text
    assert path not in [form.action for form in refused.forms]


@both
async def test_what_was_decided_meanwhile_is_not_decided_again(
    judged: Judged, astrid: AtDesk, arne: AtDesk, what: str
) -> None:
    path = f"{await waits(judged, astrid, what)}/approval"
    page = await arne.browser.open(path)
    await confirmed_from(page, arne, path)

    again = await confirmed_from(page, arne, path)

    assert again.status == 409
    assert "Nothing is waiting for a decision." in again.text
    assert path not in [form.action for form in again.forms]


async def test_a_page_confirms_only_the_verdict_it_showed(
    judged: Judged, astrid: AtDesk, arne: AtDesk
) -> None:
    path = judged.verdict
    page = await arne.browser.open(f"{path}/approval")
    rejected = await page.press(f"{path}/rejection")
    assert "Recorded." in rejected.text
    await judged.propose(await astrid.signed_in())

    refused = await confirmed_from(page, arne, f"{path}/approval")
    assert refused.status == 409
    assert "The proposal you read no longer stands" in refused.text
    assert await judged.outcome() is None
    await confirmed_from(refused, arne, f"{path}/approval")
    assert await judged.outcome() is Outcome.FALSE


async def test_a_report_that_changed_since_the_page_was_made_has_to_be_read_first(
    house: House, judged: Judged, arne: AtDesk
) -> None:
    path = f"{judged.verdict}/approval"
    page = await arne.browser.open(path)
    async with house.engine.begin() as db:
        version = loss_reports.c.row_version
        await db.execute(update(loss_reports).values(row_version=version + 1))

    refused = await confirmed_from(page, arne, path)
    assert refused.status == 409
    assert "The ticket changed after your page was made." in refused.text
    assert await judged.outcome() is None

    await confirmed_from(refused, arne, path)
    assert await judged.outcome() is Outcome.FALSE


@both
async def test_a_session_that_ended_leads_back_and_nothing_was_confirmed(
    judged: Judged, astrid: AtDesk, arne: AtDesk, what: str
) -> None:
    path = f"{await waits(judged, astrid, what)}/approval"
    page = await arne.browser.open(path)
    before = (await judged.outcome(), await judged.carl())
    await cast.move_clock(judged.house, timedelta(minutes=31))

    door = await confirmed_from(page, arne, path)
    assert door.status == 401
    back = await arne.sign_in(door)

    assert back.path == path
    assert (await judged.outcome(), await judged.carl()) == before


@both
async def test_the_page_speaks_the_agents_language(
    house: House, app: Litestar, judged: Judged, astrid: AtDesk, what: str
) -> None:
    path = f"{await waits(judged, astrid, what)}/approval"
    for login, language, words in (
        ("nora", "es", "Para confirmar, identifíquese de nuevo."),
        ("bia", "pt-BR", "Para confirmar, identifique-se de novo."),
    ):
        agent = await at_desk(house, app, judged.case.wallet, login, level=3, language=language)
        page = await agent.browser.open(path)
        assert f'<html lang="{language}">' in page.html
        assert words in page.text
