"""VAT ids and what registers said of them.

Revision: 5d90a3c2e7b8
Follows: 8e2b7f40c1d5
"""

import sqlalchemy as sa
from alembic import op

revision = "5d90a3c2e7b8"
down_revision = "8e2b7f40c1d5"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "vat_id",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("requester", sa.String(length=20), nullable=True),
        sa.Column("check_id", sa.Uuid(), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_id")),
        sa.UniqueConstraint("number", name=op.f("uq_vat_id_number")),
    )
    op.create_index("ix_vat_id_due_at", "vat_id", ["due_at"])
    op.create_index("ix_vat_id_updated_at_id", "vat_id", ["updated_at", "id"])
    op.create_table(
        "vat_id_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vat_id_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("requester", sa.String(length=20), nullable=True),
        sa.Column("proof", sa.String(length=60), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("address", sa.String(length=500), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["vat_id_id"], ["vat_id.id"], name=op.f("fk_vat_id_check_vat_id_id_vat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_id_check")),
    )
    op.create_index("ix_vat_id_check_vat_id_id", "vat_id_check", ["vat_id_id", "asked_at"])
    op.create_index("ix_vat_id_check_asked_at_id", "vat_id_check", ["asked_at", "id"])
    op.create_index(
        "ix_orders_vat_id",
        "orders",
        ["vat_id"],
        sqlite_where=sa.text("vat_id IS NOT NULL"),
        postgresql_where=sa.text("vat_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_vat_id", "orders")
    op.drop_table("vat_id_check")
    op.drop_table("vat_id")
