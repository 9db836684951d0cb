"""A loss report: what a contact says happened. It can freeze and nothing else.

FILED ─▶ WITHDRAWN         (the freeze stays, the ticket moves up; a person will look at it)
   └───────┴─▶ DECIDED     (with an outcome, by agents: `outcomes`)

A contact who was paused, suspended or lately removed is heard all the same: the report is marked
unconfirmed and freezes nothing; people look at once.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts import Contact, MayReport, may_report
from domain.events import LossReported, ReportWithdrawn, UnconfirmedLossReported
from domain.ids import AccountId, ContactId, DeviceId, PersonId, ReportId, TicketId, WalletId
from domain.policy import ReportPolicy
from domain.refusals import CannotWithdraw, MayNotReport, NotFound
from domain.tickets import Ticket


class LossKind(StrEnum):
    LOST = "lost"
    STOLEN = "stolen"


class OwnerSafe(StrEnum):
    """What the reporter knows of the owner; a `no` changes how everyone goes about it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """How the reporter came in; each has budgets and challenges of its own."""

    LINK = "link"
    # `/report`: the contact typed their own address.
    ADDRESS = "address"


class ReportStatus(StrEnum):
    FILED = "filed"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


FILED, WITHDRAWN, DECIDED = ReportStatus.FILED, ReportStatus.WITHDRAWN, ReportStatus.DECIDED
END: Final[frozenset[ReportStatus]] = frozenset()
LEADS_TO: Final = {
    FILED: frozenset({WITHDRAWN, DECIDED}),
    WITHDRAWN: frozenset({DECIDED}),
    DECIDED: END,
}


class Outcome(StrEnum):
    """What became of it. Only `false` counts."""

    REAL = "real"
    FOUND = "found"
    MISTAKE = "mistake"
    FALSE = "false"


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
    owner_safe: OwnerSafe = OwnerSafe.UNKNOWN
    status: ReportStatus = FILED
    joined: bool
    filed_at: datetime
    withdrawn_at: datetime | None = None
    decided_at: datetime | None = None
    outcome: Outcome | None = None
    # By a contact whose reports do not freeze just now.
    unconfirmed: bool = False
    # Until when the reporter was asked to say what they saw, and when they did.
    answer_until: datetime | None = None
    heard_at: datetime | None = None
    # A keyed hash of the source network it came from; None where it came from none.
    network: bytes | None = None
    row_version: int = 1

    @property
    def verified(self) -> str:
        """How strongly the reporter was verified: a link, or only an address, and which code."""
        return f"{self.way.value}-{self.verified_by}"


def file(report: LossReport, *, by: Contact, account: Account, now: datetime) -> Change[LossReport]:
    """Take the report in. Only a contact who can report for this very owner may file it."""
    if by.account_id != report.account_id or not by.can_report(account, now):
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


def file_unconfirmed(
    report: LossReport, *, by: Contact, account: Account, policy: ReportPolicy, now: datetime
) -> Change[LossReport]:
    """Take in what freezes nothing. The reporter is told so, and whom to call."""
    may = may_report(by, account=account, policy=policy, now=now)
    if by.account_id != report.account_id or may is not MayReport.UNCONFIRMED:
        raise MayNotReport
    event = UnconfirmedLossReported(
        account_id=report.account_id,
        contact_id=by.id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        reference=report.reference,
        stolen=report.kind is LossKind.STOLEN,
        joined=report.joined,
        at=now,
    )
    return Change(replace(report, unconfirmed=True), (event,))


def can_be_withdrawn(report: LossReport, *, ticket: Ticket) -> bool:
    """Once: until the report, or the ticket it lies on, is decided."""
    return report.status is FILED and ticket.id == report.ticket_id and ticket.is_open


def withdraw(
    report: LossReport, *, ticket: Ticket, by: ContactId, now: datetime, wrong_person: bool = False
) -> Change[LossReport]:
    """The contact takes the report back. The freeze stays; a person will look at it.

    While the owner is in danger it has no effect: whoever threatens them may stand beside the
    contact, and must read the same as always.
    """
    if by != report.contact_id:
        raise NotFound
    if not can_be_withdrawn(report, ticket=ticket):
        raise CannotWithdraw
    event = ReportWithdrawn(
        account_id=report.account_id,
        contact_id=report.contact_id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        reference=report.reference,
        wrong_person=wrong_person,
        without_effect=ticket.danger,
        at=now,
    )
    if ticket.danger:
        return Change(report, (event,))
    return Change(replace(report, status=WITHDRAWN, withdrawn_at=now), (event,))
