"""Rehearsals of a report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_words,
    metadata,
    one_of,
    row_version,
    to,
    words,
)


class drills_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    contact_id: Named[UUID] = to("contacts.id")
    link_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    status: Named[str] = words()
    begun_at: Named[datetime] = instant()
    until: Named[datetime] = instant()
    done_at: Named[datetime | None] = maybe_instant()
    reference: Named[str | None] = maybe_words()
    row_version: Named[int] = row_version()


drills = Table(
    "drills",
    metadata,
    drills_columns,
    one_of("status", "begun", "done"),
    CheckConstraint(
        "(status = 'done') = (done_at IS NOT NULL AND reference IS NOT NULL)", name="done"
    ),
    # Never to be taken for a report's.
    CheckConstraint("reference LIKE 'TEST-%'", name="marked"),
    UniqueConstraint("wallet_id", "reference"),
    Index("drills_account_id_idx", "account_id", "begun_at"),
)
