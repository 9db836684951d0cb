"""Pages for contacts and owners, a module per journey."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from service.web import answers, invitation, owner, report

__all__ = ["ROUTES", "answers"]

ROUTES: Sequence[ControllerRouterHandler] = (
    *invitation.ROUTES,
    *report.ROUTES,
    *owner.ROUTES,
)
