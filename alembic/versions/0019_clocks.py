"""Every deadline's own record, pauses, and whom to ring when nobody answers.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_LOOK_AT = """LEAST(
  CASE WHEN (kept_frozen_at IS NULL OR review_until IS NULL)
      AND attempted_at IS NULL AND owner_reached_at IS NULL
      AND (breached_until IS NULL OR first_attempt_until > breached_until)
    THEN first_attempt_until END,
  CASE WHEN (kept_frozen_at IS NULL OR review_until IS NULL)
      AND (breached_until IS NULL OR decision_until > breached_until)
    THEN decision_until END,
  CASE WHEN kept_frozen_at IS NOT NULL
      AND (breached_until IS NULL OR review_until > breached_until)
    THEN review_until END,
  CASE WHEN stage = 'proposed' AND approval_until > proposed_at
      AND (breached_until IS NULL OR approval_until > breached_until)
    THEN approval_until END,
  paused_until,
  raised_again_at)"""
_CLOCKS = "kind IN ('first-attempt', 'decision', 'approval', 'review')"
_WHAT = "what IN ('activated', 'paused', 'resumed', 'fulfilled', 'breached', 'level-raised')"


def upgrade() -> None:
    for name in ("approval_until", "raised_again_at"):
        op.add_column("tickets", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "tickets", sa.Column("pauses", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "tickets",
        sa.Column("pause_hours", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=True),
    )
    op.add_column(
        "tickets",
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            sa.Computed(_LOOK_AT, persisted=True),
            nullable=True,
        ),
    )
    op.create_index(
        "tickets_clocks_idx", "tickets", ["look_at"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index(
        "proposals_decided_idx",
        "proposals",
        ["wallet_id", "decided_at"],
        postgresql_where=sa.text("status = 'approved'"),
    )
    _clock_events()
    _on_call_persons()
    _rings()


def downgrade() -> None:
    raise NotImplementedError("the record of every deadline would be lost")


def _clock_events() -> None:
    op.create_table(
        "clock_events",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("clock_events_pkey")),
        sa.CheckConstraint(_CLOCKS, name=op.f("clock_events_kind_check")),
        sa.CheckConstraint(_WHAT, name=op.f("clock_events_what_check")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"clock_events_{column}_fkey"))
            for column, target in (("wallet_id", "wallets.id"), ("ticket_id", "tickets.id"))
        ),
    )
    op.create_index("clock_events_ticket_id_idx", "clock_events", ["ticket_id"])
    op.create_index(
        "clock_events_breached_idx",
        "clock_events",
        ["wallet_id", "at"],
        postgresql_where=sa.text("what = 'breached'"),
    )


def _on_call_persons() -> None:
    op.create_table(
        "on_call_persons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("on_call_persons_pkey")),
        sa.CheckConstraint("kind IN ('email', 'phone')", name=op.f("on_call_persons_kind_check")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"on_call_persons_{column}_fkey"))
            for column, target in (("wallet_id", "wallets.id"), ("data_key_id", "data_keys.id"))
        ),
    )


def _rings() -> None:
    op.create_table(
        "rings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("rings_pkey")),
        sa.CheckConstraint("why IN ('no-approver', 'level-4')", name=op.f("rings_why_check")),
        sa.CheckConstraint(
            "answered_by IS NULL OR ended_at IS NOT NULL", name=op.f("rings_answered_check")
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"rings_{column}_fkey"))
            for column, target in (
                ("wallet_id", "wallets.id"),
                ("account_id", "accounts.id"),
                ("ticket_id", "tickets.id"),
                ("answered_by", "agents.id"),
            )
        ),
    )
    op.create_index(
        "rings_one_open_key",
        "rings",
        ["ticket_id", "why"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "rings_next_idx", "rings", ["next_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
