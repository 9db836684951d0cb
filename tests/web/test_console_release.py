"""The console over HTTP, on the real app: a release takes two people."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.accounts import AccountState
from domain.tickets import ReleaseReason, Stage
from service.operations import agents, desk, owner_codes, tickets
from service.operations.house import House
from service.operations.owner_codes import Entered
from service.storage.tables import agents as agents_table
from tests import people as cast
from tests import proving
from tests.at_desk import (
    AtDesk,
    approved_from,
    arne,
    astrid,
    at_desk,
    case,
    is_frozen,
    stage_of,
    wallet,
)
from tests.desks import Case, proposed

__all__ = ["arne", "astrid", "case", "wallet"]

pytestmark = pytest.mark.anyio


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
