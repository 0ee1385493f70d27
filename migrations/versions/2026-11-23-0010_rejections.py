"""How often a place refuses work.

Revision: 3b7e21c9d5a4
Follows: c3f17ad94e60
"""

import sqlalchemy as sa
from alembic import op

revision = "3b7e21c9d5a4"
down_revision = "c3f17ad94e60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stock_location", sa.Column("rejection_permille", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("stock_location", "rejection_permille")
