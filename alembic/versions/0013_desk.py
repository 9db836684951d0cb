"""What a desk of several people needs of a ticket, and which tickets are an agent's own.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANTS = (
    *("assigned_at", "attempted_at", "paused_at", "paused_until", "kept_frozen_at"),
    *("review_until", "reviewed_at", "breached_until"),
)
_STAGES = (*("opened", "owner-reached", "proved", "proposed", "kept-frozen", "released", "closed"),)
_NEXT_UNTIL = """CASE
  WHEN kept_frozen_at IS NOT NULL AND review_until IS NOT NULL THEN review_until
  WHEN attempted_at IS NULL AND owner_reached_at IS NULL
    THEN LEAST(first_attempt_until, decision_until)
  ELSE decision_until
END"""


def upgrade() -> None:
    op.add_column(
        "tickets", sa.Column("level", sa.SmallInteger(), server_default="1", nullable=False)
    )
    op.add_column("tickets", sa.Column("assigned_to", sa.Uuid(), nullable=True))
    op.add_column("tickets", sa.Column("pause_reason", sa.Text(), nullable=True))
    for name in _INSTANTS:
        op.add_column("tickets", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE tickets t SET attempted_at ="
        " (SELECT min(a.tried_at) FROM attempts a WHERE a.ticket_id = t.id)"
    )
    op.add_column(
        "tickets",
        sa.Column(
            "next_until",
            sa.DateTime(timezone=True),
            sa.Computed(_NEXT_UNTIL, persisted=True),
            nullable=False,
        ),
    )
    op.create_foreign_key(
        op.f("tickets_assigned_to_fkey"), "tickets", "agents", ["assigned_to"], ["id"]
    )
    op.create_check_constraint(op.f("tickets_level_check"), "tickets", "level BETWEEN 1 AND 4")
    op.drop_constraint(op.f("tickets_stage_check"), "tickets")
    listed = ", ".join(f"'{stage}'" for stage in _STAGES)
    op.create_check_constraint(op.f("tickets_stage_check"), "tickets", f"stage IN ({listed})")
    _agents()


def downgrade() -> None:
    raise NotImplementedError("who worked on what would be lost")


def _agents() -> None:
    op.create_table(
        "agent_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_addresses_pkey")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("agent_addresses_agent_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f("agent_addresses_wallet_id_fkey")
        ),
        sa.UniqueConstraint(
            "agent_id",
            "wallet_id",
            "address_index",
            name=op.f("agent_addresses_agent_id_wallet_id_address_index_key"),
        ),
    )
