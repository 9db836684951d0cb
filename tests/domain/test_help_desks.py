"""What a wallet's own help desk says of a ticket: recorded, and nothing more."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.events import ExternalStageTold
from domain.help_desks import ExternalStage, ToldStage, tell_stage
from domain.ids import ClientId
from domain.refusals import TicketClosed
from domain.tickets import Stage
from tests.builders import NOON, NORTE, a_ticket

DESK, OTHER = ClientId(UUID(int=77)), ClientId(UUID(int=78))
LATER = NOON + timedelta(hours=1)


def test_what_was_told_last_stands_there_and_each_news_is_recorded() -> None:
    ticket = a_ticket()

    first = tell_stage(ticket, None, ExternalStage.CALLED_OWNER, by=DESK, now=NOON)
    then = tell_stage(ticket, first.value, ExternalStage.DONE, by=OTHER, now=LATER)

    (event,) = first.events
    assert event == ExternalStageTold(
        account_id=ticket.account_id, ticket_id=ticket.id, stage="called-owner", at=NOON
    )
    assert first.value == ToldStage(
        id=ticket.id,
        wallet_id=NORTE,
        client_id=DESK,
        stage=ExternalStage.CALLED_OWNER,
        told_at=NOON,
    )
    assert then.value == replace(
        first.value, client_id=OTHER, stage=ExternalStage.DONE, told_at=LATER
    )
    assert len(then.events) == 1


def test_news_stands_in_the_row_of_what_was_told_before() -> None:
    told = tell_stage(a_ticket(), None, ExternalStage.DONE, by=DESK, now=NOON).value

    then = tell_stage(
        a_ticket(), replace(told, row_version=7), ExternalStage.CALLED_OWNER, by=DESK, now=LATER
    )

    assert then.value.row_version == 7


def test_the_same_again_is_no_news_even_when_the_ticket_is_closed() -> None:
    told = tell_stage(a_ticket(), None, ExternalStage.DONE, by=DESK, now=NOON).value
    closed = a_ticket(stage=Stage.RELEASED, closed_at=NOON)

    again = tell_stage(closed, told, ExternalStage.DONE, by=DESK, now=LATER)

    assert (again.value, again.events) == (told, ())


def test_nothing_new_is_told_of_a_closed_ticket() -> None:
    closed = a_ticket(stage=Stage.RELEASED, closed_at=NOON)

    for before in (None, tell_stage(a_ticket(), None, ExternalStage.DONE, by=DESK, now=NOON).value):
        with pytest.raises(TicketClosed):
            tell_stage(closed, before, ExternalStage.CALLED_OWNER, by=DESK, now=LATER)
