"""`private_key_jwt`: which assertions get a token, once, and that all others are the same no."""

import asyncio
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey
from litestar import Litestar
from sqlalchemy import func, select

from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations import clients_by_hand, housekeeping
from service.operations.house import House
from service.security.assertions import ALGORITHMS, JWT_BEARER
from service.storage.tables import used_assertions
from service.storage.values import Scope
from tests import people as cast
from tests.api import signers
from tests.api.backends import Backend, encoded
from tests.api.identity import unsigned
from tests.api.signers import EC, ED, FORGED, GRANT, RSA, Key, Signer, jwks, signer_of
from tests.clocks import stand_still

pytestmark = pytest.mark.anyio
NO: Final = {"error": "invalid_client"}
ANOTHER: Final = ECKey.generate_key("P-256", {"kid": "another"})


@pytest.fixture
async def signer(app: Litestar, house: House, wallet: Wallet) -> AsyncIterator[Signer]:
    async with signer_of(app, house, wallet) as signer:
        yield signer


@pytest.fixture
async def _noon(cluster: Cluster, database: str) -> None:
    await stand_still(cluster, database)


async def test_a_signature_gets_a_token_as_a_secret_does(signer: Signer) -> None:
    answer = await signer.shows(await signer.assertion(), scope="sessions")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 3600, "sessions")
    assert answer.headers["cache-control"] == "no-store"


KEY_OF: Final[dict[str, Key]] = {
    "RS256": RSA,
    "PS256": RSA,
    "ES256": EC,
    "EdDSA": ED,
    "Ed25519": ED,
}


async def test_every_algorithm_that_counts_is_good(signer: Signer) -> None:
    assert set(KEY_OF) == set(ALGORITHMS)
    for alg, key in KEY_OF.items():
        answer = await signer.shows(await signer.assertion(key=key, header={"alg": alg}))
        assert answer.status_code == 200, alg


async def test_its_type_may_be_said(signer: Signer) -> None:
    for typ in ("JWT", "jwt", "application/client-authentication+jwt"):
        assertion = await signer.assertion(header={"typ": typ})
        assert (await signer.shows(assertion)).status_code == 200, typ


async def test_it_is_for_the_issuer_or_the_endpoint_and_nobody_else(signer: Signer) -> None:
    issuer, endpoint = signer.wallet.origin, f"{signer.wallet.origin}/oauth/token"
    for aud in (issuer, endpoint, [issuer], [endpoint]):
        assert (await signer.shows(await signer.assertion(aud=aud))).status_code == 200, aud
    for aud in (
        f"{issuer}/",
        issuer.upper(),
        f"{issuer}/oauth/introspect",
        "http://sur.localhost:8000",
        "",
        [],
        [issuer, endpoint],
        [issuer, "https://elsewhere.example"],
    ):
        answer = await signer.shows(await signer.assertion(aud=aud))
        assert (answer.status_code, answer.json()) == (401, NO), aud


@pytest.mark.usefixtures("_noon")
async def test_it_is_good_for_five_minutes_by_two_clocks_that_differ(signer: Signer) -> None:
    """Both sides of each limit, thirty seconds of difference included."""
    now = int((await cast.now(signer.house)).timestamp())
    for good, bad in (
        ({"exp": now - 29}, {"exp": now - 30}),
        ({"exp": now + 330}, {"exp": now + 331}),
        ({"iat": now + 30}, {"iat": now + 31}),
        ({"nbf": now + 30}, {"nbf": now + 31}),
    ):
        assert (await signer.shows(await _with(signer, good))).status_code == 200, good
        refused = await signer.shows(await _with(signer, bad))
        assert (refused.status_code, refused.json()) == (401, NO), bad


CLAIMS: Final[tuple[dict[str, Any], ...]] = (
    {"exp": None},
    {"jti": None},
    {"jti": ""},
    {"jti": 7},
    {"jti": "a" * 256},
    {"aud": None},
    {"iss": None},
    {"sub": None},
    {"iss": "norte-backend"},
    {"sub": "norte-backend"},
    {"iss": "nobody", "sub": "nobody"},
    {"iss": "nor\x00te", "sub": "nor\x00te"},
    {"exp": "soon"},
    {"exp": 1e300},
    {"exp": -1},
    {"iat": "now"},
)
HEADERS: Final[tuple[dict[str, Any], ...]] = (
    {"kid": None},
    {"kid": ""},
    {"kid": "nobody's"},
    {"kid": "\x00"},
    {"kid": "rsa"},
    {"typ": "at+jwt"},
    {"typ": "secevent+jwt"},
    {"jku": "https://mallory.example/jwks", "kid": "mallory's"},
)


async def test_a_claim_that_is_missing_or_not_its_own_is_no(signer: Signer, norte: Backend) -> None:
    for claims in CLAIMS:
        answer = await signer.shows(await _with(signer, claims))
        assert (answer.status_code, answer.json()) == (401, NO), claims


