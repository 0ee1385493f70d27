"""In which order payments are drawn on and given back over, by channel and moment.

Revision: 6d18f3b0c7a5
Follows: 7c15e9a4d2f3
"""

import sqlalchemy as sa
from alembic import op

revision = "6d18f3b0c7a5"
down_revision = "7c15e9a4d2f3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_payment_policy_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_policy")),
        sa.UniqueConstraint(
            "channel_id", "purpose", "valid_from", name=op.f("uq_payment_policy_channel_id_purpose_valid_from")
        ),
    )


def downgrade() -> None:
    op.drop_table("payment_policy")
