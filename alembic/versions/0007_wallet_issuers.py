"""Whose access tokens owners come with.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LISTS = (("token_algorithms", ("RS256", "ES256")), ("token_types", ("at+jwt",)))


def upgrade() -> None:
    op.add_column("wallets", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("wallets", sa.Column("audience", sa.Text(), nullable=True))
    for name, before in _LISTS:
        listed = "{" + ",".join(before) + "}"
        column = sa.Column(name, sa.ARRAY(sa.Text()), nullable=False, server_default=listed)
        op.add_column("wallets", column)
        # Only for the wallets there are: whoever adds one says it.
        op.alter_column("wallets", name, server_default=None)
    op.create_check_constraint(
        op.f("wallets_issuer_and_audience_check"),
        "wallets",
        "(issuer IS NULL) = (audience IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("wallets_issuer_and_audience_check"), "wallets", type_="check")
    for name in ("token_types", "token_algorithms", "audience", "issuer"):
        op.drop_column("wallets", name)
