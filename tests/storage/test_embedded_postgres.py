"""The embedded PostgreSQL: real clusters, real kills."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import msgspec
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service import embedded
from service.embedded import (
    ADMIN,
    DATABASE,
    OWNER,
    SERVICE,
    Cluster,
    ClusterFault,
    FolderInUse,
    NoBinaries,
    NotStarted,
    binaries,
    creation,
    remains,
)
from service.embedded.identity import candidates
from service.embedded.place import settle, stand_in_for
from tests.clusters import throw_away_cluster

ROOT = Path(__file__).parents[2]

# The library says nothing about its types.
Connect = Callable[[str], Coroutine[Any, Any, Any]]
connect = cast("Connect", asyncpg.connect)

# Starts a cluster, says so, and lives until its input ends.
LIVING = """
import sys
from pathlib import Path
from service import embedded

with embedded.start(Path(sys.argv[1]), durable=False) as cluster:
    print(cluster.pid, flush=True)
    sys.stdin.read()
"""

# The same from a thread that is gone by the time it says so.
LIVING_WITHOUT_ITS_THREAD = """
import sys, threading
from pathlib import Path
from service import embedded

started = []
thread = threading.Thread(
    target=lambda: started.append(embedded.start(Path(sys.argv[1]), durable=False))
)
thread.start()
thread.join()
with started[0] as cluster:
    print(cluster.pid, flush=True)
    sys.stdin.read()
"""

# A test run in the middle of its tests.
TESTING = """
import sys
from tests.clusters import throw_away_cluster

with throw_away_cluster() as cluster:
    print(cluster.folder, flush=True)
    sys.stdin.read()
"""

# Kills its own postmaster while a backend is too busy with counting to notice, and says which.
KILLS_ITS_POSTMASTER = """
import os, signal, subprocess, sys
from pathlib import Path
from service import embedded

cluster = embedded.start(Path(sys.argv[1]))

