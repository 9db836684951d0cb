"""An agent's own tickets do not exist for them: as owner, as contact, by any of their addresses."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from domain.accounts import AddressKind
from domain.contacts import LEFT
from domain.ids import AddressId
from domain.wallets import Wallet
from service.operations.house import House
from service.security.blind_index import index_of
from service.security.tokens import new_id
from service.storage.rows import put
from service.storage.tables import agents as agents_table
from service.storage.tables import contacts as contacts_table
from service.storage.tables import person_addresses
from service.storage.values import PersonAddress
from tests import people as cast
from tests.browsers import Browser, Page
from tests.desks import Case, a_case, an_agent
from tests.houses import CONSOLE

pytestmark = pytest.mark.anyio
OLGAS_MAIL = "olga-1@correo.example"
OLGAS_PHONE = "+54 9 11 2345-6789"
SECOND = "carl.second@correo.example"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


async def signed_in(house: House, app: Litestar, wallet: Wallet, own: tuple[str, ...]) -> Page:
    agent = await an_agent(house, wallet, "astrid", level=4, own=own)
    door = await Browser(app, CONSOLE, language="en").open("/console/sign-in")
    return await door.press(
        "/console/sign-in", login="astrid", password=cast.PASSWORD, code=await agent.new_code()
    )


async def sees(queue: Page, case: Case) -> bool:
    """Whether queue, search, page and act all know the ticket; they must be of one mind."""
    page = await queue.open(case.path)
    found = await queue.open(f"/console/find?reference={case.reference}")
    tokens = {form.fields.get("csrf_token", "") for form in queue.forms} - {""}
    acted = await queue.browser.send(
        f"{case.path}/owner-reached", {"csrf_token": tokens.pop(), "seen": "1"}
    )
    known = {
        case.reference in queue.text,
        page.status == 200,
        found.path == case.path,
        acted.status != 404,
    }
    assert len(known) == 1, (page.status, found.path, acted.status)
    return known.pop()


async def with_second_address(house: House, wallet: Wallet) -> None:
    """Carl proved another address, beside the one he was named under."""
    at = await cast.now(house)
    async with house.engine.begin() as db:
        first = (
            await db.execute(
                select(person_addresses).where(
                    person_addresses.c.address_index
                    == index_of(house.keys, wallet.id, AddressKind.EMAIL, "carl@correo.example")
                )
            )
        ).one()
        second = PersonAddress(
            id=AddressId(new_id()),
            wallet_id=wallet.id,
            person_id=first.person_id,
            kind=AddressKind.EMAIL,
            address=first.address,
            address_index=index_of(house.keys, wallet.id, AddressKind.EMAIL, SECOND),
            proved_at=at,
            beside_id=first.id,
            withdraws_from=at + timedelta(days=7),
        )
        await put(db, None, second)


async def test_a_strangers_ticket_is_there(
    house: House, app: Litestar, wallet: Wallet, case: Case
) -> None:
    queue = await signed_in(house, app, wallet, ("astrid@correo.example", "+54 9 11 5555-0001"))

    assert await sees(queue, case)


@pytest.mark.parametrize(
    "own",
    [
        ("astrid@correo.example", "OLGA-1@Correo.example"),
        (OLGAS_PHONE,),
        # As people there write it, without its country.
        ("9 11 2345-6789",),
        # Carl reported; Cleo did nothing yet.
        ("carl@correo.example",),
        ("cleo@correo.example",),
    ],
)
async def test_whoever_is_owner_or_contact_finds_nothing(
    house: House, app: Litestar, wallet: Wallet, case: Case, own: tuple[str, ...]
) -> None:
    assert not await sees(await signed_in(house, app, wallet, own), case)


async def test_a_contacts_second_address_leads_to_them_too(
    house: House, app: Litestar, wallet: Wallet, case: Case
) -> None:
    await with_second_address(house, wallet)

    assert not await sees(await signed_in(house, app, wallet, (SECOND,)), case)


async def test_whoever_was_a_contact_once_still_finds_nothing(
    house: House, app: Litestar, wallet: Wallet, case: Case
) -> None:
    async with house.engine.begin() as db:
        await db.execute(
            update(contacts_table)
            .where(contacts_table.c.id == case.cleo.id)
            .values(status=LEFT.value, place=None, ended_at=await cast.now(house))
        )

    assert not await sees(await signed_in(house, app, wallet, ("cleo@correo.example",)), case)


async def test_who_serves_no_losses_sees_none(
    house: House, app: Litestar, wallet: Wallet, case: Case
) -> None:
    queue = await signed_in(house, app, wallet, ())
    assert await sees(queue, case)
    async with house.engine.begin() as db:
        await db.execute(update(agents_table).values(serves_losses=False))

    assert not await sees(await queue.open("/console"), case)
