"""What happened to the owner's account and when; what can still be undone says so."""

from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import own_account, people
from service.operations.house import House
from service.operations.own_account import ActivitySeen
from service.operations.people import PersonSeen
from service.pages import AnyRequest
from service.web.frame import owner_here, show

# A page's worth; older entries are one link away.
_AT_ONCE: Final = 20
# How somebody came onto the list, and how they are led off it.
_CAME: Final = frozenset({"contact-invited", "invitation-sent-again", "contact-accepted"})
_GOES: Final = frozenset({"removal-begun", "removal-resumed"})


class HistoryLine(Struct, frozen=True, kw_only=True):
    # One of `own_account.SAID`'s words.
    what: str
    at: datetime
    # "" where nobody is meant, or the contact was erased.
    name: str
    # Where "this was not me" goes: "removal", "invitation", "card"; None: it cannot be undone.
    undo: str | None
    contact_id: str


class HistoryPage(Struct, frozen=True, kw_only=True):
    """owner/history.html"""

    lines: tuple[HistoryLine, ...]
    # For the page with older entries.
    next: str | None
    is_first: bool
    may_manage: bool


@get("/owner/history", include_in_schema=False)
async def see_history(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    before: FromQuery[UUID | None] = None,
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    found = await own_account.see_activity(house, wallet, session, before=before, limit=_AT_ONCE)
    seen = await people.see_people(house, wallet, session)
    known = {str(person.contact_id): person for person in seen.people}
    page = HistoryPage(
        lines=_lines(found.items, known, may_manage=seen.may_manage),
        next=None if found.next is None else str(found.next),
        is_first=before is None,
        may_manage=seen.may_manage,
    )
    return show(request, "owner/history.html", page, now=seen.now, time_zone=seen.time_zone)


def _lines(
    items: tuple[ActivitySeen, ...], known: dict[str, PersonSeen], *, may_manage: bool
) -> tuple[HistoryLine, ...]:
    """Each way of undoing stands once, at the newest entry that it undoes."""
    offered: set[tuple[str, str]] = set()
    lines: list[HistoryLine] = []
    for item in items:
        contact_id = "" if item.contact is None else str(item.contact.id)
        undo = _undo(item.what, known.get(contact_id), may_manage=may_manage)
        if undo is not None and (undo, contact_id) in offered:
            undo = None
        if undo is not None:
            offered.add((undo, contact_id))
        name = "" if item.contact is None else item.contact.name
        lines.append(
            HistoryLine(what=item.what, at=item.at, name=name, undo=undo, contact_id=contact_id)
        )
    return tuple(lines)


def _undo(what: str, person: PersonSeen | None, *, may_manage: bool) -> str | None:
    """Stopping a removal needs no strong sign-in; taking somebody off the list does."""
    if what in _GOES and person is not None and person.may_stay:
        return "removal"
    if what in _CAME and person is not None and person.may_be_taken_back and may_manage:
        return "invitation"
    if what == "recovery-card-made" and may_manage:
        return "card"
    return None


ROUTES = (see_history,)
