"""A loss report: what a contact says happened. It can freeze and nothing else.

FILED ─▶ WITHDRAWN         (the freeze stays; a person will look at it)
   └───▶ DECIDED           (with an outcome, by agents)
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.change import Change
from domain.contacts import Contact
from domain.events import LossReported
from domain.ids import AccountId, ContactId, DeviceId, PersonId, ReportId, TicketId, WalletId
from domain.refusals import MayNotReport


class LossKind(StrEnum):
    LOST = "lost"
    STOLEN = "stolen"


class Way(StrEnum):
    """How the reporter came in; each has budgets and challenges of its own."""

    LINK = "link"


class ReportStatus(StrEnum):
    FILED = "filed"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


FILED, WITHDRAWN, DECIDED = ReportStatus.FILED, ReportStatus.WITHDRAWN, ReportStatus.DECIDED
END: Final[frozenset[ReportStatus]] = frozenset()
LEADS_TO: Final = {FILED: frozenset({WITHDRAWN, DECIDED}), WITHDRAWN: END, DECIDED: END}


class LossReport(Struct, frozen=True, kw_only=True):
    id: ReportId
    wallet_id: WalletId
    account_id: AccountId
    contact_id: ContactId
    person_id: PersonId
    ticket_id: TicketId
    reference: str
    way: Way
    # How the reporter's code reached them: part of how far they are to be believed.
    verified_by: str
    kind: LossKind
    device_id: DeviceId | None
    noticed_at: datetime | None
    # Sealed under the owner's key: a note, and a number where the owner can be reached.
    note: bytes | None
    reach: bytes | None
    status: ReportStatus = FILED
    joined: bool
    filed_at: datetime
    decided_at: datetime | None = None
    row_version: int = 1


def file(report: LossReport, *, by: Contact, now: datetime) -> Change[LossReport]:
    """Take the report in. Only a contact who can report for this very owner may file it."""
    if by.account_id != report.account_id or not by.can_report(now):
        raise MayNotReport
    event = LossReported(
        account_id=report.account_id,
        contact_id=by.id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        reference=report.reference,
        stolen=report.kind is LossKind.STOLEN,
        joined=report.joined,
        at=now,
    )
    return Change(report, (event,))
