"""What happened, and the seals that show whether it was changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Named,
    SmallInteger,
    Table,
    TypedColumns,
    Uuid,
    text,
)

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_key,
    metadata,
    sealed,
    words,
)


class journal_columns(TypedColumns):
    """INSERT-only for the service's role."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = Column(Uuid, nullable=False)
    at: Named[datetime] = instant()
    # Whose history it belongs to; the entry itself says the same, and that is what is sealed.
    account_id: Named[UUID | None] = maybe_key()
    entry: Named[str] = words()
    # Which transaction wrote it: lets the sealing job find late commits without a search.
    xid: Named[int] = Column(
        BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text::bigint)")
    )


journal = Table(
    "journal",
    metadata,
    journal_columns,
    Index("journal_xid_idx", "xid"),
    Index("journal_account_id_idx", "account_id", "at"),
)


class sealing_columns(TypedColumns):
    """One row: every entry of a transaction below `sealed_below` has its seal."""

    one: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    sealed_below: Named[int] = Column(BigInteger, nullable=False)


sealing = Table("sealing", metadata, sealing_columns, CheckConstraint("one = 1", name="one_row"))


class seals_columns(TypedColumns):
    """INSERT-only: which entry got which number and hash in its wallet's chain."""

    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    number: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Named[UUID] = Column(Uuid, nullable=False, unique=True)
    hash: Named[bytes] = sealed()
    sealed_at: Named[datetime] = instant()


seals = Table("seals", metadata, seals_columns)


class journal_checks_columns(TypedColumns):
    """How each chain was found when it was checked last, so that a page can say so."""

    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    # So far every entry fits, and this is the seal it ends with.
    number: Named[int] = Column(BigInteger, nullable=False)
    hash: Named[bytes] = sealed()
    checked_at: Named[datetime] = instant()
    # When it was walked from its beginning, last.
    whole_at: Named[datetime | None] = maybe_instant()
    # The first number that does not fit.
    broken_at: Named[int | None] = Column(BigInteger, nullable=True)
    # Accounts whose state is not what the journal leads to; counted when the whole was walked.
    unexplained: Named[int] = Column(Integer, nullable=False)


journal_checks = Table("journal_checks", metadata, journal_checks_columns)
