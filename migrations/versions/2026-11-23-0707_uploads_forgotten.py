"""Uploaded files are forgotten after a time.

Revision: 0707c3a9e1b4
Follows: 0706c4b8d1e3
"""

import sqlalchemy as sa
from alembic import op

revision = "0707c3a9e1b4"
down_revision = "0706c4b8d1e3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("upload") as table:
        table.drop_column("forgotten_at")
