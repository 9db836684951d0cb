"""The clocks of the ticket, and whether they stand still."""

from msgspec import Struct

from service.operations.looking import Looking


class ClocksSeen(Struct, frozen=True, kw_only=True):
    pass


async def see(looking: Looking) -> ClocksSeen:
    assert looking.ticket
    return ClocksSeen()
