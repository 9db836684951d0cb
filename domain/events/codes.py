"""Codes."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AddressId, ChallengeId, ContactId


class CodeAsked(Event, frozen=True, kw_only=True):
    """A code is on its way. The code itself travels sealed beside the event, never in it."""

    challenge_id: ChallengeId
    contact_id: ContactId | None
    purpose: str
    expires_at: datetime
    # Another address than the enrolled one: their second, or a new one they have to prove.
    address_id: AddressId | None = None
