"""A contact's own space: addresses to be proved, authenticator apps, what is stopped and erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    TypedColumns,
    UniqueConstraint,
    Uuid,
)

from domain.erasures import Reason
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    metadata,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class new_addresses_columns(TypedColumns):
    """Typed by a contact and not proved: nobody holds it, and it opens nothing."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    person_id: Named[UUID] = to("persons.id")
    browser_session_id: Named[UUID] = to("browser_sessions.id")
    kind: Named[str] = words()
    address: Named[bytes] = sealed()
    address_index: Named[bytes] = sealed()
    asked_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


new_addresses = Table(
    "new_addresses",
    metadata,
    new_addresses_columns,
    one_of("kind", "email", "phone"),
    # What was typed last in a visit is what its code proves.
    UniqueConstraint("browser_session_id"),
    Index("new_addresses_person_id_idx", "person_id"),
)


class authenticators_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    person_id: Named[UUID] = to("persons.id")
    secret: Named[bytes] = sealed()
    begun_at: Named[datetime] = instant()
    # Counts for nothing before a code of it was typed.
    confirmed_at: Named[datetime | None] = maybe_instant()
    last_step: Named[int] = Column(BigInteger, nullable=False)
    row_version: Named[int] = row_version()


authenticators = Table(
    "authenticators",
    metadata,
    authenticators_columns,
    Index("authenticators_person_id_idx", "person_id"),
)
# One that counts, and one that is being set up in its place.
Index(
    "authenticators_confirmed_key",
    authenticators.c.person_id,
    unique=True,
    postgresql_where=authenticators.c.confirmed_at.isnot(None),
)
Index(
    "authenticators_begun_key",
    authenticators.c.person_id,
    unique=True,
    postgresql_where=authenticators.c.confirmed_at.is_(None),
)


class suppressed_addresses_columns(TypedColumns):
    """Never written to again. The keyed hash outlives whoever asked for it; nothing leads back."""

    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    address_hash: Named[bytes] = Column(LargeBinary, primary_key=True)
    since: Named[datetime] = instant()


suppressed_addresses = Table("suppressed_addresses", metadata, suppressed_addresses_columns)


class erasures_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    person_id: Named[UUID] = to("persons.id")
    reason: Named[str] = words()
    asked_at: Named[datetime] = instant()
    due_at: Named[datetime] = instant()
    done_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


erasures = Table(
    "erasures",
    metadata,
    erasures_columns,
    one_of("reason", *(reason.value for reason in Reason)),
)
# Asked twice it is one, with the first instant.
Index(
    "erasures_open_key",
    erasures.c.person_id,
    unique=True,
    postgresql_where=erasures.c.done_at.is_(None),
)
Index("erasures_due_idx", erasures.c.due_at, postgresql_where=erasures.c.done_at.is_(None))
