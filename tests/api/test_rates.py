"""How much a client may call, and the fields that tell it; gateways' questions stand outside."""

import asyncio
import re
from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from domain.limits import API_CALLS
from domain.wallets import Wallet
from service.embedded import OWNER, Cluster
from service.operations.house import House
from service.operations.limits import subject_of
from service.storage import limits as rows
from service.storage.tables import limits
from tests import people as cast
from tests.api.backends import Backend, backend_of
from tests.clocks import stand_still

pytestmark = pytest.mark.anyio

PATH = f"/v1/accounts/{cast.OLGA}"
# A structured field list (RFC 9651) of one string with integer parameters.
ITEM = re.compile(r'"([ -!#-\[\]-~]+)"((?:;[a-z*][a-z0-9_\-.*]*=(?:0|[1-9][0-9]{0,14}))+)')


@pytest.fixture(autouse=True)
async def standing_clock(cluster: Cluster, database: str) -> None:
    await stand_still(cluster, database)


def read(field: str) -> tuple[str, dict[str, int]]:
    whole = ITEM.fullmatch(field)
    assert whole is not None, field
    pairs = [part.split("=") for part in whole[2].split(";")[1:]]
    return whole[1], {name: int(value) for name, value in pairs}


async def test_every_answer_to_a_known_client_says_what_is_left(norte: Backend) -> None:
    burst = API_CALLS.rate.burst
    for spent, (method, path, status) in enumerate(
        (
            ("GET", PATH, 404),
            ("GET", "/v1/accounts/%00", 400),
            ("POST", "/v1/sessions", 400),
        ),
        start=1,
    ):
        answer = await norte.call(method, path, {} if method == "POST" else None)
        assert answer.status_code == status
        name, policy = read(answer.headers["ratelimit-policy"])
        assert (name, policy) == ("api-calls", {"q": burst, "w": 15})
        name, left = read(answer.headers["ratelimit"])
        assert (name, left) == ("api-calls", {"r": burst - spent, "t": 1})


async def test_a_client_past_its_limit_is_told_when_to_come_back(
    app: Litestar, norte: Backend, house: House, wallet: Wallet
) -> None:
    await _used_up(house, wallet, but=1)
    assert (await norte.call("GET", PATH)).status_code == 404

    answer = await norte.call("GET", PATH)

    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too-many"
    assert answer.headers["retry-after"] == "1"
    assert read(answer.headers["ratelimit"]) == ("api-calls", {"r": 0, "t": 1})
    async with backend_of(app, house, wallet, client_id="another") as another:
        assert (await another.call("GET", PATH)).status_code == 404
    await cast.move_clock(house, API_CALLS.rate.each)
    assert (await norte.call("GET", PATH)).status_code == 404


async def test_who_is_not_known_is_told_nothing_of_limits(norte: Backend) -> None:
    for answer in (
        await norte.http.get(PATH),
        await norte.http.get("/i"),
        await norte.http.get("/report"),
        await norte.http.get("/.well-known/oauth-authorization-server"),
    ):
        assert not [name for name in answer.headers if name.startswith("ratelimit")]


async def test_a_gateways_question_depends_on_no_limiter(
    norte: Backend, house: House, wallet: Wallet, cluster: Cluster, database: str
) -> None:
    await _used_up(house, wallet, but=0)
    await _break_the_limiter(cluster, database)

    asked = await norte.introspect("unknown", who=norte.bearer)
    assert (asked.status_code, asked.json()) == (200, {"active": False})
    checked = await norte.check("unknown", who=norte.bearer)
    assert checked.status_code == 401
    for answer in (asked, checked):
        assert "ratelimit" not in answer.headers


async def test_calls_go_on_untold_when_the_limiter_does_not_answer(
    norte: Backend, cluster: Cluster, database: str
) -> None:
    await _break_the_limiter(cluster, database)

    answer = await norte.call("GET", PATH)

    assert answer.status_code == 404
    assert "ratelimit" not in answer.headers


async def test_calls_at_once_are_counted_one_by_one(norte: Backend) -> None:
    answers = await asyncio.gather(*(norte.call("GET", PATH) for _ in range(12)))

    left = [read(answer.headers["ratelimit"])[1]["r"] for answer in answers]
    burst = API_CALLS.rate.burst
    assert sorted(left) == list(range(burst - 12, burst))


async def _used_up(house: House, wallet: Wallet, *, but: int) -> None:
    """All of norte's calls but so many."""
    rate = API_CALLS.rate
    async with house.engine.begin() as db:
        (client_id,) = (
            await db.scalars(text("SELECT id FROM api_clients WHERE client_id = 'norte-backend'"))
        ).all()
        of = subject_of(house.keys, wallet.id, API_CALLS, client_id.bytes)
        await rows.take(db, of, rate)
        used: timedelta = (rate.burst - but - 1) * rate.each
        await db.execute(
            limits.update()
            .where(limits.c.subject == of.subject)
            .values(arrival=limits.c.arrival + used)
        )


async def _break_the_limiter(cluster: Cluster, database: str) -> None:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    async with engine.begin() as db:
        await db.execute(text("ALTER TABLE limits RENAME TO away"))
    await engine.dispose()
