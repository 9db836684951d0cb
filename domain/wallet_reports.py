"""What the wallet itself says happened: its hot line was called, or its own watch is sure.

It has the effects of a contact's report, and no life of its own: nobody takes it back, and nobody
is judged by it. What becomes of it stands on the ticket.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.change import Change
from domain.events import WalletReportedLoss
from domain.ids import AccountId, ClientId, DeviceId, TicketId, WalletId, WalletReportId


class FreezeReason(StrEnum):
    """Why a wallet freezes one of its accounts. Anything else is no reason for a freeze."""

    LOST = "lost"
    STOLEN = "stolen"
    # Somebody else acts in the account, wherever the phone is.
    SUSPECTED_TAKEOVER = "suspected-takeover"

    @property
    def is_theft(self) -> bool:
        """Somebody else holds the phone or the account."""
        return self is not FreezeReason.LOST


class WalletReport(Struct, frozen=True, kw_only=True):
    id: WalletReportId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Which of the wallet's programs asked.
    client_id: ClientId
    reason: FreezeReason
    device_id: DeviceId | None
    noticed_at: datetime | None
    # Sealed under the owner's key: a note, and the hot line's own name for the call or operator.
    note: bytes | None = None
    hot_line: bytes | None = None
    in_danger: bool
    joined: bool
    filed_at: datetime
    row_version: int = 1


def file(report: WalletReport, *, now: datetime) -> Change[WalletReport]:
    """Take it in; what it freezes is the account's business."""
    event = WalletReportedLoss(
        account_id=report.account_id,
        ticket_id=report.ticket_id,
        wallet_report_id=report.id,
        reason=report.reason.value,
        joined=report.joined,
        at=now,
    )
    return Change(report, (event,))
