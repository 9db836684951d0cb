"""`make run`: one parent, the same house in every run, and nobody left behind."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from service.demo.run import clean
from service.processes import is_free
from tests.demos import Demo, command, demo_folder, environment, family, lives, port_taken, until


class Household:
    """One folder for all tests here. A run that a test leaves behind serves the next test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._demo: Demo | None = None

    def running(self) -> Demo:
        if self._demo is None:
            self._demo = Demo(self.folder)
        return self._demo

    def rest(self) -> None:
        demo, self._demo = self._demo, None
        if demo is not None:
            demo.stop()


@pytest.fixture(scope="module")
def household() -> Generator[Household]:
    """Set up once, so that every test finds a second run."""
    with demo_folder() as folder:
        first = Demo(folder)
        assert first.stop() == 0, "".join(first.said)
        household = Household(folder)
        yield household
        household.rest()


@pytest.fixture
def demo(household: Household) -> Demo:
    return household.running()


def pid_of(demo: Demo, *words: str) -> int:
    """The first process that says one of these of itself."""
    found = [pid for pid, told in family(demo.pid).items() if any(one in told for one in words)]
    assert found, (words, family(demo.pid))
    return min(found)


# The server renames its process where the library for that happens to be installed.
WEB = ("service serve", "service.server:entrance")


def sessions(folder: Path) -> list[str]:
    kept = json.loads((folder / "sample-wallet.json").read_bytes())
    return [device["session_id"] for device in kept["devices"]]


def test_a_second_run_says_where_to_click(demo: Demo) -> None:
    """How soon is measured (`make bench ONLY=demo`): a busy machine proves nothing about it."""
    said = "".join(demo.said)
    for name in ("pages", "wallet", "messages"):
        assert demo.address(name) in said
    assert f"http://console.localhost:{demo.ports['pages']}" in said
    agents = json.loads((demo.folder / "keys" / "demo-agents.json").read_bytes())
    assert [agent["login"] for agent in agents] == ["astrid", "arne", "sofia"]
    for agent in agents:
        row = next(line.split() for line in demo.said if line.split()[:1] == [agent["login"]])
        assert row[1:3] == [agent["password"], agent["totp_secret"]]
        assert re.fullmatch(r"\d{6}", row[3])
    told = subprocess.run(
        command("codes", demo.folder), env=environment(), capture_output=True, text=True, check=True
    )
    assert all(agent["password"] in told.stdout for agent in agents)


def test_everything_that_was_printed_answers(demo: Demo) -> None:
    with httpx.Client() as http:
        stage = http.get(demo.address("wallet"))
        assert stage.status_code == 200
        assert "Hola, Olga" in stage.text
        assert http.get(demo.address("messages")).status_code == 200
        assert http.get(f"{demo.address('pages')}/health/ready").status_code == 200
        console = f"http://console.localhost:{demo.ports['pages']}/console/sign-in"
        host = {"Host": f"console.localhost:{demo.ports['pages']}"}
        local = console.replace("console.localhost", "127.0.0.1")
        assert http.get(local, headers=host, follow_redirects=False).status_code < 500


def test_the_next_run_has_the_same_ports_keys_and_sessions(household: Household) -> None:
    first = household.running()
    folder, before = household.folder, sessions(household.folder)
    keys = {file.name: file.read_bytes() for file in (folder / "keys").iterdir()}
    first.send(signal.SIGTERM)
    assert first.stop() == 0
    household.rest()

    second = household.running()
    assert second.ports == first.ports
    assert sessions(folder) == before
    assert {file.name: file.read_bytes() for file in (folder / "keys").iterdir()} == keys
    page = httpx.get(second.address("wallet")).text
    assert page.count('data-state="alive"') == 2


def test_secrets_are_for_their_owner_alone(demo: Demo) -> None:
    private = [*(demo.folder / "keys").iterdir(), demo.folder / "sample-wallet.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in private} == {0o600}


def test_ctrl_c_ends_web_then_worker_then_database(household: Household) -> None:
    demo = household.running()
    everyone = family(demo.pid)
    order = [pid_of(demo, *words) for words in (WEB, ("service worker",), ("postgres",))]
    demo.send(signal.SIGINT)

    def all_ended() -> bool:
        # Who ends later is looked at first: then everyone before must have ended too.
        database, worker, web = (not lives(pid) for pid in reversed(order))
        assert web or not worker
        assert worker or not database
        return web and worker and database

    until(all_ended)
    assert demo.stop() == 0
    household.rest()
    assert not any(map(lives, everyone))
    assert not [line for line in demo.said if "rror" in line or "Traceback" in line]


def test_children_die_with_a_killed_parent_and_the_next_run_goes_on(household: Household) -> None:
    demo = household.running()
    everyone = family(demo.pid)
    assert len(everyone) >= 5
    demo.send(signal.SIGKILL)
    assert demo.stop() == -signal.SIGKILL
    household.rest()

    assert household.running().ports == demo.ports
    until(lambda: not any(map(lives, everyone)))


def test_a_part_that_ends_by_itself_ends_the_whole_with_an_honest_status(
    household: Household,
) -> None:
    demo = household.running()
    everyone = family(demo.pid)
    os.kill(pid_of(demo, "service worker"), signal.SIGKILL)
    assert demo.ends() == 1
    until(lambda: not any(map(lives, everyone)))
    household.rest()
    assert "worker ended by itself" in "".join(demo.said)


def test_a_second_one_in_the_same_folder_says_so(demo: Demo) -> None:
    second = subprocess.run(
        command("run", demo.folder), env=environment(), capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "running already" in second.stderr
    assert demo.address("wallet") in second.stderr
    cleaned = subprocess.run(
        command("clean", demo.folder), env=environment(), capture_output=True, check=False
    )
    assert cleaned.returncode == 1
    assert httpx.get(demo.address("wallet")).status_code == 200


def test_a_port_that_someone_else_took_moves_the_wallet_along(household: Household) -> None:
    household.rest()
    with port_taken(household.folder, "pages") as taken:
        demo = household.running()
        assert demo.ports["pages"] != taken
        # The sample wallet speaks with the service at its new address, as the same wallet.
        assert httpx.get(demo.address("wallet")).text.count('data-state="alive"') == 2


def test_two_that_start_at_once_in_two_folders_both_come_up(household: Household) -> None:
    """Both find the same ports free; the slower one moves."""
    household.rest()
    with demo_folder() as other, ThreadPoolExecutor() as both:
        shutil.copy(household.folder / "ports.json", other)
        neighbour, demo = both.submit(Demo, other), both.submit(household.running)
        try:
            assert not set(neighbour.result().ports.values()) & set(demo.result().ports.values())
        finally:
            assert neighbour.result().stop() == 0


def test_cleaning_forgets_the_demo_and_nothing_else() -> None:
    with demo_folder() as folder:
        demo = Demo(folder)
        assert demo.stop() == 0
        other = folder / "tools"
        other.mkdir()
        clean(folder)
        assert list(folder.iterdir()) == [other]
        assert all(map(is_free, demo.ports.values()))
        other.rmdir()
