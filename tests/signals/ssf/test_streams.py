"""A stream's configuration: made, read, merged, replaced, deleted; and whose it is."""

from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from domain.wallets import Wallet
from service.operations.house import House
from service.operations.ssf_streams import MOST_STREAMS
from service.storage.tables import streams
from service.storage.values import Scope
from tests.api.backends import backend_of
from tests.houses import client_for
from tests.signals.ssf.receiving import CAEP, POLL, PUSH, RISC, Ssf

pytestmark = pytest.mark.anyio

SUPPORTED = [
    f"{CAEP}session-revoked",
    f"{RISC}account-disabled",
    f"{RISC}account-enabled",
    f"{RISC}recovery-information-changed",
]
HOOK = "https://desk.example/events"


async def see(ssf: Ssf, stream: dict[str, Any]) -> dict[str, Any]:
    answer = await ssf.call("GET", f"/ssf/streams?stream_id={stream['stream_id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_metadata_leads_to_everything_else(
    app: Litestar, norte: Wallet, ssf: Ssf
) -> None:
    async with client_for(app, norte.origin) as http:
        answer = await http.get("/.well-known/ssf-configuration")

    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    origin = norte.origin
    assert found == {
        "spec_version": "1_0",
        "issuer": origin,
        "jwks_uri": f"{origin}/.well-known/jwks.json",
        "delivery_methods_supported": [PUSH, POLL],
        "configuration_endpoint": f"{origin}/ssf/streams",
        "status_endpoint": f"{origin}/ssf/status",
        "add_subject_endpoint": f"{origin}/ssf/subjects:add",
        "remove_subject_endpoint": f"{origin}/ssf/subjects:remove",
        "verification_endpoint": f"{origin}/ssf/verify",
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
        "default_subjects": "ALL",
    }
    for name in ("status_endpoint", "add_subject_endpoint", "verification_endpoint"):
        assert (await ssf.backend.http.post(found[name])).status_code == 401


async def test_the_key_set_may_be_kept_and_holds_nothing_that_signs(ssf: Ssf) -> None:
    answer = await ssf.backend.http.get("/.well-known/jwks.json")

    assert answer.headers["cache-control"] == "public, max-age=3600"
    keys = answer.json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [
        ("RSA", "RS256", "sig"),
        ("EC", "ES256", "sig"),
    ]
    members = {"kty", "alg", "use", "kid"}
    assert [key.keys() - members for key in keys] == [{"n", "e"}, {"crv", "x", "y"}]


async def test_a_stream_about_which_nothing_was_said_is_polled_and_told_everything(
    norte: Wallet, ssf: Ssf
) -> None:
    made = await ssf.stream()

    assert made == {
        "stream_id": made["stream_id"],
        "iss": norte.origin,
        "aud": ["fraud-desk"],
        "delivery": {
            "method": POLL,
            "endpoint_url": f"{norte.origin}/ssf/poll/{made['stream_id']}",
        },
        "events_supported": SUPPORTED,
        "events_delivered": SUPPORTED,
        "min_verification_interval": 30,
        "signing_algorithm": "RS256",
    }
    assert await see(ssf, made) == made


async def test_unknown_events_are_kept_as_asked_and_never_delivered(ssf: Ssf) -> None:
    asked = ["urn:example:unheard-of", f"{CAEP}session-revoked"]

    made = await ssf.stream(events_requested=asked)

    assert made["events_requested"] == asked
    assert made["events_delivered"] == [f"{CAEP}session-revoked"]


async def test_what_we_are_to_send_along_is_sealed_and_never_shown(house: House, ssf: Ssf) -> None:
    delivery = {"method": PUSH, "endpoint_url": HOOK, "authorization_header": "Bearer of-theirs"}

    made = await ssf.stream(delivery=delivery)

    assert made["delivery"] == {"method": PUSH, "endpoint_url": HOOK}
    assert "of-theirs" not in str(await see(ssf, made))
    async with house.engine.connect() as db:
        (stored,) = (await db.execute(select(streams.c.authorization))).scalars()
    assert stored
    assert b"of-theirs" not in stored


async def test_without_an_id_the_answer_is_always_a_list(ssf: Ssf) -> None:
    assert (await ssf.call("GET", "/ssf/streams")).json() == []
    one = await ssf.stream()
    assert (await ssf.call("GET", "/ssf/streams")).json() == [one]
    two = await ssf.stream()
    assert (await ssf.call("GET", "/ssf/streams")).json() == [one, two]