async def test_a_header_that_is_not_as_agreed_is_no(signer: Signer) -> None:
    claims = await signer.claims()
    for header in HEADERS:
        answer = await signer.shows(signers.signed(claims, header=header))
        assert (answer.status_code, answer.json()) == (401, NO), header
    odd = unsigned(claims, {"alg": "ES256", "kid": "ec", "typ": ["JWT"]}, b"s" * 64)
    assert (await signer.shows(odd)).status_code == 401


async def test_no_other_algorithm_is_taken_for_one_that_counts(signer: Signer) -> None:
    """`none`, a public key as a shared secret, one kind of key for another's algorithm."""
    claims = await signer.claims()
    said = unsigned(claims, {"alg": "HS256", "kid": "rsa"}).removesuffix(".")
    secrets = (RSA.as_pem(private=False), jwks(RSA), b"")
    wrong = [
        unsigned(claims, {"alg": "none", "kid": "ec"}),
        unsigned(claims, {"alg": "None", "kid": "ec"}),
        unsigned(claims, {"kid": "ec"}),
        unsigned(claims, {"alg": ["ES256"], "kid": "ec"}, b"s" * 64),
        unsigned(claims, {"alg": "ES256", "kid": "ec"}),
        unsigned(claims, {"alg": "ES256", "kid": "ec"}, b"\x00" * 64),
        unsigned(claims, {"alg": "ES256", "kid": "rsa"}, b"s" * 64),
        unsigned(claims, {"alg": "EdDSA", "kid": "ec"}, b"s" * 64),
        unsigned(claims, {"alg": "RS256", "kid": "ec"}, b"s" * 256),
        unsigned(claims, {"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": False}, b"s" * 64),
        signers.signed(claims, key=RSA, header={"alg": "RS512"}),
        *(
            unsigned(
                claims,
                {"alg": "HS256", "kid": "rsa"},
                hmac.digest(secret or b"\x00", said.encode(), "sha256"),
            )
            for secret in secrets
        ),
    ]
    for assertion in wrong:
        answer = await signer.shows(assertion)
        assert (answer.status_code, answer.json()) == (401, NO), assertion


async def test_what_is_no_assertion_is_no(signer: Signer) -> None:
    for assertion in ("", ".", "..", "a.b.c", "ñ.ñ.ñ", "a" * 5000, "e30.e30.e30", "\x00"):
        answer = await signer.shows(assertion)
        assert (answer.status_code, answer.json()) == (401, NO), assertion
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_foreign_key_of_the_same_name_opens_nothing(signer: Signer) -> None:
    for key in FORGED.values():
        answer = await signer.shows(await signer.assertion(key=key))
        assert (answer.status_code, answer.json()) == (401, NO), key.kid


async def test_one_signature_opens_once(signer: Signer) -> None:
    assertion = await signer.assertion()
    assert (await signer.shows(assertion)).status_code == 200

    again = await signer.shows(assertion)
    assert (again.status_code, again.json()) == (401, NO)
    # What counts is its name, not its bytes.
    renewed = await signer.assertion(jti="the same", key=RSA)
    assert (await signer.shows(renewed)).status_code == 200
    assert (await signer.shows(await signer.assertion(jti="the same"))).status_code == 401


