"""Papers that were printed, and files to print.

Revision: 0670a1f3c5d7
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0670a1f3c5d7"
down_revision = "9c4e71b0a6d2"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "printed_paper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("content", JSON, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printed_paper")),
        sa.UniqueConstraint(
            "subject_id", "kind", "fingerprint", name=op.f("uq_printed_paper_subject_id_kind_fingerprint")
        ),
    )
    op.create_index(op.f("ix_printed_paper_order_id"), "printed_paper", ["order_id"])
    op.create_table(
        "print_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("size", sa.String(40), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("missing", JSON, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(200), nullable=True),
        sa.Column("problem", sa.String(300), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batch")),
    )
    op.create_index("ix_print_batch_created_at_id", "print_batch", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("print_batch")
    op.drop_table("printed_paper")
