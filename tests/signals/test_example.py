"""The receiver that wallets start from, where its whole way (`tests/test_first_afternoon.py`) does
not lead."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, ClassVar

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "receiver.py"
REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"


class InBetween(BaseHTTPRequestHandler):
    """What stands before Resguardo, and answers for it."""

    says: ClassVar[bytes]

    def do_POST(self) -> None:  # the base class looks for this name
        self.wfile.write(self.says)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
        """Nothing."""


@contextmanager
def in_between(says: bytes) -> Generator[str]:
    handler = type("Says", (InBetween,), {"says": says})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "receiver.sqlite"


@pytest.fixture
def receiver(database: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, value in {
        "RESGUARDO": "http://127.0.0.1:9",
        "AUDIENCE": "fraud-desk",
        "CLIENT": "fraud-desk",
        "SECRET": "not-asked-for",
        "AUTHORIZATION": "Bearer of-theirs",
        "DATABASE": str(database),
    }.items():
        monkeypatch.setenv(name, value)
    spec = spec_from_file_location("receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.prepare()
    return module


def _rows(database: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as opened, opened:
        return opened.execute(query).fetchall()


def _revoked(jti: str, **told: object) -> dict[str, Any]:
    subject = {"format": "iss_sub", "iss": "https://norte.example", "sub": "olga-1"}
    return {"jti": jti, "sub_id": subject, "events": {REVOKED: told}}


def test_a_freeze_that_is_told_again_without_its_version_ends_sessions_too(
    receiver: ModuleType, database: Path
) -> None:
    """As when a later report says that the owner is in danger: only the display is news."""
    receiver.obey(_revoked("one", version=3))
    _rows(database, "insert into sessions values ('a', 'olga-1')")

    receiver.obey(_revoked("two", display="neutral"))

    assert _rows(database, "select * from sessions") == []
    assert _rows(database, "select * from to_confirm") == [("olga-1", 3)]


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"HTTP/1.0 200 OK\r\n\r\n<html>Sign in</html>",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{",
        b"rubbish",
        b"HTTP/1.0 503 Away\r\n\r\n",
    ],
)
def test_whatever_answers_instead_of_us_a_confirmation_stays_to_be_sent(
    receiver: ModuleType, database: Path, says: bytes
) -> None:
    receiver.obey(_revoked("one", version=3))

    with in_between(says) as origin:
        vars(receiver)["RESGUARDO"] = origin
        receiver.confirm_all()

    assert _rows(database, "select * from to_confirm") == [("olga-1", 3)]
