"""What a rule answers: the value as it is afterwards, and the facts that made it so."""

from typing import Generic, TypeVar

from msgspec import Struct

from domain.events import Event

V = TypeVar("V")


class Change(Struct, Generic[V], frozen=True):
    """`value` replaces what was read; `events` are told and recorded with it, or not at all."""

    value: V
    events: tuple[Event, ...] = ()
