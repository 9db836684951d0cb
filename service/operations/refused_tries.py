"""Somebody was turned away at a frozen account: agents see how often, when and from where.

Nothing here delays or fails an answer: it is counted in memory, and written when the answer has
gone. What cannot be written is forgotten.
"""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from domain.accounts import Account, Device
from domain.signs import NEW_DEVICE, NO_DEVICE, TryWay
from service.operations.house import House
from service.storage.refused import Tried, store

log = structlog.get_logger("service.refused-tries")


def note(
    house: House,
    account: Account,
    way: TryWay,
    *,
    device: Device | None = None,
    named: bool = False,
) -> None:
    """Count one. `named`: a device was told of; without `device` it is one never linked."""
    unknown = NEW_DEVICE if named else NO_DEVICE
    house.refused.note(
        Tried(
            wallet_id=account.wallet_id,
            account_id=account.id,
            way=way,
            device=unknown if device is None else str(device.id),
        )
    )


async def write_down(house: House) -> None:
    """Everything that waits in this process, and what comes while it is written."""
    if house.refused.is_being_written:
        return
    house.refused.is_being_written = True
    try:
        while tries := house.refused.take():
            async with house.engine.begin() as db:
                # A crash may forget the last of them; nobody waits for the disk because of them.
                await db.execute(text("SET LOCAL synchronous_commit TO off"))
                await store(db, tries)
    except (SQLAlchemyError, OSError) as error:
        log.warning("refused-tries.lost", error=type(error).__name__)
    finally:
        house.refused.is_being_written = False
