"""Returns that were announced together know each other.

Revision: 0805e7c1b2d4
Follows: 0811a4c7e2d9
"""

import sqlalchemy as sa
from alembic import op

revision = "0805e7c1b2d4"
down_revision = "0811a4c7e2d9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("return", sa.Column("announcement_id", sa.Uuid(), nullable=True))
    op.create_index("ix_return_announcement_id", "return", ["announcement_id"])


def downgrade() -> None:
    op.drop_index("ix_return_announcement_id", table_name="return")
    op.drop_column("return", "announcement_id")
