"""The good answers of introspection, without the web framework in between.

A gateway asks this at every one of its own requests. Here only what is certain is answered: the
client is valid, may ask, and named a token. Everything else, every refusal included, goes on to
the route in `introspection`, which alone decides how to say no.
"""

from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from granian.rsgi import Headers, Scope  # pyright: ignore[reportPrivateImportUsage]  # not said to be one

from service.hosts import AWAY, Hosts
from service.oauth import NO_STORE
from service.security import authorization
from service.security.headers import beside_data
from service.signals.asking import NO_ANSWER, ask
from service.signals.introspection import NOT_ACTIVE, answer_of
from service.storage.values import Scope as Allowed

PATH: Final = "/oauth/introspect"
_ENCODER: Final = msgspec.json.Encoder()
_FORM: Final = "application/x-www-form-urlencoded"
_NOT_ACTIVE: Final = _ENCODER.encode(NOT_ACTIVE)
# A token in a form needs no more; longer bodies take the long way.
_LONGEST_BODY: Final = 4096
# Of every answer given here.
HEADERS: Final = [
    ("content-type", "application/json"),
    *((name.lower(), value) for name, value in NO_STORE.items()),
    *((name.decode(), value.decode()) for name, value in beside_data()),
]


class FastLane:
    """Answers what it can; says so of what it cannot."""

    def __init__(self, hosts: Hosts, state: Any) -> None:
        self._hosts = hosts
        # The application's state: the connections are opened when it starts.
        self._state = state

    def may_answer(self, scope: Scope) -> bool:
        """A question of this kind, short enough to be read before it is known who asks."""
        if scope.path != PATH or scope.method != "POST":
            return False
        length = scope.headers.get("content-length", "")
        return length.isdecimal() and len(length) <= 4 and int(length) <= _LONGEST_BODY

    async def answer(self, headers: Headers, body: bytes) -> bytes | None:
        """The good answer as it goes over the wire; None for whatever else there may be."""
        token = _token_in(headers, body)
        client = authorization.read(headers.get("authorization"))
        if token is None or client is None:
            return None
        host = headers.get("host", "").lower()
        try:
            wallet = self._hosts.known(host) or await self._hosts.wallet_at(host)
            if wallet is None:
                return None
            asked = await ask(self._state.introspection, wallet.id, client, token)
        except (*NO_ANSWER, *AWAY):
            return None
        if asked is None or Allowed.INTROSPECT not in asked.scopes:
            return None
        return _NOT_ACTIVE if asked.session is None else _ENCODER.encode(answer_of(asked))


def _token_in(headers: Headers, body: bytes) -> str | None:
    """The token of a body that is a form and holds nothing else."""
    if headers.get("content-type") != _FORM:
        return None
    if not body.startswith(b"token=") or b"&" in body or not body.isascii():
        return None
    typed = body[len(b"token=") :].decode()
    if "%" not in typed and "+" not in typed:
        return typed or None
    try:
        return unquote_plus(typed, errors="strict") or None
    except UnicodeDecodeError:
        return None
