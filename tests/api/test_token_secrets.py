"""Secrets change with an overlap, a cap on `exp` is its client's own, who has ended is nobody."""

from datetime import timedelta
from typing import Final

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations import clients_by_hand
from service.operations.clients_by_hand import ClientWrong
from service.operations.house import House
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import Backend, backend_of
from tests.api.signers import EC, GRANT, jwks, signer_of
from tests.clocks import stand_still

pytestmark = pytest.mark.anyio
A_DAY: Final = timedelta(days=1)
A_MICROSECOND: Final = timedelta(microseconds=1)


@pytest.fixture
async def _phone(house: House, wallet: Wallet, cluster: Cluster, database: str) -> None:
    """Olga's phone, signed in for a day; the time stands still."""
    await stand_still(cluster, database)
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")


@pytest.fixture
async def gateway(
    _phone: None, app: Litestar, house: House, wallet: Wallet, norte: Backend
) -> Backend:
    """A client of the gateway, whose own token was got before anything changed."""
    async with backend_of(app, house, wallet, client_id="gateway") as made:
        return replace(made, http=norte.http)


async def _goes_in(who: Backend) -> set[int]:
    """At the token endpoint, at introspection and at the session check."""
    living = (await who.introspect("phone-token")).json().get("active", False)
    checked = await who.check("phone-token")
    # Who may not ask, and whoever asks for what is over, hear the same.
    assert checked.status_code == (204 if living else 401)
    return {
        (await who.ask_token(grant_type=GRANT)).status_code,
        (await who.introspect("phone-token")).status_code,
        (await who.revoke("unknown")).status_code,
    }


async def test_both_secrets_are_good_until_the_overlap_ends(gateway: Backend, house: House) -> None:
    overlap = timedelta(hours=12)
    secret = await clients_by_hand.rotate_secret(house, "gateway", overlap=overlap)
    rotated = replace(gateway, secret=secret)
    for who in (gateway, rotated):
        assert await _goes_in(who) == {200}

    await cast.move_clock(house, overlap - A_MICROSECOND)
    for who in (gateway, rotated):
        assert await _goes_in(who) == {200}

    await cast.move_clock(house, A_MICROSECOND)
    assert await _goes_in(gateway) == {401}
    assert await _goes_in(rotated) == {200}


async def test_at_once_the_old_secret_and_what_was_got_with_it_end(
    gateway: Backend, house: House
) -> None:
    assert (await gateway.introspect("phone-token", who=gateway.bearer)).status_code == 200

    secret = await clients_by_hand.rotate_secret(house, "gateway", overlap=None)

    assert await _goes_in(gateway) == {401}
    assert (await gateway.introspect("phone-token", who=gateway.bearer)).status_code == 401
    assert (await gateway.call("GET", f"/v1/accounts/{cast.OLGA}")).status_code == 401
    assert await _goes_in(replace(gateway, secret=secret)) == {200}


async def test_at_once_also_ends_an_overlap(gateway: Backend, house: House) -> None:
    second = await clients_by_hand.rotate_secret(house, "gateway", overlap=A_DAY)
    third = await clients_by_hand.rotate_secret(house, "gateway", overlap=None)

    for secret, status in ((gateway.secret, 401), (second, 401), (third, 200)):
        assert await _goes_in(replace(gateway, secret=secret)) == {status}


async def test_a_promised_overlap_is_not_cut_short_by_the_next(
    gateway: Backend, house: House
) -> None:
    second = await clients_by_hand.rotate_secret(house, "gateway", overlap=A_DAY)
    with pytest.raises(ClientWrong):
        await clients_by_hand.rotate_secret(house, "gateway", overlap=A_DAY)
    for secret in (gateway.secret, second):
        assert await _goes_in(replace(gateway, secret=secret)) == {200}

    await cast.move_clock(house, A_DAY)
    third = await clients_by_hand.rotate_secret(house, "gateway", overlap=A_DAY)
    # Olga's session is over by now; a gateway is told so, and nothing else has changed.
    for secret, status in ((gateway.secret, 401), (second, 200), (third, 200)):
        assert await _goes_in(replace(gateway, secret=secret)) == {status}


