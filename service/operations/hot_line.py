"""The wallet freezes one of its own accounts: somebody called its hot line, or its own watch is
sure. All that a contact's report does, and in one transaction as well.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import wallet_reports
from domain.accounts import Account, AccountState
from domain.events import Actor, ActorKind
from domain.ids import ClientId, DeviceId, WalletReportId
from domain.refusals import NotFound
from domain.tickets import Ticket
from domain.wallet_reports import FreezeReason, WalletReport
from domain.wallets import Wallet
from service.operations import freezing, weighing
from service.operations.addresses import plain_text
from service.operations.disputes import owner_key
from service.operations.freezing import Freeze
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock
from service.storage.together import Step, keep_all

LONGEST_NOTE: Final = 500
LONGEST_OPERATOR: Final = 60


class Told(Struct, frozen=True, kw_only=True):
    """What the wallet says of it; the two texts are sealed wherever they are stored."""

    reason: FreezeReason
    # The wallet's own id of it.
    device: str | None = None
    noticed_at: datetime | None = None
    in_danger: bool = False
    note: str = ""
    operator: str = ""


class Stopped(Struct, frozen=True, kw_only=True):
    """The account as it is from now on, and what the case is called."""

    reference: str
    version: int
    state: AccountState
    sessions_void_before: datetime | None


async def freeze(
    house: House,
    wallet: Wallet,
    subject: str,
    told: Told,
    *,
    client_id: ClientId,
    request: Request,
) -> Stopped:
    """Account, ticket, report, journal and messages together. Frozen already, it joins.

    `request` is the caller's Idempotency-Key (raises KeyReused). Raises NotFound, AccountIsClosed.
    """
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
        if account is None:
            raise NotFound
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        if (before := await replay(db, wallet_key, request)) is not None:
            return msgspec.json.decode(before, type=Stopped)
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        key = await owner_key(db, house, account)
        asked = await _asked(db, wallet, account, ticket, told)
        frozen = freezing.freeze(asked)
        report = WalletReport(
            id=WalletReportId(new_id()),
            wallet_id=wallet.id,
            account_id=account.id,
            ticket_id=frozen.ticket.id,
            client_id=client_id,
            reason=told.reason,
            device_id=await _device(db, account, told),
            noticed_at=told.noticed_at,
            in_danger=told.in_danger,
            joined=ticket is not None,
            filed_at=asked.now,
        )
        filed = wallet_reports.file(_with_words(report, told, key), now=asked.now)
        weighed = await weighing.weigh(
            db,
            wallet,
            frozen.ticket,
            noticed_at=told.noticed_at,
            is_voided=told.in_danger,
            now=asked.now,
        )
        by = Actor(ActorKind.WALLET, client_id)
        await keep_all(db, wallet.id, (*frozen.steps, Step(None, filed), *weighed), by=by)
        stopped = _stopped(await load.account(db, wallet.id, account.id), frozen.ticket)
        await remember(db, wallet_key, request, msgspec.json.encode(stopped).decode())
        return stopped


async def _asked(
    db: AsyncConnection, wallet: Wallet, account: Account, ticket: Ticket | None, told: Told
) -> Freeze:
    pending = None
    if told.in_danger and ticket is not None:
        pending = await load.pending_proposal(db, wallet.id, ticket.id)
    return Freeze(
        wallet=wallet,
        account=account,
        ticket=ticket,
        pending=pending,
        reference=new_reference(),
        stolen=told.reason.is_theft,
        in_danger=told.in_danger,
        asked_by=ActorKind.WALLET,
        now=await clock(db),
    )


async def _device(db: AsyncConnection, account: Account, told: Told) -> DeviceId | None:
    """None where the wallet never told us of it, too: that is no reason to refuse a freeze."""
    if told.device is None:
        return None
    device = await load.device_by_name(db, account.wallet_id, account.id, told.device)
    return None if device is None else device.id


def _with_words(report: WalletReport, told: Told, key: DataKey) -> WalletReport:
    def sealed(column: str, typed: str, longest: int) -> bytes | None:
        text = plain_text(typed, longest=longest)
        return key.seal(place_of(report.id, column), text) if text else None

    return replace(
        report,
        note=sealed("note", told.note, LONGEST_NOTE),
        hot_line=sealed("hot_line", told.operator, LONGEST_OPERATOR),
    )


def place_of(report_id: WalletReportId, column: str) -> Place:
    return Place("wallet_reports", column, report_id)


def _stopped(account: Account, ticket: Ticket) -> Stopped:
    return Stopped(
        reference=ticket.reference,
        version=account.version,
        state=account.state,
        sessions_void_before=account.sessions_void_before,
    )
