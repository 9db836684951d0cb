"""What a wallet does by itself, and what the clock says of it: cut at every statement."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from domain.refusals import AccountIsFrozen
from domain.tickets import ProofKind
from domain.wallet_reports import FreezeReason
from service.operations import (
    clients,
    hot_line,
    missing_confirmations,
    proofs_by_wallet,
    sessions,
    unreached_owners,
)
from service.operations.hot_line import Told
from service.operations.idempotency import Request
from service.operations.proofs_by_wallet import ToldProof
from service.storage.tables import account_addresses
from service.storage.values import Scope
from tests import people as cast
from tests.fault.power_cuts import everything_or_nothing
from tests.fault.test_power_cuts import Scene, scene

__all__ = ["scene"]

pytestmark = pytest.mark.anyio
SAID = Told(
    reason=FreezeReason.STOLEN,
    device=cast.PHONE.id,
    in_danger=False,
    note="at the airport",
    operator="desk 7",
)


async def _caller(scene: Scene) -> clients.Caller:
    secret = await clients.add_client(scene.house, scene.wallet.id, "fraud", (Scope.FREEZE,))
    return await clients.client_by_secret(scene.house, scene.wallet, "fraud", secret)


def _request(scene: Scene, caller: clients.Caller, route: str) -> Request:
    return Request(
        wallet_id=scene.wallet.id, caller=str(caller.client_id), route=route, key="one", body=b"{}"
    )


async def test_a_wallets_own_freeze_its_proof_and_its_silence_happen_wholly_or_not_at_all(
    scene: Scene,
) -> None:
    house, wallet = scene.house, scene.wallet
    caller = await _caller(scene)

    statements = await everything_or_nothing(
        house,
        lambda: hot_line.freeze(
            house,
            wallet,
            cast.OLGA,
            SAID,
            client_id=caller.client_id,
            request=_request(scene, caller, "freeze"),
        ),
    )
    assert statements > 5
    with pytest.raises(AccountIsFrozen):
        await cast.a_session(house, wallet, "another")
    account = await cast.the_account(house, wallet, scene.carl.account_id)
    assert account.is_frozen
    assert await sessions.see_sessions(house, wallet, cast.OLGA, after=None, limit=5)

    await cast.move_clock(house, timedelta(seconds=60))
    await everything_or_nothing(
        house, lambda: missing_confirmations.alarm_missing_confirmations(house)
    )
    told = ToldProof(
        kind=ProofKind.WALLET_REPROOFING,
        level="ial2",
        performed_at=await cast.now(house),
        reference="kyc-117",
    )
    await everything_or_nothing(
        house,
        lambda: proofs_by_wallet.record(
            house,
            wallet,
            cast.OLGA,
            told,
            by=caller.actor,
            request=_request(scene, caller, "proofs"),
        ),
    )


async def test_a_wallet_is_asked_for_an_unreached_owner_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    caller = await _caller(scene)
    async with house.engine.begin() as db:
        await db.execute(delete(account_addresses))
    await hot_line.freeze(
        house,
        wallet,
        cast.OLGA,
        SAID,
        client_id=caller.client_id,
        request=_request(scene, caller, "freeze"),
    )

    await everything_or_nothing(house, lambda: unreached_owners.request_proofs(house))
