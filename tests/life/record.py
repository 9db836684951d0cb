"""What the journal says happened, and that it explains every row there is."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain import accounts
from domain.contacts import LEADS_TO, ContactStatus
from domain.reports import ReportStatus

Row = Mapping[str, Any]
Rows = Mapping[UUID, Row]

# A person at the console, and nobody else, gives an account back.
_BY_AGENTS: Final = frozenset(
    {"account-released", "release-approved", "release-proposed", "release-rejected"}
)
# Only who may freeze freezes: never somebody who proved nothing.
_FREEZES: Final = frozenset({"contact", "owner", "wallet"})
_MOVES_UP: Final = frozenset({"ticket-joined", "hint-left", "report-withdrawn", "reports-disputed"})
# An owner's objection in danger is only written down.
_MAY_DO_NOTHING: Final = frozenset({"reports-disputed"})
_STOPS_OR_TELLS: Final = frozenset({"account-frozen", "unconfirmed-loss-reported"})
_REPORTED: Final = frozenset({"loss-reported", "unconfirmed-loss-reported"})
_GOES_NOWHERE: Final = frozenset(status for status, after in LEADS_TO.items() if not after)
_LEADS_CONTACT_TO: Final = {
    "contact-invited": ContactStatus.INVITED,
    "contact-accepted": ContactStatus.ACTIVE,
    "contact-declined": ContactStatus.DECLINED,
    "invitation-withheld": ContactStatus.DECLINED,
    "invitation-lapsed": ContactStatus.LAPSED,
    "invitation-taken-back": ContactStatus.TAKEN_BACK,
    "removal-begun": ContactStatus.LEAVING,
    "removal-cancelled": ContactStatus.ACTIVE,
    "removal-disowned": ContactStatus.ACTIVE,
    "contact-removed": ContactStatus.REMOVED,
    "contact-removed-for-safety": ContactStatus.REMOVED,
    "contact-left": ContactStatus.LEFT,
    "contact-suspended": ContactStatus.SUSPENDED,
    "contact-reinstated": ContactStatus.ACTIVE,
    "contact-ended": ContactStatus.ENDED,
}


class Record:
    def __init__(self) -> None:
        self.happened: Counter[str] = Counter()
        self._freezes: Counter[str] = Counter()
        self._releases: Counter[str] = Counter()
        # Signs of urgency after the first, by ticket.
        self._boosts: Counter[str] = Counter()
        self._contacts: dict[str, str] = {}
        self._withdrawn: set[str] = set()
        self._used_codes: set[UUID] = set()
        self._unsafe: set[str] = set()
        # What contacts did in the entries read last: the event, who, and when.
        self.told: list[tuple[str, UUID, datetime]] = []

    def read(self, entries: Iterable[Row]) -> None:
        """In the order in which it happened."""
        self.told = []
        for row in sorted(entries, key=lambda row: (row["at"], row["id"])):
            entry = json.loads(row["entry"])
            what, by = entry["what"], entry["by"]
            self._read_one(what, by["kind"])
            if by["kind"] == "contact" and what["event"] in _STOPS_OR_TELLS:
                self.told.append((what["event"], UUID(by["id"]), row["at"]))

    def explains(self, seen: Mapping[str, Rows]) -> None:
        """Each row is what the entries about it led to; no row without them, none beside them."""
        for key, account in seen["accounts"].items():
            freezes, releases = self._freezes[str(key)], self._releases[str(key)]
            assert account["epoch"] == freezes
            assert account["version"] == freezes + releases
            assert (account["state"] == accounts.FROZEN) == (freezes == releases + 1)
        stored = {str(key): row["status"] for key, row in seen["contacts"].items()}
        assert stored == self._contacts
        reports = seen["loss_reports"]
        assert sum(self.happened[name] for name in _REPORTED) == len(reports)
        unconfirmed = sum(row["unconfirmed"] for row in reports.values())
        assert self.happened["unconfirmed-loss-reported"] == unconfirmed
        withdrawn = {
            str(key) for key, row in reports.items() if row["status"] == ReportStatus.WITHDRAWN
        }
        assert withdrawn == self._withdrawn
        assert self.happened["ticket-opened"] + len(self._unsafe) == len(seen["tickets"])
        for key, ticket in seen["tickets"].items():
            assert ticket["boost"] == self._boosts[str(key)]
        assert self.happened["hint-left"] == len(seen["hints"])
        # A card's codes go with their card; those seen used stay counted.
        self._used_codes |= {
            key for key, row in seen["recovery_codes"].items() if row["used_at"] is not None
        }
        assert self.happened["recovery-code-used"] == len(self._used_codes)

    def _read_one(self, what: dict[str, Any], by: str) -> None:
        name = what["event"]
        self.happened[name] += 1
        assert name not in _BY_AGENTS or by == "agent", what
        if name in _MOVES_UP and not (name in _MAY_DO_NOTHING and what["without_effect"]):
            self._boosts[what["ticket_id"]] += 1
        if name == "account-frozen":
            assert by in _FREEZES, (what, by)
            self._freezes[what["account_id"]] += 1
        elif name == "account-released":
            self._releases[what["account_id"]] += 1
        elif name == "report-withdrawn" and not what["without_effect"]:
            self._withdrawn.add(what["report_id"])
        elif name == "outcome-decided":
            self._withdrawn.discard(what["report_id"])
        elif name == "safety-asked":
            # Asked again, the same ticket moves up.
            self._boosts[what["ticket_id"]] += what["ticket_id"] in self._unsafe
            self._unsafe.add(what["ticket_id"])
        elif name in _LEADS_CONTACT_TO:
            self._leads(what["contact_id"], name)

    def _leads(self, contact: str, name: str) -> None:
        """Who is gone stays so, also when the owner reads that it lapsed or that they left."""
        before = self._contacts.get(contact)
        if before in _GOES_NOWHERE:
            return
        # Whose removal is called off is suspended all the same.
        if before == ContactStatus.SUSPENDED and name in {"removal-cancelled", "removal-disowned"}:
            return
        self._contacts[contact] = _LEADS_CONTACT_TO[name].value
