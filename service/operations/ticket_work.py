"""Whose ticket it is, what was noted and written to people."""

from msgspec import Struct

from service.operations.looking import Looking


class WorkSeen(Struct, frozen=True, kw_only=True):
    pass


async def see(looking: Looking) -> WorkSeen:
    assert looking.ticket
    return WorkSeen()
