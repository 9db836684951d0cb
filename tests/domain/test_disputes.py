"""The owner says that nothing was lost: with a strong sign-in later than the freeze."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import disputes
from domain.accounts import Account
from domain.disputes import Dispute
from domain.events import ReportsDisputed
from domain.ids import DisputeId
from domain.refusals import AccountNotFrozen, Refused, SignInVoid, StrongSignInNeeded
from domain.tickets import Ticket
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_frozen_account,
    a_ticket,
    an_account,
)

STRONG = frozenset({"urn:norte:strong"})
FROZEN_AT = NOON - AN_HOUR
SAID = Dispute(
    id=DisputeId(UUID(int=61)),
    wallet_id=NORTE,
    account_id=OLGAS,
    ticket_id=TICKET,
    signed_in_at=NOON,
    acr="urn:norte:strong",
    note=None,
    disputed_at=NOON,
)


def disputed(
    said: Dispute = SAID,
    *,
    account: Account | None = None,
    ticket: Ticket | None = None,
) -> Dispute:
    change = disputes.dispute(
        said,
        account=account or a_frozen_account(at=FROZEN_AT),
        ticket=ticket or a_ticket(),
        strong_acr=STRONG,
        now=NOON,
    )
    assert change.events == (
        ReportsDisputed(
            account_id=OLGAS,
            ticket_id=TICKET,
            dispute_id=said.id,
            without_effect=change.value.without_effect,
            at=NOON,
        ),
    )
    return change.value


def test_a_dispute_has_an_effect_unless_the_owner_is_in_danger() -> None:
    assert not disputed().without_effect
    assert disputed(ticket=a_ticket(danger=True)).without_effect


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (replace(SAID, signed_in_at=FROZEN_AT), SignInVoid),
        (replace(SAID, acr="urn:norte:pin"), StrongSignInNeeded),
    ],
)
def test_what_the_phone_still_held_is_not_enough(said: Dispute, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        disputed(said)
    disputed(replace(SAID, signed_in_at=FROZEN_AT + A_MOMENT))


def test_there_is_something_to_dispute_only_while_frozen() -> None:
    with pytest.raises(AccountNotFrozen):
        disputed(account=an_account())
    with pytest.raises(AccountNotFrozen):
        disputes.dispute(SAID, account=a_frozen_account(), ticket=None, strong_acr=STRONG, now=NOON)
