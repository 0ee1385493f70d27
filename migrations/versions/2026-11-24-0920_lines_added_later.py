"""Lines of orders say when they were added, so that they are not late by the first promise.

Revision: 0920c5e2a7d3
Follows: 0830b6d1f4a8
"""

import sqlalchemy as sa
from alembic import op

revision = "0920c5e2a7d3"
down_revision = "0830b6d1f4a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("order_line", "added_at")
