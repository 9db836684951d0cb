"""The ways in without a personal link, and back out: by address, by card, by what was reported."""

from datetime import datetime
from typing import Final

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.ids import ReportId
from domain.recovery import GoodTime, Voice, read_code
from domain.wallets import Wallet
from service.operations import following, hints, visits, withdrawals, without_link
from service.operations.following import Followed
from service.operations.hints import Asked, Said
from service.operations.house import House
from tests.life.living import Sitting, said_no

NOBODYS: Final = "stranger@correo.example"


class WaysIn:
    def __init__(self, house: House, wallet: Wallet) -> None:
        self.house = house
        self.wallet = wallet

    async def type_address(self, typed: str, purpose: Purpose) -> Sitting:
        """Never refused: whether anybody has the address must not show."""
        address = without_link.read_address(typed, self.wallet)
        opened = await without_link.open_by_address(self.house, self.wallet, address, purpose)
        return Sitting(opened.session, purpose, address=typed)

    async def next_code_from(self, sitting: Sitting) -> datetime | None:
        """As the page says it; None: at once."""
        seen = await visits.see_code(self.house, self.wallet, sitting.session)
        return seen.next_code_from

    async def follow(self, sitting: Sitting) -> tuple[Followed, ...]:
        async def act() -> tuple[Followed, ...]:
            seen = await following.see_reports(self.house, self.wallet, sitting.session)
            return seen.reports

        return await said_no(act) or ()

    async def begin_withdrawal(self, sitting: Sitting, report_id: ReportId) -> Sitting | None:
        async def act() -> Sitting:
            visit = sitting.session
            opened = await withdrawals.begin(self.house, self.wallet, visit, report_id)
            return Sitting(opened.session, Purpose.WITHDRAW, address=sitting.address)

        return await said_no(act)

    async def report_the_other(self, sitting: Sitting, report_id: ReportId) -> None:
        async def act() -> None:
            visit = sitting.session
            await withdrawals.report_the_other(self.house, self.wallet, visit, report_id)
            sitting.session = await visits.current(self.house, visit)

        await said_no(act)

    async def ask_for_help(self, address: str, code: str | None, number: str, browser: str) -> bool:
        """Whether the form was taken; what it did shows nowhere."""

        async def act() -> bool:
            asked = Asked(
                kind=AddressKind.EMAIL,
                written=address,
                code=None if code is None else read_code(code),
                said=Said(number=number, language="es", good_time=GoodTime.ANY, voice=Voice.CALL),
            )
            await hints.ask_for_help(self.house, self.wallet, asked, browser=browser)
            return True

        return await said_no(act) or False
