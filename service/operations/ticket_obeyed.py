"""What the wallet has done to obey a freeze, on a ticket's page."""

from datetime import datetime

import msgspec
from msgspec import Struct

from domain.accounts import Done
from domain.events import FreezeConfirmed, name_of
from service.operations.ticket_stored import Stored


class Confirmation(Struct, frozen=True, kw_only=True):
    """What the wallet says that it has done to obey this ticket's freeze."""

    at: datetime | None
    done: tuple[Done, ...]
    missing: tuple[Done, ...]
    is_late: bool


def see(stored: Stored) -> Confirmation:
    """From the record of this ticket's time: the account may have been frozen again since."""
    said = [entry for entry in stored.entries if entry.event == name_of(FreezeConfirmed)]
    done = msgspec.convert(said[-1].what["done"], tuple[Done, ...]) if said else ()
    expected = stored.wallet.policy.messages.confirmation_expected_within
    return Confirmation(
        at=said[0].at if said else None,
        done=done,
        missing=tuple(kind for kind in Done if kind not in done),
        is_late=not said
        and stored.frozen_at is not None
        and stored.now >= stored.frozen_at + expected,
    )
