"""A contact's whole life, and an account's end.

Removal clocks, sendings that count, pause, suspension and reinstatement, confirmed addresses, the
marks of safety removal and of addresses that belong to somebody else; closing an account.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_HERE = "status IN ('active', 'leaving', 'suspended')"
_REMOVAL = (
    "leaves_at IS NULL OR (removal_began_at IS NOT NULL AND coalesce(removal_seconds, 0) > 0)"
)
_STATES = "state IN ('active', 'frozen', 'closed')"


def upgrade() -> None:
    _columns()
    _what_was_promised_before()
    _checks()
    _indexes()
    _accounts()


def downgrade() -> None:
    raise NotImplementedError("clocks that are running would be lost")


def _instant(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _columns() -> None:
    filled = (
        sa.Column(
            "sent_at",
            sa.ARRAY(sa.DateTime(timezone=True)),
            nullable=False,
            server_default="{}",
        ),
        sa.Column("removed_for_safety", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("disowned", sa.Boolean(), nullable=False, server_default="false"),
    )
    for column in filled:
        op.add_column("contacts", column)
        op.alter_column("contacts", column.name, server_default=None)
    for name in (
        *("lapsed_at", "undo_until", "removal_began_at", "removal_noticed_at", "paused_until"),
        *("confirmed_at", "remind_at", "unconfirmed_from", "ends_at"),
    ):
        op.add_column("contacts", _instant(name))
    op.add_column("contacts", sa.Column("removal_seconds", sa.Integer(), nullable=True))
    op.add_column("contacts", sa.Column("removal_goes_on", sa.Boolean(), nullable=True))
    op.add_column("contacts", sa.Column("reinstatement_proposed_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("contacts_reinstatement_proposed_by_fkey"),
        "contacts",
        "agents",
        ["reinstatement_proposed_by"],
        ["id"],
    )


def _what_was_promised_before() -> None:
    """The numbers of the day they were made by: 24 hours to undo, asked again after half a year."""
    op.execute("UPDATE contacts SET sent_at = ARRAY[invited_at]")
    op.execute(
        "UPDATE contacts SET undo_until = accepted_at + interval '24 hours',"
        " confirmed_at = accepted_at, remind_at = accepted_at + interval '182 days'"
        " WHERE accepted_at IS NOT NULL"
    )
    op.execute(
        "UPDATE contacts SET lapsed_at = coalesce(ended_at, lapses_at)"
        " WHERE accepted_at IS NULL AND place IS NULL AND status <> 'invited'"
    )


def _checks() -> None:
    checks = (
        ("leaves", "status <> 'leaving' OR leaves_at IS NOT NULL"),
        (
            "removal",
            _REMOVAL,
        ),
        (
            "removed_for_safety",
            "NOT removed_for_safety OR (status = 'removed' AND link_sha256 IS NULL)",
        ),
        ("reinstatement", "reinstatement_proposed_by IS NULL OR status = 'suspended'"),
        ("unconfirmed", "(ends_at IS NULL) = (unconfirmed_from IS NULL)"),
    )
    for name, holds in checks:
        op.create_check_constraint(op.f(f"contacts_{name}_check"), "contacts", holds)


def _indexes() -> None:
    op.drop_index("contacts_lapsing_idx", table_name="contacts")
    indexes = (
        ("lapsing", "lapses_at", "status IN ('invited', 'declined') AND lapsed_at IS NULL"),
        ("leaving", "leaves_at", "status IN ('leaving', 'suspended')"),
        ("ending", "ends_at", _HERE),
        ("reminding", "remind_at", f"{_HERE} AND ends_at IS NULL"),
    )
    for name, column, where in indexes:
        op.create_index(
            f"contacts_{name}_idx", "contacts", [column], postgresql_where=sa.text(where)
        )
    op.create_index(
        "deliveries_removals_idx",
        "deliveries",
        ["contact_id"],
        postgresql_where=sa.text("event = 'removal-begun'"),
    )


def _accounts() -> None:
    op.add_column("accounts", _instant("closes_at"))
    op.add_column("accounts", sa.Column("closing_reason", sa.Text(), nullable=True))
    op.drop_constraint(op.f("accounts_state_check"), "accounts", type_="check")
    checks = (
        ("state", _STATES),
        ("closing_reason", "closing_reason IN ('closed', 'deceased')"),
        ("closing", "(closes_at IS NULL) = (closing_reason IS NULL)"),
        ("closed", "state <> 'closed' OR closes_at IS NOT NULL"),
        ("frozen_stays", "state <> 'frozen' OR closes_at IS NULL"),
    )
    for name, holds in checks:
        op.create_check_constraint(op.f(f"accounts_{name}_check"), "accounts", holds)
    op.create_index(
        "accounts_closing_idx",
        "accounts",
        ["closes_at"],
        postgresql_where=sa.text("closes_at IS NOT NULL AND state = 'active'"),
    )
