"""What an agent chose to see of the queue, as it stands in the address.

A value that is unknown, or not theirs to see, is taken for none: an old link leads to the queue.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct

from domain.access import REACHES_OWNER, SUPERVISES, Agent
from domain.ids import AgentId, TicketId
from domain.tickets import Stage
from domain.wallets import Wallet
from service.console.frame import QUEUE
from service.storage.queue import After, Asked, ClosedAfter, OpenAfter, View

ME: Final = "me"
_MOST_BOOST: Final = 1_000_000


class Choices(Struct, frozen=True, kw_only=True):
    """The values of the filters' form; "" is any."""

    view: View = View.OPEN
    wallet: str = ""
    country: str = ""
    language: str = ""
    level: str = ""
    stage: str = ""
    assignee: str = ""

    def path(self, *, view: View | None = None, after: After | None = None) -> str:
        """Where these choices are shown, with another view or from another row on."""
        chosen = {
            "view": (view or self.view).value if (view or self.view) is not View.OPEN else "",
            **{name: getattr(self, name) for name in FILTERS},
            "after": _written(after) if after is not None else "",
        }
        said = {name: value for name, value in chosen.items() if value}
        return f"{QUEUE}?{urlencode(said)}" if said else QUEUE

    @property
    def filtered(self) -> bool:
        return any(getattr(self, name) for name in FILTERS)


FILTERS: Final = ("wallet", "country", "language", "level", "stage", "assignee")


def read(
    typed: Mapping[str, str], agent: Agent, wallets: tuple[Wallet, ...]
) -> tuple[Choices, Asked]:
    """What the address says, and what it means."""
    chosen = Choices(
        view=_view(typed.get("view", ""), agent),
        wallet=_known(typed.get("wallet", ""), {str(w.id) for w in wallets}),
        country=_known(typed.get("country", ""), {w.country for w in wallets}),
        language=_known(
            typed.get("language", ""), {one for wallet in wallets for one in wallet.languages}
        ),
        level=_known(
            typed.get("level", ""), {str(n) for n in range(REACHES_OWNER, SUPERVISES + 1)}
        ),
        stage=_known(typed.get("stage", ""), {stage.value for stage in Stage}),
        assignee=_assignee(typed.get("assignee", "")),
    )
    matching = tuple(
        w.id
        for w in wallets
        if chosen.wallet in ("", str(w.id)) and chosen.country in ("", w.country)
    )
    return chosen, Asked(
        view=chosen.view,
        wallets=matching if chosen.wallet or chosen.country else None,
        language=chosen.language or None,
        level=int(chosen.level) if chosen.level else None,
        stage=Stage(chosen.stage) if chosen.stage else None,
        assigned_to=_who(chosen.assignee, agent),
        after=_place(typed.get("after", ""), closed=chosen.view is View.CLOSED),
    )


def _view(typed: str, agent: Agent) -> View:
    found = next((view for view in View if view.value == typed), View.OPEN)
    return View.OPEN if found is View.SAFETY and not agent.trained_for_safety else found


def _known(typed: str, values: set[str]) -> str:
    return typed if typed in values else ""


def _assignee(typed: str) -> str:
    return typed if typed == ME or _uuid(typed) is not None else ""


def _who(chosen: str, agent: Agent) -> AgentId | None:
    if chosen == ME:
        return agent.id
    found = _uuid(chosen)
    return None if found is None else AgentId(found)


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _written(after: After) -> str:
    """The last row's place in the order."""
    match after:
        case OpenAfter():
            parts = (after.next_until, after.boost, after.opened_at, after.ticket_id)
        case ClosedAfter():
            parts = (after.closed_at, after.ticket_id)
    return "~".join(
        part.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")
        if isinstance(part, datetime)
        else str(part)
        for part in parts
    )


def _place(typed: str, *, closed: bool) -> After | None:
    """None for what no page of ours has written."""
    parts = typed.split("~")
    try:
        if closed:
            at, last = parts
            return ClosedAfter(closed_at=_instant(at), ticket_id=TicketId(UUID(last)))
        until, boost, opened, last = parts
        if not 0 <= int(boost) <= _MOST_BOOST:
            return None
        return OpenAfter(
            next_until=_instant(until),
            boost=int(boost),
            opened_at=_instant(opened),
            ticket_id=TicketId(UUID(last)),
        )
    except ValueError:
        return None


def _instant(typed: str) -> datetime:
    return datetime.strptime(typed, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
