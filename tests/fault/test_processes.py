"""Processes under one parent: real programs, real signals, real kills."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from service import embedded
from service.embedded import Cluster
from service.processes import (
    PARENT,
    NotReady,
    Parent,
    PartEnded,
    answers,
    free_port,
    is_free,
    kept_port,
)
from tests.clusters import throw_away_cluster

ROOT = Path(__file__).parents[2]
ORDER = ("web", "worker", "database")

# Leaves a mark when it is up, and a line in a common book when it is asked to stop.
POLITE = """
import signal, sys
from pathlib import Path
from service.processes import die_with_parent

die_with_parent()
name, book = sys.argv[1], Path(sys.argv[2])

def leave(number, frame):
    with book.open("a") as page:
        page.write(name + "\\n")
    sys.exit(0)

signal.signal(signal.SIGTERM, leave)
print("up and ready")
book.with_name(name).touch()
while True:
    signal.pause()
"""

# Hears nothing, and has a child of its own that hears nothing either; says both numbers.
DEAF = """
import os, signal, subprocess, sys
from pathlib import Path
from service.processes import die_with_parent

die_with_parent(grace=0.2)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
own = subprocess.Popen([sys.executable, "-c", sys.argv[2]]) if len(sys.argv) > 2 else None
mark = Path(sys.argv[1])
mark.with_name("unfinished").write_text(f"{os.getpid()} {own.pid if own else 0}")
mark.with_name("unfinished").rename(mark)
while True:
    signal.pause()
"""

SLEEPS = "import time; time.sleep(600)"

# A parent with two children, one polite and one deaf.
WHOLE = """
import os, sys
from pathlib import Path
from service.processes import Parent

