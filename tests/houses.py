"""The whole web process under test: the real app on the test's own database, no socket.

`tests/conftest.py` brings the fixtures here into every folder. They run in the test's own event
loop, so that a test may use operations and HTTP side by side.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from litestar import Litestar

from service.app import furnish, unfurnished
from service.settings import Settings

CONSOLE: Final = "http://console.localhost:8000"


@pytest.fixture
def settings(database_url: str, keys_folder: Path) -> Settings:
    return settings_for(database_url, keys_folder)


def settings_for(database_url: str, keys_folder: Path) -> Settings:
    return Settings(
        database_url=database_url,
        keys=keys_folder,
        host="127.0.0.1",
        port=8000,
        processes=1,
        console_origin=CONSOLE,
        smtp_url="smtp://127.0.0.1:1025",
        smtp_plain=True,
        sms=None,
        http_on_loopback=True,
    )


@pytest.fixture(scope="session")
def routes() -> Litestar:
    """Read once: each test's app is this one with its own database."""
    return unfurnished()


@pytest.fixture
async def app(routes: Litestar, settings: Settings) -> AsyncIterator[Litestar]:
    """The app between its start and its end."""
    furnish(routes, settings)
    async with routes.lifespan():
        yield routes


def client_for(app: Litestar, origin: str) -> httpx.AsyncClient:
    """Speaks to the app as if it lived at this origin; to be entered, or closed by the test."""
    # What the app cannot answer itself must fail the test, not look like an answer.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # pyright: ignore[reportArgumentType]  # two libraries' names for one ASGI
    return httpx.AsyncClient(transport=transport, base_url=origin)
