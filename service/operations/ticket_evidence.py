"""The rest of what a release is proposed on, beside the proofs."""

from msgspec import Struct

from service.operations.looking import Looking


class EvidenceSeen(Struct, frozen=True, kw_only=True):
    pass


async def see(looking: Looking) -> EvidenceSeen:
    assert looking.ticket
    return EvidenceSeen()
