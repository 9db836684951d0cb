"""A large wallet's rows, copied by the million from those of one enrolled owner.

Keys, places and look-ups are each row's own and grow with time, as real ones do. What the measured
statements never read repeats one ciphertext: nobody can open it, and nothing measured tries.
"""

import subprocess
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from sqlalchemy import Table

from bench.ground import Ground
from service.embedded.creation import ADMIN
from service.embedded.identity import ENVIRONMENT
from service.storage import tables

# Rows that one statement copies; few enough that a stopped run stops soon.
_AT_ONCE: Final = 200_000


class Size(Struct, frozen=True, kw_only=True):
    """How many of each there are; contacts are persons of their own."""

    accounts: int
    contacts: int
    sessions: int


class _Copy(Struct, frozen=True, kw_only=True):
    """One table's rows: which columns differ from the pattern's, in terms of their number `n`."""

    table: Table
    pattern: str
    many: int
    own: Mapping[str, str]


def session_token(number: int) -> str:
    """Of the session with this number, from 1."""
    return f"bulk-token-{number}"


def fill(ground: Ground, subject: str, size: Size, *, part: int, parts: int) -> None:
    """Store part `part` (from 0) of `parts` of all, like the account `subject` and its contact.

    Raises what psql says when it fails.
    """
    for copy in _copies(subject, size):
        first, last = copy.many * part // parts, copy.many * (part + 1) // parts
        for start in range(first, last, _AT_ONCE):
            _tell(ground, _statement(copy, start + 1, min(start + _AT_ONCE, last)))


def settle(ground: Ground) -> None:
    """Statistics, and visibility as a database has it that was not filled a minute ago."""
    _tell(ground, "vacuum analyze")
    _tell(ground, "checkpoint")


def freshen(ground: Ground) -> None:
    """Whoever was ready before the filling is ready now: nobody waits for hours at a page."""
    _tell(
        ground,
        "update browser_sessions set began_at = began_at + passed, seen_at = seen_at + passed,"
        " verified_at = verified_at + passed, expires_at = expires_at + passed"
        " from (select id, clock_timestamp() - seen_at as passed from browser_sessions) as waited"
        " where waited.id = browser_sessions.id",
    )


def bytes_stored(ground: Ground) -> int:
    return int(_tell(ground, "select pg_database_size(current_database())"))


def _copies(subject: str, size: Size) -> tuple[_Copy, ...]:
    account = f"select id from accounts where subject = '{subject}'"  # noqa: S608  # our own word
    its = f"account_id = ({account})"
    owner = f"id = (select person_id from accounts where subject = '{subject}')"  # noqa: S608  # likewise
    key = f"id = (select data_key_id from persons where {owner})"  # noqa: S608  # likewise
    people = size.accounts + size.contacts
    # Contacts fill the first places of all owners, then the second, and so on.
    whose = _id("a", f"1 + (n - 1) % {size.accounts}")
    return (
        _Copy(table=tables.data_keys, pattern=key, many=people, own={"id": _id("d", "n")}),
        _Copy(
            table=tables.persons,
            pattern=owner,
            many=people,
            own={"id": _id("b", "n"), "data_key_id": _id("d", "n")},
        ),
        _Copy(
            table=tables.accounts,
            pattern=f"subject = '{subject}'",
            many=size.accounts,
            own={"id": _id("a", "n"), "subject": "'bulk-' || n", "person_id": _id("b", "n")},
        ),
        _Copy(
            table=tables.account_addresses,
            pattern=its,
            many=size.accounts,
            own={
                "id": _id("e", "n"),
                "account_id": _id("a", "n"),
                "address_index": _hash("owner-address-", "n"),
            },
        ),
        _Copy(
            table=tables.wallet_sessions,
            pattern=its,
            many=size.sessions,
            own={
                "id": _id("5", "n"),
                "account_id": _id("a", f"1 + (n - 1) % {size.accounts}"),
                "token_sha256": _hash("bulk-token-", "n"),
            },
        ),
        _Copy(
            table=tables.contacts,
            pattern=its,
            many=size.contacts,
            own={
                "id": _id("c", "n"),
                "account_id": whose,
                "person_id": _id("b", f"{size.accounts} + n"),
                "place": f"1 + (n - 1) / {size.accounts}",
                "address_index": _hash("contact-address-", "n"),
                "link_sha256": _hash("bulk-link-", "n"),
            },
        ),
    )


def _id(kind: str, number: str) -> str:
    """Like a UUIDv7: its first half grows with the number, its second is chance."""
    return (
        f"('{kind * 8}' || lpad(to_hex({number}), 8, '0')"
        f" || substr(md5(({number})::text), 1, 16))::uuid"
    )


def _hash(before: str, number: str) -> str:
    return f"sha256(('{before}' || {number})::bytea)"


def _statement(copy: _Copy, first: int, last: int) -> str:
    columns = [column.name for column in copy.table.columns]
    values = [copy.own.get(name, f"pattern.{name}") for name in columns]
    return (
        f"insert into {copy.table.name} ({', '.join(columns)})"  # noqa: S608  # our own names
        f" select {', '.join(values)}"
        f" from (select * from {copy.table.name} where {copy.pattern} limit 1) as pattern,"
        f" generate_series({first}, {last}) as n"
    )


def _tell(ground: Ground, statement: str) -> str:
    """By the cluster's own master, who may leave the foreign keys unasked: they hold by making."""
    told = subprocess.run(
        [
            ground.cluster.bin / "psql",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "-vON_ERROR_STOP=1",
        ],
        input=f"set session_replication_role = replica;\n{statement};\n",
        env={**ENVIRONMENT, **ground.cluster.environment(ADMIN)},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise RuntimeError(told.stderr.strip())
    return told.stdout.strip()
