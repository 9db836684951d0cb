"""What the wallet's backend, the operator, agents at the door and the clock do is cut as well."""

from datetime import timedelta
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy import delete

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.limits import API_CALLS, SENT_FROM_NETWORK, SIGN_INS_OF_LOGIN
from domain.wallets import THE_INSTALLATION
from notifications import deliveries
from notifications.channels import Sent
from notifications.dispatch import dispatch_waiting
from service.operations import (
    accounts,
    agents,
    browsers,
    clients,
    housekeeping,
    journal,
    limits,
    limits_by_hand,
    page_links,
    sessions,
    settling,
    visits,
    wallets,
)
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.agents import NewAgent
from service.operations.agents_door import PasswordAndCode
from service.operations.page_links import AskedLink
from service.security.totp import code_at
from service.storage.directory import HouseDirectory
from service.storage.tables import limits as limits_table
from service.storage.values import BrowserSession, LinkPurpose, Scope
from tests import people as cast
from tests.fault.power_cuts import each_table_whole, everything_or_nothing
from tests.fault.test_power_cuts import Scene, scene

__all__ = ["scene"]

pytestmark = pytest.mark.anyio

NETWORK: Final = "192.0.2.0/24"


def _told(*addresses: str) -> ToldAccount:
    return ToldAccount(
        subject="olga-9",
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=tuple(
            ToldAddress(kind=AddressKind.EMAIL, address=one, verified_at=None) for one in addresses
        ),
    )


def _agent(scene: Scene) -> NewAgent:
    return NewAgent(
        login="astrid",
        name="Astrid",
        password=cast.PASSWORD,
        level=2,
        wallets=(scene.wallet.id,),
        language="en",
    )


async def test_an_account_is_told_wholly_or_not_at_all(scene: Scene) -> None:
    """The first time, and when addresses are replaced."""
    house, wallet, by = scene.house, scene.wallet, cast.THE_WALLET
    first = _told("olga-9@correo.example", "olga.9@correo.example")
    later = _told("olga-9@correo.example", "new@correo.example")
    for told in (first, later):
        await everything_or_nothing(
            house, lambda told=told: accounts.put_account(house, wallet, told, by=by)
        )


async def test_a_wallet_and_its_backend_are_made_wholly_or_not_at_all(scene: Scene) -> None:
    house = scene.house
    new = replace(cast.NORTE, origin="https://sur.example")
    await everything_or_nothing(house, lambda: wallets.add_wallet(house, new))
    scopes = (Scope.ACCOUNTS,)
    wallet_id = scene.wallet.id
    await everything_or_nothing(
        house, lambda: clients.add_client(house, wallet_id, "norte", scopes)
    )
    secret = await clients.add_client(house, wallet_id, "second", scopes)
    caller = await clients.client_by_secret(house, scene.wallet, "second", secret)
    await everything_or_nothing(
        house, lambda: clients.issue_token(house, scene.wallet, caller, None)
    )


async def test_sessions_and_page_links_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    session = await cast.a_session(house, wallet, "another-token")
    asked = AskedLink(
        purpose=LinkPurpose.MANAGE,
        session_id=session.id,
        auth_time=await cast.now(house),
        acr=cast.NORTE.strong_acr[0],
    )
    await everything_or_nothing(
        house, lambda: page_links.make_page_link(house, wallet, cast.OLGA, asked)
    )
    await everything_or_nothing(house, lambda: sessions.end_session(house, wallet, session.id))
    await everything_or_nothing(house, lambda: browsers.end(house, scene.pages))


