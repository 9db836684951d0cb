"""The supervisor's board."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from service.console.frame import (
    Me,
    language_of,
    language_said,
    me,
    show,
    signed_in,
    to_the_second,
    zone_of,
)
from service.operations import board
from service.operations.agents import SignedIn
from service.operations.board import Board
from service.operations.house import House
from service.pages import AnyRequest
from service.wording import zone_said

PATH: Final = "/console/board"


class BoardPage(Struct, frozen=True, kw_only=True):
    me: Me
    board: Board
    # How many tickets stand at a stage and level, by "stage/level"; a stage's sum by "stage".
    counts: Mapping[str, int]
    # The agent's words for languages, by code.
    languages: Mapping[str, str]
    as_of: str
    zone: str


@get(PATH, include_in_schema=False, dependencies={"by": Provide(signed_in)})
async def show_board(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    seen = await board.see_board(house, by)
    language, zone = language_of(by), zone_of(tuple(seen.wallets.values()))
    codes = {code for one in seen.on_shift for code in one.speaks}
    shown = BoardPage(
        me=me(by),
        board=seen,
        counts=_counts(seen),
        languages={code: language_said(code, language) for code in codes},
        as_of=to_the_second(seen.now, time_zone=zone, language=language),
        zone=zone_said(zone, language),
    )
    return show(request, "board.html", shown, language=language, time_zone=zone, now=seen.now)


def _counts(seen: Board) -> dict[str, int]:
    counted: dict[str, int] = {}
    for one in seen.counts:
        counted[f"{one.stage}/{one.level}"] = one.tickets
        counted[one.stage] = counted.get(one.stage, 0) + one.tickets
    return counted
