"""An owner who does not feel safe: what a trained agent reads and does, and nobody else."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from domain.contacts import Contact, ContactStatus
from domain.ids import TicketId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage.tables import agents, deliveries, tickets
from tests import people as cast
from tests.at_desk import AtDesk, at_the_door
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio


async def asked(scene: Scene) -> str:
    """Olga asks for help because of Carl: the path of the page for it."""
    await scene.contact("Carl")
    help_page = await (await scene.at_her_pages()).follow("I do not feel safe with someone here")
    await help_page.press(
        "/owner/help",
        voice="text",
        good_time="evening",
        number="11 5555 0142",
        words="It is Carl.",
    )
    async with scene.house.engine.connect() as db:
        ticket_id = TicketId((await db.execute(select(tickets.c.id))).scalar_one())
    return f"/console/safety/{ticket_id}"


async def trained(house: House, app: Litestar, wallet: Wallet, login: str) -> AtDesk:
    agent = await at_the_door(house, app, wallet, login, level=1)
    async with house.engine.begin() as db:
        this = agents.c.login == login
        await db.execute(update(agents).where(this).values(trained_for_safety=True))
    await agent.sign_in()
    return agent


async def carl(scene: Scene) -> Contact:
    return next(iter(await scene.contacts()))


async def test_a_trained_agent_reads_writes_removes_in_silence_and_closes(
    scene: Scene, house: House, app: Litestar
) -> None:
    path = await asked(scene)
    sofia = await trained(house, app, scene.wallet, "sofia")
    async with house.engine.connect() as db:
        sent = set(await db.scalars(select(deliveries.c.id)))
    queue = await sofia.browser.open("/console?view=safety")
    assert "Does not feel safe" in queue.text
    assert path in [href for href, _ in queue.links]

    page = await sofia.browser.open(path)
    assert "It is Carl." in page.text
    assert "by text" in page.text
    assert "in the evening" in page.text
    assert "+54 11 5555-0142" in page.text
    empty = await page.press(f"{path}/notes", words="   ")
    assert empty.status == 422
    page = await empty.press(f"{path}/notes", words="Spoke with her at nine.")
    assert "Spoke with her at nine." in page.text
    assert "Sofia" in page.text
    contact = await carl(scene)
    page = await page.press(f"{path}/contacts/{contact.id}/removal")
    assert "Removed, at once. Nobody is told." in page.text
    removed = await carl(scene)
    assert (removed.status, removed.removed_for_safety) == (ContactStatus.REMOVED, True)
    page = await page.press(f"{path}/closing")
    assert "Closed. Nobody is told." in page.text
    assert f"{path}/notes" not in [form.action for form in page.forms]

    async with house.engine.connect() as db:
        assert set(await db.scalars(select(deliveries.c.id))) == sent
    assert path not in [href for href, _ in (await sofia.browser.open("/console")).links]
    closed = await sofia.browser.open("/console?view=closed")
    assert path in [href for href, _ in closed.links]
    assert "Does not feel safe" in closed.text
    # Nobody laid it aside like a hint that was not confirmed.
    assert '<span class="stage closed">Closed</span>' in closed.html


async def test_it_is_handed_to_a_colleague_who_is_trained_and_back_to_the_queue(
    scene: Scene, house: House, app: Litestar
) -> None:
    path = await asked(scene)
    act = f"{path}/hand-over"
    sofia = await trained(house, app, scene.wallet, "sofia")
    await at_the_door(house, app, scene.wallet, "astrid", level=4)
    page = await sofia.browser.open(path)
    assert "Nobody has this ticket" in page.text
    assert "Nobody else who serves this wallet is trained for it." in page.text
    assert act not in [form.action for form in page.forms]
    bea = await trained(house, app, scene.wallet, "bea")
    page = await sofia.browser.open(path)
    assert "Bea, on shift" in page.text
    assert "Astrid" not in page.text
    empty = await page.press(act, note="Call after six.")
    assert empty.status == 422
    assert "Choose who gets the ticket." in empty.text
    assert empty.form(act).fields["note"].strip() == "Call after six."
    to = str((await bea.signed_in()).agent.id)

    page = await empty.press(act, to=to)

    assert "Bea has this ticket now." in page.text
    assert "Call after six." in page.text
    mine = await bea.browser.open("/console?view=mine")
    assert path in [href for href, _ in mine.links]
    old, page = page, await (await bea.browser.open(path)).press(act, to="queue")
    assert "The ticket is back in the queue." in page.text
    refused = await old.press(act, to=to, note="Never mind.")
    assert refused.status == 409
    assert "The ticket changed after your page was made." in refused.text
    assert refused.form(act).fields["note"].strip() == "Never mind."


async def test_to_an_agent_without_the_training_nothing_of_it_exists(
    scene: Scene, house: House, app: Litestar
) -> None:
    path = await asked(scene)
    sofia = await trained(house, app, scene.wallet, "sofia")
    contact = await carl(scene)
    ticket = path.removeprefix("/console/safety/")
    page = await sofia.browser.open(path)
    reference = page.title.partition("Does not feel safe: ")[2].partition(" ·")[0]
    supervisor = await at_the_door(house, app, scene.wallet, "astrid", level=4)
    await supervisor.sign_in()
    browser = supervisor.browser
    queue = await browser.open("/console")
    assert reference not in queue.text
    assert "Does not feel safe" not in queue.text
    fields = queue.form("/console/sign-out").fields

    nothing = await browser.open(f"/console/safety/{contact.id}")
    closed = await browser.open("/console?view=closed")
    assert reference not in closed.text
    pages = (path, *(f"{path}/{act}" for act in ("notes", "hand-over", "closing")))
    for where in (*pages, f"/console/tickets/{ticket}"):
        here = await browser.open(where)
        assert here.status == 404, where
        assert here.text == nothing.text, where
    for act in (
        f"{path}/notes",
        f"{path}/hand-over",
        f"{path}/closing",
        f"{path}/contacts/{contact.id}/removal",
        f"/console/tickets/{ticket}/owner-reached",
        f"/console/tickets/{ticket}/contacts/{contact.id}/removal",
    ):
        sent = fields | {"words": "x"} if act.endswith("notes") else fields
        sent |= {"to": "queue", "seen": "1"} if act.endswith("hand-over") else {}
        sent |= {"decision": "stays"} if "tickets" in act and "contacts" in act else {}
        assert (await browser.send(act, sent)).status == 404, act
    found = await browser.open(f"/console/find?reference={reference}")
    assert found.status == 404
    assert (await carl(scene)).status is ContactStatus.ACTIVE


async def test_the_tickets_page_leads_trained_agents_to_the_one_of_its_own(
    scene: Scene, house: House, app: Litestar
) -> None:
    path = await asked(scene)
    sofia = await at_the_door(house, app, scene.wallet, "sofia", level=1)
    async with house.engine.begin() as db:
        await db.execute(update(agents).values(trained_for_safety=True))

    # Also by way of the door.
    door = await sofia.browser.open(path)
    assert door.path.startswith("/console/sign-in")
    assert (await sofia.sign_in(door)).path == path
    there = await sofia.browser.open(path.replace("safety", "tickets"))
    assert there.path == path


async def test_no_page_of_the_owner_or_the_contact_shows_it(
    scene: Scene, house: House, app: Litestar
) -> None:
    people = await scene.at_her_pages()
    before = (await people.follow("What happened")).text
    path = await asked(scene)
    # Until then the history offers to undo the acceptance.
    await cast.move_clock(house, timedelta(hours=25))
    people = await scene.at_her_pages()
    accepted = (await people.follow("What happened")).text
    sofia = await trained(house, app, scene.wallet, "sofia")
    contact = await carl(scene)
    page = await sofia.browser.open(path)
    page = await page.press(f"{path}/contacts/{contact.id}/removal")
    await page.press(f"{path}/closing")

    after = (await (await scene.at_her_pages()).follow("What happened")).text

    assert accepted != before
    assert after == accepted
    # Whose link it was reads what anyone reads whose link leads nowhere.
    wrong = await (await scene.browser().open("/r")).press("/r", token="x" * 32)
    assert wrong.status == 422


async def test_who_only_has_an_invitation_is_not_removed_here(
    scene: Scene, house: House, app: Litestar
) -> None:
    path = await asked(scene)
    await scene.invitation("Dora")
    sofia = await trained(house, app, scene.wallet, "sofia")
    dora = next(c for c in await scene.contacts() if c.status is ContactStatus.INVITED)
    page = await sofia.browser.open(path)
    assert "Dora" in page.text
    act = f"{path}/contacts/{dora.id}/removal"
    assert act not in [form.action for form in page.forms]

    fields = page.form("/console/sign-out").fields
    refused = await sofia.browser.send(act, fields)

    assert refused.status == 409
    assert "an invitation is taken back by the owner" in refused.text
    other = await cast.olga(house, scene.wallet, "bruno-1")
    foreign = f"{path}/contacts/{other.id}/removal"
    assert (await sofia.browser.send(foreign, fields)).status == 404