async def test_patch_changes_what_is_named_and_put_everything(ssf: Ssf) -> None:
    made = await ssf.pushed(
        HOOK, description="cards", signing_algorithm="ES256", events_requested=SUPPORTED[:1]
    )
    key = {"stream_id": made["stream_id"]}

    merged = (await ssf.call("PATCH", "/ssf/streams", {**key, "description": "all"})).json()
    assert merged == {**made, "description": "all"}

    taken = (await ssf.call("PATCH", "/ssf/streams", {**key, "description": None})).json()
    assert taken == {name: made[name] for name in made if name != "description"}

    other = {"method": PUSH, "endpoint_url": f"{HOOK}/2"}
    replaced = (await ssf.call("PUT", "/ssf/streams", {**key, "delivery": other})).json()
    assert replaced["delivery"] == other
    assert replaced["events_delivered"] == SUPPORTED
    assert replaced["signing_algorithm"] == "RS256"
    assert "description" not in replaced
    assert "events_requested" not in replaced
    assert await see(ssf, made) == replaced


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_configuration_may_be_read_changed_and_written_back(ssf: Ssf, method: str) -> None:
    made = await ssf.stream(events_requested=SUPPORTED[:2])

    answer = await ssf.call(method, "/ssf/streams", {**made, "description": "written back"})

    assert answer.status_code == 200, answer.text
    assert answer.json() == {**made, "description": "written back"}


NOT_OURS: list[dict[str, Any]] = [
    {"iss": "https://elsewhere.example"},
    {"aud": "somebody-else"},
    {"aud": ["fraud-desk", "somebody-else"]},
    {"events_supported": []},
    {"events_delivered": SUPPORTED[:1]},
    {"min_verification_interval": 1},
    {"delivery": {"method": POLL, "endpoint_url": "https://elsewhere.example/poll"}},
]
CANNOT_BE: list[dict[str, Any]] = [
    {"delivery": {"method": PUSH}},
    {"delivery": {"method": "urn:ietf:rfc:9999", "endpoint_url": HOOK}},
    {"delivery": {"method": PUSH, "endpoint_url": "http://desk.example/events"}},
    {"delivery": {"method": PUSH, "endpoint_url": "https://10.0.0.1/events"}},
    {"delivery": {"method": PUSH, "endpoint_url": "https://a:b@desk.example/events"}},
    {"delivery": {"method": PUSH, "endpoint_url": HOOK, "authorization_header": "a\r\nb: c"}},
    {"delivery": {"method": POLL, "authorization_header": "Bearer x"}},
    {"events_requested": []},
    {"signing_algorithm": "none"},
    {"signing_algorithm": "HS256"},
    {"description": "a\u0000b"},
    {"inactivity_timeout": 5},
]


async def test_what_only_we_say_is_right_or_refused(ssf: Ssf) -> None:
    made = await ssf.stream()

    for method in ("PATCH", "PUT"):
        for wrong in NOT_OURS:
            body = {"stream_id": made["stream_id"], "description": "no", **wrong}
            answer = await ssf.call(method, "/ssf/streams", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "stream-differs"), wrong
    assert await see(ssf, made) == made


