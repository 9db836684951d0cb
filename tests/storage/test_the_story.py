"""The whole story over the operations: invited, accepted, reported, frozen, released."""

from hashlib import sha256

import pytest

from domain.accounts import AccountState
from domain.refusals import AccountIsFrozen, OwnProposal, PageExpired
from domain.reports import LossKind
from domain.tickets import ReleaseReason
from service.app import plain_url
from service.operations import desk, filing, people, reports, tickets, visits
from service.operations.house import House
from service.operations.journal import seal_journal, verify_journal
from service.operations.reports import see_receipt
from service.operations.visits import Draft
from service.storage.introspection import Introspection
from tests import people as cast
from tests import proving

pytestmark = pytest.mark.anyio


async def test_a_report_freezes_and_two_agents_release(house: House, database_url: str) -> None:
    wallet = await cast.a_wallet(house)
    owner = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    await cast.a_session(house, wallet, "laptop-token", cast.LAPTOP)
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    introspection = await Introspection.connect(plain_url(database_url))
    hashed = sha256(b"phone-token").digest()
    assert await cast.is_active(introspection, house, wallet, hashed)

    visit = await cast.a_verified_visit(house, wallet, link)

    await reports.save(
        house,
        wallet,
        visit,
        Draft(contact_id=carl.id, kind=LossKind.STOLEN, note="En el colectivo"),
    )
    visit = await visits.current(house, visit)
    report = await filing.file_report(house, wallet, visit, key="button")
    again = await filing.file_report(house, wallet, visit, key="button")
    assert again == report

    assert not await cast.is_active(introspection, house, wallet, hashed)
    await introspection.close()
    frozen = await cast.the_account(house, wallet, owner.id)
    assert frozen.state is AccountState.FROZEN
    with pytest.raises(AccountIsFrozen):
        await cast.a_session(house, wallet, "thief")
    with pytest.raises(PageExpired):
        await people.see_people(house, wallet, pages)
    receipt = await see_receipt(house, wallet, await visits.current(house, visit))
    assert receipt.reference == report.reference

    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    queue = (await desk.see_queue(house, astrid)).rows
    assert [row.reference for row in queue] == [report.reference]
    ticket_id = queue[0].ticket_id
    await tickets.reach_owner(house, ticket_id, by=astrid)
    await proving.proved(house, wallet, ticket_id, astrid)
    await tickets.propose_release(house, ticket_id, reason=ReleaseReason.OWNER_SAFE, by=arne)
    seen = await desk.see_ticket(house, ticket_id, arne)
    assert seen.proposal is not None
    with pytest.raises(OwnProposal):
        await tickets.approve_release(house, ticket_id, seen.proposal.proposal_id, by=arne)
    berta = await cast.an_agent(house, wallet, "sofia", 4)
    await tickets.approve_release(house, ticket_id, seen.proposal.proposal_id, by=berta)
    released = await cast.the_account(house, wallet, owner.id)
    assert released.state is AccountState.ACTIVE
    assert released.version == 2

    assert await seal_journal(house) > 10
    verdict = await verify_journal(house, wallet.id)
    assert verdict.broken_at is None
    assert verdict.unsealed == 0
