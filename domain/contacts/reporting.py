"""What a report by this contact does right now."""

from datetime import datetime
from enum import StrEnum

from domain.accounts import Account
from domain.contacts.contact import ON_A_PLACE, Contact
from domain.policy import ReportPolicy


class MayReport(StrEnum):
    FREEZES = "freezes"
    # Somebody looks at it at once; nothing is stopped, and the page says so.
    UNCONFIRMED = "unconfirmed"
    NOT = "not"


def may_report(
    contact: Contact, *, account: Account, policy: ReportPolicy, now: datetime
) -> MayReport:
    """Paused, suspended and lately removed contacts are heard without effect; who left, was never
    confirmed again, or was removed for the owner's safety is not."""
    if contact.can_report(account, now):
        return MayReport.FREEZES
    if account.is_closed(now) or contact.removed_for_safety:
        return MayReport.NOT
    if not contact.is_gone(account, now):
        return MayReport.UNCONFIRMED
    if not contact.is_removed(account, now):
        return MayReport.NOT
    # Not settled yet, they are gone since `leaves_at`.
    gone_at = contact.leaves_at if contact.status in ON_A_PLACE else contact.ended_at
    lately = gone_at is not None and now < gone_at + policy.lately_removed
    return MayReport.UNCONFIRMED if lately else MayReport.NOT
