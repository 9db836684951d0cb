"""Does a signed token (JWT) still open the account? For gateways that ask nobody else.

A JWT is good until it expires, whatever happens meanwhile. This asks Resguardo for the account's
freeze state and refuses what a freeze has ended. Check signature, issuer, audience and times as
before, then hand the claims over:

    states = FreezeStates("https://wallet.example", "gateway", secret)
    if not states.allow(claims):
        ...  # 401

Needs Python 3.11 and nothing else; not for several threads at once: give each its own.
"""

import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

# How old an answer may be. This is how long a frozen account's token can go on: 0 asks every time.
MAX_AGE = 1.0
# No answer within this is no permission.
TIMEOUT = 2.0
# Token and freeze have clocks of their own. Nobody can sign in within a minute after a freeze, so
# refusing these too costs nothing.
CLOCKS_DIFFER = 60.0
MOST_KEPT = 100_000


class Kept(NamedTuple):
    """An answer, when it was asked for, and its name."""

    state: Mapping[str, Any]
    etag: str
    asked_at: float


class NoAnswer(Exception):
    """Resguardo could not be asked."""


class FreezeStates:
    def __init__(self, origin: str, client: str, secret: str, *, max_age: float = MAX_AGE) -> None:
        parts = urlsplit(origin)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.netloc, timeout=TIMEOUT)
        basic = b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
        self._basic = f"Basic {basic}"
        self._bearer = ""
        self._max_age = max_age
        self._kept: dict[str, Kept] = {}

    def allow(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims of a token that is good otherwise may pass. False when in doubt."""
        try:
            state = self._state_of(claims["sub"])
            # When the person signed in. A refreshed token has a new `iat`, but keeps `auth_time`.
            signed_in_at = float(claims.get("auth_time", claims["iat"]))
        except (NoAnswer, KeyError, TypeError, ValueError):
            return False
        return survives(state, signed_in_at)

    def close(self) -> None:
        """Hang up. Asked again, it calls again."""
        self._connection.close()

    def _state_of(self, subject: str) -> Mapping[str, Any]:
        kept = self._kept.get(subject)
        now = time.monotonic()
        if kept is not None and now - kept.asked_at < self._max_age:
            return kept.state
        path = f"/v1/accounts/{quote(subject, safe='')}/freeze-state"
        answer, body = self._ask("GET", path, {"If-None-Match": kept.etag if kept else ""})
        if answer.status == 304 and kept is not None:
            kept = kept._replace(asked_at=now)
        elif answer.status == 200:
            kept = Kept(json.loads(body), answer.headers["ETag"], now)
        else:
            # Also 404: an account that Resguardo was never told of.
            raise NoAnswer
        self._kept.pop(subject, None)
        self._kept[subject] = kept
        if len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        return kept.state

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        """With an access token; a new one when it is no longer taken."""
        for _ in range(2):
            if not self._bearer:
                self._bearer = self._access_token()
            asked = {**headers, "Authorization": self._bearer}
            answer, body = self._send(method, path, asked)
            if answer.status != 401:
                return answer, body
            self._bearer = ""
        raise NoAnswer

    def _access_token(self) -> str:
        form = {
            "Authorization": self._basic,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = "grant_type=client_credentials&scope=accounts"
        answer, told = self._send("POST", "/oauth/token", form, body)
        if answer.status != 200:
            raise NoAnswer
        return f"Bearer {json.loads(told)['access_token']}"

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[HTTPResponse, bytes]:
        """Once more if the kept connection had been closed meanwhile; not after a silence."""
        for _ in range(2):
            try:
                self._connection.request(method, path, body, {**headers})
                answer = self._connection.getresponse()
                return answer, answer.read()
            except TimeoutError:
                break
            except (OSError, HTTPException):
                self._connection.close()
        self._connection.close()
        raise NoAnswer


def survives(state: Mapping[str, Any], signed_in_at: float) -> bool:
    """The rule. What was signed in before the last freeze stays void, also after the release."""
    if state["state"] != "active":
        return False
    void_before = state["sessions_void_before"]
    if void_before is None:
        return True
    return signed_in_at > datetime.fromisoformat(void_before).timestamp() + CLOCKS_DIFFER


def main() -> None:
    """ORIGIN SUBJECT AUTH_TIME, the last in seconds since 1970; exit status 1 is a refusal."""
    origin, subject, auth_time = sys.argv[1:]
    client, secret = os.environ["RESGUARDO_CLIENT"], os.environ["RESGUARDO_SECRET"]
    claims = {"sub": subject, "auth_time": int(auth_time), "iat": int(auth_time)}
    states = FreezeStates(origin, client, secret)
    allowed = states.allow(claims)
    states.close()
    sys.stdout.write("passes\n" if allowed else "is refused\n")
    sys.exit(0 if allowed else 1)


if __name__ == "__main__":
    main()
