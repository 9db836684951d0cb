"""What is stored of a ticket's evidence, read at one instant: for its page, for the acts that
change it, and for the check before proposal and approval. So these cannot differ.
"""

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import events, tickets
from domain.accounts import Account, AccountAddress, Device, is_barred
from domain.events import name_of
from domain.tickets import Check, CheckKind, Doubt, Grounds, Item, Proof, ProofKind, Ticket
from domain.wallets import Wallet
from service.operations import release_hours
from service.storage import load

# What a thief with the unlocked phone would prepare, as the record names it. What was done for
# somebody's safety is on no such list.
CHANGES: Final = frozenset(
    name_of(kind)
    for kind in (
        events.AddressesChanged,
        events.ContactAccepted,
        events.ContactAddressesChanged,
        events.ContactInvited,
        events.ContactLeft,
        events.ContactRemoved,
        events.InvitationTakenBack,
        events.RecoveryCardMade,
        events.RemovalBegun,
        events.RemovalCancelled,
        events.RemovalDisowned,
    )
)


class Changed(Struct, frozen=True, kw_only=True):
    """Something that was changed shortly before the loss, or since."""

    at: datetime
    event: str


class Evidence(Struct, frozen=True, kw_only=True):
    """The rows, as they were at one instant."""

    ticket: Ticket
    wallet: Wallet
    lost_at: datetime
    proofs: tuple[Proof, ...]
    checks: tuple[Check, ...]
    addresses: tuple[AccountAddress, ...]
    devices: tuple[Device, ...]
    changes: tuple[Changed, ...]
    last_try_at: datetime | None

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that wants an answer before this ticket's release."""
        about = self.ticket.id
        last_change = self.changes[-1].at if self.changes else None
        return (
            Item(kind=CheckKind.CHANGES, about=about, last_at=last_change),
            Item(kind=CheckKind.TRIES, about=about, last_at=self.last_try_at),
            *(Item(kind=CheckKind.DEVICE, about=one.id) for one in self.devices),
        )

    def doubt_of(self, address: AccountAddress) -> Doubt | None:
        """Why an address does not count on this ticket; None: it does."""
        return tickets.doubt_of(
            address,
            lost_at=self.lost_at,
            replaced=tickets.replaced_lines(self.proofs),
            policy=self.wallet.policy.tickets,
        )

    @property
    def counted_kinds(self) -> frozenset[ProofKind]:
        return tickets.counted_kinds(
            self.proofs, lost_at=self.lost_at, policy=self.wallet.policy.tickets
        )

    def grounds(self, now: datetime) -> Grounds:
        """On which a proof that comes now is judged."""
        return Grounds(
            before=self.proofs,
            lost_at=self.lost_at,
            hours=release_hours.spans_from(self.wallet, now),
            policy=self.wallet.policy.tickets,
        )

    @property
    def open_items(self) -> tuple[Item, ...]:
        return tickets.open_items(self.items, self.checks, self.wallet.policy.tickets)


async def read(db: AsyncConnection, wallet: Wallet, account: Account, ticket: Ticket) -> Evidence:
    lost_at = await loss_of(db, ticket)
    devices = await load.devices_of(db, wallet.id, account.id)
    tried_at = await load.last_refused_try_at(db, wallet.id, account.id)
    since = lost_at - wallet.policy.tickets.changes_looked_at_before
    return Evidence(
        ticket=ticket,
        wallet=wallet,
        lost_at=lost_at,
        proofs=await load.proofs_of(db, wallet.id, ticket.id),
        checks=await load.checks_of(db, wallet.id, ticket.id),
        addresses=await load.addresses_of(db, wallet.id, account.id),
        devices=tuple(one for one in devices if is_barred(one, account)),
        changes=await _changes(db, account, since=since, until=ticket.closed_at),
        # Those of an earlier freeze were looked at then.
        last_try_at=tried_at if tried_at is not None and tried_at >= ticket.opened_at else None,
    )


async def loss_of(db: AsyncConnection, ticket: Ticket) -> datetime:
    """Since when the phone may have been gone, by all that is known now."""
    reports = await load.reports_of(db, ticket.wallet_id, ticket.id)
    told = await load.wallet_reports_of(db, ticket.wallet_id, ticket.id)
    return tickets.lost_at(ticket, (one.noticed_at for one in (*reports, *told)))


async def grounds(db: AsyncConnection, wallet: Wallet, ticket: Ticket, *, now: datetime) -> Grounds:
    """The same as of the whole evidence, where nothing else of it is asked."""
    return Grounds(
        before=await load.proofs_of(db, wallet.id, ticket.id),
        lost_at=await loss_of(db, ticket),
        hours=release_hours.spans_from(wallet, now),
        policy=wallet.policy.tickets,
    )


class _Recorded(Struct, frozen=True):
    what: dict[str, Any]


async def _changes(
    db: AsyncConnection, account: Account, *, since: datetime, until: datetime | None
) -> tuple[Changed, ...]:
    entries = await load.journal_of(db, account.wallet_id, account.id, since=since)
    told = (
        (at, str(msgspec.json.decode(entry, type=_Recorded).what["event"])) for at, entry in entries
    )
    return tuple(
        Changed(at=at, event=event)
        for at, event in told
        if event in CHANGES and (until is None or at <= until)
    )
