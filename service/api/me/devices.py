"""The owner's devices."""

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.operations import own_account
from service.operations.house import House
from service.operations.own_account import DeviceSeen
from service.operations.owners import Owner


class DeviceAnswer(Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(description="The wallet's own id of it.")]
    label: str
    platform: str
    linked_at: datetime
    reported: Annotated[bool, Meta(description="A freeze barred it, and nobody cleared it since.")]

    @classmethod
    def of(cls, seen: DeviceSeen) -> "DeviceAnswer":
        return cls(
            id=seen.name,
            label=seen.label,
            platform=seen.platform,
            linked_at=seen.linked_at,
            reported=seen.reported,
        )


class DeviceList(Struct, frozen=True, kw_only=True):
    items: tuple[DeviceAnswer, ...]
    next: Annotated[str | None, Meta(description="Always null: all devices are on one page.")] = (
        None
    )


@get("/v1/me/devices", responses=problems_at(401, 404, 409))
async def see_devices(
    house: NamedDependency[House], wallet: NamedDependency[Wallet], owner: NamedDependency[Owner]
) -> DeviceList:
    """In the order they were linked."""
    seen = await own_account.see_devices(house, wallet, owner)
    return DeviceList(items=tuple(DeviceAnswer.of(one) for one in seen))


DEVICES = router(see_devices, tag="own devices")
