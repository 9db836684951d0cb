"""Limits."""

from domain.events.event import Event
from domain.ids import PersonId


class LimitReset(Event, frozen=True, kw_only=True):
    """The operator let somebody try again, or everyone. An address or network is not named."""

    limit: str
    everyone: bool
    person_id: PersonId | None = None
