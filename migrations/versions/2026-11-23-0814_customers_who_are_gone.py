"""Merged customers name the living one at once, and files for banks belong to nobody but the company.

Revision: 0814e5c2d7a9
Follows: 0809a5c7e2f4
"""

import sqlalchemy as sa
from alembic import op

revision = "0814e5c2d7a9"
down_revision = "0809a5c7e2f4"
branch_labels = None
depends_on = None

_MERGED = sa.text("merged_into_id IS NOT NULL")
_ONE_STEP = sa.text(
    """
    UPDATE customer SET merged_into_id = (SELECT next.merged_into_id FROM customer AS next
        WHERE next.id = customer.merged_into_id)
    WHERE EXISTS (SELECT 1 FROM customer AS next
        WHERE next.id = customer.merged_into_id AND next.merged_into_id IS NOT NULL)
    """
)


def upgrade() -> None:
    op.create_index(
        "ix_customer_merged_into_id", "customer", ["merged_into_id"], sqlite_where=_MERGED, postgresql_where=_MERGED
    )
    while op.get_bind().execute(_ONE_STEP).rowcount:
        pass
    op.execute(sa.text("UPDATE document SET customer_id = NULL, channel_id = NULL WHERE kind = 'EVIDENCE'"))


def downgrade() -> None:
    op.drop_index("ix_customer_merged_into_id", "customer")
