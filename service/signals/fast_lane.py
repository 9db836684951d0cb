"""The good answers of introspection, without the web framework in between.

A gateway asks this at every one of its own requests. Here only what is certain is answered: the
client is valid, may ask, and named a token. Everything else, every refusal included, goes on to
the route in `introspection`, which alone decides how to say no.
"""

from typing import Any, Final, cast
from urllib.parse import unquote_plus

import msgspec
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from service.hosts import Hosts
from service.oauth import NO_STORE
from service.security import authorization
from service.security.headers import beside_data
from service.signals.asking import NO_ANSWER, ask
from service.signals.introspection import NOT_ACTIVE, answer_of
from service.storage.values import Scope as Allowed

PATH: Final = "/oauth/introspect"
_ENCODER: Final = msgspec.json.Encoder()
_FORM: Final = b"application/x-www-form-urlencoded"
_NOT_ACTIVE: Final = _ENCODER.encode(NOT_ACTIVE)
# A token in a form needs no more; longer bodies take the long way.
_LONGEST_BODY: Final = 4096
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    *((name.lower().encode(), value.encode()) for name, value in NO_STORE.items()),
    *beside_data(),
]


class FastLane:
    """ASGI middleware in front of everything: answers what it can, hands on what it cannot."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts, state: Any) -> None:
        self._app = app
        self._hosts = hosts
        # The application's state: the connections are opened when it starts.
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        first = cast("HTTPReceiveMessage", await receive())
        answer = await self._answer(dict(scope["headers"]), first)
        if answer is None:
            await self._app(scope, _again(first, receive), send)
            return
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    async def _answer(self, headers: dict[bytes, bytes], first: HTTPReceiveMessage) -> bytes | None:
        """The good answer as it goes over the wire; None for whatever else there may be."""
        wallet = self._hosts.known(headers.get(b"host", b"").decode("latin-1").lower())
        token = _token_in(headers, first)
        if wallet is None or token is None:
            return None
        client = authorization.read(headers.get(b"authorization", b"").decode("latin-1"))
        try:
            asked = await ask(self._state.introspection, wallet.id, client, token)
        except (*NO_ANSWER, OSError):
            return None
        if asked is None or Allowed.INTROSPECT not in asked.scopes:
            return None
        return _NOT_ACTIVE if asked.session is None else _ENCODER.encode(answer_of(asked))


def _token_in(headers: dict[bytes, bytes], first: HTTPReceiveMessage) -> str | None:
    """The token of a body that is whole, short, a form, and holds nothing else."""
    body = first.get("body", b"")
    whole = first["type"] == "http.request" and not first.get("more_body", False)
    if not whole or len(body) > _LONGEST_BODY or headers.get(b"content-type") != _FORM:
        return None
    if not body.startswith(b"token=") or b"&" in body or not body.isascii():
        return None
    try:
        return unquote_plus(body[len(b"token=") :].decode(), errors="strict") or None
    except UnicodeDecodeError:
        return None


def _again(first: HTTPReceiveMessage, receive: Receive) -> Receive:
    """What was read is read again by whoever answers."""
    unread = [first]

    async def read() -> Any:
        return unread.pop() if unread else await receive()

    return read
