"""What the owner's pages show; the templates under templates/owner say how."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import AddressKind
from service.operations.people import PeopleSeen, PersonSeen
from service.web.countries import Country
from service.web.notice import Notice


class EnterPage(Struct, frozen=True, kw_only=True):
    once: str


class Place(Struct, frozen=True, kw_only=True):
    # A contact's status, or "empty".
    state: str = "empty"
    id: str = ""
    name: str = ""
    address_masked: str = ""
    days_left: int = 0
    leaves_at: datetime | None = None
    can_take_back: bool = False

    @classmethod
    def of(cls, person: PersonSeen, now: datetime) -> "Place":
        return cls(
            state=person.status.value,
            id=str(person.contact_id),
            name=person.name,
            address_masked=person.masked,
            days_left=max(0, (person.lapses_at - now).days),
            leaves_at=person.leaves_at,
            can_take_back=person.may_be_taken_back,
        )


class PeoplePage(Struct, frozen=True, kw_only=True):
    may_manage: bool
    places: tuple[Place, ...]
    notice: str | None
    notice_name: str
    open_until: datetime

    @classmethod
    def of(cls, seen: PeopleSeen, notice: Notice | None, until: datetime) -> "PeoplePage":
        taken = tuple(Place.of(person, seen.now) for person in seen.people)
        return cls(
            may_manage=seen.may_manage,
            places=taken + (Place(),) * (seen.places - len(taken)),
            notice=notice.kind if notice else None,
            notice_name=notice.name if notice else "",
            open_until=until,
        )


class InvitePage(Struct, frozen=True, kw_only=True):
    name: str = ""
    way: str = AddressKind.EMAIL.value
    email: str = ""
    phone: str = ""
    country: str
    countries: tuple[Country, ...]
    problems: tuple[str, ...] = ()
    idempotency_key: str

    def typed(self, fields: dict[str, str]) -> "InvitePage":
        """The same page with what was typed; a choice that was not offered is not taken."""
        offered = {country.code for country in self.countries}
        country, way = fields.get("country", ""), fields.get("way", "")
        return replace(
            self,
            name=fields.get("name", ""),
            way=way if way in set(AddressKind) else self.way,
            email=fields.get("email", ""),
            phone=fields.get("phone", ""),
            country=country if country in offered else self.country,
        )


class TakeBackPage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    # "invited", "active"
    state: str
