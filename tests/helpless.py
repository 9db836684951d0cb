"""Olga without a phone: her card, what she types at `/mine`; and somebody who says to be her."""

from sqlalchemy import select

from domain.accounts import AddressKind
from domain.ids import AccountId, TicketId
from domain.recovery import GoodTime, Hint, Voice, read_code
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import hints, recovery_cards
from service.operations.hints import Asked, Said
from service.operations.house import House
from service.storage import load
from service.storage.rows import every
from service.storage.tables import hints as hints_table
from service.storage.tables import tickets
from service.storage.values import BrowserSession
from tests import people as cast

OLGAS_MAIL = f"{cast.OLGA}@correo.example"
NOBODYS_MAIL = "nobody@correo.example"


async def a_card(
    house: House, wallet: Wallet, pages: BrowserSession, key: str = "card"
) -> tuple[str, ...]:
    """The ten codes as they are printed."""
    codes = await recovery_cards.make_card(house, wallet, pages, key=key)
    assert codes is not None
    return codes


async def asks_for_help(
    house: House,
    wallet: Wallet,
    code: str | None = None,
    *,
    address: str = OLGAS_MAIL,
    number: str = "",
    browser: str = "a borrowed phone",
) -> None:
    asked = Asked(
        kind=AddressKind.EMAIL,
        written=address,
        code=None if code is None else read_code(code),
        said=Said(number=number, language="es", good_time=GoodTime.ANY, voice=Voice.CALL),
    )
    await hints.ask_for_help(house, wallet, asked, browser=browser)


async def tickets_of(house: House, wallet: Wallet, account_id: AccountId) -> tuple[Ticket, ...]:
    async with house.engine.connect() as db:
        ours = (tickets.c.wallet_id == wallet.id) & (tickets.c.account_id == account_id)
        return await every(db, select(tickets).where(ours).order_by(tickets.c.id), Ticket)


async def the_ticket(house: House, wallet: Wallet, account_id: AccountId) -> Ticket:
    (only,) = await tickets_of(house, wallet, account_id)
    return only


async def hints_on(house: House, wallet: Wallet, ticket_id: TicketId) -> tuple[Hint, ...]:
    async with house.engine.connect() as db:
        return await load.hints_of(db, wallet.id, ticket_id)


async def every_hint(house: House) -> tuple[Hint, ...]:
    async with house.engine.connect() as db:
        return await every(db, select(hints_table), Hint)
