"""What a live queue needs.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_THIS_TRANSACTION = "(pg_current_xact_id()::text::bigint)"
_OPEN = "closed_at IS NULL"
# In the row itself, so that it cannot be forgotten and costs the report no statement.
_CHANGED = f"""
CREATE FUNCTION resguardo_ticket_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := {_THIS_TRANSACTION};
  RETURN NEW;
END $$
"""
_ON_UPDATE = """
CREATE TRIGGER tickets_changed BEFORE UPDATE ON tickets
FOR EACH ROW EXECUTE FUNCTION resguardo_ticket_changed()
"""
_REASONS = ("language", "known-to-me", "beyond-me", "no-time", "other")


def upgrade() -> None:
    for name in ("opened_in", "changed_in"):
        # Rows of before are from a transaction that everybody sees; none is written anew.
        op.add_column(
            "tickets", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        )
        op.alter_column("tickets", name, server_default=sa.text(_THIS_TRANSACTION))
    op.execute(_CHANGED)
    op.execute(_ON_UPDATE)
    _indexes()
    _presences()
    _skips()


def downgrade() -> None:
    raise NotImplementedError("why tickets were passed over would be lost")


def _indexes() -> None:
    op.drop_index("tickets_open_idx", "tickets")
    op.create_index(
        "tickets_queue_idx",
        "tickets",
        ["wallet_id", "kind", "next_until", sa.text("boost DESC"), "opened_at", "id"],
        postgresql_where=sa.text(_OPEN),
    )
    op.create_index(
        "tickets_assigned_idx",
        "tickets",
        ["assigned_to"],
        postgresql_where=sa.text(f"{_OPEN} AND assigned_to IS NOT NULL"),
    )
    op.create_index(
        "tickets_proposed_idx",
        "tickets",
        ["wallet_id"],
        postgresql_where=sa.text("stage = 'proposed'"),
    )
    op.create_index(
        "tickets_opened_idx",
        "tickets",
        ["wallet_id", "opened_at"],
        postgresql_where=sa.text(_OPEN),
    )
    op.create_index(
        "tickets_closed_idx",
        "tickets",
        ["wallet_id", sa.text("closed_at DESC"), "id"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("tickets_changed_in_idx", "tickets", ["changed_in"])


def _presences() -> None:
    op.create_table(
        "presences",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "agent_id", name=op.f("presences_pkey")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("presences_ticket_id_fkey")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("presences_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f("presences_wallet_id_fkey")
        ),
    )
    op.create_index("presences_agent_id_idx", "presences", ["agent_id"])


def _skips() -> None:
    listed = ", ".join(f"'{reason}'" for reason in _REASONS)
    op.create_table(
        "skips",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("skipped_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("skips_pkey")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], name=op.f("skips_wallet_id_fkey")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("skips_ticket_id_fkey")),
        sa.ForeignKeyConstraint(["skipped_by"], ["agents.id"], name=op.f("skips_skipped_by_fkey")),
        sa.CheckConstraint(f"reason IN ({listed})", name=op.f("skips_reason_check")),
    )
    op.create_index("skips_ticket_id_idx", "skips", ["ticket_id"])
    op.create_index("skips_skipped_by_idx", "skips", ["skipped_by", "skipped_at"])
