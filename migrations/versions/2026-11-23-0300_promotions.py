"""Promotions, coupons and what orders used of them.

Revision: c4a9e71d2b60
Follows: 51c7e2d8a4f0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c4a9e71d2b60"
down_revision = "51c7e2d8a4f0"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
EXCLUSION = (
    "ALTER TABLE promotion ADD CONSTRAINT ex_promotion_validity EXCLUDE USING gist (code WITH =, "
    "tstzrange(valid_from, valid_to) WITH &&)"
)
# SQLite knows no exclusion, but has one writer at a time: a trigger is as good.
EVENTS = {"insert": "INSERT", "update": "UPDATE OF valid_from, valid_to"}
TRIGGER = """
CREATE TRIGGER promotion_validity_{name} BEFORE {event} ON promotion
WHEN EXISTS (
    SELECT 1 FROM promotion AS other
    WHERE other.code = NEW.code AND other.id <> NEW.id
      AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from)
      AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)
)
BEGIN SELECT RAISE(ABORT, 'ex_promotion_validity'); END
"""


def upgrade() -> None:
    promotion()
    coupons()
    with op.batch_alter_table("price_adjustment") as table:
        table.add_column(sa.Column("promotion_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("return_rule", sa.String(length=40), nullable=True))
    with op.batch_alter_table("return") as table:
        table.add_column(sa.Column("rechecked", JSON, nullable=False, server_default="{}"))
    if op.get_context().dialect.name == "postgresql":
        op.execute(EXCLUSION)
    else:
        for name, event in EVENTS.items():
            op.execute(TRIGGER.format(name=name, event=event))


def promotion() -> None:
    op.create_table(
        "promotion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("combination", sa.String(length=40), nullable=False),
        sa.Column("return_rule", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("coupon", sa.Boolean(), nullable=False),
        sa.Column("benefit", JSON, nullable=False),
        sa.Column("scope", JSON, nullable=False),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("most_given", sa.BigInteger(), nullable=True),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_promotion_validity")),
        sa.CheckConstraint("most_given > 0 AND most_uses > 0", name=op.f("ck_promotion_budget")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_promotion_code_valid_from")),
    )
    op.create_index("ix_promotion_valid_from_id", "promotion", ["valid_from", "id"])
    op.create_index("ix_promotion_valid_to", "promotion", ["valid_to"])
    op.create_index("ix_promotion_updated_at_id", "promotion", ["updated_at", "id"])
    op.create_index("ix_promotion_code_id", "promotion", ["code", "id"])
    op.create_table(
        "promotion_use",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("uses >= 0 AND given >= 0", name=op.f("ck_promotion_use_not_negative")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_promotion_use")),
    )


def coupons() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("promotion_code", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=True),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.Column("blocked_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("uses >= 0 AND (most_uses IS NULL OR uses <= most_uses)", name=op.f("ck_coupon_uses")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to > valid_from", name=op.f("ck_coupon_validity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
    )
    op.create_index("ix_coupon_promotion_code_id", "coupon", ["promotion_code", "id"])
    op.create_index("ix_coupon_created_at_id", "coupon", ["created_at", "id"])
    op.create_index("ix_coupon_updated_at_id", "coupon", ["updated_at", "id"])
    op.create_index("ix_coupon_batch_id", "coupon", ["batch_id"])
    op.create_table(
        "promotion_redemption",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_code", sa.String(length=40), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("redeemed_at", MOMENT, nullable=False),
        sa.Column("given_back_at", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promotion_redemption_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_redemption")),
        sa.UniqueConstraint("order_id", "promotion_code", name=op.f("uq_promotion_redemption_order_id_promotion_code")),
    )
    op.create_index("ix_promotion_redemption_redeemed_at_id", "promotion_redemption", ["redeemed_at", "id"])
    op.create_index("ix_promotion_redemption_updated_at_id", "promotion_redemption", ["updated_at", "id"])
    op.create_index("ix_promotion_redemption_promotion_code", "promotion_redemption", ["promotion_code"])


def downgrade() -> None:
    with op.batch_alter_table("return") as table:
        table.drop_column("rechecked")
    with op.batch_alter_table("price_adjustment") as table:
        table.drop_column("return_rule")
        table.drop_column("promotion_id")
    for name in ("promotion_redemption", "coupon", "promotion_use", "promotion"):
        op.drop_table(name)
