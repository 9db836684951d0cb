"""What a wallet does by itself, and how it obeys.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOT_CONFIRMED = "state = 'frozen' AND confirmed_version IS DISTINCT FROM version"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("alarmed_version", sa.BigInteger(), nullable=True))
    op.add_column(
        "tickets", sa.Column("proof_requested_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("proofs", sa.Column("level", sa.Text(), nullable=True))
    _wallet_reports()
    for table, name, columns, where in (
        ("accounts", "accounts_frozen_idx", ["wallet_id", "id"], "state = 'frozen'"),
        ("accounts", "accounts_unconfirmed_idx", ["wallet_id", "frozen_at"], _NOT_CONFIRMED),
        ("deliveries", "deliveries_freezes_idx", ["account_id"], "event = 'account-frozen'"),
    ):
        op.create_index(name, table, columns, postgresql_where=sa.text(where))
    op.create_index("account_addresses_account_id_idx", "account_addresses", ["account_id"])


def downgrade() -> None:
    raise NotImplementedError("what wallets reported would be lost")


def _wallet_reports() -> None:
    op.create_table(
        "wallet_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("hot_line", sa.LargeBinary(), nullable=True),
        sa.Column("in_danger", sa.Boolean(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("wallet_reports_pkey")),
        sa.CheckConstraint(
            "reason IN ('lost', 'stolen', 'suspected-takeover')",
            name=op.f("wallet_reports_reason_check"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"wallet_reports_{column}_fkey")
            )
            for column, table in (
                ("wallet_id", "wallets"),
                ("account_id", "accounts"),
                ("ticket_id", "tickets"),
                ("client_id", "api_clients"),
                ("device_id", "devices"),
            )
        ),
    )
    op.create_index("wallet_reports_ticket_id_idx", "wallet_reports", ["ticket_id"])
