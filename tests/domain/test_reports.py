"""A loss report: who may file it, and what it can do."""

import pytest

from domain import reports
from domain.contacts import ACTIVE, LEAVING, ContactStatus
from domain.events import LossReported
from domain.refusals import MayNotReport
from domain.reports import DECIDED, FILED, LEADS_TO, WITHDRAWN, LossKind, ReportStatus
from tests.builders import (
    A_DAY,
    A_MOMENT,
    CARL,
    MALLORYS,
    NOON,
    OLGAS,
    TICKET,
    a_contact,
    a_contact_who_leaves,
    a_report,
    an_account,
    an_invitation,
)


@pytest.mark.parametrize("kind", list(LossKind))
@pytest.mark.parametrize("joined", [False, True])
def test_a_report_is_taken_in_as_it_was_made(kind: LossKind, joined: bool) -> None:
    report = a_report(kind=kind, joined=joined)

    change = reports.file(report, account=an_account(), by=a_contact(), now=NOON)

    assert change.value == report
    assert change.events == (
        LossReported(
            account_id=OLGAS,
            contact_id=CARL,
            report_id=report.id,
            ticket_id=TICKET,
            reference=report.reference,
            stolen=kind is LossKind.STOLEN,
            joined=joined,
            at=NOON,
        ),
    )


def test_a_contact_reports_for_the_owner_who_named_them_and_no_other() -> None:
    reports.file(a_report(), account=an_account(), by=a_contact(), now=NOON)

    with pytest.raises(MayNotReport):
        reports.file(a_report(), account=an_account(), by=a_contact(account_id=MALLORYS), now=NOON)


def test_a_contact_on_the_way_out_can_file_a_report_until_the_last_moment() -> None:
    carl = a_contact_who_leaves(at=NOON)

    reports.file(a_report(), account=an_account(), by=carl, now=NOON - A_MOMENT)
    with pytest.raises(MayNotReport):
        reports.file(a_report(), account=an_account(), by=carl, now=NOON)


@pytest.mark.parametrize("status", sorted(set(ContactStatus) - {ACTIVE, LEAVING}))
def test_nobody_else_can_file_a_report(status: ContactStatus) -> None:
    with pytest.raises(MayNotReport):
        reports.file(
            a_report(),
            account=an_account(),
            by=an_invitation(status=status, leaves_at=NOON + A_DAY),
            now=NOON,
        )


def test_a_report_begins_filed_and_ends_withdrawn_or_decided() -> None:
    assert (
        reports.file(a_report(), account=an_account(), by=a_contact(), now=NOON).value.status
        is FILED
    )
    assert LEADS_TO[FILED] == {WITHDRAWN, DECIDED}
    assert set(LEADS_TO) == set(ReportStatus)
    # Taking it back does not keep it from being judged.
    assert LEADS_TO[WITHDRAWN] == {DECIDED}
    assert not LEADS_TO[DECIDED]
