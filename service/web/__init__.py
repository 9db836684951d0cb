"""Pages for contacts and owners, a module per journey."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from service.web import (
    answers,
    card,
    drill,
    following,
    front,
    invitation,
    mine,
    not_me,
    objection,
    owner,
    owner_dispute,
    owner_drill,
    owner_history,
    owner_people,
    owner_removal,
    owner_safety,
    prove,
    report,
    space,
    space_address,
    space_app,
    space_data,
    space_drill,
    space_links,
    withdrawal,
    without_link,
)

__all__ = ["ROUTES", "answers"]

ROUTES: Sequence[ControllerRouterHandler] = (
    *front.ROUTES,
    *invitation.ROUTES,
    *report.ROUTES,
    *without_link.ROUTES,
    *following.ROUTES,
    *withdrawal.ROUTES,
    *drill.ROUTES,
    *owner.ROUTES,
    *owner_people.ROUTES,
    *owner_removal.ROUTES,
    *owner_history.ROUTES,
    *owner_drill.ROUTES,
    *owner_safety.ROUTES,
    *owner_dispute.ROUTES,
    *card.ROUTES,
    *mine.ROUTES,
    *prove.ROUTES,
    *objection.ROUTES,
    *space.ROUTES,
    *space_address.ROUTES,
    *space_app.ROUTES,
    *space_drill.ROUTES,
    *space_links.ROUTES,
    *space_data.ROUTES,
    *not_me.ROUTES,
)
