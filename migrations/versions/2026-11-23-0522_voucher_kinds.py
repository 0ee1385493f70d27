"""Gift cards are vouchers of one or of many purposes.

Those there are stay taxed as they were: by their class, or not at all where that was a class without tax.

Revision: b36c8f1d0e92
Follows: 5d90a3c2e7b8
"""

import sqlalchemy as sa
from alembic import op

revision = "b36c8f1d0e92"
down_revision = "5d90a3c2e7b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("voucher_kind", sa.String(length=40), nullable=True))
    op.execute(
        "UPDATE product SET voucher_kind = CASE WHEN tax_class = 'zero' THEN 'MULTI_PURPOSE' "
        "ELSE 'SINGLE_PURPOSE' END WHERE kind = 'GIFT_CARD'"
    )


def downgrade() -> None:
    op.drop_column("product", "voucher_kind")
