"""The owner says that nothing was lost: stored, and a reason to look sooner; nothing more.

Whoever stole the phone would say the same. So it takes a strong sign-in later than the freeze,
releases nothing, and while the owner is in danger moves nothing either.
"""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain import sign_ins
from domain.accounts import Account
from domain.change import Change
from domain.events import ReportsDisputed
from domain.ids import AccountId, DisputeId, TicketId, WalletId
from domain.refusals import AccountNotFrozen
from domain.sign_ins import SignIn
from domain.tickets import Ticket


class Dispute(Struct, frozen=True, kw_only=True):
    id: DisputeId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # What the wallet vouched for.
    signed_in_at: datetime
    acr: str
    # Sealed under the owner's key.
    note: bytes | None
    # Said while the owner was in danger.
    without_effect: bool = False
    disputed_at: datetime
    row_version: int = 1


def dispute(
    said: Dispute,
    *,
    account: Account,
    ticket: Ticket | None,
    strong_acr: Collection[str],
    now: datetime,
) -> Change[Dispute]:
    """Take it in. Whether it has an effect is nothing that whoever says it may read.

    Raises AccountNotFrozen, and SignInVoid or StrongSignInNeeded: device PIN, SMS and e-mail
    never count, nor does what the thief's phone still held.
    """
    if not account.is_frozen or ticket is None:
        raise AccountNotFrozen
    sign_in = SignIn(at=said.signed_in_at, acr=said.acr)
    sign_ins.let_in(sign_in, account, strong_acr=strong_acr, while_frozen=True)
    # Whoever threatens the owner may stand beside them.
    said = replace(said, without_effect=ticket.danger)
    event = ReportsDisputed(
        account_id=account.id,
        ticket_id=ticket.id,
        dispute_id=said.id,
        without_effect=said.without_effect,
        at=now,
    )
    return Change(said, (event,))
