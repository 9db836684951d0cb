"""How a wallet's gateways hear whether a session lives."""

from litestar.types import ControllerRouterHandler

from service.signals.introspection import INTROSPECTION
from service.signals.session_check import SESSION_CHECK

ROUTES: tuple[ControllerRouterHandler, ...] = (INTROSPECTION, SESSION_CHECK)
