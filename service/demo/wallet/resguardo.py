"""The calls that Norte's backend makes, and the last of them for whoever looks under the hood."""

import json
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

SCOPES: Final = "accounts sessions introspect proofs"
_REMEMBERED: Final = 40
# A poll that repeats itself is one line with a counter, if it is among the newest.
_NEIGHBOURS: Final = 6
_LONGEST_SHOWN: Final = 160
_SECRET: Final = frozenset({"access_token", "token"})
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=2)


class NoAnswer(Exception):
    """Resguardo cannot be reached. Whoever asked about a session must treat it as void."""


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    body: dict[str, Any]
    etag: str | None = None

    @property
    def code(self) -> str | None:
        """What a problem document calls the refusal."""
        return self.body.get("code")


class Call(Struct, kw_only=True):
    """One line under the hood."""

    method: str
    path: str
    status: int
    said: str
    milliseconds: float
    at: datetime
    times: int = 1


class Resguardo:
    """An authenticated client; gets itself a new bearer token when the old one ends."""

    def __init__(
        self, http: aiohttp.ClientSession, origin: str, client_id: str, secret: str
    ) -> None:
        self.origin = origin
        self.calls: deque[Call] = deque(maxlen=_REMEMBERED)
        self._http = http
        self._basic = {"Authorization": aiohttp.encode_basic_auth(client_id, secret)}
        self._token: str | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A call with the bearer token. Raises NoAnswer."""
        answer = await self._with_token(method, path, body, headers)
        if answer.status == 401:
            # Used up, or forgotten together with the demo's database.
            self._token = None
            answer = await self._with_token(method, path, body, headers)
        return answer

    async def as_owner(
        self,
        method: str,
        path: str,
        access_token: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A call of the app's, with its user's own access token. Raises NoAnswer."""
        signed = {**(headers or {}), "Authorization": f"Bearer {access_token}"}
        return await self._send(method, path, headers=signed, json=body)

    async def introspect(self, token: str) -> bool:
        """Whether a session lives (RFC 7662). Raises NoAnswer; never guesses."""
        answer = await self._send(
            "POST", "/oauth/introspect", headers=self._basic, data={"token": token}
        )
        if answer.status != 200:
            raise NoAnswer
        return answer.body.get("active") is True

    async def _with_token(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        token = self._token or await self._new_token()
        signed = {**(headers or {}), "Authorization": f"Bearer {token}"}
        return await self._send(method, path, headers=signed, json=body)

    async def _new_token(self) -> str:
        form = {"grant_type": "client_credentials", "scope": SCOPES}
        answer = await self._send("POST", "/oauth/token", headers=self._basic, data=form)
        if answer.status != 200:
            raise NoAnswer
        self._token = str(answer.body["access_token"])
        return self._token

    async def _send(
        self, method: str, path: str, *, headers: Mapping[str, str], **what: Any
    ) -> Answer:
        began = time.perf_counter()
        try:
            async with self._http.request(
                method,
                self.origin + path,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
                **what,
            ) as response:
                text = await response.text()
                answer = Answer(
                    status=response.status,
                    body=_object(text),
                    etag=response.headers.get("ETag"),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as reason:
            self._remember(method, path, 0, type(reason).__name__, began)
            raise NoAnswer from None
        self._remember(method, path, answer.status, _shown(answer.body), began)
        return answer

    def _remember(self, method: str, path: str, status: int, said: str, began: float) -> None:
        took = round((time.perf_counter() - began) * 1000, 1)
        at = datetime.now().astimezone()
        for known in list(self.calls)[-_NEIGHBOURS:]:
            if (known.method, known.path, known.status, known.said) == (method, path, status, said):
                known.times += 1
                known.milliseconds, known.at = took, at
                return
        self.calls.append(
            Call(method=method, path=path, status=status, said=said, milliseconds=took, at=at)
        )


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _shown(body: Mapping[str, Any]) -> str:
    """An answer for the eye, without what opens doors."""
    if not body:
        return ""
    shown = {name: "…" if name in _SECRET else value for name, value in body.items()}
    if "url" in shown:
        shown["url"] = str(shown["url"]).partition("once=")[0] + "once=…"
    text = json.dumps(shown, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
