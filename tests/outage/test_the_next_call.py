"""A report was answered: the very next question, put to another process, hears "not active"."""

import asyncio
import os
from typing import Final

import pytest

from domain.wallets import Wallet
from tests.outage.crowd import Owner, a_verified_browser, an_owner
from tests.outage.gateway import Gateway, a_gateway
from tests.outage.town import RealBrowser, Town, a_town

pytestmark = pytest.mark.anyio
FREEZES: Final = int(os.environ.get("FREEZES", "200"))
# Some at once, so that batches of questions and freezes cross each other.
AT_ONCE: Final = 8
# A town grows no further than this at a time: what was made for a freeze is used up by it.
A_BATCH: Final = 200


async def stale_after(gateway: Gateway, owner: Owner, carl: RealBrowser) -> bool:
    """Whether the other process still says "active" once the reporter's was answered."""
    summary = await carl.open("/r/check")
    assert (await gateway.introspect(owner.token)).json()["active"] is True
    form = summary.form("/r/confirm")
    answered = await carl.request(
        "POST", "/r/confirm", fields=form.fields, headers={"Origin": carl.origin}
    )
    heard = await gateway.introspect(owner.token)
    assert (answered.status_code, answered.headers["Location"]) == (303, "/r/receipt")
    assert heard.status_code == 200
    return heard.json() != {"active": False}


@pytest.mark.timeout(400 + FREEZES)
async def test_no_answer_is_stale_once_the_report_was_answered() -> None:
    async with a_town(webs=2) as (town, wallet):
        await town.open()
        # Codes are read by the test, not sent.
        town.worker.stop()
        gateway = await a_gateway(town, wallet, town.ports[1])
        stale = 0
        for first in range(0, FREEZES, A_BATCH):
            batch = range(first, min(first + A_BATCH, FREEZES))
            stale += await _stale_of(town, wallet, gateway, batch)
        await gateway.http.aclose()
    assert stale == 0


async def _stale_of(town: Town, wallet: Wallet, gateway: Gateway, numbers: range) -> int:
    async with town.house_in_haste() as house:
        # One after the other: each reads the code that was made last.
        owners = [await an_owner(house, wallet, number, contacts=1) for number in numbers]
        browsers = [await a_verified_browser(house, wallet, one, town.browser()) for one in owners]
    waiting = iter(zip(owners, browsers, strict=True))

    async def one_after_the_other() -> int:
        return sum([await stale_after(gateway, owner, carl) for owner, carl in waiting])

    return sum(await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE))))
