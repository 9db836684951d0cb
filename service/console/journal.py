"""The record, for auditors and supervisors: what happened, by whom, and whether it is whole."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from domain.events import ActorKind
from domain.ids import WalletId
from domain.tickets import TicketKind
from domain.wallets import THE_INSTALLATION
from notifications.audience import BY_NAME
from service.console.frame import Me, language_of, me, show, signed_in, to_the_second
from service.operations import journal_page
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.journal_page import JournalSeen, Sought
from service.operations.timeline import ONLY_ON_SAFETY
from service.pages import AnyRequest
from service.wording import zone_said

PATH: Final = "/console/journal"
# How the installation's own chain is called in an address.
INSTALLATION: Final = "installation"
_LONGEST: Final = 64
# More digits than any number of the record has would not fit the database.
_MOST_DIGITS: Final = 15


class JournalPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: JournalSeen
    # What was asked for, as it stands in the address.
    asked: Mapping[str, str]
    events: tuple[str, ...]
    actors: tuple[str, ...]
    older: str | None
    newest: str
    as_of: str
    zone: str


@get(PATH, include_in_schema=False, dependencies={"by": Provide(signed_in)})
async def show_journal(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    asked = {
        name: value.strip()[:_LONGEST]
        for name in ("wallet", "event", "actor", "about", "day", "before")
        if (value := request.query_params.get(name, "")).strip()
    }
    seen = await journal_page.see_journal(house, _sought(asked), by)
    language = language_of(by)
    from_the_top = {name: value for name, value in asked.items() if name != "before"}
    shown = JournalPage(
        me=me(by),
        seen=seen,
        asked=asked,
        events=_events(trained=TicketKind.SAFETY in seen.kinds),
        actors=tuple(kind.value for kind in ActorKind),
        older=None if seen.next is None else _path({**asked, "before": str(seen.next)}),
        newest=_path(from_the_top),
        as_of=to_the_second(seen.now, time_zone=seen.time_zone, language=language),
        zone=zone_said(seen.time_zone, language),
    )
    return show(
        request,
        "journal.html",
        shown,
        language=language,
        time_zone=seen.time_zone,
        now=seen.now,
    )


def _sought(asked: Mapping[str, str]) -> Sought:
    """What cannot be meant is as if it had not been said, but for whom or what it is about."""
    chain, day = None, None
    if asked.get("wallet") == INSTALLATION:
        chain = THE_INSTALLATION
    else:
        with suppress(KeyError, ValueError):
            chain = WalletId(UUID(asked["wallet"]))
    with suppress(KeyError, ValueError):
        day = date.fromisoformat(asked["day"])
    before = asked.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) <= _MOST_DIGITS
    actor = asked.get("actor")
    return Sought(
        chain=chain,
        event=asked["event"] if asked.get("event") in BY_NAME else "",
        actor=ActorKind(actor) if actor in set(ActorKind) else None,
        about=asked.get("about", ""),
        day=day,
        before=int(before) if is_number else None,
    )


def _events(*, trained: bool) -> tuple[str, ...]:
    return tuple(sorted(set(BY_NAME) - (frozenset() if trained else ONLY_ON_SAFETY)))


def _path(asked: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(asked)}" if asked else PATH
