"""The wallet app's way into the owner's pages."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.refusals import StrongSignInNeeded
from domain.wallets import Wallet
from service.operations import page_links, people
from service.operations.browsers import Opened
from service.operations.house import House
from tests import people as cast
from tests.api.backends import A_MOMENT, Backend, a_session, frozen

pytestmark = pytest.mark.anyio
LINKS = f"/v1/accounts/{cast.OLGA}/page-links"
STRONG = cast.NORTE.strong_acr[0]
RECENT = timedelta(minutes=5)


async def _asked(
    norte: Backend, house: House, *, ago: timedelta = timedelta(), **other: object
) -> dict[str, object]:
    """Signed in `ago`, on a session that lives."""
    begun = await norte.call("POST", "/v1/sessions", a_session())
    return {
        "purpose": "manage",
        "session_id": begun.json()["id"],
        "auth_time": (await cast.now(house) - ago).isoformat(),
        "acr": STRONG,
        **other,
    }


async def _entered(house: House, wallet: Wallet, url: str) -> Opened:
    return await page_links.enter(house, wallet, parse_qs(urlsplit(url).query)["once"][0])


async def test_a_link_leads_to_the_wallets_own_origin_for_a_minute(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)

    made = await norte.call("POST", LINKS, await _asked(norte, house))

    assert made.status_code == 201
    told = made.json()
    assert told["url"].startswith(f"{wallet.origin}/owner/enter?once=")
    assert told["expires_at"].endswith("Z")
    opened = await _entered(house, wallet, told["url"])
    assert opened.session.may_manage


@pytest.mark.usefixtures("clock_stands")
@pytest.mark.parametrize(
    ("ago", "other", "may_manage"),
    [
        (RECENT - A_MOMENT, {}, True),
        (RECENT + A_MOMENT, {}, False),
        (timedelta(), {"acr": "urn:norte:pin"}, False),
        (timedelta(), {"purpose": "view"}, False),
    ],
)
async def test_only_a_recent_strong_sign_in_may_manage(
    *,
    norte: Backend,
    house: House,
    wallet: Wallet,
    ago: timedelta,
    other: dict[str, object],
    may_manage: bool,
) -> None:
    await cast.olga(house, wallet)

    made = await norte.call("POST", LINKS, await _asked(norte, house, ago=ago, **other))
    opened = await _entered(house, wallet, made.json()["url"])

    assert opened.session.may_manage is may_manage
    if may_manage:
        await cast.invited(house, wallet, opened.session)
    else:
        assert (await people.see_people(house, wallet, opened.session)).places
        with pytest.raises(StrongSignInNeeded):
            await cast.invited(house, wallet, opened.session)


async def test_a_link_needs_a_living_session_of_this_very_account(
    norte: Backend, sur: Backend, house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    await cast.olga(house, wallet, "cleo-1")
    asked = await _asked(norte, house)

    of_another = await norte.call("POST", "/v1/accounts/cleo-1/page-links", asked)
    unknown = {**asked, "session_id": "019a0000-0000-7000-8000-000000000000"}
    for answer in (
        of_another,
        await norte.call("POST", LINKS, unknown),
        await sur.call("POST", LINKS, asked),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    await norte.call("DELETE", f"/v1/sessions/{asked['session_id']}")
    assert (await norte.call("POST", LINKS, asked)).status_code == 404


async def test_a_frozen_account_gets_no_link(norte: Backend, house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet)
    asked = await _asked(norte, house)
    await frozen(house, wallet)

    refused = await norte.call("POST", LINKS, asked)

    assert (refused.status_code, refused.json()["code"]) == (409, "account-frozen")
