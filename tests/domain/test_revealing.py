"""Who may be shown an address: on which ticket, at which level, for what."""

from typing import Any
from uuid import UUID

import pytest

from domain import revealing
from domain.access import Agent
from domain.events import AddressRevealed
from domain.ids import RevealId
from domain.refusals import LevelTooLow, NotFound, TicketClosed, WordsMissing
from domain.revealing import Reveal, RevealReason, Whose
from domain.tickets import Stage, Ticket, TicketKind
from tests.builders import ASTRID, NOON, NORTE, OLGAS, TICKET, a_ticket, an_agent, an_auditor
from tests.builders import an_officer as officer

ADDRESS = UUID(int=70)


def a_reveal(**changes: Any) -> Reveal:
    values: dict[str, Any] = {
        "id": RevealId(UUID(int=71)),
        "wallet_id": NORTE,
        "account_id": OLGAS,
        "ticket_id": TICKET,
        "whose": Whose.OWNER,
        "address_id": ADDRESS,
        "revealed_by": ASTRID,
        "reason": RevealReason.CALL_OWNER,
        "words": None,
        "revealed_at": NOON,
    }
    return Reveal(**{**values, **changes})


def closed() -> Ticket:
    return a_ticket(stage=Stage.RELEASED, closed_at=NOON)


def test_what_is_shown_to_whom_and_why_is_recorded() -> None:
    change = revealing.reveal(a_reveal(), ticket=a_ticket(), by=an_agent(1))

    assert change.value == a_reveal()
    assert change.events == (
        AddressRevealed(
            account_id=OLGAS,
            ticket_id=TICKET,
            reveal_id=a_reveal().id,
            kind="owner",
            reason="call-owner",
            at=NOON,
        ),
    )


@pytest.mark.parametrize(("whose", "level"), [(Whose.OWNER, 1), (Whose.REPORTER, 2)])
def test_a_reporter_s_address_takes_a_higher_level(whose: Whose, level: int) -> None:
    revealing.require_may_reveal(a_ticket(), whose, by=an_agent(level))

    with pytest.raises(LevelTooLow):
        revealing.require_may_reveal(a_ticket(), whose, by=an_agent(level - 1))


@pytest.mark.parametrize("by", [officer(), an_auditor(), an_agent(4, ended_at=NOON)])
def test_whoever_does_not_work_on_tickets_is_shown_none(by: Agent) -> None:
    with pytest.raises(LevelTooLow):
        revealing.reveal(a_reveal(), ticket=a_ticket(), by=by)


def test_nothing_is_shown_on_a_closed_ticket() -> None:
    with pytest.raises(TicketClosed):
        revealing.reveal(a_reveal(), ticket=closed(), by=an_agent(4))


@pytest.mark.parametrize("kind", [TicketKind.SAFETY, TicketKind.DRILL])
def test_only_tickets_of_losses_show_addresses(kind: TicketKind) -> None:
    by = an_agent(4, trained_for_safety=True)

    with pytest.raises(NotFound):
        revealing.reveal(a_reveal(), ticket=a_ticket(kind=kind), by=by)


def test_a_reason_of_one_s_own_needs_its_words() -> None:
    other = a_reveal(reason=RevealReason.OTHER)

    with pytest.raises(WordsMissing):
        revealing.reveal(other, ticket=a_ticket(), by=an_agent(1))
    kept = a_reveal(reason=RevealReason.OTHER, words=b"sealed")
    assert revealing.reveal(kept, ticket=a_ticket(), by=an_agent(1)).value.words == b"sealed"