async def test_of_twenty_at_the_same_moment_one_gets_a_token(signer: Signer) -> None:
    assertion = await signer.assertion()

    answers = await asyncio.gather(*(signer.shows(assertion) for _ in range(20)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 19}


async def test_a_name_that_was_used_by_one_is_new_for_another(
    app: Litestar, house: House, wallet: Wallet, signer: Signer
) -> None:
    async with signer_of(app, house, wallet, client_id="another-signer") as another:
        for who in (signer, another):
            assert (await who.shows(await who.assertion(jti="first"))).status_code == 200
        for who in (signer, another):
            assert (await who.shows(await who.assertion(jti="first"))).status_code == 401


async def test_a_forged_one_does_not_use_up_the_name(signer: Signer) -> None:
    forged = await signer.assertion(jti="next", key=FORGED["ec"])
    assert (await signer.shows(forged)).status_code == 401

    assert (await signer.shows(await signer.assertion(jti="next"))).status_code == 200


@pytest.mark.usefixtures("_noon")
async def test_what_was_used_is_remembered_for_as_long_as_it_could_be_shown(
    signer: Signer, house: House
) -> None:
    assertion = await signer.assertion()
    assert (await signer.shows(assertion)).status_code == 200
    await cast.move_clock(house, timedelta(seconds=89))
    await housekeeping.sweep(house)
    assert await _remembered(house) == 1
    assert (await signer.shows(assertion)).status_code == 401

    await cast.move_clock(house, timedelta(seconds=2))
    await housekeeping.sweep(house)
    assert await _remembered(house) == 0
    assert (await signer.shows(assertion)).status_code == 401


async def test_keys_change_without_a_gap_and_a_removed_one_is_nothing(
    signer: Signer, house: House
) -> None:
    old, new = EC, ANOTHER
    await clients_by_hand.add_keys(house, signer.client_id, jwks(new))
    for key in (old, new):
        assert (await signer.shows(await signer.assertion(key=key))).status_code == 200
    signed_before = await signer.assertion(key=old)
    bearer = {"Authorization": f"Bearer {await signer.token()}"}

    await clients_by_hand.remove_key(house, signer.client_id, "ec", at_once=False)

    for assertion in (signed_before, await signer.assertion(key=old)):
        answer = await signer.shows(assertion)
        assert (answer.status_code, answer.json()) == (401, NO)
    assert (await signer.shows(await signer.assertion(key=new))).status_code == 200
    assert (await signer.http.get(f"/v1/accounts/{cast.OLGA}", headers=bearer)).status_code == 404


async def test_a_key_that_was_lost_takes_its_tokens_along(signer: Signer, house: House) -> None:
    bearer = {"Authorization": f"Bearer {await signer.token()}"}
    assert (await signer.http.get(f"/v1/accounts/{cast.OLGA}", headers=bearer)).status_code == 404

    await clients_by_hand.remove_key(house, signer.client_id, "ec", at_once=True)

    assert (await signer.http.get(f"/v1/accounts/{cast.OLGA}", headers=bearer)).status_code == 401


async def test_a_client_of_one_wallet_signs_for_nothing_at_another(
    signer: Signer, sur: Backend, other_wallet: Wallet
) -> None:
    for aud in (other_wallet.origin, signer.wallet.origin):
        fields = {
            "grant_type": GRANT,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": await signer.assertion(aud=aud),
        }
        answer = await sur.http.post("/oauth/token", data=fields)
        assert (answer.status_code, answer.json()) == (401, NO)
    assert await _remembered(signer.house) == 0


async def test_a_client_that_signs_has_no_secret_and_the_other_way_round(
    signer: Signer, norte: Backend
) -> None:
    for secret in ("", "None", "\x00"):
        who = {"Authorization": f"Basic {encoded(signer.client_id, secret)}"}
        answer = await signer.http.post("/oauth/token", headers=who, data={"grant_type": GRANT})
        assert (answer.status_code, answer.json()) == (401, NO)
        assert (await norte.introspect("phone-token", who=who)).status_code == 401
    foreign = await signer.assertion(iss="norte-backend", sub="norte-backend")
    assert (await signer.shows(foreign)).status_code == 401


async def test_beside_it_stands_the_same_client_or_none(signer: Signer) -> None:
    named = await signer.shows(await signer.assertion(), client_id=signer.client_id)
    assert named.status_code == 200
    for client_id in ("norte-backend", signer.client_id.upper(), "nobody"):
        answer = await signer.shows(await signer.assertion(), client_id=client_id)
        assert (answer.status_code, answer.json()) == (401, NO)


async def test_one_way_to_prove_oneself_in_each_request(signer: Signer, norte: Backend) -> None:
    assertion = await signer.assertion()
    for headers, more in ((norte.basic, {}), (norte.bearer, {}), ({}, {"client_secret": "x"})):
        answer = await signer.shows(assertion, headers=headers, **more)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    beside = await norte.ask_token(grant_type=GRANT, client_secret=norte.secret)
    assert (beside.status_code, beside.json()) == (400, {"error": "invalid_request"})
    # None of it spent the signature.
    assert (await signer.shows(assertion)).status_code == 200


async def test_another_kind_of_assertion_or_half_of_one_is_no(signer: Signer) -> None:
    for fields in (
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion_type": ""},
    ):
        answer = await signer.shows(await signer.assertion(), headers=None, **fields)
        assert (answer.status_code, answer.json()) == (401, NO)
    half = await signer.http.post(
        "/oauth/token", data={"grant_type": GRANT, "client_assertion_type": JWT_BEARER}
    )
    assert (half.status_code, half.json()) == (401, NO)


async def test_it_opens_the_token_endpoint_alone(signer: Signer) -> None:
    for path in ("/oauth/introspect", "/oauth/revoke"):
        fields = {
            "token": "phone-token",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": await signer.assertion(),
        }
        answer = await signer.http.post(path, data=fields)
        assert (answer.status_code, answer.json()) == (401, NO), path
    bearer = {"Authorization": f"Bearer {await signer.assertion()}"}
    assert (await signer.http.get(f"/v1/accounts/{cast.OLGA}", headers=bearer)).status_code == 401


async def test_its_token_asks_what_its_scopes_allow(
    app: Litestar, house: House, wallet: Wallet, norte: Backend
) -> None:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    async with signer_of(app, house, wallet, scopes=(Scope.INTROSPECT,)) as gateway:
        bearer = {"Authorization": f"Bearer {await gateway.token()}"}
        refused = await gateway.shows(await gateway.assertion(), scope="accounts")

    assert (await norte.introspect("phone-token", who=bearer)).json()["active"] is True
    assert (await norte.check("phone-token", who=bearer)).status_code == 204
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_scope"})


async def _with(signer: Signer, claims: dict[str, Any]) -> str:
    return signers.signed(await signer.claims(**claims))


async def _remembered(house: House) -> int:
    async with house.engine.connect() as db:
        return (await db.execute(select(func.count()).select_from(used_assertions))).scalar_one()