async def test_an_agent_is_made_and_signs_in_wholly_or_not_at_all(scene: Scene) -> None:
    """The attempt stays counted; the authenticator's code is not lost with the power."""
    house, new = scene.house, _agent(scene)
    await everything_or_nothing(house, lambda: agents.add_agent(house, new))
    secret = await agents.add_agent(house, replace(new, login="second"))

    async def code() -> str:
        return code_at(secret, await cast.now(house))

    async def signs_in() -> browsers.Opened:
        return await agents.sign_in(
            house, login="second", password=cast.PASSWORD, code=await code(), network=NETWORK
        )

    async def proves() -> object:
        shown = PasswordAndCode(password=cast.PASSWORD, code=await code())
        return await agents.prove_again(house, by, shown)

    async def forgiven() -> None:
        async with house.engine.begin() as db:
            await db.execute(delete(limits_table))

    opened = await agents.sign_in(house, login="second", password=cast.PASSWORD, code=await code())
    by = await agents.signed_in(house, opened.cookie)
    await cast.move_clock(house, timedelta(minutes=2))
    await everything_or_nothing(house, signs_in, counts=("limits",))
    await cast.move_clock(house, timedelta(minutes=2))
    await everything_or_nothing(house, proves, counts=("limits",), again=forgiven)
    await everything_or_nothing(house, lambda: agents.signed_in(house, opened.cookie))


async def test_limits_are_taken_and_reset_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    login = limits.subject_of(house.keys, THE_INSTALLATION, SIGN_INS_OF_LOGIN, b"astrid")
    calls = limits.subject_of(house.keys, wallet.id, API_CALLS, b"norte")
    sent = limits.subject_of(house.keys, wallet.id, SENT_FROM_NETWORK, NETWORK.encode())
    taken = ((login, SIGN_INS_OF_LOGIN.rate), (sent, SENT_FROM_NETWORK.rate))
    await everything_or_nothing(house, lambda: limits.count(house, *taken))
    await everything_or_nothing(
        house, lambda: limits.count_if_possible(house, calls, API_CALLS.rate)
    )
    opened = await visits.open_link(house, wallet, scene.link, Purpose.REPORT)
    await visits.ask_code(house, wallet, opened.session)
    address = "carl@correo.example"
    await everything_or_nothing(
        house,
        lambda: limits_by_hand.reset_address(house, wallet, AddressKind.EMAIL, address),
    )
    await everything_or_nothing(house, lambda: limits_by_hand.reset_login(house, "astrid"))
    await everything_or_nothing(house, lambda: limits_by_hand.reset_network(house, wallet, NETWORK))
    await everything_or_nothing(
        house, lambda: limits_by_hand.reset_all(house, wallet.id, API_CALLS.name)
    )


async def test_what_the_clock_does_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(house, lambda: journal.seal_journal(house))
    await cast.invited(house, wallet, scene.pages, "Cleo")
    await cast.move_clock(house, timedelta(days=8))
    await everything_or_nothing(house, lambda: settling.settle_overdue(house, wallet))
    pages = await _olgas_pages(scene)
    await cast.invited(house, wallet, pages, "Dora")
    await cast.move_clock(house, timedelta(days=8))
    await everything_or_nothing(house, lambda: housekeeping.settle_contacts(house))


async def test_sweeping_never_leaves_a_table_half_swept(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    opened = await visits.open_link(house, wallet, scene.link, Purpose.REPORT)
    await visits.ask_code(house, wallet, opened.session)
    await cast.move_clock(house, timedelta(days=100))
    assert await each_table_whole(house, lambda: housekeeping.sweep(house)) > 3


async def test_messages_are_promised_leased_and_recorded_wholly_or_not_at_all(
    scene: Scene,
) -> None:
    house = scene.house
    directory = HouseDirectory(house.keys)
    # What comes after its commit only wakes a worker that would look by itself soon.
    await each_table_whole(house, lambda: dispatch_waiting(house.engine, directory, limit=100))
    await everything_or_nothing(house, lambda: deliveries.lease_next(house.engine))
    leased = await deliveries.lease_next(house.engine)
    assert leased is not None
    await everything_or_nothing(house, lambda: deliveries.record(house.engine, leased, Sent()))


async def _olgas_pages(scene: Scene) -> BrowserSession:
    phone = await cast.a_session(scene.house, scene.wallet, "later")
    return await cast.at_her_pages(scene.house, scene.wallet, phone)
