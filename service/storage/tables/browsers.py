"""Who sits at a browser: links into it, its session, the code it waits for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    TypedColumns,
)

from domain.reports import Way
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_key,
    maybe_sealed,
    maybe_to,
    maybe_words,
    metadata,
    number,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class page_links_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    once_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    purpose: Named[str] = words()
    epoch: Named[int] = Column(BigInteger, nullable=False)
    may_manage: Named[bool] = Column(Boolean, nullable=False)
    # None for a dispute while frozen: no session lives then.
    session_id: Named[UUID | None] = maybe_key()
    signed_in_at: Named[datetime | None] = maybe_instant()
    acr: Named[str | None] = maybe_words()
    expires_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


page_links = Table(
    "page_links",
    metadata,
    page_links_columns,
    CheckConstraint("purpose = 'dispute' OR session_id IS NOT NULL", name="in_a_session"),
)


class browser_sessions_columns(TypedColumns):
    id: Named[UUID] = key()
    # None for agents: they serve several wallets.
    wallet_id: Named[UUID | None] = maybe_to("wallets.id")
    kind: Named[str] = words()
    token_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    purpose: Named[str] = words()
    account_id: Named[UUID | None] = maybe_to("accounts.id")
    contact_id: Named[UUID | None] = maybe_to("contacts.id")
    agent_id: Named[UUID | None] = maybe_key()
    epoch: Named[int | None] = Column(BigInteger, nullable=True)
    may_manage: Named[bool] = Column(Boolean, nullable=False)
    verified_by: Named[str | None] = maybe_words()
    verified_at: Named[datetime | None] = maybe_instant()
    # The second address, if the code went there; it may be gone by now.
    verified_address_id: Named[UUID | None] = maybe_key()
    # What was typed so far, sealed under the wallet's key.
    draft: Named[bytes | None] = maybe_sealed()
    report_id: Named[UUID | None] = maybe_to("loss_reports.id")
    drill_id: Named[UUID | None] = maybe_to("drills.id")
    # Of an owner who came to dispute: when and how the wallet had authenticated them.
    signed_in_at: Named[datetime | None] = maybe_instant()
    acr: Named[str | None] = maybe_words()
    way: Named[str] = words()
    address_kind: Named[str | None] = maybe_words()
    # What was typed at `/report`, sealed under the wallet's key: it need not be anybody's.
    address: Named[bytes | None] = maybe_sealed()
    address_index: Named[bytes | None] = maybe_sealed()
    began_at: Named[datetime] = instant()
    seen_at: Named[datetime] = instant()
    expires_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


browser_sessions = Table(
    "browser_sessions",
    metadata,
    browser_sessions_columns,
    one_of("kind", "owner", "contact", "agent"),
    one_of("way", *(way.value for way in Way)),
    CheckConstraint("(way = 'address') = (address_index IS NOT NULL)", name="came_by"),
    Index("browser_sessions_expires_at_idx", "expires_at"),
)


class challenges_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    # Nobody's for an address that no trusted person has.
    person_id: Named[UUID | None] = maybe_to("persons.id")
    contact_id: Named[UUID | None] = maybe_to("contacts.id")
    browser_session_id: Named[UUID] = to("browser_sessions.id")
    way: Named[str] = words()
    purpose: Named[str] = words()
    address_index: Named[bytes | None] = maybe_sealed()
    address_id: Named[UUID | None] = maybe_key()
    attempts: Named[int] = number()
    sent: Named[int] = number()
    code_hmac: Named[bytes] = sealed()
    code_expires_at: Named[datetime] = instant()
    earlier_hmac: Named[bytes | None] = maybe_sealed()
    earlier_expires_at: Named[datetime | None] = maybe_instant()
    asked_at: Named[datetime] = instant()
    next_code_from: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


challenges = Table(
    "challenges",
    metadata,
    challenges_columns,
    CheckConstraint("attempts BETWEEN 0 AND 5", name="guesses"),
    one_of("way", *(way.value for way in Way)),
    CheckConstraint(
        "(person_id IS NULL) = (contact_id IS NULL)"
        " AND (person_id IS NOT NULL OR address_index IS NOT NULL)",
        name="whose",
    ),
    Index("challenges_person_id_idx", "person_id", "purpose"),
    Index("challenges_address_index_idx", "address_index", "purpose"),
    Index("challenges_browser_session_id_idx", "browser_session_id"),
)
