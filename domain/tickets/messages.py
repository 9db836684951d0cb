"""What agents write to the owner, and to whoever reported.

The words are fixed before anybody needs them, so that a tired agent at night cannot say too much.
To the owner a line of the agent's own may go along. To a contact it may not: a contact never
learns where the owner is, who else reported, or how far the case is, and fixed words cannot say
it.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ContactWrittenTo, OwnerWrittenTo
from domain.ids import AccountId, AgentId, ContactId, TicketId, TicketMessageId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import OwnLineNotAllowed, WrittenOften
from domain.tickets.ticket import Ticket, require_open

LONGEST_OWN_LINE: Final = 300
_DAY: Final = timedelta(hours=24)
# Hosts of one letter and in any script too: what programs make a link of. "p. ej." is none.
_LINK: Final = re.compile(
    r"://|\bwww\.|@|(?!\bp\.e[jx]\b)\b[\w-]+[.\u3002\uff0e\uff61][^\W\d_]{2,}", re.IGNORECASE
)
# However they are set apart: four digits in a row may be a code, and six a telephone number.
_DIGITS: Final = re.compile(r"(?:\d[\W_]{0,3}){4,}")
_TIME: Final = re.compile(r"\b(?:[01]?[0-9]|2[0-3]):[0-5][0-9]\b")
# From when until when.
_MOST_TIMES: Final = 2


class OwnerReply(StrEnum):
    """What can be said to an owner."""

    TRYING_TO_REACH = "trying-to-reach"
    BRING_PROOF = "bring-proof"
    STILL_CHECKING = "still-checking"


class ContactReply(StrEnum):
    """What can be said to whoever reported."""

    PLEASE_CALL = "please-call"
    HAVE_WHAT_WE_NEED = "have-what-we-need"


class TicketMessage(Struct, frozen=True, kw_only=True):
    id: TicketMessageId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Whom it goes to; None: the owner.
    contact_id: ContactId | None
    reply: str
    # Sealed under the owner's key.
    own_line: bytes | None
    # The promise by which it is told, and under which its deliveries are found.
    outbox_id: UUID
    written_by: AgentId
    written_at: datetime
    row_version: int = 1


def allowed_own_line(text: str) -> str:
    """One short line without links and without anything that could be taken for a code."""
    line = " ".join(text.split())
    without_times = _TIME.sub("then", line, count=_MOST_TIMES)
    if len(line) > LONGEST_OWN_LINE or _LINK.search(line) or _DIGITS.search(without_times):
        raise OwnLineNotAllowed
    return line


def write_to_owner(
    ticket: Ticket,
    message: TicketMessage,
    *,
    before: Sequence[TicketMessage],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[TicketMessage]:
    """`before` is what was written on this ticket so far. In danger it waits, like any notice."""
    _require_may_write(ticket, None, before=before, policy=policy, by=by, now=now)
    event = OwnerWrittenTo(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        message_id=message.id,
        reply=OwnerReply(message.reply).value,
        at=now,
    )
    return Change(message, (event,))


def write_to_contact(
    ticket: Ticket,
    message: TicketMessage,
    contact_id: ContactId,
    *,
    before: Sequence[TicketMessage],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[TicketMessage]:
    """To somebody who reported on this ticket, without any words of the agent's own."""
    _require_may_write(ticket, contact_id, before=before, policy=policy, by=by, now=now)
    if message.own_line is not None:
        raise OwnLineNotAllowed
    event = ContactWrittenTo(
        account_id=ticket.account_id,
        contact_id=contact_id,
        ticket_id=ticket.id,
        message_id=message.id,
        reply=ContactReply(message.reply).value,
        at=now,
    )
    return Change(message, (event,))


def left_today(
    to: ContactId | None,
    *,
    before: Sequence[TicketMessage],
    policy: TicketPolicy,
    now: datetime,
) -> int:
    """How many more may be written to them within these 24 hours."""
    counted = sum(one.contact_id == to and now < one.written_at + _DAY for one in before)
    return max(policy.messages_a_day - counted, 0)


def _require_may_write(
    ticket: Ticket,
    to: ContactId | None,
    *,
    before: Sequence[TicketMessage],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> None:
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if not left_today(to, before=before, policy=policy, now=now):
        raise WrittenOften
