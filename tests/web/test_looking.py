"""Addresses shown in clear, and signs, at the agents' desk over HTTP."""

from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import func, select

from domain.accounts import AddressKind
from domain.ids import ContactId
from domain.limits import REVEALS_AN_HOUR
from domain.refusals import AccountIsFrozen
from domain.wallets import Wallet
from service.operations import desk, refused_tries
from service.operations.house import House
from service.storage import load
from service.storage.tables import reveals
from tests import people as cast
from tests.at_desk import AtDesk, at_desk, statements
from tests.browsers import Form, Page
from tests.desks import SECOND, Case, a_case, a_second_address
from tests.web.test_console_danger import cleo_says_danger

pytestmark = pytest.mark.anyio
PHONE = "+5491123456789"
# Of a ticket with one report, at level 2. Each more is a round trip in front of every agent.
MOST_STATEMENTS = 52
NOBODY_CALLS = "Nobody calls the reported phone: somebody else may answer"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


async def phone_of(house: House, case: Case) -> UUID:
    async with house.engine.connect() as db:
        known = await load.addresses_of(db, case.wallet.id, case.account.id)
    return next(one.id for one in known if one.kind is AddressKind.PHONE)


async def way_to_phone(house: House, case: Case) -> str:
    return f"{case.path}/addresses/{await phone_of(house, case)}/reveal"


async def shown_so_often(house: House) -> int:
    async with house.engine.connect() as db:
        return await db.scalar(select(func.count()).select_from(reveals)) or 0


def ways(page: Page) -> list[Form]:
    return [form for form in page.forms if form.action.endswith("/reveal")]


async def test_an_address_is_masked_until_there_is_a_reason_and_shown_once(
    house: House, case: Case, astrid: AtDesk
) -> None:
    ticket = await astrid.browser.open(case.path)
    assert PHONE not in ticket.text
    assert "+54 ••• 89" in ticket.text

    page = await ticket.press(await way_to_phone(house, case), reason="call-owner")

    assert page.status == 200
    assert PHONE in page.text
    assert PHONE not in page.path
    assert page.headers["cache-control"] == "no-store"
    assert NOBODY_CALLS not in page.text
    # Nothing but a POST shows it, and the ticket goes on hiding it.
    assert (await astrid.browser.request("GET", page.path)).status_code == 405
    again = await page.follow("Back to the ticket")
    assert PHONE not in again.text
    assert "Was shown an address of the owner: to reach the owner" in again.text


async def test_the_reporter_s_address_is_for_whoever_hears_them(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    arne = await at_desk(house, app, case.wallet, "arne", level=1)
    ticket = await arne.browser.open(case.path)
    assert "Agents of level 2 and above are shown it, to hear the reporter." in ticket.text
    assert [form.fields["whose"] for form in ways(ticket)] == ["owner", "owner"]

    ticket = await astrid.browser.open(case.path)
    (form,) = [form for form in ways(ticket) if form.fields["whose"] == "reporter"]
    page = await ticket.press(form, reason="hear-reporter")

    assert "carl@correo.example" in page.text
    again = await astrid.browser.open(case.path)
    assert "Was shown a reporter's address: to hear the reporter" in again.text
    # By hand, what the page did not offer.
    refused = await arne.browser.send(form.action, form.fields | {"reason": "hear-reporter"})
    assert refused.status == 403
    assert "carl@correo.example" not in refused.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Carl, second address"),
        ("es", "Carl, segunda dirección"),
        ("pt-BR", "Carl, segundo endereço"),
    ],
)
async def test_a_reporter_s_second_address_is_behind_a_form_of_its_own(
    house: House, app: Litestar, case: Case, language: str, said: str
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=2, language=language)
    ticket = await astrid.browser.open(case.path)
    (enrolled,) = [form for form in ways(ticket) if form.fields["whose"] == "reporter"]
    assert said not in ticket.text
    carl = ContactId(UUID(enrolled.action.split("/")[-2]))
    second = await a_second_address(house, case.wallet, carl)

    ticket = await astrid.browser.open(case.path)
    assert said in ticket.text
    assert "+54 ••• 99" in ticket.text
    assert SECOND not in ticket.html
    page = await ticket.press(f"{case.path}/addresses/{second.id}/reveal", reason="hear-reporter")

    assert SECOND in page.text
    assert "carl@correo.example" not in page.text
    assert await shown_so_often(house) == 1


