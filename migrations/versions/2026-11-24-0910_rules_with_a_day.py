"""What customers may do alone counts from a moment on; messages tell a personal sentence.

Revision: 0910c4e7a2d5
Follows: 0830b6d1f4a8
"""

import sqlalchemy as sa
from alembic import op

revision = "0910c4e7a2d5"
down_revision = "0830b6d1f4a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("self_service_policy", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE self_service_policy SET valid_from = created_at")
    with op.batch_alter_table("self_service_policy") as table:
        table.alter_column("valid_from", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_table(
        "customer_note",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_customer_note_order_id")),
        sa.PrimaryKeyConstraint("subject_id", "template", name=op.f("pk_customer_note")),
    )
    op.create_index("ix_customer_note_order_id", "customer_note", ["order_id"])


def downgrade() -> None:
    op.drop_table("customer_note")
    op.drop_column("self_service_policy", "valid_from")
