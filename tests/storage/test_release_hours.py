"""The hours in which a wallet decides releases, on its own clock, through the changes of that."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import asdict, replace

from domain.ids import KeyId
from domain.policy import Policy
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import clocks, release_hours, tickets
from service.operations.house import House
from service.storage import load
from tests import desks
from tests import people as cast
from tests.builders import NORTE
from tests.clocks import at_half_past

pytestmark = pytest.mark.anyio
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
A_MOMENT: Final = timedelta(milliseconds=1)
WEEKDAYS: Final = {"days": [1, 2, 3, 4, 5], "opens": "09:00", "shuts": "18:00"}


def hours(*told: dict[str, Any], zone: str = "America/Argentina/Buenos_Aires") -> Wallet:
    policy = msgspec.convert({"tickets": {"release_hours": list(told)}}, Policy)
    made = Wallet(id=NORTE, data_key_id=KeyId(UUID(int=1)), **asdict(cast.NORTE))
    return replace(made, policy=policy, time_zone=zone)


def at(zone: str, day: str, time: str, *, fold: int = 0) -> datetime:
    told = datetime.fromisoformat(f"{day}T{time}")
    return told.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


BUENOS_AIRES: Final = "America/Argentina/Buenos_Aires"


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        # On a Wednesday morning it is the same afternoon;
        (("2026-03-11", "10:00"), ("2026-03-11", "14:00")),
        # four hours before they go home, exactly then;
        (("2026-03-11", "14:00"), ("2026-03-11", "18:00")),
        # a minute later, a minute of tomorrow;
        (("2026-03-11", "14:01"), ("2026-03-12", "09:01")),
        # at night, from nine on; on Friday evening, from Monday on.
        (("2026-03-11", "02:00"), ("2026-03-11", "13:00")),
        (("2026-03-13", "17:00"), ("2026-03-16", "12:00")),
    ],
)
def test_a_decision_counts_the_hours_that_the_wallet_has_stated(
    begins: tuple[str, str], ends: tuple[str, str]
) -> None:
    wallet = hours(WEEKDAYS)

    assert release_hours.decided_by(wallet, at(BUENOS_AIRES, *begins)) == at(BUENOS_AIRES, *ends)


def test_without_stated_hours_it_is_four_hours_by_any_clock() -> None:
    wallet, now = hours(), at(BUENOS_AIRES, "2026-03-13", "23:00")

    assert release_hours.decided_by(wallet, now) == now + 4 * HOUR
    assert release_hours.spans_from(wallet, now) == ()


NIGHTS: Final = {"days": [1, 2, 3, 4, 5, 6, 7], "opens": "23:00", "shuts": "05:00"}
MADRID: Final = "Europe/Madrid"


def test_a_night_that_is_an_hour_shorter_has_an_hour_less() -> None:
    """In the night to 29 March 2026 clocks in Madrid go from two to three."""
    wallet, before = hours(NIGHTS, zone=MADRID), at(MADRID, "2026-03-28", "23:00")

    night = release_hours.spans_from(wallet, before)[0]

    assert night.shuts - night.opens == 5 * HOUR
    assert release_hours.decided_by(wallet, before) == at(MADRID, "2026-03-29", "04:00")


def test_a_night_that_is_an_hour_longer_has_an_hour_more() -> None:
    """In the night to 25 October 2026 clocks in Madrid show the hour from two to three twice."""
    wallet, before = hours(NIGHTS, zone=MADRID), at(MADRID, "2026-10-24", "23:00")

    night = release_hours.spans_from(wallet, before)[0]

    assert night.shuts - night.opens == 7 * HOUR
    assert release_hours.decided_by(wallet, before) == at(MADRID, "2026-10-25", "02:00", fold=1)


def test_what_opens_in_the_skipped_hour_opens_after_it_and_what_shuts_twice_shuts_last() -> None:
    odd = {"days": [1, 2, 3, 4, 5, 6, 7], "opens": "02:30", "shuts": "08:00"}
    spring = release_hours.spans_from(hours(odd, zone=MADRID), at(MADRID, "2026-03-29", "00:00"))[0]
    assert spring.opens == at(MADRID, "2026-03-29", "03:30")

    odd = {"days": [1, 2, 3, 4, 5, 6, 7], "opens": "20:00", "shuts": "02:30"}
    autumn = release_hours.spans_from(hours(odd, zone=MADRID), at(MADRID, "2026-10-24", "20:00"))[0]
    assert autumn.shuts == at(MADRID, "2026-10-25", "02:30", fold=1)


def test_hours_that_touch_or_overlap_are_one_span() -> None:
    """Two shifts a day, and one that overlaps, are one day."""
    early = {"days": [1, 2, 3, 4, 5], "opens": "06:00", "shuts": "14:00"}
    late = {"days": [1, 2, 3, 4, 5], "opens": "14:00", "shuts": "22:00"}
    wallet = hours(early, late, WEEKDAYS)

    first = release_hours.spans_from(wallet, at(BUENOS_AIRES, "2026-03-11", "06:00"))[0]

    assert first.shuts - first.opens == 16 * HOUR


async def the_ticket(house: House, case: desks.Case) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, case.wallet.id, case.ticket_id)


async def until(house: House, instant: datetime) -> None:
    await cast.move_clock(house, instant - await cast.now(house))


async def test_with_stated_hours_nothing_is_late_while_the_desk_is_shut(house: House) -> None:
    """A known fault of other desks: the deadline is told in business hours and breached without."""
    await at_half_past(house)
    now = await cast.now(house)
    shut_now = {
        "days": [1, 2, 3, 4, 5, 6, 7],
        "opens": f"{(now + 6 * HOUR).astimezone(ZoneInfo(BUENOS_AIRES)):%H}:00",
        "shuts": f"{(now + 12 * HOUR).astimezone(ZoneInfo(BUENOS_AIRES)):%H}:00",
    }
    policy = msgspec.convert({"tickets": {"release_hours": [shut_now]}}, Policy)
    new = replace(cast.NORTE, policy=policy)
    case = await desks.a_case(house, await cast.a_wallet(house, new))
    astrid = await cast.an_agent(house, case.wallet, "astrid", 1)
    await tickets.reach_owner(house, case.ticket_id, by=astrid)
    ticket = await the_ticket(house, case)
    assert ticket.decision_until >= ticket.opened_at + 9 * HOUR

    await until(house, ticket.decision_until - 5 * MINUTE)
    await clocks.keep_clocks(house)
    assert (await the_ticket(house, case)).level == 1
    await until(house, ticket.decision_until + A_MOMENT)
    await clocks.keep_clocks(house)
    assert (await the_ticket(house, case)).level == 2
