"""What whoever runs the installation can ask, and nobody else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.wallets import Wallet
from service.app import create_app
from service.operations.house import House
from service.settings import Settings, SettingWrong, load
from service.storage.gauges import GAUGES
from tests import people as cast
from tests.api.backends import frozen
from tests.houses import CONSOLE, client_for

pytestmark = pytest.mark.anyio
TOKEN: Final = "a-token-of-the-monitoring-system-0001"


@pytest.fixture
async def watched(settings: Settings) -> AsyncIterator[Litestar]:
    told = replace(settings, metrics_token=TOKEN, security_contact="mailto:seguridad@norte.example")
    app = create_app(told)
    async with app.lifespan():
        yield app


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


def read(answer: httpx.Response) -> dict[str, float]:
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


async def test_metrics_tell_what_is_open_and_what_is_late(
    watched: Litestar, house: House, wallet: Wallet
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with client_for(watched, "http://10.0.0.7:9000") as monitoring:
        before = read(await monitoring.get("/metrics", headers=bearer))
        assert set(before) == {f"resguardo_{name}" for name in GAUGES}
        assert before["resguardo_accounts_frozen"] == before["resguardo_tickets_open"] == 0

        await cast.olga(house, wallet)
        await frozen(house, wallet)
        soon = read(await monitoring.get("/metrics", headers=bearer))
        assert soon["resguardo_accounts_frozen"] == soon["resguardo_tickets_open"] == 1
        assert soon["resguardo_freezes_last_minute"] == 1
        assert soon["resguardo_freezes_unconfirmed"] == soon["resguardo_tickets_overdue"] == 0

        await cast.move_clock(house, timedelta(hours=5))
        late = read(await monitoring.get("/metrics", headers=bearer))
        assert late["resguardo_freezes_last_minute"] == 0
        assert late["resguardo_freezes_unconfirmed"] == late["resguardo_tickets_overdue"] == 1
        assert late["resguardo_message_oldest_seconds"] >= 5 * 3600
        assert late["resguardo_journal_unsealed_seconds"] >= 5 * 3600


async def test_without_the_token_there_are_no_metrics(
    watched: Litestar, app: Litestar, wallet: Wallet
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    wrong = {"Authorization": f"Bearer {TOKEN[:-1]}2"}
    async with client_for(watched, wallet.origin) as http:
        assert (await http.get("/metrics")).status_code == 404
        assert (await http.get("/metrics", headers=wrong)).status_code == 404
        assert (await http.get("/metrics", headers=bearer)).status_code == 200
    async with client_for(app, wallet.origin) as http:
        assert (await http.get("/metrics", headers=bearer)).status_code == 404


async def test_whoever_finds_a_weakness_reads_whom_to_tell(
    watched: Litestar, app: Litestar, wallet: Wallet
) -> None:
    for origin in (wallet.origin, CONSOLE):
        async with client_for(watched, origin) as http:
            told = await http.get("/.well-known/security.txt")
        if origin == CONSOLE:
            # The console has no strangers.
            assert told.status_code == 404
            continue
        fields = dict(line.split(": ", 1) for line in told.text.splitlines())
        assert fields["Contact"] == "mailto:seguridad@norte.example"
        assert fields["Canonical"] == f"{origin}/.well-known/security.txt"
        assert fields["Expires"].endswith("Z")
        assert told.headers["content-type"] == "text/plain; charset=utf-8"
    async with client_for(app, wallet.origin) as http:
        assert (await http.get("/.well-known/security.txt")).status_code == 404


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("RESGUARDO_METRICS_TOKEN", "short"), ("RESGUARDO_SECURITY_CONTACT", "norte.example")],
)
def test_a_wrong_one_stops_the_start(settings: Settings, name: str, wrong: str) -> None:
    environment = {
        "RESGUARDO_DATABASE_URL": settings.database_url,
        "RESGUARDO_KEYS": str(settings.keys),
        "RESGUARDO_CONSOLE_ORIGIN": "https://console.example",
        "RESGUARDO_SMTP_URL": settings.smtp_url,
    }
    load(environment)
    with pytest.raises(SettingWrong, match=name):
        load({**environment, name: wrong})
