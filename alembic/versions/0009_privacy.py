"""Why somebody is erased, and finding those who are due.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_GONE = "status NOT IN ('active', 'leaving', 'suspended') AND name <> ''::bytea"
_COUNTED = "name = ''::bytea AND address_index <> ''::bytea"


def upgrade() -> None:
    # Until now nobody but the people themselves could ask.
    op.add_column(
        "erasures", sa.Column("reason", sa.Text(), nullable=False, server_default="asked")
    )
    op.alter_column("erasures", "reason", server_default=None)
    op.create_check_constraint(
        op.f("erasures_reason_check"),
        "erasures",
        "reason IN ('asked', 'asked-elsewhere', 'account-closed')",
    )
    op.create_index(
        "erasures_due_idx", "erasures", ["due_at"], postgresql_where=sa.text("done_at IS NULL")
    )
    for name, column, where in (
        ("gone", "ended_at", _GONE),
        ("counted", "lapses_at", _COUNTED),
    ):
        op.create_index(
            f"contacts_{name}_idx", "contacts", [column], postgresql_where=sa.text(where)
        )
    op.create_index("loss_reports_person_id_idx", "loss_reports", ["person_id"])


def downgrade() -> None:
    raise NotImplementedError("what was erased does not come back")
