"""Whose a ticket is, and leaving it to somebody else."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.events import TicketAssigned, TicketSkipped
from domain.ids import SkipId
from domain.refusals import LevelTooLow, TicketClosed, WordsMissing
from domain.tickets import RELEASED, Skip, SkipReason
from tests.builders import (
    ARNE,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    astrid,
)

OVER = a_ticket(stage=RELEASED, closed_at=NOON)
SKIP = Skip(
    id=SkipId(UUID(int=71)),
    wallet_id=NORTE,
    ticket_id=TICKET,
    skipped_by=ASTRID,
    reason=SkipReason.NO_TIME,
    said=None,
    skipped_at=NOON,
)


def test_a_ticket_is_somebodys_from_the_moment_it_is_assigned() -> None:
    change = tickets.assign(a_ticket(), ASTRID, by=astrid(), now=NOON)

    assert (change.value.assigned_to, change.value.assigned_at) == (ASTRID, NOON)
    assert change.events == (
        TicketAssigned(account_id=OLGAS, ticket_id=TICKET, assigned_to=ASTRID, at=NOON),
    )


def test_assigned_again_to_the_same_person_nothing_changes_and_to_another_it_does() -> None:
    hers = a_ticket(assigned_to=ASTRID, assigned_at=NOON)

    assert tickets.assign(hers, ASTRID, by=astrid(), now=NOON) == Change(hers)
    assert tickets.assign(hers, ARNE, by=astrid(), now=NOON).value.assigned_to == ARNE


@pytest.mark.parametrize("nobody", [an_auditor(), an_officer(), replace(astrid(), ended_at=NOON)])
def test_only_agents_at_work_assign_and_pass_over(nobody: Agent) -> None:
    with pytest.raises(LevelTooLow):
        tickets.assign(a_ticket(), ASTRID, by=nobody, now=NOON)
    with pytest.raises(LevelTooLow):
        tickets.skip(a_ticket(), SKIP, by=nobody, now=NOON)


def test_a_closed_ticket_is_nobodys_business() -> None:
    with pytest.raises(TicketClosed):
        tickets.assign(OVER, ASTRID, by=astrid(), now=NOON)
    with pytest.raises(TicketClosed):
        tickets.skip(OVER, SKIP, by=astrid(), now=NOON)


def test_passed_over_it_waits_for_somebody_else_and_its_clocks_run_on() -> None:
    hers = a_ticket(assigned_to=ASTRID, assigned_at=NOON)

    change = tickets.skip(hers, SKIP, by=astrid(), now=NOON)

    assert change.value == replace(hers, assigned_to=None, assigned_at=None)
    assert change.events == (
        TicketSkipped(
            account_id=OLGAS, ticket_id=TICKET, skip_id=SKIP.id, reason="no-time", at=NOON
        ),
    )


def test_what_is_another_s_stays_theirs_when_somebody_passes_it_over() -> None:
    arnes = a_ticket(assigned_to=ARNE, assigned_at=NOON)

    assert tickets.skip(arnes, SKIP, by=astrid(), now=NOON).value == arnes


def test_another_reason_needs_words_and_the_listed_ones_do_not() -> None:
    other = replace(SKIP, reason=SkipReason.OTHER)
    with pytest.raises(WordsMissing):
        tickets.skip(a_ticket(), other, by=astrid(), now=NOON)

    assert tickets.skip(a_ticket(), replace(other, said=b"sealed"), by=astrid(), now=NOON).events
    for reason in set(SkipReason) - {SkipReason.OTHER}:
        assert tickets.skip(a_ticket(), replace(SKIP, reason=reason), by=an_agent(1), now=NOON)
