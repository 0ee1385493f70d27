"""What was waived of a reminder's fee and interest, so that it stays so when money is taken back.

Revision: 0706c4b8d1e3
Follows: 0701c1d2e3f4
"""

import sqlalchemy as sa
from alembic import op

revision = "0706c4b8d1e3"
down_revision = "0701c1d2e3f4"
branch_labels = None
depends_on = None

PAID = "ck_dunning_notice_paid"


def upgrade() -> None:
    with op.batch_alter_table("dunning_notice") as table:
        for name in ("waived_fee", "waived_interest"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE dunning_notice SET waived_fee = fee - fee_paid, waived_interest = interest - interest_paid"
        " WHERE fee_waived AND fee_settled_at IS NOT NULL"
    )
    with op.batch_alter_table("dunning_notice") as table:
        table.drop_constraint(op.f(PAID), type_="check")
        table.create_check_constraint(
            op.f(PAID), "fee_paid + waived_fee <= fee AND interest_paid + waived_interest <= interest"
        )


def downgrade() -> None:
    with op.batch_alter_table("dunning_notice") as table:
        table.drop_constraint(op.f(PAID), type_="check")
        table.create_check_constraint(op.f(PAID), "fee_paid <= fee AND interest_paid <= interest")
        for name in ("waived_interest", "waived_fee"):
            table.drop_column(name)