async def test_a_client_moves_from_its_secret_to_a_key_without_a_gap(
    app: Litestar, house: House, wallet: Wallet, gateway: Backend
) -> None:
    with pytest.raises(ClientWrong):
        await clients_by_hand.end_secret(house, "gateway")
    await clients_by_hand.add_keys(house, "gateway", jwks(EC))
    async with signer_of(app, house, wallet) as signer:
        moved = replace(signer, client_id="gateway")
        assert await _goes_in(gateway) == {200}
        assert (await moved.shows(await moved.assertion())).status_code == 200

        await clients_by_hand.end_secret(house, "gateway")

        assert await _goes_in(gateway) == {401}
        assert (await moved.shows(await moved.assertion())).status_code == 200
        with pytest.raises(ClientWrong):
            await clients_by_hand.rotate_secret(house, "gateway", overlap=A_DAY)
        with pytest.raises(ClientWrong):
            await clients_by_hand.remove_key(house, "gateway", "ec", at_once=False)


async def test_the_end_of_a_session_is_told_no_later_than_the_cap(
    gateway: Backend, norte: Backend, house: House
) -> None:
    now = int((await cast.now(house)).timestamp())
    real = now + 86_400
    for seconds, told in ((60, now + 60), (1, now + 1), (86_400, real), (86_399, real - 1)):
        await clients_by_hand.cap_exp(house, "gateway", seconds)
        for who in (gateway.basic, gateway.bearer):
            answer = (await gateway.introspect("phone-token", who=who)).json()
            assert (answer["active"], answer["exp"]) == (True, told), seconds
        # Of this client alone.
        assert (await norte.introspect("phone-token")).json()["exp"] == real

    await clients_by_hand.cap_exp(house, "gateway", None)
    assert (await gateway.introspect("phone-token")).json()["exp"] == real


async def test_a_cap_makes_no_session_live_longer(gateway: Backend, house: House) -> None:
    await clients_by_hand.cap_exp(house, "gateway", 3600)
    end = int((await cast.now(house)).timestamp()) + 86_400
    await cast.move_clock(house, A_DAY - timedelta(seconds=1))

    assert (await gateway.introspect("phone-token")).json()["exp"] == end
    assert (await gateway.introspect("unknown")).content == b'{"active":false}'
    await cast.move_clock(house, timedelta(seconds=1))
    assert (await gateway.introspect("phone-token")).content == b'{"active":false}'


async def test_an_ended_client_is_nobody_and_so_are_its_tokens(
    app: Litestar, house: House, wallet: Wallet, gateway: Backend
) -> None:
    await clients_by_hand.end_client(house, "gateway")

    assert await _goes_in(gateway) == {401}
    for answer in (
        await gateway.introspect("phone-token", who=gateway.bearer),
        await gateway.revoke("unknown", who=gateway.bearer),
        await gateway.call("GET", f"/v1/accounts/{cast.OLGA}"),
    ):
        assert answer.status_code == 401
    async with signer_of(app, house, wallet, scopes=(Scope.INTROSPECT,)) as signer:
        bearer = {"Authorization": f"Bearer {await signer.token()}"}
        await clients_by_hand.end_client(house, signer.client_id)
        assert (await signer.shows(await signer.assertion())).status_code == 401
    assert (await gateway.introspect("phone-token", who=bearer)).status_code == 401
    for change in (
        clients_by_hand.end_client(house, "gateway"),
        clients_by_hand.cap_exp(house, "gateway", 60),
        clients_by_hand.end_client(house, "nobody"),
    ):
        with pytest.raises(ClientWrong):
            await change
