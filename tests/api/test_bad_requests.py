"""What does not fit is refused at the door, with a problem document, and never with a fault."""

from itertools import product
from uuid import UUID

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations.house import House
from tests import people as cast
from tests.api.backends import Backend, a_session, an_account
from tests.houses import client_for

pytestmark = pytest.mark.anyio
PATH = f"/v1/accounts/{cast.OLGA}"
CONFIRMATION = f"{PATH}/freeze-confirmation"
LINKS = f"{PATH}/page-links"
LARGEST = 64 * 1024
A_CONFIRMATION: dict[str, object] = {
    "version": 1,
    "done": ["sessions"],
    "at": "2026-01-01T00:00:00Z",
}
A_LINK: dict[str, object] = {
    "purpose": "view",
    "session_id": "019a0000-0000-7000-8000-000000000000",
    "auth_time": "2026-01-01T00:00:00Z",
    "acr": "urn:norte:strong",
}
DOORS = (
    ("PUT", PATH, an_account()),
    ("PUT", CONFIRMATION, A_CONFIRMATION),
    ("POST", "/v1/sessions", a_session()),
    ("POST", LINKS, A_LINK),
)


async def _pointers(norte: Backend, method: str, path: str, body: object) -> list[str]:
    answer = await norte.call(method, path, body)
    assert answer.status_code == 400, answer.text
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (told["type"], told["code"]) == ("urn:resguardo:problem:bad-request", "bad-request")
    return [one["pointer"] for one in told["errors"]]


async def test_unknown_members_are_refused_by_name(norte: Backend) -> None:
    for method, path, body in DOORS:
        assert await _pointers(norte, method, path, {**body, "balance": 1}) == ["/balance"]
    nested = an_account(emails=[{"address": "olga@correo.example", "a/b~c": 1}])
    assert await _pointers(norte, "PUT", PATH, nested) == ["/emails/0/a~1b~0c"]


async def test_missing_members_are_refused(norte: Backend) -> None:
    for method, path, body in DOORS:
        assert await _pointers(norte, method, path, {}) == [""]
        for left_out in body.keys() - {"emails", "phones"}:
            rest = {name: value for name, value in body.items() if name != left_out}
            assert await _pointers(norte, method, path, rest) == [""]


WRONG: tuple[object, ...] = (
    *(None, True, 1, 1.5, -1, 10**400, "", [], {}, [[0]]),
    *("x" * 300, "a\x00b", "a\nb"),
)


async def test_a_member_of_the_wrong_kind_is_refused_by_its_place(norte: Backend) -> None:
    fits: dict[tuple[str, str, str], object] = {
        ("PUT", CONFIRMATION, "version"): 1,
        ("PUT", PATH, "emails"): [],
        ("PUT", PATH, "phones"): [],
        # Refused as a whole: without a session there is only the dispute.
        ("POST", LINKS, "session_id"): None,
    }
    # Free text loses its control characters, and a name with them is refused by its own rule.
    free = {("PUT", PATH, "first_name"), ("PUT", PATH, "display_name")}
    for wrong, (method, path, body) in product(WRONG, DOORS):
        for member in body:
            where = (method, path, member)
            if where in fits and fits[where] == wrong and wrong is not True:
                continue
            if where in free and isinstance(wrong, str) and 0 < len(wrong) < 40:
                continue
            pointers = await _pointers(norte, method, path, {**body, member: wrong})
            # A time zone is checked with its account, not by its own form.
            place = "" if _is_zone(member, wrong) else f"/{member}"
            assert pointers in ([place], [f"{place}/0"])


def _is_zone(member: str, wrong: object) -> bool:
    return member == "time_zone" and isinstance(wrong, str) and len(wrong) <= 64


