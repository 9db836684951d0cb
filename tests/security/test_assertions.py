"""Which keys may be registered; and a client that is not there takes as long as one that is."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from litestar import Litestar
from msgspec.structs import replace

from domain.refusals import ClientNotValid
from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.security.assertions import KeyRefused, is_good, opened, registrable
from tests import people as cast
from tests.api.signers import EC, ED, FORGED, RSA, Key, Signer, jwks, signed, signer_of
from tests.fault.power_cuts import power_cut_at

pytestmark = pytest.mark.anyio
ISSUER: Final = "https://resguardo.norte.example"
NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _jwk(key: Key | OctKey, **other: Any) -> bytes:
    whole = {**key.as_dict(private=False), **other}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def test_a_set_of_keys_and_a_single_one_are_registered_by_their_ids() -> None:
    assert set(registrable(jwks(RSA, EC, ED))) == {"rsa", "ec", "ed"}
    assert set(registrable(_jwk(EC))) == {"ec"}


def test_a_key_without_an_id_is_known_by_its_thumbprint() -> None:
    ((kid, jwk),) = registrable(_jwk(EC, kid=None)).items()

    assert kid == EC.thumbprint()
    assert json.loads(jwk)["kid"] == kid


def test_what_is_kept_of_a_key_is_what_checks_a_signature() -> None:
    ((_, jwk),) = registrable(_jwk(EC, x5u="https://mallory.example", ext=True)).items()

    assert set(json.loads(jwk)) == {"kty", "crv", "x", "y", "use", "kid"}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_other_keys_are_refused_with_a_reason() -> None:
    short, p384 = RSAKey.generate_key(1024), ECKey.generate_key("P-384")
    for file in (
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'{"keys": []}',
        b'{"keys": {}}',
        b'{"keys": [7]}',
        json.dumps(EC.as_dict(private=True)).encode(),
        json.dumps(RSA.as_dict(private=True)).encode(),
        json.dumps(OctKey.generate_key(256).as_dict(private=True)).encode(),
        _jwk(short),
        _jwk(p384),
        _jwk(OKPKey.generate_key("Ed448")),
        _jwk(OKPKey.generate_key("X25519")),
        _jwk(EC, use="enc"),
        _jwk(EC, alg="RS256"),
        _jwk(RSA, alg="RS512"),
        _jwk(RSA, n=7),
        _jwk(EC, y="AAAA"),
        _jwk(EC, kid=7),
        _jwk(EC, kid=""),
        _jwk(EC, kid="a\x00"),
        _jwk(EC, kid="a" * 256),
        jwks(EC, EC),
    ):
        with pytest.raises(KeyRefused) as refused:
            registrable(file)
        assert str(refused.value).endswith(".")


def test_a_key_for_one_algorithm_checks_no_other() -> None:
    (jwk,) = registrable(_jwk(RSA, alg="PS256")).values()
    claims = {"iss": "n", "sub": "n", "aud": ISSUER, "exp": NOON.timestamp() + 60, "jti": "1"}

    def good(alg: str) -> bool:
        told = opened(signed(claims, key=RSA, header={"alg": alg}))
        return is_good(told, jwk, audiences=(ISSUER,), now=NOON)

    assert good("PS256")
    assert not good("RS256")


def test_without_a_key_it_is_never_good_and_takes_no_less_time() -> None:
    """The shortest of many, so that another program's turn does not count."""
    claims = {"iss": "n", "sub": "n", "aud": ISSUER, "exp": NOON.timestamp() + 60, "jti": "1"}
    for kid, forged in FORGED.items():
        told = opened(signed(claims, key=forged))
        known = registrable(jwks({"rsa": RSA, "ec": EC, "ed": ED}[kid]))[kid]
        shortest: dict[bool, float] = {}
        # On a busy machine forty turns of one of them may all be disturbed; a way that is really
        # shorter stays so, however often it is walked.
        for _ in range(10):
            for jwk in (None, known) * 40:
                begun = perf_counter()
                assert not is_good(told, jwk, audiences=(ISSUER,), now=NOON)
                took = perf_counter() - begun
                shortest[jwk is None] = min(took, shortest.get(jwk is None, took))
            if 0.6 < shortest[True] / shortest[False] < 1.6:
                break
        assert 0.6 < shortest[True] / shortest[False] < 1.6, kid


@pytest.fixture
async def signer(app: Litestar, house: House) -> AsyncIterator[Signer]:
    wallet = await cast.a_wallet(house)
    async with signer_of(app, house, wallet) as signer:
        yield signer


async def test_whoever_is_not_known_costs_the_same_questions(signer: Signer, house: House) -> None:
    """An unknown client, an unknown key, a foreign key, another wallet's client."""
    sur = await cast.a_wallet(house, replace(cast.NORTE, origin="http://sur.localhost:8000"))
    norte = signer.wallet
    tried = (
        (norte, await signer.assertion(iss="nobody", sub="nobody")),
        (norte, await signer.assertion(header={"kid": "nobody's"})),
        (norte, await signer.assertion(key=FORGED["ec"])),
        (sur, await signer.assertion(aud=sur.origin)),
    )
    asked = {await _questions(house, wallet, assertion) for wallet, assertion in tried}

    assert len(asked) == 1


async def _questions(house: House, wallet: Wallet, assertion: str) -> int:
    with power_cut_at(house.engine, 0) as cut, pytest.raises(ClientNotValid):
        await clients.client_by_assertion(house, wallet, assertion, client_id=None)
    return cut.statements
