"""Releases that were drawn to be looked at again."""

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from domain import access
from service.console.frame import Me, language_of, me, show, zone_of
from service.console.ticket import BY
from service.operations import release_reviews
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.release_reviews import ReviewsSeen
from service.pages import AnyRequest


class ReviewsPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: ReviewsSeen
    # Who sees the other list for supervisors.
    supervises: bool


@get("/console/reviews", include_in_schema=False, dependencies=BY)
async def show_reviews(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    seen = await release_reviews.see(house, by)
    supervises = by.agent.role is access.Role.AGENT and by.agent.level >= access.SUPERVISES
    shown = ReviewsPage(me=me(by), seen=seen, supervises=supervises)
    zone = zone_of(seen.wallets)
    language = language_of(by)
    return show(request, "reviews.html", shown, language=language, time_zone=zone, now=seen.now)
