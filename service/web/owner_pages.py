"""What the owner's list and its forms show; the templates under templates/owner say how."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.contacts import ContactStatus
from service.operations.people import PeopleSeen, PersonSeen
from service.web.countries import Country
from service.web.notice import Notice


class EnterPage(Struct, frozen=True, kw_only=True):
    once: str


class Place(Struct, frozen=True, kw_only=True):
    # A contact's status, "waiting" for a place, or "paused".
    state: str
    id: str
    name: str
    address_masked: str
    days_left: int
    leaves_at: datetime | None
    paused_until: datetime | None
    is_unconfirmed: bool
    can_send_again: bool
    can_take_back: bool
    can_remove: bool
    can_stay: bool

    @classmethod
    def of(cls, person: PersonSeen, now: datetime) -> "Place":
        state = person.status.value
        if person.waits_for_place:
            state = "waiting"
        elif person.paused_until is not None and person.status is ContactStatus.ACTIVE:
            state = "paused"
        return cls(
            state=state,
            id=str(person.contact_id),
            name=person.name,
            address_masked=person.masked,
            days_left=max(0, (person.lapses_at - now).days),
            leaves_at=person.leaves_at,
            paused_until=person.paused_until,
            is_unconfirmed=person.is_unconfirmed,
            can_send_again=person.may_be_sent_again,
            can_take_back=person.may_be_taken_back,
            can_remove=person.may_be_removed,
            can_stay=person.may_stay,
        )


class PeoplePage(Struct, frozen=True, kw_only=True):
    may_manage: bool
    # Those on a place, then those who wait for one.
    people: tuple[Place, ...]
    places: int
    free: int
    # There is a place, or one that is being given up.
    may_invite: bool
    notice: str | None
    notice_name: str
    open_until: datetime

    @classmethod
    def of(cls, seen: PeopleSeen, notice: Notice | None, until: datetime) -> "PeoplePage":
        people = tuple(Place.of(person, seen.now) for person in seen.people)
        waiting = sum(place.state == "waiting" for place in people)
        leaving = sum(place.state == "leaving" for place in people)
        free = max(0, seen.places - (len(people) - waiting))
        return cls(
            may_manage=seen.may_manage,
            people=people,
            places=seen.places,
            free=free,
            may_invite=seen.may_manage and free + leaving > waiting,
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
    # With "too-soon": from when the next one may go out.
    retry_at: datetime | None = None
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


class SendAgainPage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    address_masked: str
    lapses_at: datetime
    # It was too soon; from when it works. None: nobody has pressed yet.
    retry_at: datetime | None
    idempotency_key: str


class TakeBackPage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    # "invited", "active"
    state: str
