"""Tables of prices."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class Price(Model):
    """A unit price in minor units, gross or net as the channel shows it, valid from inclusive to exclusive."""

    __tablename__ = "price"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("min_quantity >= 1", name="min_quantity"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("channel_id", "variant_id", "min_quantity", "valid_from"),
        sa.Index("ix_price_variant_id", "variant_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    min_quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


# Two prices of one thing at one moment cannot be, whoever writes. PostgreSQL refuses it by an exclusion constraint,
# SQLite, which has one writer at a time, by triggers.
EXCLUSION = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE price ADD CONSTRAINT ex_price_validity EXCLUDE USING gist (
    channel_id WITH =, variant_id WITH =, min_quantity WITH =, tstzrange(valid_from, valid_to) WITH &&
)
"""
TRIGGERS = tuple(
    f"""
CREATE TRIGGER price_validity_{name} BEFORE {event} ON price
WHEN EXISTS (
    SELECT 1 FROM price AS other
    WHERE other.channel_id = NEW.channel_id AND other.variant_id = NEW.variant_id
      AND other.min_quantity = NEW.min_quantity AND other.id <> NEW.id
      AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from)
      AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)
)
BEGIN SELECT RAISE(ABORT, 'ex_price_validity'); END
"""
    for name, event in (("insert", "INSERT"), ("update", "UPDATE OF valid_from, valid_to"))
)
for _statement in EXCLUSION.split(";"):
    sa.event.listen(Price.__table__, "after_create", sa.DDL(_statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]
for _statement in TRIGGERS:
    sa.event.listen(Price.__table__, "after_create", sa.DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
