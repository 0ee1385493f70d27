"""How long cases of a kind may take, as retailers set it.

Revision: 0808e4a2c6d1
Follows: 0801f3b7a1c5
"""

import sqlalchemy as sa
from alembic import op

revision = "0808e4a2c6d1"
down_revision = "0801f3b7a1c5"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "case_deadline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.CheckConstraint("hours BETWEEN 1 AND 2000", name=op.f("ck_case_deadline_hours")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["sales_channel.id"], name=op.f("fk_case_deadline_channel_id_sales_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_deadline")),
    )
    op.create_index("ix_case_deadline_kind_valid_from", "case_deadline", ["kind", "valid_from"])


def downgrade() -> None:
    op.drop_table("case_deadline")