LIMITS: tuple[tuple[str, str, object, str], ...] = (
    ("POST", "/v1/sessions", a_session(subject="o" * 256), "/subject"),
    ("POST", "/v1/sessions", a_session(subject="a\ufffdb"), "/subject"),
    ("POST", "/v1/sessions", a_session(token_sha256="f" * 63), "/token_sha256"),
    ("POST", "/v1/sessions", a_session(token_sha256="f" * 63 + "\n"), "/token_sha256"),
    ("POST", "/v1/sessions", a_session(token_sha256="g" * 64), "/token_sha256"),
    ("POST", "/v1/sessions", a_session(token_sha256="٣" * 64), "/token_sha256"),
    ("POST", "/v1/sessions", a_session(expires_at="2199-01-01T00:00:00"), "/expires_at"),
    ("POST", "/v1/sessions", a_session(expires_at="9999-12-31T23:59:59Z"), ""),
    ("POST", "/v1/sessions", a_session(expires_at="0001-01-01T00:00:00+14:00"), ""),
    ("POST", "/v1/sessions", a_session(device={"id": "a\x00b"}), "/device/id"),
    ("POST", "/v1/sessions", a_session(device={"id": "a", "label": ""}), "/device/label"),
    ("PUT", PATH, an_account(language="e"), "/language"),
    ("PUT", PATH, an_account(language="es\n"), "/language"),
    ("PUT", PATH, an_account(time_zone="Mars/Olympus"), ""),
    ("PUT", PATH, an_account(time_zone="../../etc/passwd"), ""),
    ("PUT", PATH, an_account(display_name="o" * 81), "/display_name"),
    ("PUT", PATH, an_account(emails=[{"address": "a@b.example"}] * 11), "/emails"),
    ("PUT", PATH, an_account(emails=[{"address": "o" * 255}]), "/emails/0/address"),
    (
        "PUT",
        PATH,
        an_account(phones=[{"address": "+541112345678", "verified_at": 5}]),
        "/phones/0/verified_at",
    ),
    (
        "PUT",
        PATH,
        an_account(phones=[{"address": "+541112345678", "verified_at": "0001-01-01T00:00Z"}]),
        "/phones/0/verified_at",
    ),
    ("PUT", CONFIRMATION, {**A_CONFIRMATION, "version": 2**53}, "/version"),
    ("PUT", CONFIRMATION, {**A_CONFIRMATION, "done": ["everything"]}, "/done/0"),
    ("PUT", CONFIRMATION, {**A_CONFIRMATION, "done": ["sessions"] * 9}, "/done"),
    ("POST", LINKS, {**A_LINK, "purpose": "transfer"}, "/purpose"),
    ("POST", "/ssf/streams", {"events_requested": ["a\x00"]}, "/events_requested/0"),
    ("POST", "/v1/webhook-endpoints", {"url": "https://a.example/", "events": []}, "/events"),
    ("POST", LINKS, {**A_LINK, "session_id": "1"}, "/session_id"),
    ("POST", LINKS, {**A_LINK, "session_id": None}, ""),
)


async def test_each_limit_is_kept(norte: Backend) -> None:
    for method, path, body, pointer in LIMITS:
        assert await _pointers(norte, method, path, body) == [pointer], body


async def test_the_last_of_each_limit_fits(norte: Backend, house: House, wallet: Wallet) -> None:
    longest = an_account(
        first_name="o" * 40,
        display_name="o" * 80,
        emails=[{"address": f"a{n}@b.example", "verified_at": None} for n in range(10)],
    )
    path = f"/v1/accounts/{'o' * 255}"
    assert (await norte.call("PUT", path, longest)).status_code == 201
    device = {"id": "i" * 255, "label": "l" * 60, "platform": "p" * 20}
    # In UTC it is the year after.
    latest = "2199-12-31T23:59:59-12:00"
    body = a_session(subject="o" * 255, device=device, expires_at=latest)
    assert (await norte.call("POST", "/v1/sessions", body)).status_code == 201


NO_OBJECTS = (
    b"",
    b" ",
    b"{",
    b"nonsense",
    b'{"subject": "a\xffb"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"subject": "\\ud800"}',
    b'{"subject": "\x00"}',
    b"{} {}",
    b"null",
    b'"text"',
    b"[]",
    b"[" * 30_000,
    b'{"device":' * 6_000,
    b"1e999999",
)


async def test_a_parameter_is_named_as_it_is_sent(norte: Backend) -> None:
    """Whether it is missing or not of the documented form."""
    freeze, reason = f"{PATH}/freeze", {"reason": "lost"}
    endpoint = f"/v1/webhook-endpoints/{UUID(int=0)}/deliveries"

    assert await _pointers(norte, "POST", freeze, reason) == ["/Idempotency-Key"]
    answer = await norte.call("POST", freeze, reason, more={"Idempotency-Key": "two words"})
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/Idempotency-Key"]
    assert await _pointers(norte, "DELETE", PATH, None) == ["/reason"]
    assert await _pointers(norte, "DELETE", f"{PATH}?reason=bored", None) == ["/reason"]
    assert await _pointers(norte, "GET", "/ssf/status", None) == ["/stream_id"]
    assert await _pointers(norte, "GET", f"{endpoint}?state=lost", None) == ["/state"]


