"""What a request asks, or how it is refused before anybody is asked.

In the order of the web process: the host, the way, who asks, what for.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from msgspec import Struct

from service.gateways import answers
from service.gateways.answers import Answer
from service.gateways.heads import Head
from service.security import authorization
from service.security.authorization import Basic, Bearer
from service.security.form_bodies import FORM, fields
from service.security.tokens import digest
from service.storage.introspection import Caller
from service.storage.values import Scope

INTROSPECT: Final = b"/oauth/introspect"
CHECK: Final = b"/v1/session-check"
_LIVE: Final = b"/health/live"
_READY: Final = b"/health/ready"
_FORM: Final = FORM.encode()
MOST_BODY: Final = 64 * 1024
# Few gateways ask, each with one secret; what was read of more is read anew.
_MOST_CALLERS: Final = 512


class Request(Struct):
    """One request, as the parser found it. Of a header sent twice the first counts."""

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    # Longer than is taken: read on no further.
    is_too_long: bool = False
    # Where the same head came before: what is remembered of it.
    head: Head | None = None


class Question(Struct, frozen=True, gc=False):
    """For the database."""

    caller: Caller
    token_sha256: bytes
    # Or introspected.
    is_checked: bool

    def answer(self, row: Any, place: int | None) -> Answer:
        """What the batch's row, and the place of the session in it, mean for who asked this."""
        heard = self.caller.heard(row)
        if heard is None or Scope.INTROSPECT not in heard.scopes:
            return self._refusal(is_known=heard is not None)
        if place is None:
            return answers.SESSION_NOT_ACTIVE if self.is_checked else answers.NOT_ACTIVE
        return answers.SESSION_LIVES if self.is_checked else answers.active(heard.session(place))

    def _refusal(self, *, is_known: bool) -> Answer:
        if self.is_checked:
            return answers.SESSION_NOT_ACTIVE
        if is_known:
            return answers.INSUFFICIENT_SCOPE
        return answers.INVALID_CLIENT if self.caller.by_client else answers.INVALID_TOKEN


class Installation(Protocol):
    """Which wallet is where, and whether the database answers."""

    @property
    def is_away(self) -> bool: ...

    def wallet_at(self, host: bytes) -> UUID | None: ...


class Reader:
    """Reads requests; remembers what it read of who asks, never whether it was true."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        # By the digest of what they show: a secret stays no longer than its request.
        self._callers: dict[tuple[UUID, bytes], Caller | None] = {}

    def read(self, request: Request) -> Question | Answer:
        if request.head is not None:
            question = self.again(request.head, request.body)
            if question is not None:
                return question
        path = request.target.partition(b"?")[0]
        host = request.headers.get(b"host", b"").lower()
        if path not in {INTROSPECT, CHECK}:
            path, host = _spelt_out(path, host)
            if path in {_LIVE, _READY}:
                return self._health(path, request.method)
        wallet_id = self._installation.wallet_at(host)
        if wallet_id is None or b"//" in path:
            return answers.NO_WALLET
        match path.rstrip(b"/") or path:
            case b"/oauth/introspect":
                return self._introspect(wallet_id, request)
            case b"/v1/session-check":
                return self._check(wallet_id, request)
            case _:
                return answers.NOTHING_HERE

    def again(self, head: Head, body: bytes) -> Question | None:
        """The same head before another body; None where that must be read like any other."""
        if head.meant is None:
            return None
        wallet_id, caller = head.meant
        token = _token_in(body)
        if token is None or self._installation.wallet_at(head.host) != wallet_id:
            return None
        return Question(caller, sha256(token).digest(), False)

    def _health(self, path: bytes, method: bytes) -> Answer:
        if method != b"GET":
            return answers.MAY_GET if method == b"OPTIONS" else answers.NOT_GOT
        if path == _LIVE:
            return answers.LIVE
        return answers.UNAVAILABLE if self._installation.is_away else answers.READY

    def _introspect(self, wallet_id: UUID, request: Request) -> Question | Answer:
        if request.method != b"POST":
            return answers.MAY_POST if request.method == b"OPTIONS" else answers.NOT_POSTED
        caller = self._caller(wallet_id, request.headers.get(b"authorization"))
        if caller is None:
            return answers.INVALID_CLIENT
        media_type = request.headers.get(b"content-type", b"")
        if media_type != _FORM and media_type.partition(b";")[0].strip().lower() != _FORM:
            return answers.INVALID_REQUEST
        if request.is_too_long:
            return answers.TOO_LARGE
        token = _token_in(request.body)
        if token is None:
            return answers.INVALID_REQUEST
        if request.head is not None and request.target == INTROSPECT:
            request.head.meant = wallet_id, caller
        return Question(caller, sha256(token).digest(), False)

    def _check(self, wallet_id: UUID, request: Request) -> Question | Answer:
        if request.method != b"GET":
            return answers.MAY_GET if request.method == b"OPTIONS" else answers.NOT_GOT
        given = request.headers.get(b"authorization")
        session = authorization.read(None if given is None else given.decode("latin-1"))
        caller = self._caller(wallet_id, request.headers.get(b"resguardo-client"))
        if caller is None or not isinstance(session, Bearer):
            return answers.SESSION_NOT_ACTIVE
        return Question(caller, digest(session.token), True)

    def _caller(self, wallet_id: UUID, header: bytes | None) -> Caller | None:
        if header is None:
            return None
        shown = (wallet_id, sha256(header).digest())
        try:
            return self._callers[shown]
        except KeyError:
            caller = _caller(wallet_id, header)
        if len(self._callers) >= _MOST_CALLERS:
            self._callers.clear()
        self._callers[shown] = caller
        return caller


def _caller(wallet_id: UUID, header: bytes) -> Caller | None:
    match authorization.read(header.decode("latin-1")):
        case Basic(client_id, secret):
            return Caller(wallet_id, client_id, digest(secret))
        case Bearer(token):
            return Caller(wallet_id, None, digest(token))
        case None:
            return None


def _token_in(body: bytes) -> bytes | None:
    """The form's token; most bodies hold nothing else, and nothing that was escaped."""
    token = body[6:]
    escaped = b"&" in token or b"%" in token or b"+" in token
    if body[:6] == b"token=" and token and token.isascii() and not escaped:
        return token
    try:
        found = fields(body).get("token")
        return None if found is None else found.encode()
    except ValueError:
        return None


def _spelt_out(path: bytes, host: bytes) -> tuple[bytes, bytes]:
    """A way that was escaped, or that names its host itself (RFC 9112, section 3.2.2)."""
    if not path.startswith(b"/"):
        try:
            whole = urlsplit(path.decode("latin-1"))
        except ValueError:
            return path, b""
        if whole.scheme in {"http", "https"}:
            path, host = whole.path.encode("latin-1"), whole.netloc.encode("latin-1").lower()
    return unquote(path.decode("latin-1")).encode(), host
