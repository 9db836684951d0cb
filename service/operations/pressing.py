"""A button of the console pressed once, however often the form arrives."""

from msgspec import Struct

from service.operations.agents import SignedIn
from service.operations.at_work import AtWork
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import DataKey
from service.storage import load
from service.storage.keychain import find_key


class Press(Struct, frozen=True, kw_only=True):
    """The first of its key; `done` keeps it from being carried out again."""

    work: AtWork
    wallet_key: DataKey
    request: Request

    async def done(self, answer: str) -> None:
        await remember(self.work.db, self.wallet_key, self.request, answer)


async def first_press(
    work: AtWork, house: House, *, route: str, key: str, body: str, by: SignedIn
) -> Press | None:
    """None where this very form was carried out before. Raises KeyReused for another body."""
    wallet = await load.wallet(work.db, work.wallet_id)
    wallet_key = await find_key(work.db, house.keys, wallet.data_key_id)
    request = Request(
        wallet_id=work.wallet_id,
        caller=str(by.agent.id),
        route=f"console/{route}/{work.ticket.id}",
        key=key,
        body=body.encode(),
    )
    if await replay(work.db, wallet_key, request) is not None:
        return None
    return Press(work=work, wallet_key=wallet_key, request=request)