async def test_a_body_that_is_no_json_object_is_refused(norte: Backend) -> None:
    for body, (method, path, _) in product(NO_OBJECTS, DOORS):
        answer = await norte.send(method, path, body, "application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request"), body


OTHER_TYPES = (
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin-1",
)


async def test_another_media_type_is_refused(norte: Backend) -> None:
    for media_type, (method, path, _) in product(OTHER_TYPES, DOORS):
        answer = await norte.send(method, path, b"{}", media_type)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    spelt = "Application/JSON; charset=UTF-8"
    assert (await norte.send("PUT", PATH, b"{}", spelt)).status_code == 400


async def test_a_compressed_body_is_refused(norte: Backend) -> None:
    answer = await norte.call("PUT", PATH, an_account(), more={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


async def test_a_body_over_64_kb_is_refused(norte: Backend) -> None:
    for method, path, _ in DOORS:
        for size, status in ((LARGEST, 400), (LARGEST + 1, 413), (1_000_000, 413)):
            body = b'{"a":"'.ljust(size, b"a")
            answer = await norte.send(method, path, body, "application/json")
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_large_body_that_hides_its_length_is_refused(norte: Backend) -> None:
    async def pieces():  # noqa: ANN202  # a generator for httpx alone
        for _ in range(100):
            yield b"a" * 10_000

    answer = await norte.http.put(
        PATH, headers={**norte.bearer, "Content-Type": "application/json"}, content=pieces()
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_a_stranger_hears_401_whatever_they_send(norte: Backend) -> None:
    for method, path, _ in DOORS:
        for header in (None, "Bearer", "Bearer nobody's", "Basic x"):
            answer = await norte.http.request(
                method,
                path,
                headers={} if header is None else {"Authorization": header},
                content=b"a" * 1_000_000,
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "client-not-valid")


METHODS = (
    ("POST", PATH, {"GET", "PUT", "DELETE"}),
    ("PATCH", PATH, {"GET", "PUT", "DELETE"}),
    ("PATCH", "/v1/sessions", {"POST"}),
    ("GET", "/v1/sessions/019a0000-0000-7000-8000-000000000000", {"DELETE"}),
    ("GET", "/oauth/token", {"POST"}),
    ("GET", "/oauth/revoke", {"POST"}),
    ("GET", "/oauth/introspect", {"POST"}),
    ("POST", "/v1/session-check", {"GET"}),
    ("HEAD", "/v1/session-check", {"GET"}),
)


async def test_a_resource_names_its_methods(norte: Backend) -> None:
    for method, path, allowed in METHODS:
        answer = await norte.call(method, path)
        assert answer.status_code == 405, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert {one.strip() for one in answer.headers["allow"].split(",")} >= allowed


NOWHERE = (
    ("GET", "/v1/nothing"),
    ("GET", "/v1/accounts"),
    ("GET", "/v1/accounts/"),
    ("GET", f"{PATH}/nothing"),
    ("GET", "/oauth/authorize"),
    ("GET", "/.well-known/nothing"),
    ("GET", "/schema"),
    ("GET", "/schema/nothing"),
    ("DELETE", "/v1/sessions/1"),
    ("DELETE", "/v1/sessions/%00"),
    ("DELETE", "/v1/sessions/019a0000-0000-7000-8000-00000000000g"),
)


async def test_an_unknown_path_is_a_problem_document(norte: Backend) -> None:
    for method, path in NOWHERE:
        answer = await norte.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_host_has_no_api(app: Litestar, norte: Backend) -> None:
    for host in ("mallory.example", "console.localhost:8000", "localhost", "localhost:8001"):
        async with client_for(app, f"http://{host}") as stranger:
            for method, path in (("POST", "/oauth/introspect"), ("GET", PATH)):
                answer = await stranger.request(method, path, headers=norte.bearer)
                assert (answer.status_code, answer.text) == (404, "Not found\n")
