"""Signs in our own rows that something is not as it seems; they decide nothing."""

from msgspec import Struct

from service.operations.looking import Looking


class SignsSeen(Struct, frozen=True, kw_only=True):
    pass


async def see(looking: Looking) -> SignsSeen:
    assert looking.ticket
    return SignsSeen()
