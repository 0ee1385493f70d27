"""Work remembers that its promised day has passed.

Revision: 0830b6d1f4a8
Follows: 0820d3b9f1a6
"""

import sqlalchemy as sa
from alembic import op

revision = "0830b6d1f4a8"
down_revision = "0820d3b9f1a6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fulfillment_order", sa.Column("late_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("fulfillment_order", "late_at")
