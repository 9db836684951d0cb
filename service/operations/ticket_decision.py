"""What two people may decide about the ticket now."""

from msgspec import Struct

from service.operations.looking import Looking


class DecisionSeen(Struct, frozen=True, kw_only=True):
    pass


async def see(looking: Looking) -> DecisionSeen:
    assert looking.ticket
    return DecisionSeen()
