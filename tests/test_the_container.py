"""The image and the Compose file, as far as they can be judged without a container engine."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema.protocols import Validator
from msgspec import Struct, convert
from packaging.requirements import Requirement

from service import settings
from service.embedded import ADMIN, DATABASE, OWNER, SERVICE, Cluster
from tests.clusters import throw_away_cluster

ROOT = Path(__file__).parents[1]
# The two that do their work and end; the others run until they are stopped.
ONCE = {"migrate", "keys"}
OURS = ONCE | {"web", "gateways", "worker", "signals"}
PASSWORDS = {"POSTGRES_PASSWORD": "a1", "OWNER_PASSWORD": "b2", "SERVICE_PASSWORD": "c3"}
# The end of each process's URL: what it finds at the address of `db`.
AT_DB = "@db:5432/resguardo"
A_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:?[-?])(?P<otherwise>[^}]*))?\}")


class Healthcheck(Struct):
    test: list[str] = []
    disable: bool = False


class Awaited(Struct):
    condition: str


class Service(Struct):
    user: str
    healthcheck: Healthcheck
    restart: str
    read_only: bool = False
    cap_drop: list[str] = []
    security_opt: list[str] = []
    privileged: bool = False
    environment: dict[str, str] = {}
    depends_on: dict[str, Awaited] = {}
    ports: list[str] = []
    volumes: list[str] = []
    command: list[str] = []


class Compose(Struct):
    services: dict[str, Service]


def compose_file() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def services() -> dict[str, Service]:
    return convert(compose_file(), Compose).services


def compose_schema() -> Validator:
    schema = json.loads((ROOT / "tests/contracts/compose-spec.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(schema)


def filled_in(value: str, environment: dict[str, str]) -> str:
    """What Compose makes of `${NAME}`, `${NAME:-otherwise}`, `${NAME:?why}` and their kin."""

    def replacement(found: re.Match[str]) -> str:
        given = environment.get(found["name"])
        how = found["how"] or "-"
        if given or (given is not None and ":" not in how):
            return given
        if "?" in how:
            raise LookupError(found["name"])
        return found["otherwise"] or ""

    return A_VARIABLE.sub(replacement, value)


def environment_of(name: str, given: dict[str, str]) -> dict[str, str]:
    """The variables that this process starts with."""
    written = services()[name].environment
    return {key: filled_in(value, given) for key, value in written.items()}


def test_the_compose_file_is_what_the_specification_says() -> None:
    assert list(compose_schema().iter_errors(compose_file())) == []


def test_the_specification_notices_a_misspelt_word() -> None:
    misspelt = compose_file()
    misspelt["services"]["web"]["helthcheck"] = {}
    wrong_condition = compose_file()
    wrong_condition["services"]["web"]["depends_on"]["db"] = {"condition": "service_happy"}

    assert not compose_schema().is_valid(misspelt)
    assert not compose_schema().is_valid(wrong_condition)


def test_no_container_runs_as_root_or_may_become_root() -> None:
    for name, service in services().items():
        assert service.user.partition(":")[0] not in {"", "0", "root"}, name
        assert service.cap_drop == ["ALL"], name
        assert service.security_opt == ["no-new-privileges:true"], name
        assert service.read_only, name
        assert not service.privileged, name


def test_what_runs_on_says_whether_it_is_well() -> None:
    for name, service in services().items():
        runs_on = name not in ONCE
        assert bool(service.healthcheck.test) is runs_on, name
        assert service.healthcheck.disable is not runs_on, name
        assert service.restart == ("unless-stopped" if runs_on else "no"), name


def test_nothing_starts_before_what_it_needs() -> None:
    everything = services()
    for name, service in everything.items():
        for needed, awaited in service.depends_on.items():
            ended = "service_completed_successfully"
            assert awaited.condition == (ended if needed in ONCE else "service_healthy"), name
            assert needed in everything, name

    assert set(everything["migrate"].depends_on) == {"db"}
    assert set(everything["web"].depends_on) == {"db", *ONCE}
    assert set(everything["gateways"].depends_on) == {"db", "migrate"}
    assert set(everything["worker"].depends_on) == {"db", "mail", *ONCE}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_process_starts_with_the_settings_it_is_given(name: str) -> None:
    loaded = settings.load(environment_of(name, PASSWORDS))

    assert loaded.database_url == f"postgresql+asyncpg://{SERVICE}:c3{AT_DB}"
    volumes = [f"keys:{loaded.keys}:ro"]
    if name == "worker":
        volumes.append(f"checkpoints:{loaded.checkpoints}")
    assert services()[name].volumes == volumes


def test_the_gateways_process_gets_the_database_and_nothing_else() -> None:
    environment = environment_of("gateways", PASSWORDS)
    loaded = settings.load_gateways(environment)

    assert loaded.database_url == f"postgresql+asyncpg://{SERVICE}:c3{AT_DB}"
    assert set(environment) == {"RESGUARDO_DATABASE_URL", "RESGUARDO_GATEWAYS_LISTEN"}
    assert services()["gateways"].volumes == []
    assert services()["gateways"].ports[0].endswith(f":{loaded.port}")


def test_only_migrations_know_the_password_of_the_tables_owner() -> None:
    for name in OURS:
        knows = "RESGUARDO_OWNER_DATABASE_URL" in environment_of(name, PASSWORDS)
        assert knows is (name == "migrate"), name

    migrating = environment_of("migrate", PASSWORDS)
    address = settings.database_url(migrating, "RESGUARDO_OWNER_DATABASE_URL")
    assert address == f"postgresql+asyncpg://{OWNER}:b2{AT_DB}"


def test_every_setting_has_its_line_in_the_documentation() -> None:
    named = {key for name in OURS for key in services()[name].environment}
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    named |= set(re.findall(r"\b(RESGUARDO_\w+)=", dockerfile))

    assert named <= set(settings.DOCUMENTED)


@pytest.mark.parametrize("missing", sorted(PASSWORDS))
def test_no_password_has_a_default(missing: str) -> None:
    given = {name: value for name, value in PASSWORDS.items() if name != missing}

    with pytest.raises(LookupError, match=missing):
        _ = [environment_of(name, given) for name in services()]


def psql(cluster: Cluster, environment: dict[str, str], typed: str) -> tuple[int, str]:
    """What psql answers to this, in the mode in which the database's image runs it."""
    command = [cluster.bin / "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-At", "-f", "-"]
    said = subprocess.run(
        command, env=environment, input=typed, capture_output=True, text=True, check=False
    )
    return said.returncode, said.stdout + said.stderr


