"""Goodwill and its limits.

Revision: 0704c1a9e5b2
Follows: 0702c2a1b3d5
"""

import sqlalchemy as sa
from alembic import op

revision = "0704c1a9e5b2"
down_revision = "0702c2a1b3d5"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "goodwill_limit",
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("per_order", sa.BigInteger(), nullable=False),
        sa.Column("per_day", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.CheckConstraint("per_order >= 0 AND per_day >= 0", name=op.f("ck_goodwill_limit_amounts")),
        sa.PrimaryKeyConstraint("role", "currency", name=op.f("pk_goodwill_limit")),
    )
    _goodwill()


def _goodwill() -> None:
    op.create_table(
        "goodwill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(40), nullable=True),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("granted_at", _MOMENT, nullable=True),
        sa.Column("granted_by", sa.String(200), nullable=True),
        sa.Column("granted_by_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(300), nullable=True),
        sa.Column("issued_at", _MOMENT, nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_goodwill_amount")),
        sa.ForeignKeyConstraint(["card_id"], ["gift_card.id"], name=op.f("fk_goodwill_card_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_goodwill_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_goodwill_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goodwill")),
    )
    for name, columns in {
        "ix_goodwill_order_id": ["order_id"],
        "ix_goodwill_refund_id": ["refund_id"],
        "ix_goodwill_granted_by_id_granted_at": ["granted_by_id", "granted_at"],
        "ix_goodwill_requested_at_id": ["requested_at", "id"],
        "ix_goodwill_updated_at_id": ["updated_at", "id"],
    }.items():
        op.create_index(name, "goodwill", columns)


def downgrade() -> None:
    op.drop_table("goodwill")
    op.drop_table("goodwill_limit")
