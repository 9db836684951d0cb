"""What a webhook tells of each event: which account, and as much as is needed to look it up.

Thin on purpose: no names, no addresses, nothing that says who did what. Whoever receives one asks
for the rest with a token of their own.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from domain.accounts import Display
from domain.events import (
    AccountClosed,
    AccountClosingBegun,
    AccountClosingStopped,
    AccountFrozen,
    AccountKeptFrozen,
    AccountReleased,
    DisplayTurnedNeutral,
    Event,
    ProofRequested,
)
from notifications.audience import read_event
from notifications.wallets import CONTACTS_CHANGED
from service.operations.webhooks import TEST
from service.storage.values import Signal


class Payload(Struct, frozen=True, kw_only=True):
    """Standard Webhooks 1.0.0, "Payload structure": `timestamp` is when it happened."""

    type: str
    timestamp: datetime
    data: Mapping[str, Any]


class _Meaning(Struct, frozen=True):
    type: str
    # What is said beside the subject.
    more: Callable[[Any], dict[str, Any]] = lambda _: {}


def _frozen(event: AccountFrozen) -> dict[str, Any]:
    display = Display.NEUTRAL if event.neutral else Display.PLAIN
    return {"version": event.version, "display": display}


def _version(event: ProofRequested) -> dict[str, Any]:
    return {"version": event.version}


def _released(event: AccountReleased) -> dict[str, Any]:
    """With what not to trust for recovery: the devices are named where the account is asked for."""
    return {
        "version": event.version,
        "not_to_trust": {
            "devices": event.barred_devices,
            "addresses_changed": event.changed_addresses,
        },
    }


def _kept_frozen(event: AccountKeptFrozen) -> dict[str, Any]:
    """Not why: the owner is told that by us, and asks for more where they are known."""
    return {"version": event.version, "review_until": event.review_until}


def _closes_at(event: AccountClosingBegun) -> dict[str, Any]:
    return {"closes_at": event.closes_at}


MEANING: Final[Mapping[type[Event], _Meaning]] = {
    AccountFrozen: _Meaning("account.frozen", _frozen),
    DisplayTurnedNeutral: _Meaning(
        "account.display_changed", lambda _: {"display": Display.NEUTRAL}
    ),
    AccountReleased: _Meaning("account.released", _released),
    AccountKeptFrozen: _Meaning("account.kept_frozen", _kept_frozen),
    AccountClosingBegun: _Meaning("account.closing", _closes_at),
    AccountClosingStopped: _Meaning("account.closing_stopped"),
    AccountClosed: _Meaning("account.closed"),
    ProofRequested: _Meaning("proof.requested", _version),
    **dict.fromkeys(CONTACTS_CHANGED, _Meaning("contacts.changed")),
}


def written(signal: Signal, subject: str | None) -> str:
    """The body of the request: what is signed, and what is sent."""
    if signal.type == TEST:
        return _json(Payload(type=TEST, timestamp=signal.queued_at, data={}))
    event = read_event(signal.event, signal.body)
    meaning = MEANING[type(event)]
    data = {"subject": subject, **meaning.more(event)}
    return _json(Payload(type=meaning.type, timestamp=event.at, data=data))


def _json(payload: Payload) -> str:
    return msgspec.json.encode(payload).decode()
