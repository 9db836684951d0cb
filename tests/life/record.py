"""What the journal says happened, and that it explains every row there is."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from domain import accounts
from domain.contacts import ContactStatus
from domain.reports import ReportStatus

Row = Mapping[str, Any]
Rows = Mapping[UUID, Row]

# A person at the console, and nobody else, gives an account back.
_BY_AGENTS: Final = frozenset(
    {"account-released", "release-approved", "release-proposed", "release-rejected"}
)
# Only who may freeze freezes: never somebody who proved nothing.
_FREEZES: Final = frozenset({"contact", "owner", "wallet"})
_MOVES_UP: Final = frozenset({"ticket-joined", "hint-left", "report-withdrawn"})
_LEADS_CONTACT_TO: Final = {
    "contact-invited": ContactStatus.INVITED,
    "contact-accepted": ContactStatus.ACTIVE,
    "contact-declined": ContactStatus.DECLINED,
    "invitation-lapsed": ContactStatus.LAPSED,
    "invitation-taken-back": ContactStatus.TAKEN_BACK,
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

    def read(self, entries: Iterable[Row]) -> None:
        """In the order in which it happened."""
        for row in sorted(entries, key=lambda row: row["at"]):
            entry = json.loads(row["entry"])
            self._read_one(entry["what"], entry["by"]["kind"])

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
        assert self.happened["loss-reported"] == len(reports)
        withdrawn = {
            str(key) for key, row in reports.items() if row["status"] == ReportStatus.WITHDRAWN
        }
        assert withdrawn == self._withdrawn
        assert self.happened["ticket-opened"] == len(seen["tickets"])
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
        if name in _MOVES_UP:
            self._boosts[what["ticket_id"]] += 1
        if name == "account-frozen":
            assert by in _FREEZES, (what, by)
            self._freezes[what["account_id"]] += 1
        elif name == "account-released":
            self._releases[what["account_id"]] += 1
        elif name == "report-withdrawn" and not what["without_effect"]:
            self._withdrawn.add(what["report_id"])
        elif name in _LEADS_CONTACT_TO:
            contact = what["contact_id"]
            # Who declined stays so, also when the owner reads that it lapsed.
            if self._contacts.get(contact) != ContactStatus.DECLINED:
                self._contacts[contact] = _LEADS_CONTACT_TO[name].value
