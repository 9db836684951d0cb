"""Where wallets hear of what happened, and what is to be told there.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outbox()
    _streams()
    _stream_subjects()
    _signals()


def downgrade() -> None:
    raise NotImplementedError("wallets would miss what was promised to them")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"{table}_{column}_check"))


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_{column}_fkey")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)


def _outbox() -> None:
    op.add_column("outbox", _instant("dispatch_again_at", nullable=True))
    op.add_column(
        "outbox",
        # No rewrite of the table: the default is kept beside it.
        sa.Column("signal_waiting", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("outbox", _instant("signal_again_at", nullable=True))
    op.create_index(
        "outbox_signals_idx",
        "outbox",
        ["created_at", "id"],
        postgresql_where=sa.text("signal_waiting"),
    )


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("authorization", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("secret_before", sa.LargeBinary(), nullable=True),
        _instant("secret_before_until", nullable=True),
        *(
            sa.Column(name, sa.ARRAY(sa.Text()), nullable=False)
            for name in ("events", "events_requested", "audience")
        ),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        _instant("verified_at", nullable=True),
        _instant("created_at"),
        _instant("ended_at", nullable=True),
        _instant("failing_since", nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _instant("rests_until", nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("streams_pkey")),
        _to("streams", "wallet_id", "wallets"),
        _to("streams", "client_id", "api_clients"),
        _one_of("streams", "kind", "push", "poll", "webhook"),
        _one_of("streams", "status", "enabled", "paused", "disabled"),
        _one_of("streams", "algorithm", "RS256", "ES256"),
        _one_of("streams", "subjects", "all", "none"),
    )
    op.create_index("streams_client_id_idx", "streams", ["client_id", "id"])
    op.create_index(
        "streams_living_idx",
        "streams",
        ["wallet_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _stream_subjects() -> None:
    op.create_table(
        "stream_subjects",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("added", sa.Boolean(), nullable=False),
        _instant("at"),
        sa.PrimaryKeyConstraint("stream_id", "account_id", name=op.f("stream_subjects_pkey")),
        _to("stream_subjects", "stream_id", "streams"),
        _to("stream_subjects", "account_id", "accounts"),
        _to("stream_subjects", "wallet_id", "wallets"),
    )
    op.create_index("stream_subjects_account_id_idx", "stream_subjects", ["account_id"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column(
            "chain",
            sa.Uuid(),
            sa.Computed("COALESCE(account_id, stream_id)", persisted=True),
            nullable=False,
        ),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'due'")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _instant("due_at"),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        _instant("leased_until", nullable=True),
        _instant("queued_at"),
        _instant("sent_at", nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("signals_pkey")),
        _to("signals", "stream_id", "streams"),
        _one_of("signals", "state", "due", "sent", "parked", "refused", "pointless"),
    )
    for name, columns, state in (
        ("heads", ["stream_id", "chain", "position"], "due"),
        ("waiting", ["stream_id", "position"], "due"),
        ("due", ["due_at"], "due"),
        ("parked", ["stream_id"], "parked"),
    ):
        op.create_index(
            f"signals_{name}_idx",
            "signals",
            columns,
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_index("signals_stream_id_idx", "signals", ["stream_id", "position"])
    op.create_index(
        "signals_freezes_idx",
        "signals",
        ["account_id", "stream_id", "position"],
        postgresql_where=sa.text("event IN ('account-frozen', 'account-released')"),
    )
