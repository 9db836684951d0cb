"""A wallet in which there is something to be found: what guesses would never hit.

Olga is active, with people, sessions and devices; another account is frozen; a few more may be
frozen, closed and confirmed by whoever likes.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx
from msgspec.structs import replace

from domain.ids import TicketId
from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from tests import people as cast
from tests.api.backends import ALL, Backend

FROZEN: Final = "frozen-1"
OTHERS: Final = tuple(f"other-{n}" for n in range(8))
CLIENT: Final = "norte-backend"
TOKEN: Final = "phone-token"
_HOOK: Final = "https://hooks.norte.example/resguardo"

# By the names of the dictionaries in schemathesis.toml.
Values = Mapping[str, tuple[str, ...]]


async def people(house: House, wallet: Wallet) -> Values:
    """Olga with two sessions and three of her people; the frozen account; the others."""
    await cast.olga(house, wallet)
    session = await cast.a_session(house, wallet, TOKEN)
    laptop = await cast.a_session(house, wallet, "laptop-token", cast.LAPTOP)
    pages = await cast.at_her_pages(house, wallet, session)
    accepted, _ = await cast.a_contact(house, wallet, pages, "Cleo")
    invited = await cast.invited(house, wallet, pages)
    leaving, _ = await cast.a_contact(house, wallet, pages, "Caro")
    ticket_id = await frozen(house, wallet)
    for subject in OTHERS:
        await cast.olga(house, wallet, subject)
    return {
        "subjects": (cast.OLGA, FROZEN, *OTHERS),
        # Later than the freeze, and not in the future.
        "instants": ((await cast.now(house)).isoformat(),),
        "sessions": (str(session.id), str(laptop.id)),
        "contacts": (str(accepted.id), str(invited), str(leaving.id)),
        "tickets": (str(ticket_id),),
    }


async def frozen(house: House, wallet: Wallet) -> TicketId:
    """Its ticket."""
    await cast.olga(house, wallet, FROZEN)
    session = await cast.a_session(house, wallet, "theirs", subject=FROZEN)
    pages = await cast.at_her_pages(house, wallet, session, FROZEN)
    carl, link = await cast.a_contact(house, wallet, pages)
    report = await cast.a_report(house, wallet, carl, link)
    # A proof, and a sign-in that disputes, are later than the freeze.
    await cast.move_clock(house, timedelta(seconds=2))
    return report.ticket_id


async def backend(house: House, wallet: Wallet, http: httpx.AsyncClient) -> Backend:
    """A client with every scope."""
    secret = await clients.add_client(house, wallet.id, CLIENT, ALL)
    unsigned = Backend(http=http, client_id=CLIENT, secret=secret)
    answer = await unsigned.ask_token(grant_type="client_credentials")
    return replace(unsigned, token=answer.json()["access_token"])


async def receivers(backend: Backend) -> Values:
    """Streams to poll, and an endpoint with something queued."""
    streams = [await _made(backend, "/ssf/streams", {}) for _ in range(2)]
    path = "/v1/webhook-endpoints"
    endpoint = await _made(backend, path, {"url": _HOOK})
    queued = [await _made(backend, f"{path}/{endpoint['id']}/test", None) for _ in range(2)]
    return {
        "streams": tuple(one["stream_id"] for one in streams),
        "endpoints": (endpoint["id"],),
        "deliveries": tuple(one["id"] for one in queued),
    }


async def _made(backend: Backend, path: str, body: object) -> dict[str, Any]:
    answer = await backend.call("POST", path, body)
    assert answer.status_code in {201, 202}, answer.text
    return answer.json()
