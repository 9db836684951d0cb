"""A new cluster: complete, or not there at all."""

import json
import os
import secrets
import tempfile
from pathlib import Path

from service.embedded.faults import NotStarted
from service.embedded.place import Place
from service.embedded.remains import CLUSTER_NAME

# PostgreSQL's own superuser makes and drops databases; neither service nor migrations use it.
ADMIN = "postgres"
OWNER = "resguardo_owner"
SERVICE = "resguardo_service"
DATABASE = "resguardo"

UNFINISHED = "data.new-"
# The superuser included: whoever reaches the socket proves who they are.
ACCESS = "local all all scram-sha-256\n"


def passwords_for(place: Place, *, durable: bool) -> dict[str, str]:
    """Each role's password, for an existing cluster or one made now. Raises NotStarted."""
    if not place.data.exists():
        return make(place, durable=durable)
    if place.passwords.exists():
        return json.loads(place.passwords.read_bytes())
    # Whoever may write here owns the cluster anyway; losing the file must not lose the data.
    renewed = new_passwords()
    single_user(place, place.data, [set_password(role, renewed[role]) for role in renewed])
    keep(place.passwords, renewed)
    return renewed


def make(place: Place, *, durable: bool) -> dict[str, str]:
    # A name of its own: initdb may still be clearing up after a run that was killed.
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place.home))
    place.identity.own(unfinished)
    initialise(place, unfinished, durable=durable)
    passwords = new_passwords()
    single_user(place, unfinished, roles_and_database(passwords), durable=durable)
    (unfinished / "pg_hba.conf").write_text(ACCESS, "ascii")
    keep(place.passwords, passwords)
    unfinished.rename(place.data)
    return passwords


def initialise(place: Place, data: Path, *, durable: bool) -> None:
    # Sorting and letter case must not depend on what the machine has installed.
    locale = ["--locale=C.UTF-8"]
    if place.binaries.major >= 17:
        locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    run_logged(
        place,
        place.binaries.bin / "initdb",
        *("-D", str(data), "-U", ADMIN, "--encoding=UTF8", *locale),
        # Nobody gets in until `ACCESS` is written; and never by TCP, however it is started.
        *("--auth=reject", "--set=listen_addresses=", "--data-checksums", "--no-instructions"),
        *([] if durable else ["--no-sync"]),
    )


def roles_and_database(passwords: dict[str, str]) -> list[str]:
    plain = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    return [
        *(f"CREATE ROLE {role} {plain}" for role in (OWNER, SERVICE)),
        *(set_password(role, passwords[role]) for role in passwords),
        "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
        *new_database(DATABASE),
    ]


def new_database(name: str, template: str = "template1") -> list[str]:
    """Rights on a database are not copied with its template: they are given each time."""
    return [
        f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {SERVICE}",
    ]


def single_user(place: Place, data: Path, statements: list[str], *, durable: bool = True) -> None:
    """Run statements without a server, so that no moment exists in which one could be reached."""
    options = [
        f"cluster_name={CLUSTER_NAME}",
        "exit_on_error=on",
        # They hold passwords.
        "log_min_error_statement=panic",
    ]
    if not durable:
        options.append("fsync=off")
    run_logged(
        place,
        place.binaries.bin / "postgres",
        *("--single", "-D", str(data), *(word for option in options for word in ("-c", option))),
        "template1",
        typed="\n".join(statements) + "\n",
    )


def run_logged(place: Place, *command: str | Path, typed: str = "") -> None:
    with place.log.open("a+", encoding="utf-8") as log:
        before = log.tell()
        if place.identity.run(*command, typed=typed, log=log) != 0:
            raise NotStarted(f"{Path(command[0]).name} failed:\n{log_since(place, before)}")


def log_since(place: Place, before: int) -> str:
    """The last lines that were written after that position."""
    with place.log.open("rb") as log:
        log.seek(before)
        return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-20:])


def new_passwords() -> dict[str, str]:
    return {role: secrets.token_hex(32) for role in (ADMIN, OWNER, SERVICE)}


def set_password(role: str, password: str) -> str:
    return f"ALTER ROLE {role} PASSWORD '{password}'"


def keep(path: Path, passwords: dict[str, str]) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as written:
        json.dump(passwords, written)
        written.flush()
        os.fsync(written.fileno())
    unfinished.replace(path)
