"""What people read when something was tried too often, and what their browsers are told."""

import pytest
from litestar import Litestar

from domain.limits import SENT_FROM_NETWORK, SIGN_INS_FROM_NETWORK, Limit
from domain.reports import Way
from domain.wallets import THE_INSTALLATION
from service.embedded import Cluster
from service.operations.limits import subject_of
from service.storage import limits as rows
from tests import people as cast
from tests.browsers import Browser
from tests.clocks import stand_still
from tests.houses import CONSOLE
from tests.web.scene import Scene, to_the_report_code

pytestmark = pytest.mark.anyio
# Where the browsers of these tests are.
HERE = b"127.0.0.0/24"


@pytest.fixture(autouse=True)
async def standing_clock(cluster: Cluster, database: str) -> None:
    await stand_still(cluster, database)


async def _used_up(scene: Scene, limit: Limit, way: Way = Way.LINK) -> None:
    by_agents = limit is SIGN_INS_FROM_NETWORK
    wallet_id = THE_INSTALLATION if by_agents else scene.wallet.id
    of = subject_of(scene.house.keys, wallet_id, limit, HERE, way=way)
    async with scene.house.engine.begin() as db:
        for _ in range(limit.rate_of(way).burst):
            await rows.take(db, of, limit.rate_of(way))


async def test_a_stranger_past_the_limit_reads_from_when_and_whom_to_call(scene: Scene) -> None:
    key = await scene.contact("Carl")
    await _used_up(scene, SENT_FROM_NETWORK, Way.ADDRESS)
    pages: list[str] = []
    for address in ("carl@correo.example", "nobody@correo.example"):
        asked = await scene.browser().open("/report/address")

        page = await asked.press("/report/address", address=address)

        assert page.status == 429
        wait = SENT_FROM_NETWORK.rate_of(Way.ADDRESS).each
        assert page.headers["retry-after"] == str(int(wait.total_seconds()))
        assert not [name for name in page.headers if name.startswith("ratelimit")]
        pages.append(page.text)
    assert "09:03" in pages[0]
    assert cast.NORTE.support_number in pages[0]
    assert pages[0] == pages[1]

    # Whoever has a link is not concerned.
    code = await to_the_report_code(scene.browser(), key)
    assert code.status == 200
    assert code.path == "/r/code"


async def test_past_the_day_of_wrong_codes_the_page_says_from_when(scene: Scene) -> None:
    key = await scene.contact("Carl")
    for _ in range(4):
        code = await to_the_report_code(scene.browser(), key)
        for _ in range(5):
            code = await code.press("/r/code/check", code=await scene.wrong_code())
        await cast.move_clock(scene.house, scene.wallet.policy.codes.longest_wait * 2)
    code = await to_the_report_code(scene.browser(), key)

    page = await code.press("/r/code/check", code=await scene.code())

    assert page.status == 429
    assert "Too many attempts" in page.text
    assert int(page.headers["retry-after"]) > 3600


async def test_an_agent_past_the_limit_reads_from_when(scene: Scene, app: Litestar) -> None:
    await _used_up(scene, SIGN_INS_FROM_NETWORK)
    door = await Browser(app, CONSOLE, language="en").open("/console/sign-in")

    page = await door.press("/console/sign-in", login="astrid", password="x", code="0")

    assert page.status == 429
    assert page.headers["retry-after"] == "2"
    assert "Too many attempts. The next one counts from" in page.text
