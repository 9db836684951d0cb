"""A wallet that is silent, and an owner whom no message reaches: both are said, once."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from domain.accounts import Account, Done
from domain.ids import TicketId
from domain.policy import MessagePolicy, Policy
from domain.wallet_reports import FreezeReason, WalletReport
from domain.wallets import Wallet
from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    accounts,
    clients,
    desk,
    exports,
    hot_line,
    housekeeping,
    missing_confirmations,
    purging,
    unreached_owners,
)
from service.operations.agents import SignedIn
from service.operations.desk import QueueRow
from service.operations.hot_line import Told
from service.operations.house import House
from service.operations.idempotency import Request
from service.storage.directory import HouseDirectory
from service.storage.rows import every, put
from service.storage.tables import account_addresses, api_clients, outbox, wallet_reports
from service.storage.values import ApiClient, Scope
from tests import people as cast
from tests.notifications.outside import Mailbox, a_mail_server

pytestmark = pytest.mark.anyio
A_MOMENT = timedelta(milliseconds=500)
A_MINUTE = timedelta(seconds=60)


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    account: Account
    sofia: SignedIn
    mail: Mailbox

    async def freezes(self, key: str = "call", *, in_danger: bool = False) -> None:
        await freeze(self.house, self.wallet, key, in_danger=in_danger)

    async def later(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def alarm(self) -> int:
        return await missing_confirmations.alarm_missing_confirmations(self.house)

    async def confirms(self, done: Sequence[Done] = tuple(Done)) -> None:
        account = await cast.the_account(self.house, self.wallet, self.account.id)
        await accounts.confirm_freeze(
            self.house,
            self.wallet,
            account.subject,
            version=account.version,
            done=done,
            by=cast.THE_WALLET,
        )

    async def gauges(self) -> tuple[float, float]:
        told = await housekeeping.gauges_of(self.house)
        return told["freezes_unconfirmed"], told["freeze_unconfirmed_oldest_seconds"]

    async def row(self) -> QueueRow:
        (row,) = (await desk.see_queue(self.house, self.sofia)).rows
        return row

    async def said(self, event: str) -> int:
        async with self.house.engine.connect() as db:
            found = select(func.count()).where(outbox.c.event == event)
            return (await db.execute(found)).scalar_one()

    async def sends(self) -> None:
        """What is waiting goes out, as far as the mail server takes it; there is no carrier."""
        directory = HouseDirectory(self.house.keys)
        await dispatch_waiting(self.house.engine, directory, limit=100)
        url = f"smtp://127.0.0.1:{self.mail.port}"
        channels = Channels(email=EmailChannel(EmailSettings(url=url, require_tls=False)))
        while await send_due(self.house.engine, directory, channels, most_at_once=8):
            pass

    async def asks(self) -> int:
        return await unreached_owners.request_proofs(self.house)


async def freeze(house: House, wallet: Wallet, key: str, *, in_danger: bool = False) -> None:
    async with house.engine.connect() as db:
        (client,) = await every(db, select(api_clients), ApiClient)
    request = Request(
        wallet_id=wallet.id, caller=str(client.id), route="freeze", key=key, body=key.encode()
    )
    told = Told(
        reason=FreezeReason.STOLEN, in_danger=in_danger, note="at the airport", operator="desk 7"
    )
    await hot_line.freeze(house, wallet, cast.OLGA, told, client_id=client.id, request=request)


@pytest.fixture
async def scene(house: House) -> AsyncIterator[Scene]:
    wallet = await cast.a_wallet(house)
    await clients.add_client(house, wallet.id, "norte-backend", (Scope.FREEZE,))
    account = await cast.olga(house, wallet)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    async with a_mail_server() as mail:
        yield Scene(house=house, wallet=wallet, account=account, sofia=sofia, mail=mail)


# A silent wallet ------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock_stands")
async def test_a_silent_wallet_is_said_once_after_a_minute(scene: Scene) -> None:
    await scene.freezes()
    await scene.later(A_MINUTE - timedelta(seconds=10))
    assert await scene.alarm() == 0
    assert await scene.gauges() == (0, 0)
    assert not (await scene.row()).confirmation_is_late

    await scene.later(timedelta(seconds=10))
    with capture_logs() as lines:
        assert await scene.alarm() == 1
        # Late, twice, by another worker: it is said already.
        assert await scene.alarm() == 0
        await scene.later(timedelta(hours=1))
        assert await scene.alarm() == 0

    (line,) = [one for one in lines if one["event"] == "freeze.not-confirmed"]
    assert line["log_level"] == "error"
    assert line["account_id"] == str(scene.account.id)
    assert await scene.said("confirmation-missed") == 1
    count, oldest = await scene.gauges()
    assert (count, oldest >= 3600) == (1, True)
    row = await scene.row()
    assert (row.confirmation_is_late, row.not_done) == (True, ())
    seen = await desk.see_ticket(scene.house, row.ticket_id, scene.sofia)
    assert seen.confirmation.is_late
    assert seen.confirmation.missing == tuple(Done)
    assert "confirmation-missed" in [line.event for line in seen.timeline]


async def test_a_late_confirmation_ends_it_and_what_is_missing_is_said(scene: Scene) -> None:
    await scene.freezes()
    await scene.later(A_MINUTE)
    await scene.alarm()

    await scene.confirms((Done.SESSIONS, Done.PAYMENTS))

    assert await scene.gauges() == (0, 0)
    row = await scene.row()
    left = tuple(kind for kind in Done if kind not in (Done.SESSIONS, Done.PAYMENTS))
    assert (row.confirmation_is_late, row.not_done) == (False, left)
    await scene.confirms()
    assert (await scene.row()).not_done == ()
    assert await scene.alarm() == 0


async def test_each_freeze_is_said_by_itself(scene: Scene) -> None:
    await scene.freezes()
    await scene.later(A_MINUTE)
    await scene.alarm()
    await cast.released(scene.house, scene.wallet)
    assert await scene.gauges() == (0, 0)
    assert await scene.alarm() == 0

    await scene.freezes("another call")
    await scene.later(A_MINUTE)

    assert await scene.alarm() == 1
    assert await scene.said("confirmation-missed") == 2


async def test_whoever_confirmed_in_time_is_never_alarmed(scene: Scene) -> None:
    await scene.freezes()
    await scene.confirms((Done.SESSIONS,))
    await scene.later(timedelta(days=1))

    assert await scene.alarm() == 0


@pytest.mark.usefixtures("clock_stands")
async def test_how_long_it_may_take_is_the_wallets_to_say(scene: Scene) -> None:
    slow = Policy(messages=MessagePolicy(confirmation_expected_within=2 * A_MINUTE))
    async with scene.house.engine.begin() as db:
        await put(db, scene.wallet, _with(scene.wallet, slow))
    await scene.freezes()
    await scene.later(2 * A_MINUTE - timedelta(seconds=10))
    assert await scene.alarm() == 0
    assert (await scene.gauges())[0] == 0

    await scene.later(A_MINUTE)
    assert await scene.alarm() == 1
    assert (await scene.gauges())[0] == 1


def _with(wallet: Wallet, policy: Policy) -> Wallet:
    return replace(wallet, policy=policy)


# An owner whom no message reaches -------------------------------------------------------------


async def test_when_every_message_failed_the_wallet_is_asked_once(scene: Scene) -> None:
    scene.mail.answers["RCPT"] = "550 5.1.1 nobody here"
    await scene.freezes()
    # Nothing has failed before it was tried.
    assert await scene.asks() == 0
    await scene.sends()

    assert await scene.asks() == 1
    assert await scene.asks() == 0

    row = await scene.row()
    assert (row.boost, row.owner_not_told) == (1, True)
    assert await scene.said("proof-requested") == 1
    told = await housekeeping.gauges_of(scene.house)
    assert told["owners_not_reached"] == 1
    seen = await desk.see_ticket(scene.house, TicketId(row.ticket_id), scene.sofia)
    assert seen.ticket.proof_requested_at is not None
    (line,) = [line for line in seen.timeline if line.event == "proof-requested"]
    assert line.what["version"] == 1


async def test_one_message_that_goes_out_is_enough(scene: Scene) -> None:
    await scene.freezes()
    await scene.sends()

    # There is no carrier for the text; the letter went out.
    assert len(scene.mail.letters) == 1
    assert await scene.asks() == 0


async def test_what_is_tried_again_has_not_failed(scene: Scene) -> None:
    scene.mail.answers["RCPT"] = "451 4.3.0 later"
    await scene.freezes()
    await scene.sends()

    assert await scene.asks() == 0


async def test_what_waits_because_of_danger_has_not_failed(scene: Scene) -> None:
    scene.mail.answers["RCPT"] = "550 5.1.1 nobody here"
    await scene.freezes(in_danger=True)
    await scene.sends()

    assert await scene.asks() == 0


async def test_an_owner_without_an_address_is_reached_by_none(scene: Scene) -> None:
    async with scene.house.engine.begin() as db:
        await db.execute(delete(account_addresses))
    await scene.freezes()

    assert await scene.asks() == 1
    assert (await scene.row()).owner_not_told


async def test_each_freeze_is_asked_for_by_itself(scene: Scene) -> None:
    scene.mail.answers["RCPT"] = "550 5.1.1 nobody here"
    await scene.freezes()
    await scene.sends()
    assert await scene.asks() == 1
    await cast.released(scene.house, scene.wallet)
    await scene.later(A_MOMENT)
    assert await scene.asks() == 0
    scene.mail.answers.clear()
    await scene.freezes("another call")
    await scene.sends()

    assert await scene.asks() == 0
    assert not (await scene.row()).owner_not_told


# What the hot line wrote ----------------------------------------------------------------------


async def test_it_is_told_to_the_owner_and_wiped_with_the_ticket(scene: Scene) -> None:
    await scene.freezes()
    told = await exports.export_person(scene.house, scene.wallet, scene.account.person_id)
    (report,) = told.stored["wallet_reports"]
    assert (report["reason"], report["note"]) == ("stolen", "at the airport")
    assert "desk 7" not in str(report)

    await scene.later(timedelta(minutes=5))
    await cast.released(scene.house, scene.wallet)
    await scene.later(timedelta(days=548))
    assert await purging.purge(scene.house) == 1

    async with scene.house.engine.connect() as db:
        (left,) = await every(db, select(wallet_reports), WalletReport)
    assert (left.note, left.hot_line, left.reason) == (None, None, FreezeReason.STOLEN)
    assert await purging.purge(scene.house) == 0
