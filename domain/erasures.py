"""Someone is erased: asked for or planned, held while they are needed, done.

PLANNED ─▶ DONE      (by `due_at`; held while a ticket is open that they reported on, or own)

Asking withdraws the consent: from that instant they are nobody's contact. What a ticket still
needs stays until it is closed, and the page says so.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.events import ErasureAsked, ErasureDone, ErasurePlanned
from domain.ids import ContactId, ErasureId, PersonId, WalletId
from domain.policy import PrivacyPolicy


class Reason(StrEnum):
    """Why somebody is erased, for the record."""

    # In their own space, with a code.
    ASKED = "asked"
    # By letter or telephone, and entered by the operator.
    ASKED_ELSEWHERE = "asked-elsewhere"
    ACCOUNT_CLOSED = "account-closed"


class Basis(StrEnum):
    """Why an erasure waits. A reason in law, not a wish of ours."""

    # Legal claims, and somebody else's rights: a report is being worked on (GDPR 17(3)(e), LGPD
    # 16, Ley 25.326 art. 16(5), Decreto 1377 art. 9).
    OPEN_TICKET = "open-ticket"
    # They own an account that is not closed: what protects it is what they signed up for.
    OPEN_ACCOUNT = "open-account"


class Erasure(Struct, frozen=True, kw_only=True):
    id: ErasureId
    wallet_id: WalletId
    person_id: PersonId
    reason: Reason = Reason.ASKED
    asked_at: datetime
    due_at: datetime
    done_at: datetime | None = None
    row_version: int = 1


def ask(
    erasure: Erasure, *, before: Erasure | None, contact_id: ContactId, now: datetime
) -> Change[Erasure]:
    """Said again, the first instant stands."""
    if before is not None:
        return Change(before)
    event = ErasureAsked(
        contact_id=contact_id, erasure_id=erasure.id, due_at=erasure.due_at, at=now
    )
    return Change(erasure, (event,))


def plan(erasure: Erasure, *, before: Erasure | None, now: datetime) -> Change[Erasure]:
    """Not by the person themselves. One that stands already is never put off by another."""
    if before is not None:
        return Change(before)
    event = ErasurePlanned(
        person_id=erasure.person_id,
        erasure_id=erasure.id,
        due_at=erasure.due_at,
        reason=erasure.reason.value,
        at=now,
    )
    return Change(erasure, (event,))


def after_closing(account: Account, policy: PrivacyPolicy, now: datetime) -> datetime:
    """When the owner of a closed account is erased: counted from the instant it closed, however
    late that was written down."""
    return (account.closes_at or now) + policy.closed_accounts_kept


def hold(*, ticket_open: bool, account_open: bool) -> Basis | None:
    """What keeps an erasure from being carried out just now."""
    if account_open:
        return Basis.OPEN_ACCOUNT
    return Basis.OPEN_TICKET if ticket_open else None


def is_due(erasure: Erasure, *, held: Basis | None, now: datetime) -> bool:
    """Whether it is carried out: its time has come, and nothing needs them any more."""
    return erasure.done_at is None and held is None and erasure.due_at <= now


def finish(erasure: Erasure, *, now: datetime) -> Change[Erasure]:
    """Everything about them is gone. The row stays: it proves that, and when."""
    event = ErasureDone(person_id=erasure.person_id, erasure_id=erasure.id, at=now)
    return Change(replace(erasure, done_at=now), (event,))
