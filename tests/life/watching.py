"""What must hold after every step of a life, whatever it was; looked up in the database itself."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, contacts, reports, tickets
from domain.access import APPROVES, PROPOSES
from domain.contacts import Contact, ContactStatus
from domain.tickets import Duress
from domain.wallets import Wallet
from service.operations import journal as journals
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.tokens import digest
from service.storage import tables
from service.storage.introspection import Introspection
from service.storage.rows import clock, value_of
from tests.life import rights
from tests.life.nursery import GATEWAY, sha
from tests.life.record import Record

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
_WATCHED: Final = (
    *("accounts", "contacts", "loss_reports", "tickets", "proposals", "challenges"),
    *("devices", "recovery_codes", "hints"),
)
# What ended long ago is swept away; a new card ends the old one's codes.
_MAY_GO: Final = frozenset({"challenges", "recovery_codes"})
_PLACES: Final = 5
_REPORTS: Final = frozenset({ContactStatus.ACTIVE, ContactStatus.LEAVING})
_CLOSED: Final = frozenset({tickets.RELEASED, tickets.CLOSED})
# Far longer than anything that is written together takes to write.
_A_WHILE: Final = 10_000 << 80


class Watch:
    """Looks after each step, and remembers what it saw the time before."""

    def __init__(
        self, house: House, asked: Introspection, wallet: Wallet, secret: str, by: list[SignedIn]
    ) -> None:
        self._house = house
        # It only looks: nothing has to begin or end.
        self._engine = house.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._since = 0
        self._asked = asked
        self._wallet = wallet
        self._secret = secret
        self._levels = {one.agent.id: one.agent.level for one in by}
        self._before: dict[str, Rows] = {name: {} for name in _WATCHED}
        self._told: set[UUID] = set()
        self._false: dict[tuple[UUID, bytes], list[datetime]] = defaultdict(list)
        self._written: set[UUID] = set()
        self.record = Record()
        # Tokens by the subject they were registered for, and those that no freeze spared.
        self.tokens: dict[str, str] = {}
        self.void: set[str] = set()

    async def look(self) -> None:
        async with self._engine.connect() as db:
            seen = await self._seen(db)
            await self._read_journal(db)
            self.record.explains(seen)
            self._nothing_went_backwards(seen)
            self._tickets_fit(seen)
            self._danger_is_heeded(seen)
            self._two_people_release(seen)
            now = await clock(db)
            self._places_fit(seen, now)
            self._rights_hold(seen, now)
        await self._sessions_fit(seen)
        self._before = seen

    async def _seen(self, db: AsyncConnection) -> dict[str, Rows]:
        """Every row; read again is only what was written since the last look. Nobody else writes
        here, so the numbers of transactions tell which that is."""
        here = await db.scalar(select(func.pg_snapshot_xmax(func.pg_current_snapshot())))
        seen: dict[str, Rows] = {}
        for name in _WATCHED:
            table = tables.metadata.tables[name]
            written = literal_column(f"{name}.xmin::text::bigint") >= self._since
            rows = self._before[name] | await _rows(db, table, written)
            if name in _MAY_GO:
                present = set(await db.scalars(select(table.c.id)))
                rows = {key: row for key, row in rows.items() if key in present}
            seen[name] = rows
        self._since = int(str(here))
        return seen

    def account(self, subject: str) -> Row:
        """As the last look found it."""
        accounts_ = self._before["accounts"].values()
        return next(row for row in accounts_ if row["subject"] == subject)

    def not_written_to(self) -> set[str]:
        """Owners whose notices wait for an agent."""
        waiting = {
            row["account_id"]
            for row in self._before["tickets"].values()
            if row["closed_at"] is None and row["danger"] and row["notices_let_go_at"] is None
        }
        return {self._before["accounts"][key]["subject"] for key in waiting}

    @property
    def is_frozen(self) -> bool:
        """Whether any account is."""
        return any(row["state"] == accounts.FROZEN for row in self._before["accounts"].values())

    def account_of(self, contact: Row) -> Row:
        return self._before["accounts"][contact["account_id"]]

    def leaving(self) -> list[Row]:
        """Contacts whose removal was begun, as the last look found them."""
        return [row for row in self.newest("contacts") if row["status"] == ContactStatus.LEAVING]

    def unheard(self) -> list[Row]:
        """Paused at some time, suspended, or removed by their owner."""
        return [
            row
            for row in self.newest("contacts")
            if row["status"] == ContactStatus.SUSPENDED
            or (row["status"] == ContactStatus.REMOVED and not row["removed_for_safety"])
            or (row["status"] in _REPORTS and row["paused_until"] is not None)
        ]

    def undecided(self) -> list[Row]:
        """Reports that nobody has judged."""
        return [row for row in self.newest("loss_reports") if row["decided_at"] is None]

    def waiting(self, kind: tickets.TicketKind) -> list[Row]:
        """Open tickets of a kind."""
        return [
            row
            for row in self.newest("tickets")
            if row["kind"] == kind and row["closed_at"] is None
        ]

    def false_report_counts(self, report: Row, *, within: timedelta, now: datetime) -> None:
        """One pauses, the second from the same address suspends, whatever became of the row."""
        contact = self._before["contacts"][report["contact_id"]]
        account = self.account_of(contact)
        dates = self._false[contact["account_id"], contact["address_index"]]
        dates.append(now)
        if contact["status"] not in _REPORTS or rights.is_past(contact, account, now):
            return
        assert len([at for at in dates if now < at + within]) == 1
        assert contact["paused_until"] is not None

    def rows(self, name: str) -> Rows:
        """All of this table, as the last look found them."""
        return self._before[name]

    def newest(self, name: str) -> list[Row]:
        """Stored rows of this table, as the last look found them."""
        return [row for _, row in sorted(self._before[name].items(), reverse=True)]

    async def look_at_the_end(self) -> None:
        """The journal of the whole life is sealed, and nothing in it was touched."""
        while await journals.seal_journal(self._house):
            pass
        verdict = await journals.verify_journal(self._house, self._wallet.id)
        assert (verdict.unsealed, verdict.broken_at, verdict.why) == (0, None, None)
        ours = tables.journal.c.wallet_id == self._wallet.id
        async with self._house.engine.connect() as db:
            entries = await db.scalar(select(func.count()).select_from(tables.journal).where(ours))
        assert verdict.sealed == entries
        assert verdict.sealed > 0

    def _nothing_went_backwards(self, seen: dict[str, Rows]) -> None:
        for name, rows in seen.items():
            for key, before in self._before[name].items():
                after = rows.get(key)
                if after is None:
                    assert name in _MAY_GO, (name, key)
                    continue
                _only_forward(name, before, after)

    def _tickets_fit(self, seen: dict[str, Rows]) -> None:
        """A frozen account has exactly one open loss ticket, an active one none that counts."""
        waiting: Counter[UUID] = Counter()
        for ticket in seen["tickets"].values():
            is_open = ticket["closed_at"] is None
            if is_open and ticket["kind"] == tickets.TicketKind.LOSS:
                waiting[ticket["account_id"]] += 1
            assert is_open == (ticket["stage"] not in _CLOSED)
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
        released = [row for row in seen["tickets"].values() if row["stage"] == tickets.RELEASED]
        assert {row["ticket_id"] for row in approved} >= {row["id"] for row in released}

    def _danger_is_heeded(self, seen: dict[str, Rows]) -> None:
        """Who may be in somebody's hands is not given back, and shows nothing to them."""
        for key, ticket in seen["tickets"].items():
            if ticket["kind"] != tickets.TicketKind.LOSS:
                assert not ticket["danger"]
                continue
            if ticket["closed_at"] is not None:
                assert not ticket["danger"] or ticket["duress"] == Duress.FREE
                continue
            account = seen["accounts"][ticket["account_id"]]
            neutral = account["display"] == accounts.Display.NEUTRAL
            assert neutral == ticket["danger"]
            before = self._before["tickets"].get(key)
            assert before is None or ticket["danger"] >= before["danger"]
        for key, report in seen["loss_reports"].items():
            before = self._before["loss_reports"].get(key)
            ticket = self._before["tickets"].get(report["ticket_id"])
            if before is not None and ticket is not None and ticket["danger"]:
                # Taking it back has no effect then. What agents find does.
                assert report["status"] in {before["status"], reports.DECIDED}
        for account in seen["accounts"].values():
            frozen = account["state"] == accounts.FROZEN
            assert frozen or account["display"] == accounts.Display.PLAIN

    def _rights_hold(self, seen: dict[str, Rows], now: datetime) -> None:
        """Who could stop an account could; who could not did not."""
        people, owned = seen["contacts"], seen["accounts"]
        for row in people.values():
            account = owned[row["account_id"]]
            can = value_of(row, Contact).can_report(value_of(account, accounts.Account), now)
            assert can == rights.may_stop(row, account, now)
        rights.contacts_fit(self._before["contacts"], people)
        rights.closings_fit(people, owned)
        rights.nothing_changes_while_frozen(self._before, seen)
        for event, contact_id, at in self.record.told:
            account = self._before["accounts"][people[contact_id]["account_id"]]
            rows = (self._before["contacts"].get(contact_id), people[contact_id])
            could = {rights.may_stop(row, account, at) for row in rows if row is not None}
            assert (event == "account-frozen") in could, (event, contact_id)

    def _places_fit(self, seen: dict[str, Rows], now: datetime) -> None:
        held: Counter[UUID] = Counter()
        for row in seen["contacts"].values():
            account = value_of(seen["accounts"][row["account_id"]], accounts.Account)
            held[row["account_id"]] += value_of(row, Contact).holds_place(account, now)
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
        entries = await _newer(db, tables.journal, self._written)
        promises = await _newer(db, tables.outbox, self._told)
        self.record.read(entries.values())
        happened = Counter(
            _plain_text(json.loads(one["entry"])["what"]) for one in entries.values()
        )
        told = Counter(_plain_text(json.loads(one["body"])) for one in promises.values())
        assert happened == told
        self._written |= set(entries)
        self._told |= set(promises)


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
    if name == "challenges" and after["contact_id"] is None:
        # Nobody is behind it, so nothing it is compared with is right.
        assert after["used_at"] is None
    if name == "recovery_codes" and before["used_at"] is not None:
        assert after["used_at"] == before["used_at"]


async def _rows(db: AsyncConnection, table: Table, which: ColumnElement[bool]) -> Rows:
    found = await db.execute(select(table).where(which))
    return {row["id"]: dict(row) for row in found.mappings()}


async def _newer(db: AsyncConnection, table: Table, known: set[UUID]) -> Rows:
    """Rows not known yet. Keys grow with time, so only the latest of the known are read again."""
    since = max((key.int for key in known), default=_A_WHILE) - _A_WHILE
    rows = await _rows(db, table, table.c.id >= UUID(int=since))
    return {key: row for key, row in rows.items() if key not in known}


def _plain_text(event: dict[str, Any]) -> str:
    return json.dumps(event, sort_keys=True)