def psql(question):
    return subprocess.Popen(
        [cluster.bin / "psql", "--no-psqlrc", "--tuples-only", "--command", question],
        env=cluster.environment(embedded.OWNER),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

psql("create table kept as select 'Olga' as name").communicate()
busy = psql("select count(*) from generate_series(1, 1e12)")
backend = ""
while not backend:
    others = "usename = current_user and state = 'active' and pid <> pg_backend_pid()"
    backend = psql("select pid from pg_stat_activity where " + others).communicate()[0].strip()
os.kill(cluster.pid, signal.SIGKILL)
cluster._process.wait()
print(backend, flush=True)
sys.stdin.read()
"""

# Two runs, the second with what the first one wrote; then everything is forgotten.
TWO_RUNS = """
import asyncio, json, os, sys
from pathlib import Path
import asyncpg, psutil
from service import embedded

async def write(url):
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    await db.execute("create table if not exists kept (line int)")
    await db.execute("insert into kept values (1)")
    lines = await db.fetchval("select count(*) from kept")
    await db.close()
    return lines

told = {"lines": [], "uid": os.geteuid()}
for _ in range(2):
    with embedded.start(Path(sys.argv[1]), durable=False) as cluster:
        told["lines"].append(asyncio.run(write(cluster.url(embedded.OWNER))))
        told["bin"] = str(cluster.bin)
        told["postgres"] = psutil.Process(cluster.pid).uids().effective
embedded.remove(Path(sys.argv[1]))
print(json.dumps(told))
"""

# Root who may not map itself into a user namespace, as in most containers.
WITHOUT_NAMESPACES = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_SETFCAP = 24, 31
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SETFCAP, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def ways_to_run() -> dict[str, list[str]]:
    """Each kind of person this machine can be run by, as what comes before the command."""
    ways: dict[str, list[str]] = {"ourselves": []}
    if os.geteuid() == 0:
        ways["root-without-namespaces"] = [sys.executable, "-c", WITHOUT_NAMESPACES]
        # The first that can execute our Python, which may lie below root's own home.
        for identity in candidates(None):
            if identity.run(sys.executable, "--version") == 0:
                ways["ordinary"] = identity.command("exec")
                break
    return ways


WAYS = ways_to_run()


def python(source: str, *words: str | Path, way: str = "ourselves") -> list[str]:
    return [*WAYS[way], sys.executable, "-W", "error", "-c", source, *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@contextmanager
def a_parent(folder: Path, source: str = LIVING) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Another process that runs a cluster; killed at the end. Answers it and what it said."""
    with subprocess.Popen(
        python(source, folder),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        try:
            yield parent, parent.stdout.readline().strip()
        finally:
            parent.kill()


def eventually(condition: Callable[[], bool], within: float = 30.0) -> bool:
    """Long enough for a busy machine; whoever is on time does not wait."""
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def ask(cluster: Cluster, question: str, *, role: str = OWNER, database: str = DATABASE) -> object:
    async def connected() -> object:
        db = await connect(cluster.url(role, database).replace("+asyncpg", ""))
        try:
            return await db.fetchval(question)
        finally:
            await db.close()

    return asyncio.run(connected())


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with throw_away_cluster() as cluster:
        yield cluster


def two_runs(folder: Path, way: str, **more: str) -> dict[str, Any]:
    """What the program of that name tells, run in one of the ways; nothing is left of it."""
    command = python(TWO_RUNS, folder, way=way)
    try:
        ran = subprocess.run(
            command, env=environment(**more), capture_output=True, text=True, check=False
        )
        assert ran.stderr == ""
        return json.loads(ran.stdout)
    finally:
        embedded.remove(folder)


@pytest.mark.parametrize("way", tuple(WAYS))
def test_whoever_runs_it_finds_again_what_was_written(way: str, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    before = {each: (each.stat().st_mode, each.stat().st_uid) for each in folder.parents}

    told = two_runs(folder, way)

    assert told["lines"] == [1, 2]
    assert (told["uid"] == 0) == (os.geteuid() == 0 and way != "ordinary")
    if way == "root-without-namespaces":
        assert told["postgres"] != 0
    assert before == {each: (each.stat().st_mode, each.stat().st_uid) for each in folder.parents}
    assert not folder.exists()
    assert not stand_in_for(folder).exists()


@pytest.fixture(scope="module")
def private_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages below a folder that is open to ourselves alone, as root's home is."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    copy_of_the_wheel(home / "site-packages")
    return home / "site-packages"


@pytest.mark.parametrize("way", tuple(WAYS))
def test_programs_below_a_private_home_serve_every_identity(way: str, private_site: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="resguardo-"))

    told = two_runs(folder, way, PYTHONPATH=f"{private_site}{os.pathsep}{ROOT}")

    assert told["lines"] == [1, 2]
    reached = Path(told["bin"]).is_relative_to(private_site)
    assert reached == (told["postgres"] == told["uid"])


def test_programs_without_executable_bits_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    copy_of_the_wheel(site)
    programs = list(site.glob("*/*/bin/*"))
    for program in programs:
        program.chmod(0o644)
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])

    with embedded.start(tmp_path / "cluster", durable=False) as cluster:
        first = (cluster.bin / "postgres").stat()
        assert ask(cluster, "select 1") == 1
        # The benchmarks' tool comes along, with its libraries.
        pgbench = subprocess.run(
            [cluster.bin / "pgbench", "--initialize", "--quiet"],
            env=cluster.environment(OWNER),
            capture_output=True,
            check=False,
        )
        assert pgbench.returncode == 0
    with embedded.start(tmp_path / "cluster", durable=False) as cluster:
        second = (cluster.bin / "postgres").stat()

    assert (second.st_ino, second.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    assert {program.stat().st_mode & 0o777 for program in programs} == {0o644}


def copy_of_the_wheel(site: Path) -> None:
    """The newest PostgreSQL of the installed wheel, laid out as pip does."""
    newest = binaries.installed()[0]
    package = newest.root.parent
    left_out = shutil.ignore_patterns("server", "*.a", "libecpg*", "__pycache__")
    shutil.copytree(newest.root, site / package.name / newest.root.name, ignore=left_out)
    (site / package.name / "__init__.py").touch()
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.exists():
            shutil.copytree(libraries, site / libraries.relative_to(package.parent))


def test_only_who_knows_the_password_comes_in(running: Cluster) -> None:
    url = running.url(SERVICE).replace("+asyncpg", "")
    password = running.environment(SERVICE)["PGPASSWORD"]

    assert ask(running, "select current_user", role=SERVICE) == SERVICE
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connect(url.replace(password, "guessed")))
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connect(url.replace(password, "")))


