"""Rows of the outbox and of its deliveries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


class outbox_columns(TypedColumns):
    id: Named[UUID] = Column(Uuid, primary_key=True)
    wallet_id: Named[UUID] = Column(Uuid, nullable=False)
    event: Named[str] = Column(Text, nullable=False)
    # The event as JSON: references and instants only.
    body: Named[str] = Column(Text, nullable=False)
    # A code or link token, sealed; wiped as soon as its message is out or pointless.
    secret: Named[bytes | None] = Column(LargeBinary, nullable=True)
    created_at: Named[datetime] = Column(DateTime(timezone=True), nullable=False)
    dispatched_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    # After a failure, not before this; so that what cannot be told stands in nobody's way.
    dispatch_again_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    # Wallets hear of it too, and it was not queued for them yet.
    signal_waiting: Named[bool] = Column(
        Boolean, nullable=False, default=False, server_default=text("false")
    )
    signal_again_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)


outbox = Table("outbox", metadata, outbox_columns)
Index("outbox_waiting_idx", outbox.c.id, postgresql_where=outbox.c.dispatched_at.is_(None))
Index(
    "outbox_signals_idx", outbox.c.created_at, outbox.c.id, postgresql_where=outbox.c.signal_waiting
)


class deliveries_columns(TypedColumns):
    # Made from outbox row, role, address and channel, so that dispatching twice is harmless;
    # goes along as the receiver's key for telling repeats apart.
    id: Named[UUID] = Column(Uuid, primary_key=True)
    wallet_id: Named[UUID] = Column(Uuid, nullable=False)
    outbox_id: Named[UUID] = Column(Uuid, nullable=False)
    event: Named[str] = Column(Text, nullable=False)
    # Who hears it: "owner" or "contact"; chooses the template.
    role: Named[str] = Column(Text, nullable=False)
    account_id: Named[UUID | None] = Column(Uuid[UUID](), nullable=True)
    contact_id: Named[UUID | None] = Column(Uuid[UUID](), nullable=True)
    # Which stored address; resolved when sending, because a correction or erasure must win.
    address_id: Named[UUID] = Column(Uuid, nullable=False)
    channel: Named[str] = Column(Text, nullable=False)
    state: Named[str] = Column(Text, nullable=False, default="due")
    attempts: Named[int] = Column(Integer, nullable=False, default=0)
    due_at: Named[datetime] = Column(DateTime(timezone=True), nullable=False)
    # A code is worth nothing after this, so its message is not sent any more.
    useful_until: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    lease_token: Named[UUID | None] = Column(Uuid[UUID](), nullable=True)
    leased_until: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    sent_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    last_error: Named[str | None] = Column(Text, nullable=True)
    created_at: Named[datetime] = Column(DateTime(timezone=True), nullable=False)


deliveries = Table(
    "deliveries",
    metadata,
    deliveries_columns,
    CheckConstraint("state IN ('due', 'held', 'sent', 'pointless', 'parked')", name="state"),
)
Index("deliveries_due_idx", deliveries.c.due_at, postgresql_where=deliveries.c.state == "due")
Index("deliveries_outbox_id_idx", deliveries.c.outbox_id)
# Whether the owner can have read of a freeze: asked while its ticket is open.
Index(
    "deliveries_freezes_idx",
    deliveries.c.account_id,
    postgresql_where=deliveries.c.event == "account-frozen",
)
# Whether anybody was told of a removal: asked until the first notice is out.
Index(
    "deliveries_removals_idx",
    deliveries.c.contact_id,
    postgresql_where=deliveries.c.event == "removal-begun",
)
