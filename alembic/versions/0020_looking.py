"""What is revealed, and what was refused.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_WAYS = ("session", "page-link", "token", "dispute", "card", "hint")
_REASONS = ("call-owner", "compare", "owner-asks", "hear-reporter", "other")


def upgrade() -> None:
    _refused_tries()
    _reveals()
    op.add_column("loss_reports", sa.Column("network", sa.LargeBinary(), nullable=True))
    op.create_index(
        "loss_reports_network_idx",
        "loss_reports",
        ["network", "filed_at"],
        postgresql_where=sa.text("network IS NOT NULL"),
    )
    op.create_index("loss_reports_account_id_idx", "loss_reports", ["account_id", "filed_at"])


def downgrade() -> None:
    raise NotImplementedError("who was shown what would be lost")


def _refused_tries() -> None:
    op.create_table(
        "refused_tries",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "minute", "way", "device", name=op.f("refused_tries_pkey")
        ),
        sa.CheckConstraint(_one_of("way", _WAYS), name=op.f("refused_tries_way_check")),
        *_to("refused_tries", wallet_id="wallets", account_id="accounts"),
    )


def _reveals() -> None:
    op.create_table(
        "reveals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("revealed_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("reveals_pkey")),
        sa.CheckConstraint(
            _one_of("whose", ("owner", "reporter")), name=op.f("reveals_whose_check")
        ),
        sa.CheckConstraint(_one_of("reason", _REASONS), name=op.f("reveals_reason_check")),
        *_to(
            "reveals",
            wallet_id="wallets",
            account_id="accounts",
            ticket_id="tickets",
            revealed_by="agents",
        ),
    )
    op.create_index("reveals_ticket_id_idx", "reveals", ["ticket_id"])


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


def _to(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"{table}_{column}_fkey"))
        for column, target in targets.items()
    ]
