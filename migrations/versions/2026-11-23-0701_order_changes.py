"""Changes of orders that were taken.

Revision: 0701c1d2e3f4
Follows: 0714d2b0f6c3
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0701c1d2e3f4"
down_revision = "0714d2b0f6c3"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "order_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("wish", JSON, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("added", JSON, nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("canceled", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("canceled_before", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(60), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(200), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_change_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change")),
    )
    op.create_index(op.f("ix_order_change_order_id"), "order_change", ["order_id"])
    op.create_index("ix_order_change_opened_at_id", "order_change", ["opened_at", "id"])
    op.create_index(
        "uq_order_change_open",
        "order_change",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("state = 'PENDING'"),
        postgresql_where=sa.text("state = 'PENDING'"),
    )


def downgrade() -> None:
    op.drop_table("order_change")
