"""The owner without a phone, and the owner in danger.

Recovery cards, hints, tickets that are only a hint so far, and notices that wait for an agent.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns()
    _held_notices()
    _cards()
    _hints()
    op.create_index(
        "account_addresses_address_index_idx", "account_addresses", ["wallet_id", "address_index"]
    )


def downgrade() -> None:
    raise NotImplementedError("codes and hints would be lost")


def _columns() -> None:
    """What was filed before this question was asked says that nobody knows."""
    filled = (
        ("tickets", sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default="false")),
        ("tickets", sa.Column("danger", sa.Boolean(), nullable=False, server_default="false")),
        (
            "loss_reports",
            sa.Column("owner_safe", sa.Text(), nullable=False, server_default="unknown"),
        ),
    )
    for table, column in filled:
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
    op.add_column("tickets", sa.Column("duress", sa.Text(), nullable=True))
    op.add_column(
        "tickets", sa.Column("notices_let_go_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("tickets_duress_check"), "tickets", "duress IN ('free', 'not-free')"
    )
    op.create_check_constraint(
        op.f("loss_reports_owner_safe_check"),
        "loss_reports",
        "owner_safe IN ('yes', 'no', 'unknown')",
    )


def _held_notices() -> None:
    op.drop_constraint(op.f("deliveries_state_check"), "deliveries", type_="check")
    op.create_check_constraint(
        op.f("deliveries_state_check"),
        "deliveries",
        "state IN ('due', 'held', 'sent', 'pointless', 'parked')",
    )


def _cards() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("recovery_codes_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f("recovery_codes_wallet_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recovery_codes_pkey")),
        sa.UniqueConstraint("account_id", "mark", name=op.f("recovery_codes_account_id_mark_key")),
    )
    op.create_table(
        "recovery_tries",
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("counted", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("wallet_id", "counted", name=op.f("recovery_tries_pkey")),
    )
    op.create_index("recovery_tries_since_idx", "recovery_tries", ["since"])


def _hints() -> None:
    op.create_table(
        "left_hints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("address_kind", sa.Text(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f("left_hints_wallet_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("left_hints_pkey")),
    )
    op.create_table(
        "hints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("hints_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("hints_ticket_id_fkey")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], name=op.f("hints_wallet_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("hints_pkey")),
    )
    op.create_index("hints_ticket_id_idx", "hints", ["ticket_id"])
