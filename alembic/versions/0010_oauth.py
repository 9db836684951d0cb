"""What a client proves itself with.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _secrets()
    _client_keys()
    _used_assertions()


def downgrade() -> None:
    raise NotImplementedError("a client without a secret could not call any more")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _secrets() -> None:
    # Whoever signs with a key needs none.
    op.alter_column("api_clients", "secret_sha256", nullable=True)
    op.add_column(
        "api_clients", sa.Column("earlier_secret_sha256", sa.LargeBinary(), nullable=True)
    )
    op.add_column("api_clients", _instant("earlier_secret_until", nullable=True))
    op.add_column("api_clients", sa.Column("exp_cap_seconds", sa.Integer(), nullable=True))
    op.add_column("api_clients", _instant("last_token_at", nullable=True))
    op.create_check_constraint(
        op.f("api_clients_earlier_secret_check"),
        "api_clients",
        "(earlier_secret_sha256 IS NULL) = (earlier_secret_until IS NULL)",
    )
    op.create_check_constraint(
        op.f("api_clients_exp_cap_check"), "api_clients", "exp_cap_seconds > 0"
    )


def _client_keys() -> None:
    op.create_table(
        "client_keys",
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        _instant("added_at"),
        *_of_a_client("client_keys", "kid"),
    )


def _used_assertions() -> None:
    op.create_table(
        "used_assertions",
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti_sha256", sa.LargeBinary(), nullable=False),
        _instant("expires_at"),
        *_of_a_client("used_assertions", "jti_sha256"),
    )
    op.create_index("used_assertions_expires_at_idx", "used_assertions", ["expires_at"])


def _of_a_client(table: str, key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f(f"{table}_client_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f(f"{table}_wallet_id_fkey")
        ),
        sa.PrimaryKeyConstraint("wallet_id", "client_id", key, name=op.f(f"{table}_pkey")),
    )
