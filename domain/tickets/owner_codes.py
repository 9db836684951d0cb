"""A code that the owner enters, sent to an address that counts: the service itself sees it.

    asked for ─▶ its key typed in one browser ─▶ used    (or ten minutes, or five guesses, end it)

The agent reads a short key aloud; it says which check is meant, and opens nothing without the
code. The next code on a ticket ends the one before it.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct

from domain import access
from domain.access import Agent
from domain.accounts import AccountAddress
from domain.change import Change
from domain.events import OwnerCodeAsked
from domain.ids import AccountId, AddressId, AgentId, OwnerCodeId, TicketId, WalletId
from domain.policy import CodePolicy
from domain.refusals import NoticesHeld, TooSoon
from domain.tickets.addresses import Doubt, doubt_of, require_counting
from domain.tickets.proofs import Grounds, Proof, prove, replaced_lines, require_provable
from domain.tickets.ticket import Ticket

# Nothing with a link comes with it, and a stranger may try: as long as those at `/report`.
DIGITS: Final = 8


class OwnerCode(Struct, frozen=True, kw_only=True):
    id: OwnerCodeId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    address_id: AddressId
    # Look-up value of the short key, and the key itself, sealed, for the agent's page.
    key_index: bytes
    key: bytes
    code_hmac: bytes
    # Keyed hash of the browser that typed the key first: only that one guesses.
    browser: bytes | None = None
    attempts: int = 0
    asked_by: AgentId
    asked_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    row_version: int = 1

    def guesses_left(self, policy: CodePolicy) -> int:
        return max(0, policy.guesses - self.attempts)

    def is_live(self, policy: CodePolicy, now: datetime) -> bool:
        return self.used_at is None and self.guesses_left(policy) > 0 and now < self.expires_at


def ask_owner_code(
    ticket: Ticket,
    code: OwnerCode,
    *,
    doubt: Doubt | None,
    before: OwnerCode | None,
    policy: CodePolicy,
    by: Agent,
    now: datetime,
) -> Change[OwnerCode]:
    """An agent has the service write to the owner, at an address that counts and nowhere else.

    `doubt` is what `doubt_of` says of the address. Raises NoticesHeld where there is danger,
    AddressDoesNotCount, TooSoon after the last one.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_provable(ticket)
    if ticket.holds_notices:
        raise NoticesHeld
    require_counting(doubt)
    if before is not None and now < before.asked_at + policy.first_wait:
        raise TooSoon(before.asked_at + policy.first_wait, now=now)
    event = OwnerCodeAsked(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        address_id=code.address_id,
        expires_at=code.expires_at,
        at=now,
    )
    return Change(code, (event,))


def prove_by_code(
    ticket: Ticket,
    proof: Proof,
    *,
    address: AccountAddress,
    on: Grounds,
    now: datetime,
) -> Change[Ticket]:
    """The right code was typed. The address is asked again: it may have changed since."""
    require_provable(ticket)
    replaced = replaced_lines(on.before)
    require_counting(doubt_of(address, lost_at=on.lost_at, replaced=replaced, policy=on.policy))
    return prove(ticket, proof, on=on, now=now)
