"""Where wallets hear of what happened, and what is to be told there."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    text,
)

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_key,
    maybe_sealed,
    maybe_words,
    metadata,
    one_of,
    row_version,
    to,
    words,
)


class streams_columns(TypedColumns):
    """One receiver of one client: pushed to, asked by, or a webhook endpoint."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[UUID] = to("api_clients.id")
    kind: Named[str] = words()
    status: Named[str] = words()
    status_reason: Named[str | None] = maybe_words()
    # Where to send; none for a stream that is polled.
    url: Named[str | None] = maybe_words()
    # What goes along as `Authorization`, sealed.
    authorization: Named[bytes | None] = maybe_sealed()
    # A webhook's secret, and the one before it until its end; sealed.
    secret: Named[bytes | None] = maybe_sealed()
    secret_before: Named[bytes | None] = maybe_sealed()
    secret_before_until: Named[datetime | None] = maybe_instant()
    # What is told, by the names of the receiver's own standard, and what was asked for.
    events: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    events_requested: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    audience: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    algorithm: Named[str] = words()
    # Whether accounts are told about that were neither added nor removed.
    subjects: Named[str] = words()
    description: Named[str | None] = maybe_words()
    verified_at: Named[datetime | None] = maybe_instant()
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    # Of the receiver as a whole: since when nothing got through, how often in a row, and until
    # when it is left alone. The engine's own; not part of what `row_version` counts.
    failing_since: Named[datetime | None] = maybe_instant()
    failures: Named[int] = Column(Integer, nullable=False, server_default=text("0"))
    rests_until: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


streams = Table(
    "streams",
    metadata,
    streams_columns,
    one_of("kind", "push", "poll", "webhook"),
    one_of("status", "enabled", "paused", "disabled"),
    one_of("algorithm", "RS256", "ES256"),
    one_of("subjects", "all", "none"),
)
Index("streams_client_id_idx", streams.c.client_id, streams.c.id)
Index("streams_living_idx", streams.c.wallet_id, postgresql_where=streams.c.ended_at.is_(None))


class stream_subjects_columns(TypedColumns):
    """An account that a receiver asked for by name, or asked not to be told about."""

    stream_id: Named[UUID] = Column(Uuid, ForeignKey("streams.id"), primary_key=True)
    account_id: Named[UUID] = Column(Uuid, ForeignKey("accounts.id"), primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    added: Named[bool] = Column(Boolean, nullable=False)
    at: Named[datetime] = instant()


stream_subjects = Table("stream_subjects", metadata, stream_subjects_columns)
Index("stream_subjects_account_id_idx", stream_subjects.c.account_id)


class signals_columns(TypedColumns):
    """One fact to be told to one receiver."""

    # Made from the promise, the stream and what is told, so that queueing twice is harmless;
    # what the receiver tells repeats apart by.
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = Column(Uuid, nullable=False)
    stream_id: Named[UUID] = to("streams.id")
    # None for what is about the stream itself.
    account_id: Named[UUID | None] = maybe_key()
    outbox_id: Named[UUID | None] = maybe_key()
    # What is told in order: an account, or the stream itself.
    chain: Named[UUID] = Column(
        Uuid, Computed("COALESCE(account_id, stream_id)", persisted=True), nullable=False
    )
    # Our own name of it, and its body as the outbox has it.
    event: Named[str] = words()
    body: Named[str] = words()
    # What the receiver's standard calls it.
    type: Named[str] = words()
    # The order in which they were queued.
    position: Named[int] = Column(BigInteger, Identity(always=True), nullable=False)
    state: Named[str] = Column(Text, nullable=False, server_default=text("'due'"))
    attempts: Named[int] = Column(Integer, nullable=False, server_default=text("0"))
    due_at: Named[datetime] = instant()
    lease_token: Named[UUID | None] = maybe_key()
    leased_until: Named[datetime | None] = maybe_instant()
    queued_at: Named[datetime] = instant()
    sent_at: Named[datetime | None] = maybe_instant()
    # Exactly what is sent, made at the first sending: a second one has the same bytes.
    token: Named[str | None] = maybe_words()
    last_error: Named[str | None] = maybe_words()
    status_code: Named[int | None] = Column(Integer, nullable=True)


signals = Table(
    "signals",
    metadata,
    signals_columns,
    one_of("state", "due", "sent", "parked", "refused", "pointless"),
)
_DUE: Final = signals.c.state == "due"
Index(
    "signals_heads_idx",
    signals.c.stream_id,
    signals.c.chain,
    signals.c.position,
    postgresql_where=_DUE,
)
Index("signals_waiting_idx", signals.c.stream_id, signals.c.position, postgresql_where=_DUE)
Index("signals_due_idx", signals.c.due_at, postgresql_where=_DUE)
Index("signals_parked_idx", signals.c.stream_id, postgresql_where=signals.c.state == "parked")
Index("signals_stream_id_idx", signals.c.stream_id, signals.c.position)
# What a receiver was told last of an account's freeze.
Index(
    "signals_freezes_idx",
    signals.c.account_id,
    signals.c.stream_id,
    signals.c.position,
    postgresql_where=text("event IN ('account-frozen', 'account-released')"),
)
