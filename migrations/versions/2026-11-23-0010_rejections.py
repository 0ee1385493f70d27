"""How often a place refuses work.

Revision: 3b7e21c9d5a4
Follows: 5e0c9a7d41b3
"""

import sqlalchemy as sa
from alembic import op

revision = "3b7e21c9d5a4"
down_revision = "5e0c9a7d41b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stock_location", sa.Column("rejection_permille", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("stock_location", "rejection_permille")
