"""The other ways in are cut at every statement: everything has happened, or nothing has."""

from collections.abc import Awaitable

import pytest

from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.ids import ReportId
from domain.reports import LossKind
from domain.wallets import Wallet
from service.operations import filing, reports, visits, withdrawals, without_link
from service.operations.house import House
from service.operations.visits import Draft
from service.storage.values import BrowserSession
from tests import people as cast
from tests.fault.power_cuts import everything_or_nothing, power_cut_at
from tests.fault.test_power_cuts import Scene, scene

__all__ = ["scene"]

pytestmark = pytest.mark.anyio

ADDRESSES = ("carl@correo.example", "nobody@correo.example")


async def _by_address(house: House, wallet: Wallet, typed: str) -> BrowserSession:
    address = without_link.read_address(typed, wallet)
    return (await without_link.open_by_address(house, wallet, address, Purpose.REPORT)).session


async def _verified(house: House, wallet: Wallet) -> BrowserSession:
    session = await _by_address(house, wallet, ADDRESSES[0])
    await visits.ask_code(house, wallet, session)
    code = await cast.told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, session, code)
    assert not isinstance(cookie, CodeResult)
    return await visits.session_of(house, wallet, cookie)


async def _reported(scene: Scene, contact: Contact) -> tuple[BrowserSession, ReportId]:
    house, wallet = scene.house, scene.wallet
    visit = await _verified(house, wallet)
    await reports.save(house, wallet, visit, Draft(contact_id=contact.id, kind=LossKind.LOST))
    report = await filing.file_report(house, wallet, visit, key="button")
    return await visits.current(house, visit), report.id


@pytest.mark.parametrize("typed", ADDRESSES)
async def test_typing_an_address_happens_wholly_or_not_at_all(scene: Scene, typed: str) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(house, lambda: _by_address(house, wallet, typed))
    session = await _by_address(house, wallet, typed)
    await everything_or_nothing(house, lambda: visits.ask_code(house, wallet, session))


async def test_a_decoy_takes_as_many_statements_as_a_code(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    # Limits that all share have a row from the first code on.
    first = await _by_address(house, wallet, "first@correo.example")
    await visits.ask_code(house, wallet, first)
    steps: list[int] = []
    for typed in ADDRESSES:
        session = await _by_address(house, wallet, typed)
        with power_cut_at(house.engine, 0) as cut:
            await visits.ask_code(house, wallet, session)
        steps.append(cut.statements)

    assert steps[0] == steps[1]


async def test_a_report_without_link_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    visit = await _verified(house, wallet)
    draft = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN)
    await reports.save(house, wallet, visit, draft)

    await everything_or_nothing(
        house, lambda: filing.file_report(house, wallet, visit, key="button")
    )


async def test_wrong_person_happens_wholly_or_not_at_all(scene: Scene) -> None:
    visit, report_id = await _reported(scene, scene.carl)

    def act() -> Awaitable[None]:
        return withdrawals.report_the_other(scene.house, scene.wallet, visit, report_id)

    assert await everything_or_nothing(scene.house, act) > 6


async def test_a_withdrawal_is_cut_without_losing_the_code(scene: Scene) -> None:
    """Only the counted guess stays of what was cut; the same code then takes the report back."""
    house, wallet = scene.house, scene.wallet
    visit, report_id = await _reported(scene, scene.carl)
    await everything_or_nothing(house, lambda: withdrawals.begin(house, wallet, visit, report_id))
    begun = (await withdrawals.begin(house, wallet, visit, report_id)).session
    await everything_or_nothing(house, lambda: visits.ask_code(house, wallet, begun))
    code = await cast.told_secret(house, wallet, "code-asked")

    # From the guess on, which is counted before all of these.
    for step in (10, 13, 16, 19):
        with power_cut_at(house.engine, step) as cut:
            await withdrawals.withdraw(house, wallet, begun, code)
        assert cut.happened
        assert (await withdrawals.see_withdrawal(house, wallet, begun)).withdrawn_at is None
    await withdrawals.withdraw(house, wallet, begun, code)

    assert (await withdrawals.see_withdrawal(house, wallet, begun)).withdrawn_at is not None
