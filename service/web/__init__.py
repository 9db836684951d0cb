"""Pages for contacts and owners, a module per journey."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from service.web import (
    answers,
    card,
    following,
    invitation,
    mine,
    owner,
    report,
    withdrawal,
    without_link,
)

__all__ = ["ROUTES", "answers"]

ROUTES: Sequence[ControllerRouterHandler] = (
    *invitation.ROUTES,
    *report.ROUTES,
    *without_link.ROUTES,
    *following.ROUTES,
    *withdrawal.ROUTES,
    *owner.ROUTES,
    *card.ROUTES,
    *mine.ROUTES,
)