polite, deaf, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
with Parent(stops=("web", "worker")) as parent:
    for name, source, word in (("worker", deaf, "deaf"), ("web", polite, "book")):
        words = [name, str(folder / word)] if name == "web" else [str(folder / word)]
        child = parent.start(
            name,
            [sys.executable, "-c", source, *words],
            environment=dict(os.environ),
            ready=(folder / ("deaf" if name == "worker" else "web")).exists,
        )
        with (folder / "numbers").open("a") as page:
            page.write(f"{child.pid} ")
    (folder / "complete").touch()
    parent.wait()
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def polite(name: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", POLITE, name, str(folder / "book")]


def start_polite(parent: Parent, name: str, folder: Path) -> int:
    child = parent.start(
        name, polite(name, folder), environment=environment(), ready=(folder / name).exists
    )
    return child.pid


def eventually(condition: Callable[[], bool], within: float = 30.0) -> bool:
    """Long enough for a busy machine; whoever is on time does not wait."""
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def lives(pid: int) -> bool:
    """The dead who wait to be reaped do not count."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_the_parts_end_in_the_stated_order(
    asked_by: signal.Signals, tmp_path: Path
) -> None:
    before = signal.getsignal(asked_by)
    with Parent(stops=ORDER, output=io.StringIO()) as parent:
        # Not the order of starting, nor its reverse.
        for name in ("worker", "database", "web"):
            start_polite(parent, name, tmp_path)
        os.kill(os.getpid(), asked_by)
        parent.wait()

    assert (tmp_path / "book").read_text().split() == list(ORDER)
    assert signal.getsignal(asked_by) is before


def test_a_part_that_ends_by_itself_ends_the_whole_and_is_named(tmp_path: Path) -> None:
    def run() -> None:
        with Parent(stops=ORDER, output=io.StringIO()) as parent:
            start_polite(parent, "database", tmp_path)
            worker = start_polite(parent, "worker", tmp_path)
            start_polite(parent, "web", tmp_path)
            os.kill(worker, signal.SIGKILL)
            parent.wait()

    with pytest.raises(PartEnded, match=r"worker ended by itself \(signal 9\)") as ended:
        run()

    assert (ended.value.name, ended.value.status) == ("worker", -signal.SIGKILL)
    assert (tmp_path / "book").read_text().split() == ["web", "database"]


def test_a_cluster_is_a_part_like_any_other(tmp_path: Path) -> None:
    def run(cluster: Cluster) -> None:
        with Parent(stops=ORDER, output=io.StringIO()) as parent:
            parent.adopt("database", cluster)
            start_polite(parent, "web", tmp_path)
            os.kill(cluster.pid, signal.SIGKILL)
            parent.wait()

    with throw_away_cluster() as cluster:
        with pytest.raises(PartEnded, match="database ended by itself"):
            run(cluster)
        assert (tmp_path / "book").read_text() == "web\n"
        # It was stopped too, so that its folder is free again.
        with embedded.start(cluster.folder, durable=False) as again:
            assert again.poll() is None


def test_a_deaf_child_is_killed_when_its_time_is_up_with_all_its_own(tmp_path: Path) -> None:
    numbers: list[int] = []
    with Parent(stops=("worker",), output=io.StringIO()) as parent:
        parent.start(
            "worker",
            [sys.executable, "-c", DEAF, str(tmp_path / "deaf"), SLEEPS],
            environment=environment(),
            ready=(tmp_path / "deaf").exists,
            stops_within=0.2,
        )
        numbers += [int(word) for word in (tmp_path / "deaf").read_text().split()]
        assert all(lives(pid) for pid in numbers)
        os.kill(os.getpid(), signal.SIGTERM)

    assert len(numbers) == 2
    assert eventually(lambda: not any(lives(pid) for pid in numbers))


def test_asked_twice_nobody_waits_for_a_deaf_child(tmp_path: Path) -> None:
    before = time.monotonic()
    with Parent(stops=("worker",), output=io.StringIO()) as parent:
        parent.start(
            "worker",
            [sys.executable, "-c", DEAF, str(tmp_path / "deaf")],
            environment=environment(),
            ready=(tmp_path / "deaf").exists,
            stops_within=600,
        )
        try:
            os.kill(os.getpid(), signal.SIGINT)
            parent.wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
    assert time.monotonic() - before < 60


def test_ctrl_c_at_the_terminal_reaches_the_parent_alone(tmp_path: Path) -> None:
    with Parent(stops=("web",), output=io.StringIO()) as parent:
        web = start_polite(parent, "web", tmp_path)
        assert os.getsid(web) == web != os.getsid(0)


def test_children_and_theirs_die_with_a_killed_parent(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WHOLE, POLITE, DEAF, str(tmp_path)],
        env=environment(),
        stdout=subprocess.DEVNULL,
    ) as parent:
        assert eventually((tmp_path / "complete").exists)
        numbers = [int(word) for word in (tmp_path / "numbers").read_text().split()]
        assert len(numbers) == 2
        parent.kill()

    assert eventually(lambda: not any(lives(pid) for pid in numbers))
    # The polite one was asked; the deaf one was ended all the same.
    assert (tmp_path / "book").read_text() == "web\n"


def test_a_child_whose_parent_died_before_it_began_ends_too(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "0"]) as parent:
        pass
    orphan = subprocess.run(
        polite("orphan", tmp_path),
        env=environment(**{PARENT: str(parent.pid)}),
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert orphan.returncode in {0, -signal.SIGTERM}


def test_a_child_is_waited_for_until_its_address_answers_200() -> None:
    output = io.StringIO()
    port = free_port()
    with Parent(stops=("web",), output=output) as parent:
        parent.start(
            "web",
            [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"],
            environment=environment(),
            ready=f"http://127.0.0.1:{port}/",
        )
        assert answers(f"http://127.0.0.1:{port}/")
        assert not answers(f"http://127.0.0.1:{port}/missing")
    assert not answers(f"http://127.0.0.1:{port}/")
    assert "web      | " in output.getvalue()


def test_an_address_that_says_not_yet_is_not_ready() -> None:
    with an_address_that_answers(503) as url:
        assert not answers(url)
    with an_address_that_answers(200) as url:
        assert answers(url)


@contextmanager
def an_address_that_answers(status: int) -> Generator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/health/ready"
        server.shutdown()
        thread.join()


def test_who_is_not_ready_in_time_is_named_and_stopped(tmp_path: Path) -> None:
    def run() -> None:
        with Parent(stops=("web",), output=io.StringIO()) as parent:
            parent.start(
                "web",
                polite("web", tmp_path),
                environment=environment(),
                # It comes up, however long that takes, and is never content.
                ready=lambda: eventually((tmp_path / "web").exists) and False,
                ready_within=0.01,
            )

    with pytest.raises(NotReady, match="web was not ready"):
        run()
    assert (tmp_path / "book").read_text() == "web\n"


def test_a_part_that_ends_while_another_is_awaited_is_named() -> None:
    def run() -> None:
        with Parent(stops=("web",), output=io.StringIO()) as parent:
            leaves = [sys.executable, "-c", "raise SystemExit(3)"]
            parent.start("web", leaves, environment=environment(), ready=lambda: False)

    with pytest.raises(PartEnded, match=r"web ended by itself \(exit status 3\)"):
        run()


def test_every_line_of_a_child_carries_its_name(tmp_path: Path) -> None:
    output = io.StringIO()
    with Parent(stops=("web",), output=output) as parent:
        start_polite(parent, "web", tmp_path)
    assert output.getvalue() == "web      | up and ready\n"


def test_a_part_without_a_place_in_the_order_is_refused(tmp_path: Path) -> None:
    with Parent(stops=("web",), output=io.StringIO()) as parent:
        with pytest.raises(ValueError, match="'mail' has no free place"):
            parent.start("mail", polite("mail", tmp_path), environment=environment())
        start_polite(parent, "web", tmp_path)
        with pytest.raises(ValueError, match="'web' has no free place"):
            parent.start("web", polite("web", tmp_path), environment=environment())


def test_a_port_stays_the_same_until_someone_else_listens_there(tmp_path: Path) -> None:
    state = tmp_path / "var" / "ports.json"
    wished = free_port()
    first = kept_port("web", state, preferred=wished)

    assert first == wished
    assert kept_port("web", state, preferred=free_port()) == first
    with socket.create_server(("127.0.0.1", first)):
        other = kept_port("web", state)
        assert other != first
    # What is kept is what was used last.
    assert kept_port("web", state, preferred=first) == other
    assert json.loads(state.read_bytes()) == {"web": other}
    assert [path.name for path in state.parent.iterdir()] == ["ports.json"]


def test_two_names_never_get_one_port(tmp_path: Path) -> None:
    state = tmp_path / "ports.json"
    web = kept_port("web", state)
    assert kept_port("mail", state, preferred=web) != web


def test_spoilt_state_costs_nothing_but_the_wish(tmp_path: Path) -> None:
    state = tmp_path / "ports.json"
    for spoilt in ("", "{", '["web"]', '{"web": "eighty"}'):
        state.write_text(spoilt)
        assert is_free(kept_port("web", state))


def test_a_port_is_taken_even_if_only_one_loopback_address_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
    assert is_free(port)
    if socket.has_dualstack_ipv6():
        with socket.create_server(("::1", port), family=socket.AF_INET6):
            assert not is_free(port)


def test_a_connection_that_only_fades_away_keeps_no_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = server.accept()
        # Whoever closes first keeps the port in TIME_WAIT.
        served.close()
        client.close()
    assert free_port(port) == port
