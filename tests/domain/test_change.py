"""What a rule answers."""

import msgspec
import pytest

from domain.accounts import Account
from domain.change import Change
from domain.tickets import Ticket
from tests.builders import a_ticket, an_account


def test_a_rule_that_changes_nothing_tells_nothing() -> None:
    assert Change(a_ticket()).events == ()


@pytest.mark.parametrize("value", [an_account(), a_ticket()])
def test_neither_an_answer_nor_its_value_can_be_changed_afterwards(value: Account | Ticket) -> None:
    change = Change(value)

    with pytest.raises(AttributeError):
        setattr(change, "events", ())  # noqa: B010  (written as nobody's type checker allows)
    with pytest.raises(AttributeError):
        setattr(change.value, "row_version", 7)  # noqa: B010  # likewise
    assert msgspec.structs.replace(change.value, row_version=7).row_version == 7
