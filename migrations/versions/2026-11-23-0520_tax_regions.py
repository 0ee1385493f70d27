"""Tax regions, rates by region, and how an order is taxed.

Revision: 8e2b7f40c1d5
Follows: 8d0b52c6f1e7
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8e2b7f40c1d5"
down_revision = "8d0b52c6f1e7"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
EVENTS = {"insert": "INSERT", "update": "UPDATE OF valid_from, valid_to"}
RATE = ("country", "region", "tax_class")
RATE_BEFORE = ("country", "tax_class")
RANGE = ("country", "postal_from", "postal_to")


def refuse_overlaps(table: str, columns: tuple[str, ...]) -> None:
    """Two rows of one thing cannot be valid on one day, whoever writes."""
    if op.get_context().dialect.name == "postgresql":
        same = "".join(f"{column} WITH =, " for column in columns)
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ex_{table}_validity EXCLUDE USING gist ({same}"
            "daterange(valid_from, valid_to) WITH &&)"
        )
        return
    same = " AND ".join(f"other.{column} = NEW.{column}" for column in columns)
    for name, event in EVENTS.items():
        op.execute(
            f"CREATE TRIGGER {table}_validity_{name} BEFORE {event} ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} AS other WHERE {same} AND other.id <> NEW.id "
            "AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from) "
            "AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)) "
            f"BEGIN SELECT RAISE(ABORT, 'ex_{table}_validity'); END"
        )


def allow_overlaps(table: str) -> None:
    """Undo `refuse_overlaps`."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ex_{table}_validity")
        return
    for name in EVENTS:
        op.execute(f"DROP TRIGGER {table}_validity_{name}")


def upgrade() -> None:
    allow_overlaps("tax_rate")
    with op.batch_alter_table("tax_rate") as table:
        table.add_column(sa.Column("region", sa.String(length=10), nullable=False, server_default=""))
        table.drop_constraint("uq_tax_rate_country_tax_class_valid_from", type_="unique")
        table.create_unique_constraint(
            "uq_tax_rate_country_region_tax_class_valid_from", ["country", "region", "tax_class", "valid_from"]
        )
    refuse_overlaps("tax_rate", RATE)
    op.create_table(
        "tax_region",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("postal_from", sa.String(length=10), nullable=False),
        sa.Column("postal_to", sa.String(length=10), nullable=False),
        sa.Column("region", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("taxed_as", sa.String(length=2), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_tax_region_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_region")),
        sa.UniqueConstraint(
            "country",
            "postal_from",
            "postal_to",
            "valid_from",
            name=op.f("uq_tax_region_country_postal_from_postal_to_valid_from"),
        ),
    )
    op.create_index("ix_tax_region_valid_from_id", "tax_region", ["valid_from", "id"])
    refuse_overlaps("tax_region", RANGE)
    op.add_column("orders", sa.Column("taxation", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "taxation")
    op.drop_table("tax_region")
    op.execute("DELETE FROM tax_rate WHERE region <> ''")
    allow_overlaps("tax_rate")
    with op.batch_alter_table("tax_rate") as table:
        table.drop_constraint("uq_tax_rate_country_region_tax_class_valid_from", type_="unique")
        table.create_unique_constraint(
            "uq_tax_rate_country_tax_class_valid_from", ["country", "tax_class", "valid_from"]
        )
        table.drop_column("region")
    refuse_overlaps("tax_rate", RATE_BEFORE)
