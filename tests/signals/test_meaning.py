"""Which events wallets hear of, and what a webhook makes of each."""

from notifications.audience import AUDIENCE
from notifications.wallets import CONTACTS_CHANGED, WALLETS_HEAR
from service.operations.webhooks import EventType
from service.signals.payloads import MEANING


def test_everything_wallets_hear_of_has_its_payload_and_nothing_else_has() -> None:
    assert set(MEANING) == WALLETS_HEAR
    assert set(AUDIENCE) > WALLETS_HEAR


def test_every_type_an_endpoint_may_ask_for_is_told() -> None:
    assert {meaning.type for meaning in MEANING.values()} == set(EventType)


def test_changes_of_contacts_cannot_be_told_apart() -> None:
    """Nobody learns that somebody was removed because the owner is afraid of them."""
    assert len({id(MEANING[kind]) for kind in CONTACTS_CHANGED}) == 1
