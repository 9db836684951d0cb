"""Who may do what in the console."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.access import (
    APPROVES,
    PROPOSES,
    REACHES_OWNER,
    SUPERVISES,
    Agent,
    require_approver,
    require_level,
    require_record_reader,
)
from domain.ids import WalletId
from domain.refusals import LevelTooLow, Refused, TooNewToApprove
from tests.builders import A_MOMENT, NOON, NORTE, an_agent, an_auditor, an_officer, arne

A = TypeVar("A")
LEVELS = (REACHES_OWNER, PROPOSES, APPROVES, SUPERVISES)


def is_let(rule: Callable[[Agent, A], None], agent: Agent, asked: A) -> bool:
    try:
        rule(agent, asked)
    except Refused:
        return False
    return True


def test_the_levels_are_four_and_stored_as_they_are_called() -> None:
    assert LEVELS == (1, 2, 3, 4)


@pytest.mark.parametrize("needed", LEVELS)
def test_a_level_allows_what_lower_levels_allow_and_nothing_above(needed: int) -> None:
    let = {level for level in LEVELS if is_let(require_level, an_agent(level), needed)}

    assert let == {level for level in LEVELS if level >= needed}


def test_only_levels_3_and_4_approve() -> None:
    let = {level for level in LEVELS if is_let(require_approver, an_agent(level), NOON)}

    assert let == {APPROVES, SUPERVISES}


@pytest.mark.parametrize("needed", LEVELS)
@pytest.mark.parametrize("make", [an_officer, an_auditor])
def test_officers_and_auditors_do_no_work_on_tickets(
    make: Callable[[], Agent], needed: int
) -> None:
    with pytest.raises(LevelTooLow):
        require_level(make(), needed)


def test_an_officer_approves_at_any_level_and_an_auditor_at_none() -> None:
    require_approver(an_officer(level=1), NOON)

    for level in LEVELS:
        with pytest.raises(LevelTooLow):
            require_approver(an_auditor(level=level), NOON)


@pytest.mark.parametrize("make", [arne, an_officer])
def test_a_new_agent_cannot_approve_until_the_wait_is_over(make: Callable[..., Agent]) -> None:
    new = make(can_approve_from=NOON)

    with pytest.raises(TooNewToApprove):
        require_approver(new, NOON - A_MOMENT)
    require_approver(new, NOON)


def test_the_wait_of_a_new_agent_is_about_approving_alone() -> None:
    for level in LEVELS:
        require_level(an_agent(level, can_approve_from=NOON), level)


@pytest.mark.parametrize("make", [arne, an_officer])
def test_an_agent_who_is_gone_may_do_nothing(make: Callable[..., Agent]) -> None:
    gone = make(ended_at=NOON - A_MOMENT)

    with pytest.raises(LevelTooLow):
        require_level(gone, REACHES_OWNER)
    with pytest.raises(LevelTooLow):
        require_approver(gone, NOON)
    assert not gone.serves(NORTE)


def test_an_agent_serves_the_wallets_on_their_list_and_no_other() -> None:
    elsewhere = WalletId(UUID(int=99))

    assert arne().serves(NORTE)
    assert not arne().serves(elsewhere)
    assert arne(wallets=(NORTE, elsewhere)).serves(elsewhere)


def test_auditors_and_supervisors_read_the_record_until_they_end() -> None:
    def may(agent: Agent) -> bool:
        return is_let(lambda who, _: require_record_reader(who), agent, None)

    assert {level for level in LEVELS if may(an_agent(level))} == {SUPERVISES}
    assert may(an_auditor())
    assert not may(an_officer())
    for ended in (
        replace(an_auditor(), ended_at=NOON),
        replace(an_agent(SUPERVISES), ended_at=NOON),
    ):
        assert not may(ended)
