"""What customers may do alone counts from a moment on.

Revision: 0910c4e7a2d5
Follows: 0830b6d1f4a8
"""

import sqlalchemy as sa
from alembic import op

revision = "0910c4e7a2d5"
down_revision = "0830b6d1f4a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("self_service_policy", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE self_service_policy SET valid_from = created_at")
    with op.batch_alter_table("self_service_policy") as table:
        table.alter_column("valid_from", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    op.drop_column("self_service_policy", "valid_from")
