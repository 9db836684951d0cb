"""Every answer a gateway can get, as it goes over the wire.

Statuses, headers and bodies are those of the web process; tests hold one against the other.
"""

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from service.security.headers import beside_data
from service.storage.introspection import ActiveSession

_NO_STORE: Final = (("cache-control", "no-store"),)
_OAUTH: Final = (*_NO_STORE, ("pragma", "no-cache"))
_AGAIN: Final = (("retry-after", "5"),)
_ENCODER: Final = msgspec.json.Encoder()


class Answer(Struct, frozen=True, gc=False):
    """Everything but what belongs to the moment: the date, and whether the connection stays."""

    head: bytes
    body: bytes


class _Active(Struct, frozen=True, gc=False):
    """RFC 7662, section 2.2."""

    active: bool
    sub: str
    iat: int
    exp: int


def _start(status: HTTPStatus, *headers: tuple[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if "cache-control" not in dict(headers):
        lines.append("cache-control: no-store")
    lines += [f"{name.decode()}: {value.decode()}" for name, value in beside_data()]
    return "\r\n".join((*lines, "")).encode()


def _answer(status: HTTPStatus, media: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    length = ("content-length", str(len(body)))
    return Answer(_start(status, ("content-type", media), *headers, length), body)


def _problem(status: HTTPStatus, code: str, title: str, *headers: tuple[str, str]) -> Answer:
    """A problem document (RFC 9457)."""
    told = {
        "type": f"urn:resguardo:problem:{code}",
        "title": title,
        "status": status.value,
        "code": code,
    }
    return _answer(status, "application/problem+json", _ENCODER.encode(told), *headers)


def _oauth(status: HTTPStatus, error: str, challenge: str | None = None) -> Answer:
    headers = _OAUTH if challenge is None else (*_OAUTH, ("www-authenticate", challenge))
    return _answer(status, "application/json", _ENCODER.encode({"error": error}), *headers)


def _json(told: object) -> Answer:
    return _answer(HTTPStatus.OK, "application/json", _ENCODER.encode(told), *_OAUTH)


def _bare(status: HTTPStatus) -> Answer:
    return Answer(_start(status, ("content-length", "0")), b"")


def _not_allowed(allowed: str) -> Answer:
    title = "This resource has no such method."
    return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", title, ("allow", allowed))


# Introspection (RFC 7662).
NOT_ACTIVE: Final = _json({"active": False})
INVALID_REQUEST: Final = _oauth(HTTPStatus.BAD_REQUEST, "invalid_request")
INVALID_CLIENT: Final = _oauth(
    HTTPStatus.UNAUTHORIZED, "invalid_client", 'Basic realm="resguardo", Bearer realm="resguardo"'
)
INVALID_TOKEN: Final = _oauth(
    HTTPStatus.UNAUTHORIZED, "invalid_token", 'Bearer error="invalid_token"'
)
INSUFFICIENT_SCOPE: Final = _oauth(
    HTTPStatus.FORBIDDEN,
    "insufficient_scope",
    'Bearer error="insufficient_scope", scope="introspect"',
)
TOO_LARGE: Final = _problem(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is larger than 64 kB."
)
# The session check.
SESSION_LIVES: Final = Answer(_start(HTTPStatus.NO_CONTENT), b"")
SESSION_NOT_ACTIVE: Final = _problem(
    HTTPStatus.UNAUTHORIZED,
    "session-not-active",
    "The session is not active",
    *_NO_STORE,
    ("www-authenticate", 'Bearer realm="resguardo", error="invalid_token"'),
)
# No answer is not "active": a gateway must fail closed.
UNAVAILABLE: Final = _problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "Storing is not possible at the moment. Try again later.",
    *_AGAIN,
)
FAULT: Final = _problem(
    HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side."
)
# Where nothing is.
NO_WALLET: Final = _answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"Not found\n")
NOTHING_HERE: Final = _problem(HTTPStatus.NOT_FOUND, "not-found", "There is nothing here.")
NOT_POSTED: Final = _not_allowed("POST, OPTIONS")
NOT_GOT: Final = _not_allowed("GET, OPTIONS")
MAY_POST: Final = Answer(_start(HTTPStatus.NO_CONTENT, ("allow", "POST, OPTIONS")), b"")
MAY_GET: Final = Answer(_start(HTTPStatus.NO_CONTENT, ("allow", "GET, OPTIONS")), b"")
# Whoever watches the process.
LIVE: Final = _answer(HTTPStatus.OK, "application/json", b'{"status":"live"}')
READY: Final = _answer(HTTPStatus.OK, "application/json", b'{"status":"ready"}')
# Not HTTP, or not as much of it as is taken; after these the connection ends.
NOT_HTTP: Final = _bare(HTTPStatus.BAD_REQUEST)
TOO_SLOW: Final = _bare(HTTPStatus.REQUEST_TIMEOUT)
HEAD_TOO_LARGE: Final = _bare(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
TOO_MANY: Final = Answer(
    _start(HTTPStatus.SERVICE_UNAVAILABLE, *_AGAIN, ("content-length", "0")), b""
)
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_ACTIVE: Final = _start(HTTPStatus.OK, ("content-type", "application/json"), *_OAUTH)


def active(session: ActiveSession) -> Answer:
    body = _ENCODER.encode(_Active(True, session.subject, session.began_at, session.expires_at))
    return Answer(b"%bcontent-length: %d\r\n" % (_ACTIVE, len(body)), body)
