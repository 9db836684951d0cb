"""The wallet's own access tokens: whose signature counts, until when, and for what."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from litestar import Litestar

from domain.policy import DEFAULT
from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations.house import House
from service.security.outgoing import NoDocument, Outgoing, may_be_asked
from tests import people as cast
from tests.api.backends import frozen
from tests.api.identity import (
    AUDIENCE,
    FIRST,
    FORGED,
    LASTS,
    SECOND,
    SHORT,
    STRONG,
    Identity,
    Olga,
    olgas_app,
    public,
    signed,
    signed_under_the_old_name,
    trusts,
    unsigned,
    with_a_public_key_as_secret,
)
from tests.clocks import stand_still

pytestmark = pytest.mark.anyio
LIST = "/v1/me/contacts"
ED = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
NUMBERS = DEFAULT.sign_ins
A_SECOND = timedelta(seconds=1)
CARL = {"name": "Carl", "kind": "email", "address": "carl@correo.example"}
CALL = {"number": "+54 9 11 6789-0123", "language": "es"}
INVALID = 'Bearer realm="resguardo", error="invalid_token"'


@pytest.fixture(autouse=True)
async def standing_clock(cluster: Cluster, database: str) -> None:
    await stand_still(cluster, database)


async def is_refused(olga: Olga, token: str) -> bool:
    answer = await olga.asks(token=token)
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.json()["code"]) == (401, "token-not-valid")
    assert answer.headers["www-authenticate"] == INVALID
    assert answer.headers["content-type"] == "application/problem+json"
    return True


async def test_the_wallets_own_token_opens_the_owners_list(olga: Olga) -> None:
    answer = await olga.asks()

    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next": None, "places": 5}
    assert answer.headers["cache-control"] == "no-store"
    assert olga.identity.asked == ["/.well-known/openid-configuration", "/jwks"]


async def test_without_a_token_no_error_is_named(olga: Olga) -> None:
    for headers in ({}, {"Authorization": "Basic b2xnYTpvbGdh"}, {"Authorization": "Bearer "}):
        answer = await olga.http.get(LIST, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="resguardo"'
    assert olga.identity.asked == []


@pytest.mark.parametrize(
    ("claim", "last_good", "first_bad"),
    [
        ("exp", -NUMBERS.clocks_differ + A_SECOND, -NUMBERS.clocks_differ),
        ("nbf", NUMBERS.clocks_differ, NUMBERS.clocks_differ + A_SECOND),
        ("iat", NUMBERS.clocks_differ, NUMBERS.clocks_differ + A_SECOND),
        ("auth_time", NUMBERS.clocks_differ, NUMBERS.clocks_differ + A_SECOND),
    ],
)
async def test_its_time_is_kept_by_the_databases_clock_with_a_minute_of_tolerance(
    olga: Olga, claim: str, last_good: timedelta, first_bad: timedelta
) -> None:
    now = (await cast.now(olga.house)).timestamp()

    claims = await olga.claims()
    good, bad = (
        signed({**claims, claim: now + by.total_seconds()}) for by in (last_good, first_bad)
    )

    assert not await is_refused(olga, good)
    assert await is_refused(olga, bad)


async def test_a_token_expires_when_time_passes_for_the_house(olga: Olga) -> None:
    token = await olga.token()
    await cast.move_clock(olga.house, LASTS + NUMBERS.clocks_differ - A_SECOND)
    assert not await is_refused(olga, token)
    await cast.move_clock(olga.house, A_SECOND)
    assert await is_refused(olga, token)


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "https://id.elsewhere.example"},
        {"iss": None},
        {"aud": "https://another.example"},
        {"aud": AUDIENCE + "/"},
        {"aud": []},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"iat": None},
        {"iat": -1},
        {"sub": None},
        {"sub": ""},
        {"sub": "olga-1\0"},
        {"sub": "o" * 256},
        {"sub": 1},
        {"auth_time": "now"},
        {"acr": ["urn:norte:strong"]},
    ],
    ids=str,
)
async def test_a_claim_that_is_foreign_missing_or_misshapen_is_refused(
    olga: Olga, other: dict[str, Any]
) -> None:
    assert await is_refused(olga, await olga.token(**other))


async def test_an_issuer_is_compared_character_by_character(olga: Olga) -> None:
    issuer = olga.identity.issuer
    for almost in (issuer + "/", issuer.upper(), issuer.replace("127.0.0.1", "localhost")):
        assert await is_refused(olga, await olga.token(iss=almost))
    assert not await is_refused(olga, await olga.token(aud=["another", AUDIENCE]))


async def test_another_wallets_host_knows_nothing_of_it(
    app: Litestar, house: House, olga: Olga, other_wallet: Wallet
) -> None:
    await cast.olga(house, other_wallet)
    token = await olga.token()
    async with olgas_app(app, house, other_wallet, olga.identity) as at_sur:
        assert (await at_sur.asks(token=token)).status_code == 401
    assert (await olga.asks(token=token)).status_code == 200


async def test_a_user_the_wallet_never_told_of_is_not_found(olga: Olga) -> None:
    answer = await olga.asks(token=await olga.token(sub="mallory-1"))

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def the_forged(claims: dict[str, Any]) -> Iterator[str]:
    """Each a way in that some library once left open."""
    header = {"alg": "none", "kid": "first", "typ": "at+jwt"}
    whole = signed(claims)
    yield from (unsigned(claims, {**header, "alg": alg}) for alg in ("none", "None", "nOnE", ""))
    yield unsigned(claims, {**header, "alg": None})
    yield with_a_public_key_as_secret(claims)
    # The right name over another key.
    yield signed(claims, key=FORGED)
    # A key brought along, or said to lie elsewhere.
    yield signed(claims, key=FORGED, header={"jwk": public(FORGED)})
    yield signed(claims, key=FORGED, header={"jku": "https://mallory.example/jwks"})
    yield signed(claims, key=FORGED, header={"x5u": "https://mallory.example/cert"})
    # A key id that would be something else to a file system, a database or a web client.
    for kid in ("../../etc/passwd", "' OR '1'='1", "https://mallory.example/jwks", "", "k" * 256):
        yield signed(claims, key=FORGED, header={"kid": kid})
    yield signed(claims, header={"kid": None})
    yield unsigned(claims, {**header, "alg": "RS256", "kid": 1}, b"x" * 256)
    # What must be understood, and is not.
    yield unsigned(claims, {**header, "alg": "RS256", "crit": ["exp"]}, b"x" * 256)
    # Another signature of a good key, or none, or a part of it.
    head, body, signature = whole.split(".")
    yield f"{head}.{body}."
    yield f"{head}.{body}.{signature[:-8]}"
    yield f"{head}.{body}"
    yield f"{head}.{body}.{signature}.{signature}"
    yield f"{head}.{unsigned({**claims, 'sub': 'cleo-1'}, {}).split('.')[1]}.{signature}"
    yield "not.a.token"
    yield "…"


async def test_no_forged_signature_is_good(olga: Olga) -> None:
    await cast.olga(olga.house, await _wallet(olga), "cleo-1")
    assert not await is_refused(olga, await olga.token())
    claims = await olga.claims()
    for token in the_forged(claims):
        if token == "…":
            continue
        assert await is_refused(olga, token), token


@pytest.mark.parametrize(
    ("typ", "good"),
    [
        ("at+jwt", True),
        ("application/at+jwt", True),
        ("AT+JWT", True),
        ("JWT", False),
        (None, False),
        ("secevent+jwt", False),
        ("", False),
    ],
)
async def test_only_an_access_token_is_one(olga: Olga, typ: str | None, *, good: bool) -> None:
    """RFC 9068: else an ID token, which every app of the wallet sees, would open this too."""
    token = await olga.token(header={"typ": typ})
    assert await is_refused(olga, token) is not good


async def test_a_wallet_whose_issuer_knows_no_access_token_type_says_so(
    app: Litestar, house: House, wallet: Wallet, other_wallet: Wallet, identity: Identity
) -> None:
    await cast.olga(house, wallet)
    await trusts(house, wallet, identity, types=("at+jwt", "JWT"), algorithms=("ES256",))
    identity.keys = [public(FIRST), public(SECOND)]
    async with olgas_app(app, house, wallet, identity) as olga:
        for typ in ("JWT", None, "at+jwt"):
            assert not await is_refused(olga, await olga.token(key=SECOND, header={"typ": typ}))
        # A good signature of an algorithm that this wallet does not allow.
        assert await is_refused(olga, await olga.token(key=FIRST))


@pytest.mark.parametrize("allowed", ["EdDSA", "Ed25519"])
async def test_a_signature_counts_under_its_older_and_its_newer_name(
    *,
    app: Litestar,
    house: House,
    wallet: Wallet,
    other_wallet: Wallet,
    identity: Identity,
    allowed: str,
) -> None:
    """RFC 9864: what providers called EdDSA is Ed25519; a wallet that allows one allows both."""
    await cast.olga(house, wallet)
    await trusts(house, wallet, identity, algorithms=(allowed,))
    header = {"kid": "ed", "typ": "at+jwt"}
    async with olgas_app(app, house, wallet, identity) as olga:
        for told in (None, "EdDSA", "Ed25519"):
            identity.keys = [public(ED) if told is None else public(ED, alg=told)]
            await cast.move_clock(house, NUMBERS.keys_are_fresh_for)
            claims = await olga.claims()
            older = signed_under_the_old_name(claims, header, ED)
            newer = signed(claims, key=ED, header={"alg": "Ed25519"})
            assert not await is_refused(olga, older)
            assert not await is_refused(olga, newer)
        forged = OKPKey.generate_key("Ed25519", {"kid": "ed"})
        assert await is_refused(olga, signed_under_the_old_name(claims, header, forged))
        # A name that this wallet does not allow.
        assert await is_refused(olga, await olga.token(key=SECOND))


async def test_a_wallet_without_an_issuer_lets_nobody_in(
    app: Litestar, house: House, wallet: Wallet, identity: Identity
) -> None:
    await cast.olga(house, wallet)
    async with olgas_app(app, house, wallet, identity) as olga:
        assert await is_refused(olga, await olga.token())
    assert identity.asked == []


async def test_a_huge_token_is_refused_before_it_is_read(olga: Olga) -> None:
    large = await olga.token(groups=["g" * 50] * 90)
    huge = await olga.token(groups=["g" * 50] * 120)

    assert len(large) < 8192 < len(huge)
    assert not await is_refused(olga, large)
    assert await is_refused(olga, huge)


@pytest.mark.parametrize(
    "told",
    [
        public(SHORT),
        public(SECOND, use="enc"),
        public(SECOND, key_ops=["encrypt"]),
        public(SECOND, alg="ES512"),
        SECOND.as_dict(private=True),
        {"kty": "oct", "kid": "second", "k": "c2VjcmV0"},
        {"kty": "EC", "kid": "second", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "new", "kid": "second"},
    ],
    ids=lambda told: f"{told['kty']}-{told['kid']}-{sorted(told)}",
)
async def test_a_key_that_is_not_for_checking_signatures_checks_none(
    olga: Olga, told: dict[str, Any]
) -> None:
    olga.identity.keys = [told, public(FIRST)]
    key = SHORT if told["kid"] == "short" else SECOND

    assert await is_refused(olga, await olga.token(key=key))
    # And the others of the set are as good as ever.
    assert not await is_refused(olga, await olga.token())


# Keys, asked for and kept ---------------------------------------------------------------------


async def test_a_new_key_is_learnt_when_its_first_token_comes(olga: Olga) -> None:
    await olga.asks()
    olga.identity.keys = [public(FIRST), public(SECOND)]
    await cast.move_clock(olga.house, NUMBERS.between_questions)
    olga.identity.asked.clear()

    assert not await is_refused(olga, await olga.token(key=SECOND))
    assert not await is_refused(olga, await olga.token(key=FIRST))
    assert len(olga.identity.asked) == 2


async def test_invented_key_ids_make_us_ask_once_in_a_while_and_no_more(olga: Olga) -> None:
    await olga.asks()
    await cast.move_clock(olga.house, NUMBERS.between_questions)
    olga.identity.asked.clear()

    for number in range(20):
        invented = {"kid": f"invented-{number}"}
        assert await is_refused(olga, await olga.token(key=FORGED, header=invented))

    assert len(olga.identity.asked) == 2
    await cast.move_clock(olga.house, NUMBERS.between_questions)
    assert await is_refused(olga, await olga.token(key=FORGED, header={"kid": "once-more"}))
    assert len(olga.identity.asked) == 4


async def test_all_who_wait_for_the_keys_share_one_question(olga: Olga) -> None:
    olga.identity.ill = "slow"
    token = await olga.token()
    waiting = [asyncio.create_task(olga.asks(token=token)) for _ in range(8)]
    await olga.identity.heard.wait()
    # One hangs up: the others still get their answer.
    waiting[0].cancel()
    olga.identity.slowly.set()

    answers = await asyncio.gather(*waiting[1:])

    assert {answer.status_code for answer in answers} == {200}
    assert olga.identity.asked == ["/.well-known/openid-configuration", "/jwks"]


async def test_keys_change_while_a_request_waits_for_them(olga: Olga) -> None:
    await olga.asks()
    await cast.move_clock(olga.house, NUMBERS.keys_are_fresh_for)
    olga.identity.ill = "slow"
    olga.identity.heard.clear()
    of_the_old = asyncio.create_task(olga.asks(token=await olga.token(key=FIRST)))
    of_the_new = asyncio.create_task(olga.asks(token=await olga.token(key=SECOND)))
    await olga.identity.heard.wait()

    olga.identity.keys = [public(SECOND)]
    olga.identity.slowly.set()

    assert (await of_the_old).status_code == 401
    assert (await of_the_new).status_code == 200


async def test_a_key_taken_out_of_the_set_is_worth_nothing_ten_minutes_later(olga: Olga) -> None:
    await olga.asks()
    olga.identity.keys = [public(SECOND)]
    await cast.move_clock(olga.house, NUMBERS.keys_are_fresh_for - A_SECOND)
    assert not await is_refused(olga, await olga.token(key=FIRST))
    await cast.move_clock(olga.house, A_SECOND)
    assert await is_refused(olga, await olga.token(key=FIRST))


@pytest.mark.parametrize("ill", ["failing", "redirecting", "huge", "endless", "garbled"])
async def test_while_the_issuer_is_away_its_keys_go_on_for_a_while(olga: Olga, ill: str) -> None:
    await olga.asks()
    olga.identity.ill = ill

    await cast.move_clock(olga.house, NUMBERS.keys_outlive_issuer_for - A_SECOND)
    assert (await olga.asks()).status_code == 200
    await cast.move_clock(olga.house, A_SECOND)
    away = await olga.asks()

    assert (away.status_code, away.json()["code"]) == (503, "issuer-away")
    assert away.headers["retry-after"] == "10"
    assert "/elsewhere" not in olga.identity.asked
    olga.identity.ill = ""
    await cast.move_clock(olga.house, NUMBERS.between_questions)
    assert (await olga.asks()).status_code == 200


async def test_an_issuer_that_was_never_heard_is_asked_once_in_a_while(olga: Olga) -> None:
    olga.identity.ill = "failing"
    for _ in range(5):
        assert (await olga.asks()).json()["code"] == "issuer-away"
    assert len(olga.identity.asked) == 1


async def test_a_new_key_of_a_silent_issuer_is_not_called_wrong(olga: Olga) -> None:
    await olga.asks()
    olga.identity.ill = "failing"
    await cast.move_clock(olga.house, NUMBERS.between_questions)

    answer = await olga.asks(token=await olga.token(key=SECOND))

    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-away")
    assert (await olga.asks()).status_code == 200


async def test_an_issuer_that_hangs_costs_seconds_and_not_the_request(olga: Olga) -> None:
    olga.identity.ill = "hanging"
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await olga.asks()).json()["code"] == "issuer-away"
    assert loop.time() - began < 30


async def test_a_discovery_document_of_somebody_else_is_none(olga: Olga) -> None:
    olga.identity.called = "https://id.elsewhere.example"
    assert (await olga.asks()).json()["code"] == "issuer-away"
    assert olga.identity.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/keys",
        "http://example.com/jwks",
        "https://10.0.0.1/jwks",
        "https://[::ffff:10.0.0.1]/jwks",
        "https://olga@id.example/jwks",
        "file:///etc/passwd",
        "jwks",
    ],
)
async def test_keys_are_read_only_from_where_everyone_could(olga: Olga, elsewhere: str) -> None:
    olga.identity.jwks_uri = elsewhere
    assert (await olga.asks()).json()["code"] == "issuer-away"
    assert olga.identity.asked == ["/.well-known/openid-configuration"]


async def test_loopback_opens_by_the_setting_alone(identity: Identity) -> None:
    opens, shut = Outgoing(loopback=True), Outgoing(loopback=False)
    port = identity.issuer.rpartition(":")[2]
    try:
        assert await opens.read(f"http://localhost:{port}/jwks")
        for url in (f"{identity.issuer}/jwks", f"http://localhost:{port}/jwks"):
            with pytest.raises(NoDocument, match="address"):
                await shut.read(url)
        # A name is refused for what it leads to, before anything is sent there.
        with pytest.raises(NoDocument, match=r"Connector|Refused"):
            await shut.read(f"https://localhost:{port}/jwks")
    finally:
        await opens.close()
        await shut.close()
    assert identity.asked == ["/jwks"]


async def test_an_address_is_asked_only_over_https() -> None:
    assert may_be_asked("https://id.norte.example/tenant", loopback=False)
    for url in ("http://id.norte.example", "https://", "https://a b.example", "https://x#y"):
        assert not may_be_asked(url, loopback=True)
    for url in (
        "https://id.example:99999",
        "https://[::1",
        "https://127.0.0.1",
        "https://é.example",
    ):
        assert not may_be_asked(url, loopback=False)


# What a sign-in opens --------------------------------------------------------------------------


async def invites(olga: Olga, **claims: Any) -> Any:
    token = await olga.token(**claims)
    return await olga.asks(LIST, token, method="POST", body=CARL)


async def test_managing_needs_a_recent_strong_sign_in_and_says_which(olga: Olga) -> None:
    now = (await cast.now(olga.house)).timestamp()
    lasts = DEFAULT.sessions.strong_sign_in_lasts.total_seconds()

    weak: dict[str, Any]
    for weak in ({"auth_time": None}, {"acr": None}, {"acr": "pin"}, {"auth_time": now - lasts}):
        answer = await invites(olga, **weak)
        assert (answer.status_code, answer.json()["code"]) == (401, "strong-sign-in-needed")
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert f'acr_values="{STRONG}"' in challenge
        assert 'max_age="300"' in challenge
        # It may still look.
        assert (await olga.asks(token=await olga.token(**weak))).status_code == 200

    assert (await invites(olga, auth_time=now - lasts + 1)).status_code == 201


async def test_after_a_freeze_no_sign_in_from_before_is_good_ever_again(
    olga: Olga, wallet: Wallet
) -> None:
    await cast.move_clock(olga.house, timedelta(milliseconds=400))
    before = (await cast.now(olga.house)).timestamp()
    await frozen(olga.house, wallet)
    await cast.move_clock(olga.house, A_SECOND)
    frozen_at = (await olga.account(wallet)).frozen_at
    assert frozen_at is not None
    at = frozen_at.timestamp()
    old: list[dict[str, Any]] = [{"auth_time": one} for one in (before - 1, int(at), at)] + [
        {"auth_time": None}
    ]

    for claims in old:
        for path in (LIST, "/v1/me/devices"):
            answer = await olga.asks(path, await olga.token(**claims))
            assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-void")
            assert answer.headers["www-authenticate"] == INVALID
        answer = await olga.asks(
            "/v1/me/call-backs", await olga.token(**claims), method="POST", body=CALL
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-void")

    await cast.released(olga.house, wallet)

    for claims in old:
        answer = await olga.asks(token=await olga.token(**claims))
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-void")
    assert (await olga.asks(token=await olga.token(auth_time=at + 1))).status_code == 200


async def test_while_frozen_a_strong_sign_in_opens_the_narrow_door_and_nothing_else(
    olga: Olga, wallet: Wallet
) -> None:
    await frozen(olga.house, wallet)
    await cast.move_clock(olga.house, A_SECOND)
    later = (await cast.now(olga.house)).timestamp()

    for path in (LIST, "/v1/me/devices", "/v1/me/reports", "/v1/me/activity"):
        answer = await olga.asks(path, await olga.token(auth_time=later))
        assert (answer.status_code, answer.json()["code"]) == (409, "account-frozen")
    weak = await olga.token(auth_time=later, acr="urn:norte:pin")
    refused = await olga.asks("/v1/me/call-backs", weak, method="POST", body=CALL)
    assert (refused.status_code, refused.json()["code"]) == (401, "strong-sign-in-needed")

    strong = await olga.token(auth_time=later)
    taken = await olga.asks("/v1/me/call-backs", strong, method="POST", body=CALL)
    assert taken.status_code == 202


async def test_a_token_is_never_a_session(
    app: Litestar, olga: Olga, house: House, wallet: Wallet
) -> None:
    token = await olga.token()
    from hashlib import sha256

    assert (await olga.asks(token=token)).status_code == 200
    found = await cast.is_active(
        app.state.introspection, house, wallet, sha256(token.encode()).digest()
    )
    assert not found


async def test_calls_are_counted_by_owner_and_told(olga: Olga) -> None:
    first, second = await olga.asks(), await olga.asks(token=await olga.token(jti="2"))

    assert first.headers["ratelimit-policy"] == '"owner-calls";q=120;w=120'
    assert first.headers["ratelimit"] == '"owner-calls";r=119;t=1'
    assert second.headers["ratelimit"] == '"owner-calls";r=118;t=2'
    refused = await olga.asks(token="not.a.token")
    assert "ratelimit" not in refused.headers


async def _wallet(olga: Olga) -> Wallet:
    from service.storage import load

    async with olga.house.engine.connect() as db:
        return next(w for w in await load.all_wallets(db) if w.name == "Norte")
