"""A report taken back: by whom, until when, and what it leaves."""

import pytest

from domain import reports, tickets
from domain.events import ReportWithdrawn
from domain.refusals import CannotWithdraw, NotFound, TicketClosed
from domain.reports import DECIDED, FILED, WITHDRAWN, ReportStatus, Way
from domain.tickets import Stage
from tests.builders import CARL, CLEO, NOON, OLGAS, TICKET, a_report, a_ticket


@pytest.mark.parametrize("wrong_person", [False, True])
def test_a_contact_takes_their_report_back(wrong_person: bool) -> None:
    report = a_report()

    change = reports.withdraw(
        report, ticket=a_ticket(), by=CARL, now=NOON, wrong_person=wrong_person
    )

    assert (change.value.status, change.value.withdrawn_at) == (WITHDRAWN, NOON)
    assert change.events == (
        ReportWithdrawn(
            account_id=OLGAS,
            contact_id=CARL,
            report_id=report.id,
            ticket_id=TICKET,
            reference=report.reference,
            wrong_person=wrong_person,
            at=NOON,
        ),
    )


def test_in_danger_a_withdrawal_is_told_and_changes_nothing() -> None:
    report = a_report()

    change = reports.withdraw(report, ticket=a_ticket(danger=True), by=CARL, now=NOON)

    assert change.value == report
    (event,) = change.events
    assert isinstance(event, ReportWithdrawn)
    assert event.without_effect
    # Who says no more than that takes it back for no reason that is told.
    assert not event.wrong_person


def test_nobody_takes_back_what_another_reported() -> None:
    with pytest.raises(NotFound):
        reports.withdraw(a_report(), ticket=a_ticket(), by=CLEO, now=NOON)


@pytest.mark.parametrize("status", ReportStatus)
def test_it_works_once_and_until_it_is_decided(status: ReportStatus) -> None:
    report = a_report(
        status=status,
        withdrawn_at=NOON if status is WITHDRAWN else None,
        decided_at=NOON if status is DECIDED else None,
    )

    assert reports.can_be_withdrawn(report, ticket=a_ticket()) is (status is FILED)
    if status is not FILED:
        with pytest.raises(CannotWithdraw):
            reports.withdraw(report, ticket=a_ticket(), by=CARL, now=NOON)


def test_it_is_too_late_once_the_ticket_is_closed() -> None:
    closed = a_ticket(stage=Stage.RELEASED, closed_at=NOON)

    assert not reports.can_be_withdrawn(a_report(), ticket=closed)
    with pytest.raises(CannotWithdraw):
        reports.withdraw(a_report(), ticket=closed, by=CARL, now=NOON)


def test_a_withdrawal_moves_an_open_ticket_up_and_nothing_else() -> None:
    before = a_ticket(boost=2)

    change = tickets.move_up(before)

    assert change.value.boost == 3
    assert (change.value.stage, change.value.closed_at) == (before.stage, None)
    assert change.events == ()
    # Whoever is made to take a report back takes no danger off the ticket.
    assert tickets.move_up(a_ticket(danger=True)).value.danger
    with pytest.raises(TicketClosed):
        tickets.move_up(a_ticket(stage=Stage.RELEASED, closed_at=NOON))


def test_an_agent_can_tell_a_link_from_an_address_alone() -> None:
    assert a_report().verified == "link-email"
    assert a_report(way=Way.ADDRESS, verified_by="phone").verified == "address-phone"
