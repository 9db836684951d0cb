"""What one client froze by mistake is undone by two supervisors, and nothing else with it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import client_mistakes
from domain.client_mistakes import (
    LEADS_TO,
    ClientMistake,
    Freeze,
    LeftOut,
    MistakenFreeze,
    MistakeReason,
    MistakeStatus,
)
from domain.events import (
    ClientMistakeApproved,
    ClientMistakeProposed,
    ClientMistakeRejected,
    ClientMistakeUndone,
    FreezeUndone,
)
from domain.ids import ClientId, ClientMistakeId, MistakenFreezeId, WalletReportId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    LevelTooLow,
    NothingPending,
    OwnProposal,
    TooNewToApprove,
    WindowNotAllowed,
)
from domain.tickets import KEPT_FROZEN, PROPOSED, RELEASED, Duress
from domain.wallet_reports import FreezeReason, WalletReport
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    NOON,
    NORTE,
    OLGAS,
    SOFIA,
    TICKET,
    a_frozen_account,
    a_ticket,
    an_account,
    an_agent,
    an_officer,
    sofia,
)

POLICY: Final = TicketPolicy()
CLIENT, ANOTHER = ClientId(UUID(int=91)), ClientId(UUID(int=92))
WINDOW: Final = {"since": NOON - AN_HOUR, "until": NOON + A_MOMENT}
BEA = an_agent(4)


def a_call(**changes: Any) -> WalletReport:
    facts: dict[str, Any] = {
        "id": WalletReportId(UUID(int=93)),
        "wallet_id": NORTE,
        "account_id": OLGAS,
        "ticket_id": TICKET,
        "client_id": CLIENT,
        "reason": FreezeReason.STOLEN,
        "device_id": None,
        "noticed_at": None,
        "in_danger": False,
        "joined": False,
        "filed_at": NOON,
    }
    return WalletReport(**{**facts, **changes})


def a_freeze(**changes: Any) -> Freeze:
    facts: dict[str, Any] = {
        "account": a_frozen_account(),
        "ticket": a_ticket(),
        "wallet_reports": (a_call(),),
        "contact_reports": 0,
        "owner_was_heard": False,
        "removals_undecided": False,
    }
    return Freeze(**{**facts, **changes})


def a_mistake(**changes: Any) -> ClientMistake:
    facts: dict[str, Any] = {
        "id": ClientMistakeId(UUID(int=94)),
        "wallet_id": NORTE,
        "client_id": CLIENT,
        "reason": MistakeReason.KEY_STOLEN,
        **WINDOW,
        "proposed_by": SOFIA,
        "proposed_at": NOON,
    }
    return ClientMistake(**{**facts, **changes})


def a_member(**changes: Any) -> MistakenFreeze:
    facts: dict[str, Any] = {
        "id": MistakenFreezeId(UUID(int=95)),
        "wallet_id": NORTE,
        "mistake_id": a_mistake().id,
        "account_id": OLGAS,
        "ticket_id": TICKET,
        "version": a_frozen_account().version,
    }
    return MistakenFreeze(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"account": an_account()}, LeftOut.RELEASED),
        ({"ticket": a_ticket(stage=RELEASED, closed_at=NOON)}, LeftOut.RELEASED),
        ({"contact_reports": 1}, LeftOut.CONTACT_JOINED),
        ({"owner_was_heard": True}, LeftOut.OWNER_JOINED),
        ({"ticket": a_ticket(unconfirmed=True)}, LeftOut.OWNER_JOINED),
        ({"ticket": a_ticket(danger=True)}, LeftOut.IN_DANGER),
        ({"ticket": a_ticket(duress=Duress.NOT_FREE)}, LeftOut.IN_DANGER),
        ({"wallet_reports": ()}, LeftOut.OTHER_REPORT),
        ({"wallet_reports": (a_call(), a_call(client_id=ANOTHER))}, LeftOut.OTHER_REPORT),
        ({"ticket": a_ticket(stage=PROPOSED)}, LeftOut.BEING_DECIDED),
        ({"ticket": a_ticket(stage=KEPT_FROZEN)}, LeftOut.BEING_DECIDED),
        ({"removals_undecided": True}, LeftOut.REMOVALS_PENDING),
    ],
)
def test_what_anybody_else_had_a_part_in_goes_the_usual_way(
    changes: dict[str, Any], why: LeftOut | None
) -> None:
    found = client_mistakes.why_left_out(a_freeze(**changes), client_id=CLIENT, **WINDOW)

    assert found is why


def test_the_window_includes_its_start_and_excludes_its_end() -> None:
    def found(**changes: Any) -> LeftOut | None:
        freeze = a_freeze(wallet_reports=(a_call(**changes),))
        return client_mistakes.why_left_out(freeze, client_id=CLIENT, **WINDOW)

    assert found(filed_at=WINDOW["since"]) is None
    assert found(filed_at=WINDOW["since"] - A_MOMENT) is LeftOut.OTHER_REPORT
    assert found(filed_at=WINDOW["until"]) is LeftOut.OTHER_REPORT


def test_a_window_is_neither_empty_nor_longer_than_a_week_nor_to_come() -> None:
    def require(since: Any, until: Any) -> None:
        client_mistakes.require_window(since, until, policy=POLICY, now=NOON)

    week = timedelta(days=7)
    require(NOON - week, NOON)
    # It may have begun this very moment, and go on.
    require(NOON, NOON + A_MOMENT)
    for since, until in (
        (NOON, NOON),
        (NOON - week - A_MOMENT, NOON),
        (NOON + A_MOMENT, NOON + AN_HOUR),
    ):
        with pytest.raises(WindowNotAllowed):
            require(since, until)


def test_it_takes_two_supervisors_and_something_to_undo() -> None:
    with pytest.raises(LevelTooLow):
        client_mistakes.propose(a_mistake(), freezes=1, by=an_agent(3))
    with pytest.raises(AccountNotFrozen):
        client_mistakes.propose(a_mistake(), freezes=0, by=sofia())
    proposed = client_mistakes.propose(a_mistake(), freezes=1, by=sofia()).value
    assert proposed == a_mistake()

    for nobody in (an_agent(3), an_officer()):
        with pytest.raises(LevelTooLow):
            client_mistakes.approve(proposed, by=nobody, now=NOON)
    with pytest.raises(OwnProposal):
        client_mistakes.approve(proposed, by=sofia(), now=NOON)
    with pytest.raises(TooNewToApprove):
        client_mistakes.approve(
            proposed, by=an_agent(4, can_approve_from=NOON + A_MOMENT), now=NOON
        )
    approved = client_mistakes.approve(proposed, by=BEA, now=NOON).value
    assert (approved.status, approved.decided_by) == (MistakeStatus.APPROVED, BEA.id)
    for over in (approved, client_mistakes.finish(approved, now=NOON).value):
        with pytest.raises(NothingPending):
            client_mistakes.approve(over, by=BEA, now=NOON)
        with pytest.raises(NothingPending):
            client_mistakes.reject(over, by=BEA, now=NOON)


def test_each_step_is_recorded_with_whoever_took_it() -> None:
    mistake, later = a_mistake(), NOON + AN_HOUR

    proposed = client_mistakes.propose(mistake, freezes=3, by=sofia())
    approved = client_mistakes.approve(mistake, by=BEA, now=later)
    rejected = client_mistakes.reject(mistake, by=BEA, now=later)
    done = client_mistakes.finish(approved.value, now=later + AN_HOUR)

    assert proposed.events == (
        ClientMistakeProposed(
            mistake_id=mistake.id,
            client_id=CLIENT,
            proposed_by=SOFIA,
            reason="key-stolen",
            freezes=3,
            at=NOON,
        ),
    )
    assert approved.value.decided_at == rejected.value.decided_at == later
    assert approved.events == (
        ClientMistakeApproved(
            mistake_id=mistake.id, proposed_by=SOFIA, approved_by=BEA.id, at=later
        ),
    )
    assert rejected.events == (
        ClientMistakeRejected(mistake_id=mistake.id, rejected_by=BEA.id, at=later),
    )
    assert done.value == replace(approved.value, status=MistakeStatus.DONE, done_at=later + AN_HOUR)
    assert done.events == (ClientMistakeUndone(mistake_id=mistake.id, at=later + AN_HOUR),)


def test_a_supervisor_rejects_it_and_whoever_proposed_takes_it_back() -> None:
    for by in (sofia(), BEA):
        rejected = client_mistakes.reject(a_mistake(), by=by, now=NOON).value
        assert (rejected.status, rejected.decided_by) == (MistakeStatus.REJECTED, by.id)
    with pytest.raises(LevelTooLow):
        client_mistakes.reject(a_mistake(), by=an_agent(3), now=NOON)
    assert set(LEADS_TO) == set(MistakeStatus)


def test_each_account_is_looked_at_again_when_its_turn_comes() -> None:
    decided = a_mistake(status=MistakeStatus.APPROVED, decided_by=BEA.id, decided_at=NOON)
    member = a_member()

    done, closed = client_mistakes.undo(a_freeze(), member, decided, now=NOON)
    joined, open_still = client_mistakes.undo(
        a_freeze(contact_reports=1), member, decided, now=NOON
    )
    later, _ = client_mistakes.undo(a_freeze(), replace(member, version=99), decided, now=NOON)

    assert (done.value.left_out, done.value.done_at) == (None, NOON)
    assert closed.value.stage is RELEASED
    assert closed.value.closed_at == NOON
    assert closed.events == (
        FreezeUndone(
            account_id=OLGAS,
            ticket_id=TICKET,
            mistake_id=decided.id,
            proposed_by=SOFIA,
            approved_by=BEA.id,
            at=NOON,
        ),
    )
    assert joined.value.left_out is LeftOut.CONTACT_JOINED
    assert (open_still.value.is_open, open_still.events) == (True, ())
    assert later.value.left_out is LeftOut.CHANGED_SINCE


def test_what_two_have_not_approved_releases_nothing() -> None:
    rejected = client_mistakes.reject(a_mistake(), by=BEA, now=NOON).value

    for mistake in (a_mistake(), rejected, a_mistake(status=MistakeStatus.APPROVED)):
        _, closed = client_mistakes.undo(a_freeze(), a_member(), mistake, now=NOON)
        assert closed.value.is_open
    for mistake in (a_mistake(), rejected):
        with pytest.raises(NothingPending):
            client_mistakes.finish(mistake, now=NOON)


def test_only_what_the_client_froze_in_the_window_is_undone() -> None:
    decided = a_mistake(status=MistakeStatus.APPROVED, decided_by=BEA.id, decided_at=NOON)

    for call in (
        a_call(client_id=ANOTHER),
        a_call(filed_at=WINDOW["since"] - A_MOMENT),
        a_call(filed_at=WINDOW["until"]),
    ):
        freeze = a_freeze(wallet_reports=(call,))
        done, ticket = client_mistakes.undo(freeze, a_member(), decided, now=NOON)
        assert done.value.left_out is LeftOut.OTHER_REPORT
        assert ticket.value == freeze.ticket


def test_what_is_left_out_says_why_and_is_done() -> None:
    left = client_mistakes.leave_out(a_member(), LeftOut.OWN_TICKET, now=NOON)

    assert (left.left_out, left.done_at) == (LeftOut.OWN_TICKET, NOON)
