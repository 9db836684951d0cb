"""A receiver of Resguardo's Shared Signals, in one file: verify, end sessions, confirm.

    pip install 'pyjwt[crypto]'
    RESGUARDO=https://resguardo.norte.example AUDIENCE=receiver CLIENT=receiver SECRET=… \\
    AUTHORIZATION='Bearer …' PORT=8090 DATABASE=receiver.sqlite python receiver.py

Make a push stream whose `endpoint_url` leads to `/events` here, with AUTHORIZATION as its
`authorization_header`; AUDIENCE is its `aud`, which is the client's name unless you say otherwise.
What is yours to replace: `sessions` stands for the place where your wallet keeps its own.

What it does not do by halves:
- it answers 202 only after all that a token asks for is on disk, so that a token is never lost;
- a token that comes twice is obeyed once (`seen`);
- a freeze is confirmed even if this process dies in between (`to_confirm`);
- it never compares a token's `iat` with its own clock: a receiver whose clock is an hour slow
  would refuse every token, and the sessions would live on.
"""

import hmac
import json
import logging
import os
import sqlite3
import threading
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import jwt

RESGUARDO = os.environ["RESGUARDO"]
AUDIENCE = os.environ["AUDIENCE"]
CLIENT, SECRET = os.environ["CLIENT"], os.environ["SECRET"]
AUTHORIZATION = os.environ["AUTHORIZATION"]
DATABASE = Path(os.environ.get("DATABASE", "receiver.sqlite"))
PORT = int(os.environ.get("PORT", "8090"))

SESSION_REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
ACCOUNT_DISABLED = "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
LONGEST = 64 * 1024
log = logging.getLogger("receiver")


class Refused(Exception):
    """This very token will never be taken; the text is one of RFC 8935, section 2.4."""


@contextmanager
def transaction() -> Generator[sqlite3.Connection]:
    """On disk when it is left, all or nothing."""
    with closing(sqlite3.connect(DATABASE, timeout=10)) as opened, opened:
        yield opened


def prepare() -> None:
    with transaction() as db:
        db.execute("create table if not exists seen (jti text primary key)")
        db.execute("create table if not exists sessions (id text primary key, subject text)")
        db.execute(
            "create table if not exists to_confirm (subject text primary key, version integer)"
        )


# Keys are fetched once, and again for a key id that is new: rotation needs nothing here.
keys = jwt.PyJWKClient(f"{RESGUARDO}/.well-known/jwks.json")


def verified(token: str) -> dict[str, Any]:
    """The claims of a token that Resguardo signed for us. Raises Refused."""
    try:
        if jwt.get_unverified_header(token).get("typ") != "secevent+jwt":
            raise Refused("invalid_request")
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256", "ES256"],
            issuer=RESGUARDO,
            audience=AUDIENCE,
            options={"require": ["iss", "iat", "jti", "aud", "events"], "verify_iat": False},
        )
    except jwt.InvalidIssuerError:
        raise Refused("invalid_issuer") from None
    except jwt.InvalidAudienceError:
        raise Refused("invalid_audience") from None
    except jwt.PyJWKClientConnectionError:
        # Not the token's fault: no 400, so it is sent again.
        raise
    except (jwt.InvalidSignatureError, jwt.PyJWKClientError):
        raise Refused("invalid_key") from None
    except jwt.PyJWTError:
        raise Refused("invalid_request") from None


def obey(claims: dict[str, Any]) -> None:
    """Everything in one transaction: seen, ended, and what is to be confirmed."""
    with transaction() as db:
        try:
            db.execute("insert into seen values (?)", (claims["jti"],))
        except sqlite3.IntegrityError:
            return
        for event, told in claims["events"].items():
            # What else there is (a test of the stream, a release) ends nothing.
            if event in (SESSION_REVOKED, ACCOUNT_DISABLED):
                subject = claims["sub_id"]["sub"]
                db.execute("delete from sessions where subject = ?", (subject,))
                # Said once more of a freeze that was told before, it may name no version.
                if "version" in told:
                    # An older freeze never replaces a newer one.
                    db.execute(
                        "insert into to_confirm values (?, ?) on conflict (subject) do update"
                        " set version = max(version, excluded.version)",
                        (subject, told["version"]),
                    )


class Receiver(BaseHTTPRequestHandler):
    """RFC 8935: 202 and nothing else means taken."""

    def do_POST(self) -> None:  # the base class looks for this name
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/events" or not 0 < length <= LONGEST:
            return self.say(404 if self.path != "/events" else 413)
        body = self.rfile.read(length)
        sent = self.headers.get("Authorization") or ""
        if not hmac.compare_digest(sent.encode(), AUTHORIZATION.encode()):
            return self.say(400, "authentication_failed")
        try:
            obey(verified(body.decode("ascii")))
        except UnicodeDecodeError:
            self.say(400, "invalid_request")
        except Refused as refused:
            self.say(400, str(refused))
        except (jwt.PyJWKClientConnectionError, sqlite3.Error):
            # Our own trouble: anything but 400, and it comes again.
            self.say(503)
        else:
            self.say(202)
            wake.set()
        return None

    def say(self, status: int, err: str | None = None) -> None:
        answer = b"" if err is None else json.dumps({"err": err, "description": err}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Paths and headers stay out of the log."""
        log.info("answered %s with %s bytes", code, size)


wake = threading.Event()


def confirm_on() -> None:
    """Tell Resguardo what is done; what fails is tried again, also after a new start."""
    while True:
        try:
            confirm_all()
        except sqlite3.Error:
            log.warning("not confirmed, the database is busy")
        wake.wait(5)
        wake.clear()


def confirm_all() -> None:
    with transaction() as db:
        waiting = db.execute("select subject, version from to_confirm").fetchall()
    for subject, version in waiting:
        try:
            confirm(subject, version)
        except HTTPError as error:
            # 409: a newer version counts by now, or the account was given back.
            if error.code != 409:
                log.warning("not confirmed, answer %s", error.code)
                continue
        except (OSError, HTTPException, ValueError, KeyError):
            # None, half of one, or the page of something that stands in between.
            log.warning("not confirmed, no answer")
            continue
        with transaction() as db:
            done = "delete from to_confirm where subject = ? and version = ?"
            db.execute(done, (subject, version))


def confirm(subject: str, version: int) -> None:
    basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    form = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    asked = b"grant_type=client_credentials&scope=accounts"
    token = call("POST", "/oauth/token", asked, form)["access_token"]
    body = {"version": version, "done": ["sessions"], "at": datetime.now(UTC).isoformat()}
    call(
        "PUT",
        f"/v1/accounts/{quote(subject, safe='')}/freeze-confirmation",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )


def call(method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    request = Request(f"{RESGUARDO}{path}", data=body, headers=headers, method=method)
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.Formatter.converter = time.gmtime
    prepare()
    threading.Thread(target=confirm_on, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
