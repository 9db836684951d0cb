"""How agents sign in, and whom they serve.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "agents",
        sa.Column("speaks", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "agents",
        sa.Column("serves_losses", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    _passkeys()
    _challenges()
    _codes()


def downgrade() -> None:
    raise NotImplementedError("agents would be locked out")


def _passkeys() -> None:
    op.create_table(
        "agent_passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_passkeys_pkey")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("agent_passkeys_agent_id_fkey")
        ),
        sa.UniqueConstraint("credential_id", name=op.f("agent_passkeys_credential_id_key")),
    )
    op.create_index("agent_passkeys_agent_id_idx", "agent_passkeys", ["agent_id"])


def _challenges() -> None:
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("challenge_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("browser_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("passkey_challenges_pkey")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("passkey_challenges_agent_id_fkey")
        ),
        sa.UniqueConstraint(
            "challenge_sha256", name=op.f("passkey_challenges_challenge_sha256_key")
        ),
        sa.CheckConstraint(
            "purpose IN ('sign-in', 'prove-again', 'register')",
            name=op.f("passkey_challenges_purpose_check"),
        ),
        sa.CheckConstraint(
            "(purpose = 'sign-in') = (agent_id IS NULL)",
            name=op.f("passkey_challenges_whose_check"),
        ),
    )
    op.create_index("passkey_challenges_expires_at_idx", "passkey_challenges", ["expires_at"])


def _codes() -> None:
    op.create_table(
        "agent_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agent_codes_pkey")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("agent_codes_agent_id_fkey")
        ),
        sa.UniqueConstraint("agent_id", "mark", name=op.f("agent_codes_agent_id_mark_key")),
    )
