"""Which addresses an owner hears on: those of today, and for a while those of before."""

from datetime import timedelta

import pytest

from domain.accounts import AddressKind
from domain.ids import AccountId
from domain.policy import DEFAULT
from domain.wallets import Wallet
from service.operations import accounts
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.house import House
from service.storage.directory import HouseDirectory
from tests import people as cast

pytestmark = pytest.mark.anyio


async def heard_on(house: House, wallet: Wallet, account_id: AccountId) -> set[str]:
    directory = HouseDirectory(house.keys)
    async with house.engine.connect() as db:
        destinations = await directory.owner(db, wallet.id, account_id)
        opened = [await directory.open_owner(db, wallet.id, one.address_id) for one in destinations]
    return {one.address for one in opened if one is not None}


async def test_changed_addresses_are_told_to_the_old_and_the_new_for_thirty_days(
    house: House,
) -> None:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    told = ToldAccount(
        subject=cast.OLGA,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=(
            ToldAddress(kind=AddressKind.EMAIL, address="mallory@correo.example", verified_at=None),
        ),
    )
    await accounts.put_account(house, wallet, told, by=cast.THE_WALLET)

    before = {f"{cast.OLGA}@correo.example", "+5491123456789"}
    assert await heard_on(house, wallet, account.id) == before | {"mallory@correo.example"}
    await cast.move_clock(house, DEFAULT.messages.removed_addresses_hear_for - timedelta(minutes=5))
    assert before < await heard_on(house, wallet, account.id)
    await cast.move_clock(house, timedelta(minutes=5))
    assert await heard_on(house, wallet, account.id) == {"mallory@correo.example"}
