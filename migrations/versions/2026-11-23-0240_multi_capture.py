"""What a gateway says of a single promise.

Revision: 3e6a90b7c512
Follows: f2d7183b6c95
"""

import sqlalchemy as sa
from alembic import op

revision = "3e6a90b7c512"
down_revision = "f2d7183b6c95"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("multi_capture", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "multi_capture")