async def test_what_cannot_be_is_refused(ssf: Ssf) -> None:
    for wrong in CANNOT_BE:
        answer = await ssf.call("POST", "/ssf/streams", wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request"), wrong
    assert (await ssf.call("GET", "/ssf/streams")).json() == []


async def test_a_deleted_stream_is_gone(ssf: Ssf) -> None:
    made = await ssf.stream()
    address = f"/ssf/streams?stream_id={made['stream_id']}"

    gone = await ssf.call("DELETE", address)

    assert (gone.status_code, gone.content) == (204, b"")
    assert (await ssf.call("DELETE", address)).status_code == 404
    assert (await ssf.call("GET", address)).status_code == 404
    assert (await ssf.ask(made)).status_code == 404


async def test_ten_streams_and_no_more(ssf: Ssf) -> None:
    first = await ssf.stream()
    for _ in range(MOST_STREAMS - 1):
        await ssf.stream()

    refused = await ssf.call("POST", "/ssf/streams", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-streams")

    await ssf.call("DELETE", f"/ssf/streams?stream_id={first['stream_id']}")
    await ssf.stream()


async def test_the_same_request_twice_is_one_stream(ssf: Ssf) -> None:
    more = {"Idempotency-Key": "make-it-once"}
    body: dict[str, Any] = {"description": "once"}

    first = await ssf.backend.call("POST", "/ssf/streams", body, more=more)
    again = await ssf.backend.call("POST", "/ssf/streams", body, more=more)
    other = await ssf.backend.call("POST", "/ssf/streams", {}, more=more)

    assert first.json() == again.json()
    assert other.status_code == 422
    assert (await ssf.call("GET", "/ssf/streams")).json() == [first.json()]


async def test_another_clients_stream_does_not_exist(ssf: Ssf, other: Ssf) -> None:
    made = await ssf.stream()
    key = {"stream_id": made["stream_id"]}
    subject = {"format": "iss_sub", "iss": made["iss"], "sub": "olga-1"}

    assert (await other.call("GET", "/ssf/streams")).json() == []
    for unknown in (made["stream_id"], "no-uuid", made["stream_id"].upper()):
        for method, path, body in (
            ("GET", f"/ssf/streams?stream_id={unknown}", None),
            ("DELETE", f"/ssf/streams?stream_id={unknown}", None),
            ("GET", f"/ssf/status?stream_id={unknown}", None),
            ("PATCH", "/ssf/streams", {"stream_id": unknown, "aud": "guessed"}),
            ("PUT", "/ssf/streams", {"stream_id": unknown}),
            ("POST", "/ssf/status", {"stream_id": unknown, "status": "disabled"}),
            ("POST", "/ssf/verify", {"stream_id": unknown}),
            ("POST", "/ssf/subjects:add", {"stream_id": unknown, "subject": subject}),
            ("POST", "/ssf/subjects:remove", {"stream_id": unknown, "subject": subject}),
            ("POST", f"/ssf/poll/{unknown}", {"returnImmediately": True}),
        ):
            answer = await other.call(method, path, body)
            assert answer.status_code == 404, (method, path, answer.text)
    assert await see(ssf, made) == made
    assert (await ssf.call("GET", f"/ssf/status?stream_id={made['stream_id']}")).json() == {
        **key,
        "status": "enabled",
    }


async def test_a_reader_reads_and_polls_and_changes_nothing(
    app: Litestar, house: House, norte: Wallet, ssf: Ssf
) -> None:
    """Of its own streams: made while it could still make them."""
    async with backend_of(
        app, house, norte, client_id="reader", scopes=(Scope.SSF_MANAGE, Scope.SSF_READ)
    ) as backend:
        made = await Ssf(backend).stream()
        asked = await backend.ask_token(grant_type="client_credentials", scope="ssf.read")
        headers = {"Authorization": f"Bearer {asked.json()['access_token']}"}
        key, http = {"stream_id": made["stream_id"]}, backend.http

        for method, path, body, expected in (
            ("GET", f"/ssf/streams?stream_id={made['stream_id']}", None, 200),
            ("GET", f"/ssf/status?stream_id={made['stream_id']}", None, 200),
            ("POST", f"/ssf/poll/{made['stream_id']}", {"returnImmediately": True}, 200),
            ("POST", "/ssf/streams", {}, 403),
            ("PATCH", "/ssf/streams", key, 403),
            ("PUT", "/ssf/streams", key, 403),
            ("DELETE", f"/ssf/streams?stream_id={made['stream_id']}", None, 403),
            ("POST", "/ssf/status", {**key, "status": "disabled"}, 403),
            ("POST", "/ssf/verify", key, 403),
            ("POST", "/ssf/subjects:add", {**key, "subject": {"format": "x"}}, 403),
            ("POST", "/ssf/subjects:remove", {**key, "subject": {"format": "x"}}, 403),
        ):
            answer = await http.request(method, path, headers=headers, json=body)
            assert answer.status_code == expected, (method, path, answer.text)


async def test_other_scopes_open_nothing_here(app: Litestar, house: House, norte: Wallet) -> None:
    async with backend_of(
        app, house, norte, client_id="accounts-only", scopes=(Scope.ACCOUNTS,)
    ) as backend:
        for method, path in (("GET", "/ssf/streams"), ("POST", "/ssf/poll/any")):
            assert (await backend.call(method, path)).status_code == 403
            assert (await backend.http.request(method, path)).status_code == 401
