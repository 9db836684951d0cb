"""What became of every deadline, and who is rung when nobody answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Named,
    SmallInteger,
    Table,
    TypedColumns,
)

from domain.on_call import RingWhy
from domain.tickets.clocks import Clock, ClockWhat
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_to,
    maybe_words,
    metadata,
    one_of,
    row_version,
    sealed,
    to,
    words,
)
from service.storage.tables.desk import proposals


class clock_events_columns(TypedColumns):
    # In the order in which they were written: several have one instant.
    number: Named[int] = Column(BigInteger, Identity(always=True), primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    # Which clock; none where the level was raised.
    kind: Named[str | None] = maybe_words()
    what: Named[str] = words()
    at: Named[datetime] = instant()
    until: Named[datetime | None] = maybe_instant()
    until_before: Named[datetime | None] = maybe_instant()


clock_events = Table(
    "clock_events",
    metadata,
    clock_events_columns,
    one_of("kind", *(clock.value for clock in Clock)),
    one_of("what", *(what.value for what in ClockWhat)),
    Index("clock_events_ticket_id_idx", "ticket_id"),
)
Index(
    "clock_events_breached_idx",
    clock_events.c.wallet_id,
    clock_events.c.at,
    postgresql_where=clock_events.c.what == "breached",
)


class on_call_persons_columns(TypedColumns):
    id: Named[UUID] = key()
    # None: rung for every wallet of the installation.
    wallet_id: Named[UUID | None] = maybe_to("wallets.id")
    # Who is rung first; those of one list in the order of this.
    place: Named[int] = Column(SmallInteger, nullable=False)
    name: Named[bytes] = sealed()
    kind: Named[str] = words()
    address: Named[bytes] = sealed()
    data_key_id: Named[UUID] = to("data_keys.id")
    language: Named[str] = words()
    time_zone: Named[str] = words()
    added_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


on_call_persons = Table(
    "on_call_persons", metadata, on_call_persons_columns, one_of("kind", "email", "phone")
)


class rings_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    why: Named[str] = words()
    began_at: Named[datetime] = instant()
    next_at: Named[datetime] = instant()
    # How many were rung so far.
    rung: Named[int] = Column(SmallInteger, nullable=False)
    answered_by: Named[UUID | None] = maybe_to("agents.id")
    ended_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


rings = Table(
    "rings",
    metadata,
    rings_columns,
    one_of("why", *(why.value for why in RingWhy)),
    CheckConstraint("answered_by IS NULL OR ended_at IS NOT NULL", name="answered"),
)
# At most one bell for one reason.
Index(
    "rings_one_open_key",
    rings.c.ticket_id,
    rings.c.why,
    unique=True,
    postgresql_where=rings.c.ended_at.is_(None),
)
Index("rings_next_idx", rings.c.next_at, postgresql_where=rings.c.ended_at.is_(None))
# Who decides with whom, over thirty days.
Index(
    "proposals_decided_idx",
    proposals.c.wallet_id,
    proposals.c.decided_at,
    postgresql_where=proposals.c.status == "approved",
)
