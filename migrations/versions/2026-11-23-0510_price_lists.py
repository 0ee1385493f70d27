"""Price lists; the prices there are become their channel's own. An order's line keeps the list its price is from.

A channel may sell in other currencies beside its own.

Revision: 8d0b52c6f1e7
Follows: 8b60d2f4a917
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8d0b52c6f1e7"
down_revision = "8b60d2f4a917"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
# What a price stands in is its list or, without one, its channel: no id is both.
EXCLUSION = (
    "ALTER TABLE price ADD CONSTRAINT ex_price_validity EXCLUDE USING gist (channel_id WITH =, {list}"
    "variant_id WITH =, min_quantity WITH =, tstzrange(valid_from, valid_to) WITH &&)"
)
IN_LIST = "coalesce(price_list_id, channel_id) WITH =, "
# SQLite knows no exclusion, but has one writer at a time: a trigger is as good. It also looks when a price is moved.
MOVED = "UPDATE OF valid_from, valid_to, channel_id, price_list_id, variant_id, min_quantity"
TRIGGER = """
CREATE TRIGGER price_validity_{name} BEFORE {event} ON price
WHEN EXISTS (
    SELECT 1 FROM price AS other
    WHERE other.channel_id = NEW.channel_id {list}AND other.variant_id = NEW.variant_id
      AND other.min_quantity = NEW.min_quantity AND other.id <> NEW.id
      AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from)
      AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)
)
BEGIN SELECT RAISE(ABORT, 'ex_price_validity'); END
"""
UNIQUE = "uq_price_channel_id_variant_id_min_quantity_valid_from"


def upgrade() -> None:
    op.create_table(
        "price_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("name_de", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("customer_group", sa.String(length=60), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_price_list_validity")),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_price_list_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
        sa.UniqueConstraint("code", name=op.f("uq_price_list_code")),
        sa.UniqueConstraint("id", "channel_id", name=op.f("uq_price_list_id_channel_id")),
    )
    op.create_index("ix_price_list_channel_id", "price_list", ["channel_id"])
    op.create_index("ix_price_list_valid_from_id", "price_list", ["valid_from", "id"])
    op.create_index("ix_price_list_updated_at_id", "price_list", ["updated_at", "id"])
    lift()
    with op.batch_alter_table("price") as table:
        table.add_column(sa.Column("price_list_id", sa.Uuid(), nullable=True))
        table.drop_constraint(UNIQUE, type_="unique")
        table.create_foreign_key(
            op.f("fk_price_price_list_id_channel_id"),
            "price_list",
            ["price_list_id", "channel_id"],
            ["id", "channel_id"],
        )
    op.create_index("ix_price_price_list_id_variant_id", "price", ["price_list_id", "variant_id"])
    forbid("AND other.price_list_id IS NEW.price_list_id ", IN_LIST, MOVED)
    op.add_column("order_line", sa.Column("price_list", sa.String(length=40), nullable=True))
    op.add_column("sales_channel", sa.Column("currencies", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Prices in lists have no place in the older schema and are dropped with them."""
    op.drop_column("sales_channel", "currencies")
    op.drop_column("order_line", "price_list")
    lift()
    op.execute("DELETE FROM price WHERE price_list_id IS NOT NULL")
    op.drop_index("ix_price_price_list_id_variant_id", "price")
    with op.batch_alter_table("price") as table:
        table.drop_constraint("fk_price_price_list_id_channel_id", type_="foreignkey")
        table.drop_column("price_list_id")
        table.create_unique_constraint(UNIQUE, ["channel_id", "variant_id", "min_quantity", "valid_from"])
    forbid("", "", "UPDATE OF valid_from, valid_to")
    op.drop_table("price_list")


def lift() -> None:
    """Nothing keeps prices apart while the table is rebuilt."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE price DROP CONSTRAINT ex_price_validity")
        return
    for name in ("insert", "update"):
        op.execute(f"DROP TRIGGER IF EXISTS price_validity_{name}")


def forbid(trigger: str, exclusion: str, moved: str) -> None:
    """Keep prices of one thing apart again."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(EXCLUSION.format(list=exclusion))
        return
    for name, event in (("insert", "INSERT"), ("update", moved)):
        op.execute(TRIGGER.format(name=name, event=event, list=trigger))
