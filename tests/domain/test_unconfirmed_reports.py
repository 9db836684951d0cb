"""Whoever cannot freeze just now is heard all the same, and freezes nothing."""

import pytest
from msgspec.structs import replace

from domain import reports
from domain.contacts import REMOVED, SUSPENDED, Contact
from domain.events import UnconfirmedLossReported
from domain.policy import ReportPolicy
from domain.refusals import MayNotReport
from domain.reports import LossKind
from tests.builders import (
    A_DAY,
    A_MOMENT,
    CARL,
    MALLORYS,
    NOON,
    OLGAS,
    TICKET,
    a_contact,
    a_report,
    an_account,
)

POLICY = ReportPolicy()


def filed(by: Contact, *, kind: LossKind = LossKind.STOLEN) -> None:
    report = a_report(kind=kind)
    change = reports.file_unconfirmed(report, by=by, account=an_account(), policy=POLICY, now=NOON)
    assert change.value == replace(report, unconfirmed=True)
    assert change.events == (
        UnconfirmedLossReported(
            account_id=OLGAS,
            contact_id=CARL,
            report_id=report.id,
            ticket_id=TICKET,
            reference=report.reference,
            stolen=kind is LossKind.STOLEN,
            joined=False,
            at=NOON,
        ),
    )


def test_paused_suspended_and_lately_removed_contacts_are_heard() -> None:
    for kind in LossKind:
        filed(a_contact(paused_until=NOON + A_MOMENT), kind=kind)
    filed(a_contact(status=SUSPENDED))
    filed(a_contact(status=REMOVED, place=None, ended_at=NOON - 30 * A_DAY + A_MOMENT))


@pytest.mark.parametrize(
    "nobody",
    [
        # Their reports freeze.
        a_contact(),
        a_contact(paused_until=NOON),
        a_contact(status=REMOVED, place=None, ended_at=NOON - 30 * A_DAY),
        a_contact(status=REMOVED, place=None, ended_at=NOON, removed_for_safety=True),
        a_contact(status=SUSPENDED, account_id=MALLORYS),
    ],
)
def test_nobody_else_is(nobody: Contact) -> None:
    with pytest.raises(MayNotReport):
        filed(nobody)
