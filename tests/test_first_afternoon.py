"""What an engineer of a wallet does first: the guide as it stands, and the receiver in one file."""

import base64
import email.utils
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demos import ROOT, Demo, command, demo_folder, environment, until
from tests.ports import free_port

GUIDE = (ROOT / "docs" / "integration.md").read_text()
AUTHORIZATION = "Bearer what-only-both-of-us-know"
# The page's own words for what a person types in the project's folder.
TYPED = ".venv/bin/python -m service demo engineer"


@pytest.fixture(scope="module")
def demo() -> Generator[Demo]:
    with demo_folder() as folder:
        demo = Demo(folder)
        try:
            yield demo
        finally:
            demo.stop()


@pytest.fixture(scope="module")
def engineer(demo: Demo) -> dict[str, str]:
    """ORIGIN, CLIENT and SECRET, as the guide's first step sets them."""
    told = subprocess.run(
        command("engineer", demo.folder), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(re.findall(r"^export (\w+)=(\S+)$", told.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def api(engineer: dict[str, str]) -> Generator[httpx.Client]:
    with httpx.Client(base_url=engineer["ORIGIN"]) as http:
        asked = http.post(
            "/oauth/token",
            auth=(engineer["CLIENT"], engineer["SECRET"]),
            data={"grant_type": "client_credentials"},
        )
        http.headers["Authorization"] = f"Bearer {asked.json()['access_token']}"
        yield http


def steps() -> list[str]:
    """What the guide says to type, step by step."""
    parts = re.split(r"^## \d+\. .*$", GUIDE, flags=re.MULTILINE)[1:]
    return [
        "\n".join(re.findall(r"^```sh\n(.*?)^```", part, re.DOTALL | re.MULTILINE))
        for part in parts
    ]


def shown(step: int) -> dict[str, Any]:
    """What the guide shows as the answer of a step, from 1."""
    part = re.split(r"^## \d+\. .*$", GUIDE, flags=re.MULTILINE)[step]
    return json.loads(re.findall(r"^```json\n(.*?)^```", part, re.DOTALL | re.MULTILINE)[0])


def test_the_guide_runs_as_written(demo: Demo) -> None:
    assert len(steps()) == 10
    assert TYPED in steps()[0]
    script = "\nprintf '\\n==\\n'\n".join(steps())
    script = script.replace(TYPED, " ".join(command("engineer", demo.folder)))

    ran = subprocess.run(
        ["sh", "-eu"],
        input=script,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    said = [part.strip() for part in ran.stdout.split("\n==\n")]
    before = json.loads(said[4])
    assert {name: before[name] for name in shown(5)} == shown(5)
    assert json.loads(said[7]) == shown(8) == {"active": False}
    assert "session-revoked" in said[8]
    assert "account-disabled" in said[8]
    assert said[9].count('"subject":"test-1"') == 1


# A machine's wrong clock: what a process imports before all else.
_CLOCK_OFF = """
import datetime, time

OFF = {off!r}
truly, of_day = time.time, datetime.datetime


class Wrong(of_day):
    @classmethod
    def now(cls, tz=None):
        return of_day.now(tz) + datetime.timedelta(seconds=OFF)


time.time = lambda: truly() + OFF
datetime.datetime = Wrong
"""


def _with_a_clock_off(folder: Path, off: timedelta) -> dict[str, str]:
    """What makes every clock of a process that far off."""
    if not off:
        return {}
    site = folder / "wrong-clock"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_CLOCK_OFF.format(off=off.total_seconds()))
    return {"PYTHONPATH": str(site)}


@contextmanager
def receiving(
    engineer: dict[str, str],
    folder: Path,
    *,
    audience: str = "engineer",
    off: timedelta = timedelta(0),
) -> Generator[tuple[str, Path]]:
    """The example in a process of its own: its address and where it keeps what it knows."""
    port, database = free_port(), folder / "receiver.sqlite"
    settings = {
        "RESGUARDO": engineer["ORIGIN"],
        "CLIENT": engineer["CLIENT"],
        "SECRET": engineer["SECRET"],
        "AUDIENCE": audience,
        "AUTHORIZATION": AUTHORIZATION,
        "DATABASE": str(database),
        "PORT": str(port),
        **_with_a_clock_off(folder, off),
    }
    example = [sys.executable, str(ROOT / "examples" / "receiver.py")]
    with subprocess.Popen(example, env={**os.environ, **settings}) as process:
        try:
            until(lambda: _listens(port))
            yield f"http://localhost:{port}/events", database
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    try:
        return httpx.post(f"http://localhost:{port}/", content=b"-").status_code == 404
    except httpx.TransportError:
        return False


def _rows(database: Path, query: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(database, timeout=10)) as opened, opened:
        return opened.execute(query, values).fetchall()


def _stream(api: httpx.Client, delivery: dict[str, str]) -> dict[str, Any]:
    made = api.post("/ssf/streams", json={"delivery": delivery, "signing_algorithm": "ES256"})
    assert made.status_code == 201
    return made.json()


def _account(api: httpx.Client, subject: str) -> None:
    account = {
        "first_name": "Ana",
        "display_name": "Ana Prueba",
        "language": "es",
        "time_zone": "America/Bogota",
    }
    assert api.put(f"/v1/accounts/{subject}", json=account).status_code == 201


def _freeze(api: httpx.Client, subject: str) -> None:
    frozen = api.post(
        f"/v1/accounts/{subject}/freeze",
        json={"reason": "stolen"},
        headers={"Idempotency-Key": subject},
    )
    assert frozen.status_code == 201


def _missing(api: httpx.Client, subject: str) -> list[str]:
    listed = api.get("/v1/frozen-accounts").json()["items"]
    return next(one["missing"] for one in listed if one["subject"] == subject)


def test_the_receiver_ends_sessions_and_confirms(
    api: httpx.Client, engineer: dict[str, str], tmp_path: Path
) -> None:
    _account(api, "test-2")
    with receiving(engineer, tmp_path) as (address, database):
        _rows(database, "insert into sessions values ('a', 'test-2'), ('b', 'somebody-else')")
        push = {
            "method": "urn:ietf:rfc:8935",
            "endpoint_url": address,
            "authorization_header": AUTHORIZATION,
        }
        _stream(api, push)

        _freeze(api, "test-2")

        until(lambda: "sessions" not in _missing(api, "test-2"))
        assert _rows(database, "select id from sessions") == [("b",)]
        until(lambda: not _rows(database, "select * from to_confirm"))


@pytest.mark.parametrize(
    "off", [timedelta(hours=-1), timedelta(hours=1)], ids=["an hour slow", "an hour fast"]
)
def test_the_receiver_obeys_whatever_its_clock_says(
    api: httpx.Client, engineer: dict[str, str], tmp_path: Path, off: timedelta
) -> None:
    """A token from the future or of the past ends the sessions all the same, and is confirmed."""
    subject = f"test-clock-{off.total_seconds():.0f}"
    _account(api, subject)
    stream = _stream(api, {"method": "urn:ietf:rfc:8936"})
    _freeze(api, subject)
    token = next(
        one for one in _polled(api, stream["delivery"]["endpoint_url"]) if subject in _body(one)
    )
    with receiving(engineer, tmp_path, off=off) as (address, database):
        _rows(database, "insert into sessions values ('a', ?)", subject)

        said = httpx.post(address, content=token, headers={"Authorization": AUTHORIZATION})

        assert said.status_code == 202
        # The clock was wrong indeed.
        heard = email.utils.parsedate_to_datetime(said.headers["date"])
        assert abs(heard - datetime.now(UTC) - off) < timedelta(minutes=5)
        assert _rows(database, "select id from sessions") == []
        until(lambda: "sessions" not in _missing(api, subject))


def _body(token: str) -> str:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==").decode()


def test_the_receiver_obeys_once_and_nobody_else(
    api: httpx.Client, engineer: dict[str, str], tmp_path: Path
) -> None:
    _account(api, "test-3")
    stream = _stream(api, {"method": "urn:ietf:rfc:8936"})
    _freeze(api, "test-3")
    token = _polled(api, stream["delivery"]["endpoint_url"])[0]
    with receiving(engineer, tmp_path) as (address, database), httpx.Client() as sender:
        sender.headers["Authorization"] = AUTHORIZATION

        def said(body: str) -> tuple[int, str | None]:
            answer = sender.post(address, content=body)
            return answer.status_code, answer.json()["err"] if answer.content else None

        assert said(token) == (202, None)
        # The owner signs in again after the release; the old token comes once more.
        _rows(database, "insert into sessions values ('new', 'test-3')")
        assert said(token) == (202, None)
        assert _rows(database, "select id from sessions") == [("new",)]

        head, body, signature = token.split(".")
        other = "A" if signature[0] != "A" else "B"
        assert said(f"{head}.{body}.{other}{signature[1:]}") == (400, "invalid_key")
        assert said(f"{head}.e30.{signature}") == (400, "invalid_key")
        assert said("rubbish") == (400, "invalid_request")
        sender.headers["Authorization"] = "Bearer guessed"
        assert said(token) == (400, "authentication_failed")

    with receiving(engineer, tmp_path, audience="another") as (address, _):
        refused = httpx.post(address, content=token, headers={"Authorization": AUTHORIZATION})
        assert (refused.status_code, refused.json()["err"]) == (400, "invalid_audience")


def _polled(api: httpx.Client, address: str) -> list[str]:
    answer = api.post(address, json={}, timeout=40)
    assert answer.status_code == 200
    return list(answer.json()["sets"].values())