async def test_a_ticket_s_page_takes_no_more_statements_for_second_addresses(
    house: House, case: Case, astrid: AtDesk
) -> None:
    who = await astrid.signed_in()
    with statements(house) as without:
        seen = await desk.see_ticket(house, case.ticket_id, who)
    await a_second_address(house, case.wallet, seen.signs.reporters[0].contact_id)

    with statements(house) as beside:
        seen = await desk.see_ticket(house, case.ticket_id, who)

    assert seen.signs.reporters[0].second is not None
    assert len(without) == len(beside) <= MOST_STATEMENTS


async def test_nothing_is_shown_without_a_reason_and_what_was_typed_stays(
    house: House, case: Case, astrid: AtDesk
) -> None:
    ticket = await astrid.browser.open(case.path)
    way = await way_to_phone(house, case)

    page = await ticket.press(way, reason="")
    assert page.status == 422
    assert "An address is shown for a reason: choose one." in page.text
    page = await page.press(way, reason="other")
    assert page.status == 422
    assert "Say in a few words what you need it for." in page.text
    (form,) = ways(page)
    assert form.fields["reason"] == "other"
    page = await page.press(way, words="the bank asks for it")

    assert PHONE in page.text
    assert await shown_so_often(house) == 1


async def test_hand_made_posts_are_refused_and_show_nothing(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    """Another ticket's address, no address at all, too long words, fields nobody made, no token."""
    otto = await a_case(house, case.wallet, "otto-1")
    ticket = await astrid.browser.open(case.path)
    fields = ways(ticket)[0].fields | {"reason": "call-owner"}
    others = f"{case.path}/addresses/{await phone_of(house, otto)}/reveal"
    mine = await way_to_phone(house, case)

    told = [
        (await astrid.browser.send(others, fields)).status,
        (await astrid.browser.send(mine, fields | {"whose": "reporter"})).status,
        (await astrid.browser.send(mine, fields | {"whose": "everybody"})).status,
        (await astrid.browser.send(mine, fields | {"reason": "curiosity"})).status,
        (await astrid.browser.send(mine, fields | {"words": "x" * 201})).status,
        (await astrid.browser.send(mine, fields | {"all": "yes"})).status,
        (await astrid.browser.send(mine, fields | {"csrf_token": "no"})).status,
    ]

    assert told == [404, 404, 422, 422, 422, 422, 403]
    assert await shown_so_often(house) == 0


async def test_whoever_is_at_the_end_of_the_quota_reads_from_when_again(
    house: House, case: Case, astrid: AtDesk
) -> None:
    way = await way_to_phone(house, case)
    for _ in range(REVEALS_AN_HOUR.rate.burst):
        ticket = await astrid.browser.open(case.path)
        assert PHONE in (await ticket.press(way, reason="call-owner")).text

    page = await (await astrid.browser.open(case.path)).press(way, reason="call-owner")

    assert page.status == 429
    assert PHONE not in page.text
    assert "The next one from" in page.text
    assert await shown_so_often(house) == REVEALS_AN_HOUR.rate.burst


async def test_where_there_is_danger_nobody_calls_the_reported_phone(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await cleo_says_danger(house, case)

    ticket = await astrid.browser.open(case.path)
    assert NOBODY_CALLS in ticket.text
    page = await ticket.press(await way_to_phone(house, case), reason="call-owner")

    assert page.text.index(NOBODY_CALLS) < page.text.index(PHONE)


async def test_supervisors_read_who_was_shown_what_and_why(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    ticket = await astrid.browser.open(case.path)
    words = "<b>the bank</b> asks"
    await ticket.press(await way_to_phone(house, case), reason="other", words=words)
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)

    page = await sofia.browser.open(case.path)

    assert "Astrid: one of the owner" in page.text
    assert f"another reason: {words}" in page.text
    assert words not in (await astrid.browser.open(case.path)).text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Signs", "2 tries to get in since the freeze", "from a device never linked")),
        ("es", ("Señales", "2 intentos de entrar desde el bloqueo", "nunca vinculado antes")),
        ("pt-BR", ("Sinais", "2 tentativas de entrar desde o bloqueio", "nunca vinculado antes")),
    ],
)
async def test_signs_stand_on_the_page_with_their_numbers(
    house: House, app: Litestar, case: Case, language: str, said: tuple[str, ...]
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=1, language=language)
    for _ in range(2):
        with pytest.raises(AccountIsFrozen):
            await cast.a_session(house, case.wallet, "another", cast.LAPTOP)
    await refused_tries.write_down(house)

    page = await astrid.browser.open(case.path)

    for words in said:
        assert words in page.text
