"""Forms that several of the owner's resources share."""

from typing import Annotated

from msgspec import Meta, Struct

from domain.ids import ContactId
from service.operations.own_account import WhoSeen


class ContactNamed(Struct, frozen=True, kw_only=True):
    id: ContactId
    name: Annotated[str, Meta(description="As the owner calls them; empty once they are erased.")]

    @classmethod
    def of(cls, seen: WhoSeen) -> "ContactNamed":
        return cls(id=seen.id, name=seen.name)