def test_the_only_way_in_is_a_private_socket(running: Cluster) -> None:
    sockets = Path(running.environment(ADMIN)["PGHOST"])

    assert ask(running, "show listen_addresses", role=ADMIN) == ""
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert (running.folder / "passwords.json").stat().st_mode & 0o777 == 0o600
    methods = "select array_agg(distinct auth_method) from pg_hba_file_rules"
    assert ask(running, methods, role=ADMIN) == ["scram-sha-256"]


def test_the_address_serves_sqlalchemy_too(running: Cluster) -> None:
    async def who() -> str:
        engine = create_async_engine(running.url(SERVICE))
        async with engine.connect() as db:
            found = (await db.execute(text("select current_user"))).scalar_one()
        await engine.dispose()
        return found

    assert asyncio.run(who()) == SERVICE


def test_the_owner_is_no_superuser_and_the_service_is_plain(running: Cluster) -> None:
    rights = (
        "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls "
        "from pg_roles where rolname = current_user"
    )
    assert ask(running, rights) is False
    assert ask(running, rights, role=SERVICE) is False
    assert ask(running, "create table made_by_owner ()") is None
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(running, "create table made_by_service ()", role=SERVICE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(running, "select 1", role=SERVICE, database="postgres")


def test_text_is_sorted_and_folded_alike_on_every_machine(running: Cluster) -> None:
    assert ask(running, "show server_encoding") == "UTF8"
    assert ask(running, "show timezone") == "UTC"
    assert ask(running, "select lower('ÑANDÚ') || initcap('são paulo')") == "ñandúSão Paulo"


def test_a_test_database_is_a_copy_of_its_template(running: Cluster) -> None:
    running.create_database("migrated")
    ask(running, "create table people as select 'Olga' as name", database="migrated")

    running.create_database("one_test", template="migrated")

    assert ask(running, "select name from people", database="one_test") == "Olga"
    # Rights on a database do not come with the copy.
    assert ask(running, "select 1", role=SERVICE, database="one_test") == 1
    # Dropping does not wait for a forgotten connection.
    with psql(running, "select pg_sleep(60)", database="one_test"):
        running.drop_database("one_test")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        ask(running, "select 1", database="one_test")
    running.drop_database("one_test")


def test_a_database_name_is_never_a_piece_of_sql(running: Cluster) -> None:
    with pytest.raises(ValueError, match="no plain database name"):
        running.create_database("x; drop database resguardo")
    with pytest.raises(ClusterFault, match="already exists"):
        running.create_database(DATABASE)


@contextmanager
def psql(cluster: Cluster, question: str, *, database: str = DATABASE) -> Generator[int]:
    """Someone in the middle of a question; answers the backend that works on it."""
    with subprocess.Popen(
        [cluster.bin / "psql", "--no-psqlrc", "--command", question],
        env=cluster.environment(OWNER, database),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as client:
        whose = (
            "select max(pid) from pg_stat_activity "
            "where state = 'active' and usename = 'resguardo_owner'"
        )
        try:
            assert eventually(lambda: ask(cluster, whose, role=ADMIN) is not None)
            backend = ask(cluster, whose, role=ADMIN)
            assert isinstance(backend, int)
            yield backend
        finally:
            client.kill()


def test_a_second_start_is_refused_and_names_the_folder(running: Cluster, tmp_path: Path) -> None:
    with pytest.raises(FolderInUse, match=f"{running.folder} is in use by process {os.getpid()}"):
        embedded.start(running.folder)
    with pytest.raises(FolderInUse):
        embedded.remove(running.folder)

    # From another process as well, and only as long as that one lives.
    with a_parent(tmp_path / "cluster") as (parent, _):
        with pytest.raises(FolderInUse, match=f"in use by process {parent.pid}"):
            embedded.start(tmp_path / "cluster")
        parent.communicate("")
        with embedded.start(tmp_path / "cluster", durable=False) as cluster:
            assert ask(cluster, "select 1") == 1


@pytest.mark.parametrize("source", [LIVING, LIVING_WITHOUT_ITS_THREAD])
def test_the_database_ends_with_a_killed_parent(source: str, tmp_path: Path) -> None:
    data = tmp_path / "cluster" / "data"
    with a_parent(tmp_path / "cluster", source) as (parent, said):
        postmaster = int(said)
        assert postmaster in {process.pid for process in remains.working_in(data)}
        parent.kill()
        assert eventually(lambda: remains.working_in(data) == [])

    log = (tmp_path / "cluster" / "log").read_text("utf-8")
    assert "received fast shutdown request" in log


def test_a_database_whose_watcher_was_killed_does_not_stand_in_the_way(tmp_path: Path) -> None:
    with a_parent(tmp_path / "cluster", LIVING_WITHOUT_ITS_THREAD) as (parent, said):
        postmaster = int(said)
        watcher = psutil.Process(postmaster).parent()
        assert watcher is not None
        assert watcher.ppid() == parent.pid
        watcher.kill()
        parent.kill()
        parent.wait()

        with embedded.start(tmp_path / "cluster", durable=False) as cluster:
            assert ask(cluster, "select 1") == 1
            left = remains.working_in(tmp_path / "cluster" / "data")
            assert postmaster not in {process.pid for process in left}


def test_a_start_right_after_a_killed_parent_waits_for_its_database(tmp_path: Path) -> None:
    with a_parent(tmp_path / "cluster") as (parent, said):
        postmaster = int(said)
        parent.kill()
        parent.wait()

        with embedded.start(tmp_path / "cluster", durable=False) as cluster:
            assert cluster.pid != postmaster
            assert ask(cluster, "select 1") == 1


def test_a_killed_postmaster_loses_nothing_and_its_busy_backend_is_ended(tmp_path: Path) -> None:
    data = tmp_path / "cluster" / "data"
    with a_parent(tmp_path / "cluster", KILLS_ITS_POSTMASTER) as (parent, said):
        backend = int(said)

        def left() -> list[int]:
            return [process.pid for process in remains.working_in(data)]

        assert eventually(lambda: left() == [backend])
        parent.kill()
        parent.wait()

        with embedded.start(tmp_path / "cluster") as cluster:
            assert ask(cluster, "select name from kept") == "Olga"
            assert backend not in left()


def test_stopping_after_the_postmaster_was_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    cluster = embedded.start(tmp_path / "cluster", durable=False)
    with psql(cluster, "select count(*) from generate_series(1, 1e12)"):
        os.kill(cluster.pid, signal.SIGKILL)
        assert eventually(lambda: cluster.poll() == -signal.SIGKILL)

        cluster.stop()
        cluster.stop()

    assert remains.working_in(cluster.folder / "data") == []


def test_stopping_does_not_wait_for_those_who_are_connected(running: Cluster) -> None:
    with throw_away_cluster() as cluster, psql(cluster, "select pg_sleep(60)"):
        before = time.monotonic()
        cluster.stop()
        # Far less than they would take, and more than a busy machine does.
        assert time.monotonic() - before < 30
    assert running.poll() is None


def test_left_files_that_name_a_stranger_do_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    embedded.start(folder, durable=False).stop()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        pid_file = f"{stranger.pid}\n{folder / 'data'}\n1700000000\n5432\n{folder / 'socket'}\n"
        (folder / "data" / "postmaster.pid").write_text(pid_file)
        (folder / "socket").mkdir(mode=0o700)
        (folder / "socket" / ".s.PGSQL.5432").touch()
        (folder / "socket" / ".s.PGSQL.5432.lock").write_text(pid_file)

        try:
            with embedded.start(folder, durable=False) as cluster:
                assert ask(cluster, "select 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_postgres_that_someone_else_started_is_not_touched(tmp_path: Path) -> None:
    folder = (tmp_path / "cluster").resolve()
    embedded.start(folder, durable=False).stop()
    place = settle(folder)
    command = place.identity.command(
        "exec", place.binaries.bin / "postgres", "-D", place.data, "-k", place.sockets
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/") as theirs:
        try:
            assert eventually(lambda: remains.working_in(place.data) != [])
            with pytest.raises(FolderInUse, match=f"process {theirs.pid}"):
                embedded.start(folder, durable=False)
            assert theirs.poll() is None
        finally:
            theirs.send_signal(signal.SIGQUIT)


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "cluster"
    with embedded.start(folder, durable=False) as cluster:
        sockets = Path(cluster.environment(ADMIN)["PGHOST"])
        assert ask(cluster, "select 1") == 1
        assert not sockets.is_relative_to(folder)
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()

    # Whoever was there first does not get our clients.
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(NotStarted, match="belongs to someone else"):
            embedded.start(folder, durable=False)
    finally:
        sockets.unlink()
    with embedded.start(folder, durable=False) as cluster:
        assert ask(cluster, "select 1") == 1


def test_a_cluster_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    with subprocess.Popen(
        python(LIVING, folder),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as parent:
        assert eventually(lambda: any(folder.glob("data.new-*/PG_VERSION")))
        parent.kill()
    assert not (folder / "data").exists()

    with embedded.start(folder, durable=False) as cluster:
        assert ask(cluster, "select 1", role=SERVICE) == 1


def test_a_moved_cluster_is_the_same_cluster(tmp_path: Path) -> None:
    with embedded.start(tmp_path / "here", durable=False) as cluster:
        ask(cluster, "create table kept as select 'Olga' as name")
    (tmp_path / "here").rename(tmp_path / "there")

    with embedded.start(tmp_path / "there", durable=False) as cluster:
        assert ask(cluster, "select name from kept") == "Olga"


def test_lost_passwords_are_made_anew_and_nothing_else_is_lost(tmp_path: Path) -> None:
    with embedded.start(tmp_path / "cluster") as cluster:
        ask(cluster, "create table kept as select 'Olga' as name")
        lost = cluster.url(OWNER)
    (tmp_path / "cluster" / "passwords.json").unlink()

    with embedded.start(tmp_path / "cluster") as cluster:
        assert cluster.url(OWNER) != lost
        assert ask(cluster, "select name from kept") == "Olga"


def test_a_cluster_deleted_while_it_runs_can_be_stopped_and_made_anew(tmp_path: Path) -> None:
    cluster = embedded.start(tmp_path / "cluster", durable=False)
    shutil.rmtree(tmp_path / "cluster")

    with embedded.start(tmp_path / "cluster", durable=False) as anew:
        assert cluster.poll() is not None
        cluster.stop()
        assert ask(anew, "select 1") == 1


def test_what_a_killed_test_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    with throw_away_cluster() as others, a_parent(tmp_path, TESTING) as (parent, said):
        folder = Path(said)
        assert folder.exists()
        parent.kill()
        parent.wait()

        with throw_away_cluster() as cluster:
            assert not folder.exists()
            assert ask(cluster, "select 1") == ask(others, "select 1") == 1

        assert not cluster.folder.exists()


def test_the_clusters_own_version_decides_which_programs_serve_it(tmp_path: Path) -> None:
    newest, *_, oldest = binaries.installed()
    folder = (tmp_path / "cluster").resolve()
    folder.mkdir()
    place = msgspec.structs.replace(settle(folder), binaries=oldest)
    place.log.touch()
    creation.passwords_for(place, durable=False)

    version = "select current_setting('server_version_num')::int / 10000"
    with embedded.start(folder, durable=False) as cluster:
        assert ask(cluster, version) == oldest.major
    with embedded.start(tmp_path / "new", durable=False) as cluster:
        assert ask(cluster, version) == newest.major

    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(NoBinaries, match=r"made by PostgreSQL 9.*RESGUARDO_DATABASE_URL"):
        embedded.start(folder)


def test_a_platform_without_the_wheel_is_told_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, binaries.PACKAGE, None)

    with pytest.raises(NoBinaries, match="RESGUARDO_DATABASE_URL"):
        embedded.start(tmp_path / "cluster")
