"""The promise to tell, stored in the same transaction as the fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.events import Event, name_of
from domain.ids import WalletId
from notifications.wallets import WALLETS_HEAR


class Promise(Struct, frozen=True, kw_only=True):
    """One event to be told. `secret` is a sealed code or token for the one who hears it."""

    id: UUID
    wallet_id: WalletId
    event: Event
    secret: bytes | None = None


def rows(promises: Sequence[Promise]) -> list[dict[str, Any]]:
    """Rows for the outbox table; `keep` inserts them beside the change they tell of."""
    return [
        {
            "id": promise.id,
            "wallet_id": promise.wallet_id,
            "event": name_of(promise.event),
            "body": msgspec.json.encode(promise.event).decode(),
            "secret": promise.secret,
            "created_at": _at(promise.event),
            "signal_waiting": type(promise.event) in WALLETS_HEAR,
        }
        for promise in promises
    ]


def _at(event: Event) -> datetime:
    return event.at
