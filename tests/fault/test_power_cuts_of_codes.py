"""Codes typed, invitations answered, help asked for: cut at every statement.

A guess, and a try at `/mine`, is counted and committed before it is looked at. That alone stays of
what was cut; the code itself is not lost with the power.
"""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from domain.challenges import CodeResult, Purpose
from domain.policy import DEFAULT, RecoveryPolicy
from domain.reports import LossKind, OwnerSafe
from domain.tickets import Duress
from notifications.channels import Channels
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    danger,
    desk,
    filing,
    hints,
    invitations,
    recovery_cards,
    reports,
    visits,
    withdrawals,
)
from service.operations.house import House
from service.operations.visits import Draft
from service.storage.directory import HouseDirectory
from service.storage.tables import challenges, limits, recovery_tries
from service.storage.values import BrowserSession
from tests import people as cast
from tests.fault.power_cuts import everything_or_nothing
from tests.fault.test_power_cuts import Scene, scene
from tests.helpless import asks_for_help, hints_on, the_ticket

__all__ = ["scene"]

pytestmark = pytest.mark.anyio

COUNTS = ("challenges", "limits", "recovery_tries")


def forgiven(house: House) -> Callable[[], Awaitable[None]]:
    """As if nobody had guessed or tried yet."""

    async def forgive() -> None:
        async with house.engine.begin() as db:
            await db.execute(update(challenges).values(attempts=0))
            await db.execute(delete(limits))
            await db.execute(delete(recovery_tries))

    return forgive


async def _asked(scene: Scene, token: str, purpose: Purpose) -> tuple[BrowserSession, str]:
    opened = await visits.open_link(scene.house, scene.wallet, token, purpose)
    await visits.ask_code(scene.house, scene.wallet, opened.session)
    return opened.session, await cast.told_secret(scene.house, scene.wallet, "code-asked")


async def _invitation(scene: Scene, name: str) -> str:
    await cast.invited(scene.house, scene.wallet, scene.pages, name)
    return await cast.told_secret(scene.house, scene.wallet, "contact-invited")


async def test_accepting_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    session, code = await _asked(scene, await _invitation(scene, "Cleo"), Purpose.ACCEPT)
    done: list[object] = []

    async def accept() -> None:
        done.append(await invitations.accept(house, wallet, session, code, language="es"))

    await everything_or_nothing(house, accept, counts=COUNTS, again=forgiven(house))

    (accepted,) = done
    assert isinstance(accepted, invitations.Accepted)
    verified = await visits.session_of(house, wallet, accepted.cookie)
    await everything_or_nothing(
        house, lambda: invitations.set_label(house, wallet, verified, "Mamá")
    )


async def test_opening_and_declining_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    token = await _invitation(scene, "Cleo")
    await everything_or_nothing(
        house, lambda: visits.open_link(house, wallet, token, Purpose.ACCEPT)
    )
    opened = await visits.open_link(house, wallet, token, Purpose.ACCEPT)
    await everything_or_nothing(house, lambda: invitations.decline(house, wallet, opened.session))


async def test_the_code_before_a_report_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    session, code = await _asked(scene, scene.link, Purpose.REPORT)
    done: list[str | CodeResult] = []

    async def spend() -> None:
        done.append(await reports.spend_code(house, wallet, session, code))

    await everything_or_nothing(house, spend, counts=COUNTS, again=forgiven(house))

    (cookie,) = done
    verified = await visits.session_of(house, wallet, cookie)
    draft = Draft(contact_id=scene.carl.id, kind=LossKind.LOST)
    await everything_or_nothing(house, lambda: reports.save(house, wallet, verified, draft))


async def test_taking_a_report_back_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    visit = await cast.a_verified_visit(house, wallet, scene.link)
    await reports.save(house, wallet, visit, Draft(contact_id=scene.carl.id, kind=LossKind.LOST))
    report = await filing.file_report(house, wallet, visit, key="button")
    visit = await visits.current(house, visit)
    begun = (await withdrawals.begin(house, wallet, visit, report.id)).session
    await visits.ask_code(house, wallet, begun)
    code = await cast.told_secret(house, wallet, "code-asked")

    await everything_or_nothing(
        house,
        lambda: withdrawals.withdraw(house, wallet, begun, code),
        counts=COUNTS,
        again=forgiven(house),
    )

    assert (await withdrawals.see_withdrawal(house, wallet, begun)).withdrawn_at is not None


async def test_a_card_and_its_code_happen_wholly_or_not_at_all(scene: Scene) -> None:
    """Freeze, ticket, proof and the used code together; a slow hash each, so the card is small."""
    house = scene.house
    policy = replace(DEFAULT, recovery=RecoveryPolicy(codes_on_a_card=2))
    wallet = replace(scene.wallet, policy=policy)
    await everything_or_nothing(
        house, lambda: recovery_cards.make_card(house, wallet, scene.pages, key="card")
    )
    codes = await recovery_cards.make_card(house, wallet, scene.pages, key="next")
    assert codes is not None

    await everything_or_nothing(
        house,
        # hints.ask_for_help, with a code and without a number
        lambda: asks_for_help(house, wallet, codes[0]),
        counts=COUNTS,
        again=forgiven(house),
    )

    assert (await cast.the_account(house, wallet, scene.carl.account_id)).is_frozen


async def test_a_hint_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(
        house,
        lambda: asks_for_help(house, wallet, number="011 4321-1234"),
        counts=COUNTS,
        again=forgiven(house),
    )
    await everything_or_nothing(house, lambda: hints.file_hints(house))

    ticket = await the_ticket(house, wallet, scene.carl.account_id)
    assert len(await hints_on(house, wallet, ticket.id)) == 1


async def test_danger_is_dealt_with_wholly_or_not_at_all(scene: Scene) -> None:
    """The report that says so, the question, and what waited for the answer."""
    house, wallet = scene.house, scene.wallet
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    visit = await cast.a_verified_visit(house, wallet, scene.link)
    draft = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN, safe=OwnerSafe.NO)
    await reports.save(house, wallet, visit, draft)
    await everything_or_nothing(
        house, lambda: filing.file_report(house, wallet, visit, key="button")
    )
    directory = HouseDirectory(house.keys)
    await dispatch_waiting(house.engine, directory, limit=100)
    await send_due(house.engine, directory, Channels(), most_at_once=100)
    (row,) = (await desk.see_queue(house, astrid)).rows

    async def seen() -> int:
        return (await the_ticket(house, wallet, scene.carl.account_id)).row_version

    version = await seen()
    await everything_or_nothing(
        house,
        lambda: danger.answer_duress(house, row.ticket_id, Duress.FREE, by=astrid, seen=version),
    )
    later = await seen()
    await everything_or_nothing(
        house, lambda: danger.let_notices_go(house, row.ticket_id, by=astrid, seen=later)
    )
