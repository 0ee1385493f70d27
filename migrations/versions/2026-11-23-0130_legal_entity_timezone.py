"""The day of a document is that of who sells.

Revision: 0c4e8b17f2d6
Follows: 7d2f51c08be3
"""

import sqlalchemy as sa
from alembic import op

revision = "0c4e8b17f2d6"
down_revision = "7d2f51c08be3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legal_entity", sa.Column("timezone", sa.String(60), nullable=False, server_default="Europe/Berlin"))


def downgrade() -> None:
    op.drop_column("legal_entity", "timezone")
