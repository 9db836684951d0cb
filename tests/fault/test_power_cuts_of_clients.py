"""What a client proves itself with, and what the operator changes about it, is cut as well."""

from datetime import timedelta

import pytest

from domain.wallets import Wallet
from service.operations import clients, clients_by_hand
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.api.signers import EC, ED, RSA, jwks, signed
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio
SCOPES = (Scope.ACCOUNTS,)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


async def test_a_signature_is_used_wholly_or_not_at_all(house: House, wallet: Wallet) -> None:
    """What was cut is not used up: the client tries again with the same."""
    await everything_or_nothing(
        house,
        lambda: clients_by_hand.add_client_with_keys(
            house, wallet.id, "signer", SCOPES, jwks(RSA, EC)
        ),
    )
    exp = (await cast.now(house)).timestamp() + 60
    claims = {"iss": "signer", "sub": "signer", "aud": wallet.origin, "exp": exp, "jti": "1"}
    assertion = signed(claims)
    await everything_or_nothing(
        house, lambda: clients.client_by_assertion(house, wallet, assertion, client_id=None)
    )


async def test_a_token_is_given_back_wholly_or_not_at_all(house: House, wallet: Wallet) -> None:
    secret = await clients.add_client(house, wallet.id, "norte", SCOPES)
    caller = await clients.client_by_secret(house, wallet, "norte", secret)
    issued = await clients.issue_token(house, wallet, caller, None)

    await everything_or_nothing(
        house, lambda: clients.revoke_token(house, caller, issued.access_token)
    )


async def test_the_operators_changes_happen_wholly_or_not_at_all(
    house: House, wallet: Wallet
) -> None:
    secret = await clients.add_client(house, wallet.id, "norte", SCOPES)
    caller = await clients.client_by_secret(house, wallet, "norte", secret)

    async def a_token() -> None:
        await clients.issue_token(house, wallet, caller, None)

    a_day = timedelta(days=1)
    await everything_or_nothing(
        house, lambda: clients_by_hand.rotate_secret(house, "norte", overlap=a_day)
    )
    await a_token()
    await everything_or_nothing(
        house, lambda: clients_by_hand.rotate_secret(house, "norte", overlap=None)
    )
    await everything_or_nothing(
        house, lambda: clients_by_hand.add_keys(house, "norte", jwks(EC, ED))
    )
    await a_token()
    await everything_or_nothing(
        house, lambda: clients_by_hand.remove_key(house, "norte", "ec", at_once=True)
    )
    await everything_or_nothing(house, lambda: clients_by_hand.cap_exp(house, "norte", 60))
    await everything_or_nothing(house, lambda: clients_by_hand.end_secret(house, "norte"))
    await a_token()
    await everything_or_nothing(house, lambda: clients_by_hand.end_client(house, "norte"))
