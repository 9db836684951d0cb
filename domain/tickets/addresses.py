"""Which of the owner's addresses count for a proof, and why the others do not."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from domain.accounts import AccountAddress, AddressKind
from domain.ids import AddressId
from domain.policy import TicketPolicy
from domain.refusals import AddressDoesNotCount
from domain.tickets.ticket import Ticket


class Doubt(StrEnum):
    """Why what arrives at an address shows nothing."""

    REMOVED = "removed"
    NOT_VERIFIED = "not-verified"
    # Whoever took the phone may have had it changed since.
    WHILE_FROZEN = "while-frozen"
    TOO_NEW = "too-new"
    # The number may be that of the phone that is gone.
    LINE_NOT_REPLACED = "line-not-replaced"


def lost_at(ticket: Ticket, noticed: Iterable[datetime | None]) -> datetime:
    """The earliest instant the phone may have been gone: the first report, or "noticed at"."""
    return min([ticket.opened_at, *(at for at in noticed if at is not None)])


def doubt_of(
    address: AccountAddress,
    *,
    lost_at: datetime,
    replaced: Collection[AddressId],
    policy: TicketPolicy,
) -> Doubt | None:
    """None: it counts. `replaced` are the numbers whose new line is proved on this ticket."""
    doubt = line_doubt(address, lost_at=lost_at, policy=policy)
    if doubt is None and address.kind is AddressKind.PHONE and address.id not in replaced:
        return Doubt.LINE_NOT_REPLACED
    return doubt


def line_doubt(address: AccountAddress, *, lost_at: datetime, policy: TicketPolicy) -> Doubt | None:
    """The same without the question whose hands the line is in."""
    if address.removed_at is not None:
        return Doubt.REMOVED
    if address.added_while_frozen:
        return Doubt.WHILE_FROZEN
    # What was verified only after the loss may have been verified by the thief.
    if address.verified_at is None or address.verified_at > lost_at:
        return Doubt.NOT_VERIFIED
    if address.added_at + policy.address_counts_after > lost_at:
        return Doubt.TOO_NEW
    return None


def require_counting(doubt: Doubt | None) -> None:
    if doubt is not None:
        raise AddressDoesNotCount
