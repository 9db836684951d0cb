"""What the wallet itself reported, as agents read it on the ticket."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from domain.wallet_reports import FreezeReason, WalletReport
from service.operations.hot_line import place_of
from service.storage.keychain import Opener


class WalletReportSeen(Struct, frozen=True, kw_only=True):
    reason: FreezeReason
    filed_at: datetime
    noticed_at: datetime | None
    note: str | None
    # The hot line's own name for the call, or for whoever took it.
    operator: str | None
    in_danger: bool
    joined: bool


def sealed(reports: Iterable[WalletReport]) -> Iterator[bytes | None]:
    for one in reports:
        yield one.note
        yield one.hot_line


def seen(one: WalletReport, opener: Opener) -> WalletReportSeen:
    return WalletReportSeen(
        reason=one.reason,
        filed_at=one.filed_at,
        noticed_at=one.noticed_at,
        note=opener.open(place_of(one.id, "note"), one.note),
        operator=opener.open(place_of(one.id, "hot_line"), one.hot_line),
        in_danger=one.in_danger,
        joined=one.joined,
    )
