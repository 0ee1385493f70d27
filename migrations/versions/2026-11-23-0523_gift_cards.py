"""Gift cards with their balances and movements.

Cards that were sold before have none: who kept their balances goes on keeping them.

Revision: 7c15e9a4d2f3
Follows: b36c8f1d0e92
"""

import sqlalchemy as sa
from alembic import op

revision = "7c15e9a4d2f3"
down_revision = "b36c8f1d0e92"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gift_card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=4), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("multi_purpose", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("face_value", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("blocked_at", MOMENT, nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND reserved <= balance AND balance <= face_value", name=op.f("ck_gift_card_covered")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card")),
        sa.UniqueConstraint("digest", name=op.f("uq_gift_card_digest")),
    )
    op.create_index("ix_gift_card_issued_at_id", "gift_card", ["issued_at", "id"])
    op.create_index("ix_gift_card_updated_at_id", "gift_card", ["updated_at", "id"])
    op.create_index("ix_gift_card_order_id", "gift_card", ["order_id"])
    op.create_table(
        "gift_card_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=120), nullable=True),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_gift_card_movement_amount")),
        sa.ForeignKeyConstraint(["card_id"], ["gift_card.id"], name=op.f("fk_gift_card_movement_card_id_gift_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_movement")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_gift_card_movement_idempotency_key")),
    )
    op.create_index("ix_gift_card_movement_card_id", "gift_card_movement", ["card_id", "at"])
    op.create_index("ix_gift_card_movement_reservation_id", "gift_card_movement", ["reservation_id"])


def downgrade() -> None:
    op.drop_table("gift_card_movement")
    op.drop_table("gift_card")
