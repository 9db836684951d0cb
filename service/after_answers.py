"""What is done when an answer has gone: nobody waits for it."""

from litestar.types import ASGIApp, Receive, Scope, Send

from service.operations import refused_tries
from service.operations.house import House


class AfterAnswers:
    """Around the whole application: writes down who was turned away, once they know."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        house: House = scope["litestar_app"].state.house
        if house.refused.is_waiting:
            await refused_tries.write_down(house)
