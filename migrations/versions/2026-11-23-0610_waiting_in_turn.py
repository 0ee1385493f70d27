"""Runs of the joint planning say how far they came, so that the next one goes on behind.

Revision: c4e81f0a6b37
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op

revision = "c4e81f0a6b37"
down_revision = "4d9b62f0a81e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("routing_run", sa.Column("last_order_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("routing_run") as table:
        table.drop_column("last_order_id")
