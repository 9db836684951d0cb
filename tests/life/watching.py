"""What must hold after every step of a life, whatever it was; looked up in the database itself."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, contacts, reports, tickets
from domain.access import APPROVES, PROPOSES
from domain.contacts import Contact
from domain.wallets import Wallet
from service.operations import journal as journals
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.tokens import digest
from service.storage import tables
from service.storage.introspection import Introspection
from service.storage.rows import clock, value_of
from tests.life.nursery import GATEWAY, sha

Row = dict[str, Any]
Rows = dict[UUID, Row]
Status = TypeVar("Status", bound=StrEnum)


def _plain(leads_to: Mapping[Status, frozenset[Status]]) -> Mapping[str, frozenset[str]]:
    """In the words that are stored."""
    return {was.value: frozenset(one.value for one in after) for was, after in leads_to.items()}


# Where each stored status may go; a status that leads nowhere stays.
_LIVES: Final[Mapping[str, tuple[str, Mapping[str, frozenset[str]]]]] = {
    "accounts": ("state", _plain(accounts.LEADS_TO)),
    "contacts": ("status", _plain(contacts.LEADS_TO)),
    "loss_reports": ("status", _plain(reports.LEADS_TO)),
    "tickets": ("stage", _plain(tickets.LEADS_TO)),
}
_RISES: Final = ("version", "epoch", "evidence_version", "boost", "row_version")
_STAYS: Final = ("closed_at", "ended_at", "decided_at")
_WATCHED: Final = ("accounts", "contacts", "loss_reports", "tickets", "proposals", "challenges")
_PLACES: Final = 5
# A person at the console, and nobody else, gives an account back.
_TWO_PEOPLE: Final = frozenset({"account-released", "release-approved", "release-proposed"})


class Watch:
    """Looks after each step, and remembers what it saw the time before."""

    def __init__(
        self, house: House, asked: Introspection, wallet: Wallet, secret: str, by: list[SignedIn]
    ) -> None:
        self._house = house
        self._asked = asked
        self._wallet = wallet
        self._secret = secret
        self._levels = {one.agent.id: one.agent.level for one in by}
        self._before: dict[str, Rows] = {name: {} for name in _WATCHED}
        self._told: set[UUID] = set()
        self._written: set[UUID] = set()
        # Counted from the journal: what each account's version must be.
        self._turns: Counter[str] = Counter()
        # Tokens by the subject they were registered for, and those that no freeze spared.
        self.tokens: dict[str, str] = {}
        self.void: set[str] = set()

    async def look(self) -> None:
        async with self._house.engine.connect() as db:
            seen = {name: await _rows(db, tables.metadata.tables[name]) for name in _WATCHED}
            await self._read_journal(db)
            self._nothing_went_backwards(seen)
            self._tickets_fit(seen)
            self._two_people_release(seen)
            await self._places_fit(db, seen)
        await self._sessions_fit(seen)
        self._before = seen

    @property
    def is_frozen(self) -> bool:
        """Whether any account is."""
        return any(row["state"] == accounts.FROZEN for row in self._before["accounts"].values())

    def newest(self, name: str) -> list[Row]:
        """Stored rows of this table, as the last look found them."""
        return [row for _, row in sorted(self._before[name].items(), reverse=True)]

    async def look_at_the_end(self) -> None:
        """The journal of the whole life is sealed, and nothing in it was touched."""
        while await journals.seal_journal(self._house):
            pass
        verdict = await journals.verify_journal(self._house, self._wallet.id)
        assert (verdict.unsealed, verdict.broken_at, verdict.why) == (0, None, None)
        async with self._house.engine.connect() as db:
            entries = await _rows(db, tables.journal)
        ours = [row for row in entries.values() if row["wallet_id"] == self._wallet.id]
        assert verdict.sealed == len(ours) > 0

    def _nothing_went_backwards(self, seen: dict[str, Rows]) -> None:
        for name, rows in seen.items():
            for key, before in self._before[name].items():
                after = rows.get(key)
                if after is None:
                    # Only what ended long ago is swept away.
                    assert name == "challenges", (name, key)
                    continue
                _only_forward(name, before, after)

    def _tickets_fit(self, seen: dict[str, Rows]) -> None:
        """A frozen account has exactly one open loss ticket, an active one none that counts."""
        waiting: Counter[UUID] = Counter()
        for ticket in seen["tickets"].values():
            is_open = ticket["closed_at"] is None
            if is_open and ticket["kind"] == tickets.TicketKind.LOSS:
                waiting[ticket["account_id"]] += 1
            assert is_open == (ticket["stage"] != tickets.RELEASED)
        for key, account in seen["accounts"].items():
            frozen = account["state"] == accounts.FROZEN
            unconfirmed = any(
                ticket.get("unconfirmed", False)
                for ticket in seen["tickets"].values()
                if ticket["account_id"] == key and ticket["closed_at"] is None
            )
            assert waiting[key] == int(frozen or unconfirmed)
            assert not (frozen and unconfirmed)

    def _two_people_release(self, seen: dict[str, Rows]) -> None:
        approved = [
            row
            for row in seen["proposals"].values()
            if row["status"] == tickets.ProposalStatus.APPROVED
        ]
        for proposal in approved:
            assert proposal["decided_by"] != proposal["proposed_by"]
            assert self._levels[proposal["proposed_by"]] >= PROPOSES
            assert self._levels[proposal["decided_by"]] >= APPROVES
        released = [row for row in seen["tickets"].values() if row["closed_at"] is not None]
        assert {row["ticket_id"] for row in approved} >= {row["id"] for row in released}
        # Each freeze and each release raised the version by one, and nothing else did.
        for key, account in seen["accounts"].items():
            assert account["version"] == self._turns[str(key)]

    async def _places_fit(self, db: AsyncConnection, seen: dict[str, Rows]) -> None:
        now = await clock(db)
        held: Counter[UUID] = Counter()
        for row in seen["contacts"].values():
            held[row["account_id"]] += value_of(row, Contact).holds_place(now)
        assert all(many <= _PLACES for many in held.values())

    async def _sessions_fit(self, seen: dict[str, Rows]) -> None:
        """What a gateway hears, by introspection's own statement, of every token there was."""
        frozen = {
            row["subject"] for row in seen["accounts"].values() if row["state"] == accounts.FROZEN
        }
        self.void |= {token for token, subject in self.tokens.items() if subject in frozen}
        alive = await asyncio.gather(*(self._is_alive(token) for token in self.tokens))
        heard = {token for token, is_alive in zip(self.tokens, alive, strict=True) if is_alive}
        # Frozen now, or ever since the session began: a release brings none of them back.
        assert heard.isdisjoint(self.void)

    async def _is_alive(self, token: str) -> bool:
        answer = await self._asked.ask_as_client(
            self._wallet.id, sha(token), client_id=GATEWAY, secret_sha256=digest(self._secret)
        )
        assert answer is not None
        return answer.session is not None

    async def _read_journal(self, db: AsyncConnection) -> None:
        """Every entry has its promise to tell, and was made by somebody who may."""
        entries = await _rows(db, tables.journal, without=self._written)
        promises = await _rows(db, tables.outbox, without=self._told)
        self._written |= set(entries)
        self._told |= set(promises)
        happened: Counter[str] = Counter()
        for row in entries.values():
            entry = json.loads(row["entry"])
            happened[json.dumps(entry["what"], sort_keys=True)] += 1
            name = entry["what"]["event"]
            if name in _TWO_PEOPLE:
                assert entry["by"]["kind"] == "agent", entry
            if name in {"account-frozen", "account-released"}:
                self._turns[entry["what"]["account_id"]] += 1
        told = Counter(
            json.dumps(json.loads(row["body"]), sort_keys=True) for row in promises.values()
        )
        assert happened == told


def _only_forward(name: str, before: Row, after: Row) -> None:
    if name in _LIVES:
        column, leads_to = _LIVES[name]
        was, became = before[column], after[column]
        assert became == was or became in leads_to[was], (name, was, became)
    for column in _RISES:
        if column in before:
            assert after[column] >= before[column], (name, column)
    for column in _STAYS:
        if before.get(column) is not None:
            assert after[column] == before[column], (name, column)
    if name == "challenges" and before["used_at"] is not None:
        assert (after["used_at"], after["attempts"]) == (before["used_at"], before["attempts"])


async def _rows(db: AsyncConnection, table: Table, without: set[UUID] | None = None) -> Rows:
    found = await db.execute(select(table))
    rows = {row["id"]: dict(row) for row in found.mappings()}
    return {key: row for key, row in rows.items() if key not in (without or set())}
