"""What programs write on tickets, what the clock finds in the record, and a key that goes."""

from datetime import timedelta
from itertools import count
from pathlib import Path
from shutil import copytree

import pytest
from msgspec.structs import replace

from domain.help_desks import ExternalStage
from service.operations import clients, journal_checks, signing_keys, tickets_for_programs
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.journal import seal_journal
from service.security import keys
from service.security.keys import SigningKeys
from service.security.signing import RETIRED_AFTER, USED_AFTER, Algorithm
from service.storage.values import Scope
from tests import people as cast
from tests.desks import a_case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio
A_MINUTE = timedelta(minutes=1)


async def test_a_help_desks_words_are_kept_wholly_or_not_at_all(house: House) -> None:
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet)
    secret = await clients.add_client(house, wallet.id, "desk", (Scope.TICKETS,))
    caller = await clients.client_by_secret(house, wallet, "desk", secret)
    request = Request(
        wallet_id=wallet.id, caller=str(caller.client_id), route="notes", key="1", body=b"{}"
    )

    await everything_or_nothing(
        house,
        lambda: tickets_for_programs.add_note(
            house, wallet, caller, case.ticket_id, "a note", if_match="*", request=request
        ),
    )
    for stage in (ExternalStage.CALLED_OWNER, ExternalStage.DONE):
        await everything_or_nothing(
            house,
            lambda stage=stage: tickets_for_programs.tell_stage(
                house, wallet, caller, case.ticket_id, stage, if_match="*"
            ),
        )


async def test_how_the_record_was_found_is_kept_wholly_or_not_at_all(house: House) -> None:
    """Of a house without wallets: each chain is a walk of its own."""
    await everything_or_nothing(house, lambda: journal_checks.check_journal(house))
    await seal_journal(house)
    await cast.move_clock(house, journal_checks.EVERY)
    await everything_or_nothing(house, lambda: journal_checks.check_journal(house))


async def test_a_key_is_published_only_when_that_is_on_record(
    house: House, keys_folder: Path, tmp_path: Path
) -> None:
    folder = copytree(keys_folder, tmp_path / "keys")
    signing = SigningKeys(folder)
    house = replace(house, keys=replace(house.keys, signing=signing))
    before = signing.all()

    async def rotate() -> None:
        assert signing.all() == before
        await signing_keys.rotate(house, folder, "signing-es256")

    await everything_or_nothing(house, rotate)

    assert len(signing.all()) == len(before) + 1


async def test_a_key_is_retired_only_when_that_is_on_record(
    house: House, keys_folder: Path, tmp_path: Path
) -> None:
    folder = copytree(keys_folder, tmp_path / "keys")
    signing = SigningKeys(folder)
    house = replace(house, keys=replace(house.keys, signing=signing))
    old = signing.for_signing(Algorithm.ES256, now=await cast.now(house))
    keys.rotate(folder, "signing-es256")
    await cast.move_clock(house, USED_AFTER + RETIRED_AFTER + A_MINUTE)
    tried = count()

    async def retire() -> None:
        next(tried)
        assert old in signing.all()
        await signing_keys.retire(house, folder, old.id)

    await everything_or_nothing(house, retire)

    assert next(tried) > 2
    assert old not in signing.all()
