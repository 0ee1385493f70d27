"""Why a return goes to its place.

Revision: 4b7e90c2d1a5
Follows: c3f17ad94e60
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4b7e90c2d1a5"
down_revision = "c3f17ad94e60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_place_decision",
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("record", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_return_place_decision_return_id")),
        sa.PrimaryKeyConstraint("return_id", name=op.f("pk_return_place_decision")),
    )


def downgrade() -> None:
    op.drop_table("return_place_decision")
