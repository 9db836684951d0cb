"""Rehearsals."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, ContactId, DrillId


class DrillBegun(Event, frozen=True, kw_only=True):
    """A rehearsal: nothing is stopped by it. Its link travels sealed beside the event."""

    account_id: AccountId
    contact_id: ContactId
    drill_id: DrillId
    until: datetime


class DrillDone(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    drill_id: DrillId
    # Begins with TEST, so that nobody takes it for a report's.
    reference: str
