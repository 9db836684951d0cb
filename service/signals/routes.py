"""What gateways ask of a web process."""

from litestar.types import ControllerRouterHandler

from service.signals.introspection import INTROSPECTION
from service.signals.session_check import SESSION_CHECK

ROUTES: tuple[ControllerRouterHandler, ...] = (INTROSPECTION, SESSION_CHECK)
