"""Everyday work at a ticket's page: whose it is, notes, messages, and two at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from domain.accounts import AddressKind
from domain.wallets import Wallet
from service.operations import desk
from service.operations.house import House
from service.storage.tables import account_addresses, ticket_messages, ticket_notes
from service.storage.tables import agents as agents_table
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests.at_desk import AtDesk, at_desk, statements
from tests.browsers import Page
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
SCRIPT = '<script>alert("x")</script>'
FORMULA = '=HYPERLINK("http://evil.example","click")'


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


async def sent(agent: AtDesk, case: Case, act: str, **fields: str) -> Page:
    """A form made by hand, with a good token of this very browser."""
    page = await agent.browser.open("/console")
    form = page.form("/console/sign-out")
    token = form.fields["csrf_token"]
    return await agent.browser.send(f"{case.path}/{act}", {"csrf_token": token, **fields})


async def version(house: House, case: Case) -> str:
    async with house.engine.connect() as db:
        mine = ticket_rows.c.id == case.ticket_id
        return str(await db.scalar(select(ticket_rows.c.row_version).where(mine)))


async def every_act(agent: AtDesk, house: House, case: Case) -> list[Page]:
    """All that can be pressed while working on a ticket."""
    seen, key = await version(house, case), str(uuid4())
    return [
        await sent(agent, case, "assignment", seen=seen),
        await sent(agent, case, "hand-over", to="queue", seen=seen),
        await sent(agent, case, "boost", reason="call-promised", seen=seen),
        await sent(agent, case, "notes", words="hello", key=key),
        await sent(agent, case, "messages", reply="still-checking", key=str(uuid4())),
        await sent(agent, case, "attempts", way="email"),
        await sent(agent, case, "owner-reached"),
    ]


async def is_untouched(house: House, case: Case) -> bool:
    async with house.engine.connect() as db:
        mine = ticket_rows.c.id == case.ticket_id
        row = (await db.execute(select(ticket_rows).where(mine))).one()
        notes = (await db.execute(select(ticket_notes.c.id))).all()
        messages = (await db.execute(select(ticket_messages.c.id))).all()
    return (row.assigned_to, row.boost, row.attempted_at, notes, messages) == (
        *(None, 0, None),
        *([], []),
    )


# Whose it is ------------------------------------------------------------------------------------


async def test_an_agent_takes_a_ticket_and_hands_it_over_with_a_note(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    arne = await at_desk(house, app, case.wallet, "arne", level=3)
    page = await astrid.browser.open(case.path)
    assert "Nobody has this ticket" in page.text
    page = await page.press(f"{case.path}/assignment")
    assert "This ticket is yours." in page.text
    assert "Arne, on shift" in page.text
    to = str((await arne.signed_in()).agent.id)

    page = await page.press(f"{case.path}/hand-over", to=to, note="She calls back at 6 pm.")

    assert "Arne has this ticket now." in page.text
    assert "Handed over: Astrid → Arne" in page.text
    assert "She calls back at 6 pm." in page.text
    back = await (await arne.browser.open(case.path)).press(f"{case.path}/hand-over", to="queue")
    assert "The ticket is back in the queue." in back.text
    assert "Back to the queue: Arne → nobody" in back.text


async def test_only_those_who_may_see_a_ticket_are_offered_it_and_get_it(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    others: dict[str, dict[str, Any]] = {
        "olav": {"role": "officer", "level": 4},
        "aida": {"role": "auditor"},
        "elsa": {"wallets": []},
    }
    for login, changes in others.items():
        await at_desk(house, app, case.wallet, login, level=3)
        async with house.engine.begin() as db:
            this = agents_table.c.login == login
            await db.execute(update(agents_table).where(this).values(**changes))
    page = await astrid.browser.open(case.path)
    assert not any(f"{name}, " in page.text for name in ("Olav", "Aida", "Elsa"))
    async with house.engine.connect() as db:
        ids = (await db.scalars(select(agents_table.c.id))).all()
    mine = (await astrid.signed_in()).agent.id
    for to in [*(one for one in ids if one != mine), uuid4()]:
        seen = await version(house, case)
        refused = await sent(astrid, case, "hand-over", to=str(to), seen=seen)
        assert "They cannot see this ticket" in refused.text

    assert await is_untouched(house, case)


async def test_moving_up_takes_a_reason_and_says_from_where_to_where(
    case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    refused = await page.press(f"{case.path}/boost", reason="")
    assert "Moving it up needs its reason." in refused.text

    page = await page.press(f"{case.path}/boost", reason="owner-in-need")

    assert "Moved up, boost 0 → 1: the owner is stranded or in need" in page.text


# Notes ------------------------------------------------------------------------------------------


async def test_a_note_is_text_whatever_stands_in_it(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)

    page = await page.press(f"{case.path}/notes", words=f"{SCRIPT}\u202e\x00 {FORMULA}")

    assert "Your note is kept." in page.text
    assert SCRIPT not in page.html
    assert "&lt;script&gt;" in page.html
    assert "\u202e" not in page.html
    async with house.engine.connect() as db:
        (said,) = (await db.scalars(select(ticket_notes.c.said))).all()
    # Nobody who reads the table reads the note.
    assert b"script" not in (said or b"script")


async def test_a_note_sent_twice_is_one_and_an_empty_one_is_none(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    await page.press(f"{case.path}/notes", words="once")
    await page.press(f"{case.path}/notes", words="once")
    refused = await page.press(f"{case.path}/notes", words="  ")

    assert "Write at least a word" in refused.text
    seen = await desk.see_ticket(house, case.ticket_id, await astrid.signed_in())
    assert list(seen.work.notes.values()) == ["once"]


async def test_what_was_typed_stays_when_a_note_is_too_long(case: Case, astrid: AtDesk) -> None:
    page = await astrid.browser.open(case.path)

    refused = await page.press(f"{case.path}/notes", words="y" * 2001)

    assert "at most 2,000 characters" in refused.text
    assert "y" * 2001 in refused.html


async def test_a_closed_ticket_takes_notes_from_supervisors_alone_and_shows_them(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)
    await _closed(house, case)
    page = await sofia.browser.open(case.path)
    page = await page.press(f"{case.path}/notes", words="The branch sent the paper later.")
    assert "The branch sent the paper later." in page.text

    refused = await sent(astrid, case, "notes", words="me too", key=str(uuid4()))

    assert "This ticket is closed." in refused.text
    assert "me too" not in refused.text.partition("What happened")[2]


# Messages ---------------------------------------------------------------------------------------


async def test_a_message_is_read_in_both_languages_before_it_goes(
    case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(f"{case.path}/messages?to=owner")
    assert "We are trying to reach you about your Norte account." in page.text
    assert "Necesitamos comunicarnos contigo por tu cuenta de Norte." in page.text
    line = "Llamamos dos veces."

    page = await page.press(
        f"{case.path}/messages?to=owner", reply="trying-to-reach", own_line=line
    )

    assert "The message is on its way" in page.text
    assert "Wrote to the owner: We are trying to reach you" in page.text
    assert f"“{line}”" in page.text


async def test_a_contact_is_written_to_in_fixed_words_without_a_link_that_is_theirs_alone(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    page = await page.follow("To Carl, who reported")
    assert "own_line" not in page.html
    assert "/not-me" not in page.html

    refused = await sent(
        astrid,
        case,
        f"messages?to={page.path.rpartition('=')[2]}",
        reply="please-call",
        own_line="She is at the station",
        key=str(uuid4()),
    )
    assert "Choose one of the messages." in refused.text
    done = await page.press(page.path, reply="please-call")

    assert "Wrote to a trusted contact: Please call us about your report" in done.text
    async with house.engine.connect() as db:
        assert len((await db.execute(select(ticket_messages))).all()) == 1


async def test_whoever_did_not_report_is_written_to_by_nobody(case: Case, astrid: AtDesk) -> None:
    for to in (case.cleo.id, uuid4(), "everybody"):
        page = await astrid.browser.open(f"{case.path}/messages?to={to}")
        assert page.status == 404
        sent_anyway = await sent(
            astrid, case, f"messages?to={to}", reply="please-call", key=str(uuid4())
        )
        assert sent_anyway.status == 404


@pytest.mark.parametrize("line", ["look at http://evil.example", "the code is 482913"])
async def test_a_line_that_could_lead_astray_is_refused_and_stays_to_be_changed(
    house: House, case: Case, astrid: AtDesk, line: str
) -> None:
    page = await astrid.browser.open(f"{case.path}/messages?to=owner")

    refused = await page.press(
        f"{case.path}/messages?to=owner", reply="still-checking", own_line=line
    )

    assert "Nothing was sent." in refused.text
    assert line in refused.html
    assert 'value="still-checking" required checked' in refused.html
    assert await is_untouched(house, case)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "whoever holds the phone may read it"),
        ("es", "puede leerlo quien tenga el celular"),
        ("pt-BR", "quem estiver com o celular pode ler"),
    ],
)
async def test_before_a_line_goes_by_text_message_it_is_said_who_may_read_it(
    house: House, app: Litestar, case: Case, language: str, said: str
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=2, language=language)
    assert said not in (await astrid.browser.open(f"{case.path}/messages?to=owner")).text
    async with house.engine.begin() as db:
        mail = account_addresses.c.kind == AddressKind.EMAIL.value
        long_ago = await cast.now(house) - timedelta(days=31)
        await db.execute(update(account_addresses).where(mail).values(removed_at=long_ago))

    page = await astrid.browser.open(f"{case.path}/messages?to=owner")

    assert said in page.text
    assert 'maxlength="100"' in page.html
    page = await page.press(f"{case.path}/messages?to=owner", reply="still-checking", own_line="ñ")
    assert "“ñ”" in page.text


async def test_a_fourth_message_in_a_day_is_refused(case: Case, astrid: AtDesk) -> None:
    for _ in range(3):
        page = await astrid.browser.open(f"{case.path}/messages?to=owner")
        await page.press(f"{case.path}/messages?to=owner", reply="still-checking")

    page = await astrid.browser.open(f"{case.path}/messages?to=owner")

    assert "They were written to often enough in these 24 hours." in page.text
    refused = await sent(astrid, case, "messages", reply="still-checking", key=str(uuid4()))
    assert refused.status == 429


# Facts ------------------------------------------------------------------------------------------


async def test_the_page_says_for_how_many_others_somebody_stands_and_names_none_of_them(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert "for no other owner" in page.text

    await a_case(house, case.wallet, "petra")
    page = await astrid.browser.open(case.path)

    assert "also stands for 1 other owner" in page.text
    assert "reported for 1 other" in page.text
    assert "petra" not in page.html.lower()


async def test_earlier_tickets_of_the_account_are_listed_and_lead_there(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    assert "Earlier tickets" not in (await astrid.browser.open(case.path)).text
    async with house.engine.begin() as db:
        mine = ticket_rows.c.id == case.ticket_id
        row = (await db.execute(select(ticket_rows).where(mine))).mappings().one()
        earlier = dict(row) | {"id": uuid4(), "reference": "AAAA-BBBB-C", "stage": "released"}
        earlier |= {"opened_at": row["opened_at"].replace(year=2020)}
        earlier |= {"closed_at": row["opened_at"].replace(year=2021)}
        for computed in ("next_until", "made_by", "changed_by", "changed_at"):
            earlier.pop(computed, None)
        columns = {name: value for name, value in earlier.items() if not _is_made(name)}
        await db.execute(ticket_rows.insert().values(**columns))

    page = await astrid.browser.open(case.path)

    assert "Earlier tickets of this account" in page.text
    page = await page.follow("AAAA-BBBB-C")
    assert page.path == f"/console/tickets/{earlier['id']}"


async def test_a_longer_story_takes_no_more_statements(
    house: House, case: Case, astrid: AtDesk
) -> None:
    who = await astrid.signed_in()
    counts: list[int] = []
    for many in (1, 2, 3):
        page = await astrid.browser.open(case.path)
        await page.press(f"{case.path}/notes", words=f"note {many}")
        page = await astrid.browser.open(f"{case.path}/messages?to=owner")
        await page.press(f"{case.path}/messages?to=owner", reply="still-checking")
        with statements(house) as asked:
            seen = await desk.see_ticket(house, case.ticket_id, who)
        assert (len(seen.work.notes), len(seen.work.messages)) == (many, many)
        counts.append(len(asked))

    assert counts[0] == counts[1] == counts[2]


# Two at once ------------------------------------------------------------------------------------


async def test_whoever_was_slower_reads_what_happened_beside_what_they_were_about_to_do(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)
    to = str((await sofia.signed_in()).agent.id)
    page = await astrid.browser.open(case.path)
    theirs = await sofia.browser.open(case.path)
    await theirs.press(f"{case.path}/boost", reason="attack-goes-on")

    slower = await page.press(f"{case.path}/hand-over", to=to, note=f"{SCRIPT} {FORMULA}")

    assert slower.status == 409
    story, _, mine = slower.text.partition("What you were about to do")
    assert "Moved up, boost 0 → 1" in story.partition("What happened since")[2]
    assert "Ticket opened" not in story.partition("What happened since")[2]
    assert "Sofia" in mine
    assert FORMULA in mine
    assert SCRIPT not in slower.html


# Who may not ------------------------------------------------------------------------------------


async def test_forms_made_by_hand_find_no_ticket_of_another_wallet(
    house: House, app: Litestar, case: Case
) -> None:
    mallory = await at_desk(house, app, case.wallet, "mallory", level=4)
    async with house.engine.begin() as db:
        await db.execute(update(agents_table).values(wallets=[]))

    for page in await every_act(mallory, house, case):
        assert page.status == 404
    assert await is_untouched(house, case)


@pytest.mark.parametrize("role", ["auditor", "officer"])
async def test_whoever_does_not_work_on_tickets_is_offered_nothing_and_gets_nothing(
    house: House, app: Litestar, case: Case, role: str
) -> None:
    aida = await at_desk(house, app, case.wallet, "aida", level=4)
    async with house.engine.begin() as db:
        await db.execute(update(agents_table).values(role=role))

    page = await aida.browser.open(case.path)
    offered = {form.action.rpartition("/")[2] for form in page.forms}
    assert not offered & {"assignment", "hand-over", "boost", "notes", "attempts"}
    for page in await every_act(aida, house, case):
        assert page.status == 403
    assert await is_untouched(house, case)


async def test_on_a_closed_ticket_nothing_is_offered_and_forms_made_by_hand_are_refused(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await _closed(house, case)

    page = await astrid.browser.open(case.path)
    offered = {form.action.rpartition("/")[2] for form in page.forms}
    assert not offered & {"assignment", "hand-over", "boost", "notes", "attempts"}
    for page in await every_act(astrid, house, case):
        assert page.status == 409
        assert "This ticket is closed." in page.text
    assert await is_untouched(house, case)


async def test_nobody_is_reached_tried_or_noted_on_a_safety_ticket_by_a_form_made_by_hand(
    house: House, app: Litestar, case: Case
) -> None:
    aida = await at_desk(house, app, case.wallet, "aida", level=4)
    async with house.engine.begin() as db:
        await db.execute(update(agents_table).values(trained_for_safety=True))
        mine = ticket_rows.c.id == case.ticket_id
        await db.execute(update(ticket_rows).where(mine).values(kind="safety"))

    for page in await every_act(aida, house, case):
        assert page.status == 404
    assert await is_untouched(house, case)


async def _closed(house: House, case: Case) -> None:
    async with house.engine.begin() as db:
        mine = ticket_rows.c.id == case.ticket_id
        closing = {"stage": "released", "closed_at": await cast.now(house)}
        await db.execute(update(ticket_rows).where(mine).values(**closing))


def _is_made(name: str) -> bool:
    """By the database itself."""
    column = ticket_rows.c[name]
    return column.computed is not None or column.server_default is not None
