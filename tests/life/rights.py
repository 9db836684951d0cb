"""Who may stop an account, said once more from the rows alone; and what must follow from a state.

Nothing here asks the rules: what product and rule say must be the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

Row = Mapping[str, Any]
Rows = Mapping[UUID, Row]

ENDED: Final = frozenset({"declined", "lapsed", "taken-back", "removed", "left", "ended"})
ON_A_PLACE: Final = frozenset({"active", "leaving", "suspended"})
PLACES: Final = frozenset({1, 2, 3, 4, 5})
WHILE_FROZEN: Final = frozenset({"left", "declined", "suspended", "removed"})


def may_stop(contact: Row, account: Row, now: datetime) -> bool:
    """Active, or leaving until the last instant; not in a pause. A freeze stops the clock."""
    if is_closed(account, now) or contact["status"] not in {"active", "leaving"}:
        return False
    paused = contact["paused_until"] is not None and now < contact["paused_until"]
    return not (paused or is_past(contact, account, now))


def is_past(contact: Row, account: Row, now: datetime) -> bool:
    """A removal that somebody was told of has come to its instant; or half a year of silence."""
    standing = account["frozen_at"] if account["state"] == "frozen" else now
    told = contact["removal_noticed_at"] is not None
    removed = told and contact["leaves_at"] is not None and contact["leaves_at"] <= standing
    return removed or (contact["ends_at"] is not None and contact["ends_at"] <= standing)


def is_closed(account: Row, now: datetime) -> bool:
    closes_at = account["closes_at"]
    return account["state"] == "closed" or (closes_at is not None and closes_at <= now)


def contacts_fit(before: Rows, seen: Rows) -> None:
    """Who is leaving has an instant; nobody is removed whom nobody was told of."""
    held: set[tuple[UUID, int]] = set()
    for key, contact in seen.items():
        place, status = contact["place"], contact["status"]
        if status == "leaving":
            assert contact["leaves_at"] is not None
        assert place is not None or status not in ON_A_PLACE
        assert status not in ENDED or contact["ended_at"] is not None
        if status in ENDED - {"declined"}:
            assert place is None
        if place is not None:
            assert place in PLACES
            assert (contact["account_id"], place) not in held
            held.add((contact["account_id"], place))
        _was_told(before.get(key), contact)


def _was_told(before: Row | None, after: Row) -> None:
    """Somebody suspended goes at once, and for the owner's safety anybody does."""
    if before is None or before["status"] not in {"active", "leaving"}:
        return
    if after["status"] == "removed" and not after["removed_for_safety"]:
        assert after["removal_noticed_at"] is not None
        assert after["ended_at"] > after["removal_noticed_at"]


def closings_fit(contacts: Rows, accounts: Rows) -> None:
    """A freeze stops a closing that was announced; with the account all its contacts end."""
    for account in accounts.values():
        assert account["state"] != "frozen" or account["closes_at"] is None
    for contact in contacts.values():
        closed = accounts[contact["account_id"]]["state"] == "closed"
        assert not closed or contact["status"] in ENDED


def nothing_changes_while_frozen(before: Mapping[str, Rows], seen: Mapping[str, Rows]) -> None:
    """Within one freeze contacts only decline, leave, are judged, or removed for safety."""
    for key, was in before["contacts"].items():
        account, after = before["accounts"][was["account_id"]], seen["contacts"][key]
        now = seen["accounts"][was["account_id"]]
        frozen = account["state"] == now["state"] == "frozen"
        if not frozen or account["epoch"] != now["epoch"] or was["status"] == after["status"]:
            continue
        assert after["status"] in WHILE_FROZEN, (was["status"], after["status"])
        assert after["status"] != "removed" or after["removed_for_safety"]
