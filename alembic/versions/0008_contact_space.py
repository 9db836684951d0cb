"""A contact's own space: second addresses, authenticator apps, suppression, erasure.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _second_addresses()
    _visits()
    _new_addresses()
    _authenticators()
    _suppressed_addresses()
    _erasures()


def downgrade() -> None:
    raise NotImplementedError("what people asked never to happen again would be forgotten")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _second_addresses() -> None:
    op.add_column("person_addresses", sa.Column("beside_id", sa.Uuid(), nullable=True))
    op.add_column("person_addresses", _instant("withdraws_from", nullable=True))
    op.create_foreign_key(
        op.f("person_addresses_beside_id_fkey"),
        "person_addresses",
        "person_addresses",
        ["beside_id"],
        ["id"],
    )
    op.create_unique_constraint(
        op.f("person_addresses_beside_id_key"), "person_addresses", ["beside_id"]
    )
    op.create_check_constraint(
        op.f("person_addresses_second_check"),
        "person_addresses",
        "(beside_id IS NULL) = (withdraws_from IS NULL)",
    )


def _visits() -> None:
    op.add_column("browser_sessions", sa.Column("verified_address_id", sa.Uuid(), nullable=True))
    op.add_column("challenges", sa.Column("address_id", sa.Uuid(), nullable=True))


def _new_addresses() -> None:
    op.create_table(
        "new_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("browser_session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        _instant("asked_at"),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('email', 'phone')", name=op.f("new_addresses_kind_check")),
        *_keys(
            "new_addresses",
            wallet_id="wallets",
            person_id="persons",
            browser_session_id="browser_sessions",
        ),
        sa.UniqueConstraint(
            "browser_session_id", name=op.f("new_addresses_browser_session_id_key")
        ),
    )
    op.create_index("new_addresses_person_id_idx", "new_addresses", ["person_id"])


def _authenticators() -> None:
    op.create_table(
        "authenticators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        _instant("begun_at"),
        _instant("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys("authenticators", wallet_id="wallets", person_id="persons"),
    )
    op.create_index("authenticators_person_id_idx", "authenticators", ["person_id"])
    for name, where in (("confirmed", "IS NOT NULL"), ("begun", "IS NULL")):
        op.create_index(
            f"authenticators_{name}_key",
            "authenticators",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text(f"confirmed_at {where}"),
        )


def _suppressed_addresses() -> None:
    op.create_table(
        "suppressed_addresses",
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        _instant("since"),
        sa.PrimaryKeyConstraint(
            "wallet_id", "address_hash", name=op.f("suppressed_addresses_pkey")
        ),
    )


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        _instant("asked_at"),
        _instant("due_at"),
        _instant("done_at", nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys("erasures", wallet_id="wallets", person_id="persons"),
    )
    op.create_index(
        "erasures_open_key",
        "erasures",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _keys(
    table: str, **columns: str
) -> tuple[sa.PrimaryKeyConstraint | sa.ForeignKeyConstraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pkey")),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"{table}_{column}_fkey"))
            for column, to in columns.items()
        ),
    )
