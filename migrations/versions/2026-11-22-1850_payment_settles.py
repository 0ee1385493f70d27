"""A payment may pay what is owed on account.

Revision: 8d40b6f2a1c7
Follows: 5e1c0a7d94b2
"""

import sqlalchemy as sa
from alembic import op

revision = "8d40b6f2a1c7"
down_revision = "5e1c0a7d94b2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("settles_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "settles_id")