def test_the_new_database_knows_its_two_roles_and_gives_the_service_nothing_yet() -> None:
    roles: str = compose_file()["configs"]["roles"]["content"]
    with throw_away_cluster() as cluster:
        admin = {**cluster.environment(ADMIN, "postgres"), **PASSWORDS}
        owner = {**cluster.environment(OWNER), "PGPASSWORD": "b2"}
        service = {**cluster.environment(SERVICE), "PGPASSWORD": "c3"}
        # As empty as the image's cluster is before it reads the file.
        empty = f"DROP DATABASE {DATABASE}; DROP ROLE {OWNER}, {SERVICE};"
        assert psql(cluster, admin, empty)[0] == 0

        assert psql(cluster, admin, roles)[0] == 0
        table = "CREATE TABLE journal (entry int); SELECT current_user"
        assert psql(cluster, service, "SELECT current_user")[1].strip() == SERVICE
        assert "permission denied for schema public" in psql(cluster, service, table)[1]
        assert psql(cluster, owner, table)[0] == 0
        assert "permission denied" in psql(cluster, service, "DELETE FROM journal")[1]
        wrong = {**service, "PGPASSWORD": PASSWORDS["OWNER_PASSWORD"]}
        assert psql(cluster, wrong, "SELECT 1")[0] != 0


def test_only_this_machine_reaches_the_ports() -> None:
    published = {name: service.ports for name, service in services().items() if service.ports}

    assert set(published) == {"web", "gateways", "mail"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_service_knows_each_command_it_is_started_with(name: str) -> None:
    service = services()[name]
    commands = [service.command]
    ours = ["CMD", "python", "-m", "service"]
    commands += [service.healthcheck.test[4:]] if service.healthcheck.test[:4] == ours else []

    for command in commands:
        known = [sys.executable, "-m", "service", *command, "--help"]
        said = subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr


def demo_packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra: list[str] = project["optional-dependencies"]["demo"]
    return sorted(Requirement(line).name for line in extra)


def test_the_image_leaves_out_what_only_the_demo_needs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    removed = re.findall(r"pip uninstall --yes (.*?)(?: \\)?$", dockerfile, re.MULTILINE)

    assert sorted(removed[0].split()) == demo_packages()


@pytest.mark.parametrize(
    "module", ["service.__main__", "service.app", "service.worker", "service.gateways.process"]
)
def test_the_processes_do_not_miss_it(module: str) -> None:
    absent = [name.replace("-", "_") for name in demo_packages()]
    # None in the table of modules makes importing that name fail, as if it were not there.
    script = f"import sys; sys.modules.update(dict.fromkeys({absent})); import {module}"
    command = [sys.executable, "-W", "error", "-c", script]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr


def test_what_the_image_copies_is_let_into_its_making() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = set(re.findall(r"^COPY ([\w.-]+) ", dockerfile, re.MULTILINE))
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert copied == {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    last = (ROOT / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    users = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)

    assert users == [("10001", "10001")]
    assert services()["web"].user == "10001:10001"
    assert "/health/ready" in last
    assert 'ENTRYPOINT ["python", "-m", "service"]' in last
