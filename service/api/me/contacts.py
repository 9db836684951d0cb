"""The owner's trusted people: the five places."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from msgspec import Meta, Struct

from domain.accounts import AddressKind
from domain.contacts import ContactStatus
from domain.ids import ContactId
from domain.refusals import CannotTakeBack, NotFound
from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.me.repeating import repeatable
from service.api.shapes import IdempotencyKey
from service.operations import people, removals
from service.operations.house import House
from service.operations.owners import Owner
from service.operations.people import NewContact, PersonSeen
from service.security.tokens import new_token

_Country = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}(?![\s\S])",
        description="Of a phone number without its dialling code; else the wallet's own.",
        examples=["AR"],
    ),
]


class Invitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite, and where the invitation goes."""

    name: Annotated[str, Meta(min_length=1, max_length=40, examples=["Carl"])]
    kind: AddressKind
    address: Annotated[str, Meta(min_length=3, max_length=254, examples=["carl@correo.example"])]
    country: _Country | None = None


class ContactAnswer(Struct, frozen=True, kw_only=True):
    id: ContactId
    name: str
    kind: AddressKind
    address: Annotated[str, Meta(description="Masked.", examples=["c•••@c•••.example"])]
    state: Annotated[
        ContactStatus, Meta(description="`invited` also when they declined: that stays theirs.")
    ]
    lapses_at: Annotated[
        datetime | None, Meta(description="Of an invitation: until when it can be answered.")
    ]
    accepted_at: datetime | None
    leaves_at: Annotated[
        datetime | None, Meta(description="While leaving: they can report until this instant.")
    ]
    waits_for_place: Annotated[
        bool, Meta(description="Invited in place of someone who is still leaving.")
    ]
    unconfirmed: Annotated[bool, Meta(description="They have not confirmed their address lately.")]
    paused_until: Annotated[
        datetime | None, Meta(description="After a false report: until then theirs do not freeze.")
    ]
    may_be_taken_back: Annotated[
        bool, Meta(description="Whether DELETE ends it at once, without the slow way.")
    ]
    may_stay: Annotated[bool, Meta(description="Whether they are leaving, and can still stay.")]

    @classmethod
    def of(cls, seen: PersonSeen) -> "ContactAnswer":
        is_open = seen.status is ContactStatus.INVITED
        return cls(
            id=seen.contact_id,
            name=seen.name,
            kind=seen.kind,
            address=seen.masked,
            state=seen.status,
            lapses_at=seen.lapses_at if is_open else None,
            accepted_at=seen.accepted_at,
            leaves_at=seen.leaves_at,
            waits_for_place=seen.waits_for_place,
            unconfirmed=seen.is_unconfirmed,
            paused_until=seen.paused_until,
            may_be_taken_back=seen.may_be_taken_back,
            may_stay=seen.may_stay,
        )


class ContactList(Struct, frozen=True, kw_only=True):
    items: tuple[ContactAnswer, ...]
    next: Annotated[UUID | None, Meta(description="Always null: there are never so many.")] = None
    places: Annotated[int, Meta(description="How many trusted people there can be.")]


@get("/v1/me/contacts", responses=problems_at(401, 404, 409))
async def see_contacts(
    house: NamedDependency[House], wallet: NamedDependency[Wallet], owner: NamedDependency[Owner]
) -> ContactList:
    """Everyone on one of the places, in their order."""
    seen = await people.see_people(house, wallet, owner)
    items = tuple(ContactAnswer.of(one) for one in seen.people)
    return ContactList(items=items, places=seen.places)


@get("/v1/me/contacts/{contact_id:uuid}", responses=problems_at(400, 401, 404, 409))
async def see_contact(
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
) -> ContactAnswer:
    """One of them; whoever is on no place any more is not found."""
    return await _answer(house, wallet, owner, ContactId(contact_id))


@post("/v1/me/contacts", responses=problems_at(400, 401, 404, 409, 413, 415, 422))
async def invite(
    *,
    data: JSONBody[Invitation],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: IdempotencyKey = None,
) -> ContactAnswer:
    """Hold a place and put an invitation on its way. Needs a recent strong sign-in.

    409 `no-place-left` or `already-invited`; 422 `name-not-allowed`, `address-not-allowed` or
    `own-address`.
    """
    new = NewContact(name=data.name, kind=data.kind, address=data.address, country=data.country)
    key = idempotency_key or new_token()
    contact_id = await people.invite(house, wallet, owner, new, key=key)
    return await _answer(house, wallet, owner, contact_id)


async def _answer(
    house: House, wallet: Wallet, owner: Owner, contact_id: ContactId
) -> ContactAnswer:
    seen = await people.see_people(house, wallet, owner)
    found = next((one for one in seen.people if one.contact_id == contact_id), None)
    if found is None:
        raise NotFound
    return ContactAnswer.of(found)


@delete(
    "/v1/me/contacts/{contact_id:uuid}",
    status_code=HTTP_202_ACCEPTED,
    responses={
        **problems_at(400, 401, 404, 409),
        HTTP_204_NO_CONTENT: ResponseSpec(
            None,
            description="Ended at once: it was an invitation, a new acceptance, or suspended",
        ),
    },
    response_description="Leaving; `leaves_at` says until when they can still report",
)
async def end_contact(
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
) -> Response[ContactAnswer]:
    """Take an invitation back, or begin a removal. Needs a recent strong sign-in.

    An acceptance can be undone at once for 24 hours. Asked again, the first instant stands.
    """
    this = ContactId(contact_id)
    try:
        await people.take_back(house, wallet, owner, this)
    except CannotTakeBack:
        removed = await removals.remove(house, wallet, owner, this)
        if removed.status is ContactStatus.LEAVING:
            answer = await _answer(house, wallet, owner, this)
            return Response(answer, status_code=HTTP_202_ACCEPTED)
    nothing: Response[Any] = Response(None, status_code=HTTP_204_NO_CONTENT)
    return nothing


@post(
    "/v1/me/contacts/{contact_id:uuid}/stay",
    status_code=HTTP_200_OK,
    responses=problems_at(400, 401, 404, 409, 422),
)
async def keep_contact(
    *,
    request: Request[Any, Any, Any],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: IdempotencyKey = None,
) -> ContactAnswer:
    """Stop a removal: they stay. Needs a recent strong sign-in. 409 `no-removal-pending`."""
    this = ContactId(contact_id)
    asked = repeatable(wallet, owner, request, idempotency_key, b"")
    await removals.stay(house, wallet, owner, this, request=asked)
    return await _answer(house, wallet, owner, this)


@post(
    "/v1/me/contacts/{contact_id:uuid}/invitation",
    status_code=HTTP_200_OK,
    responses=problems_at(400, 401, 404, 409, 422),
)
async def send_again(
    *,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: IdempotencyKey = None,
) -> ContactAnswer:
    """Send an invitation once more, under a new link. Needs a recent strong sign-in.

    409 `not-open`; 429 `too-soon` or `too-many`.
    """
    this = ContactId(contact_id)
    key = idempotency_key or new_token()
    await people.send_again(house, wallet, owner, this, key=key)
    return await _answer(house, wallet, owner, this)


CONTACTS = router(
    see_contacts, see_contact, invite, end_contact, keep_contact, send_again, tag="own contacts"
)
