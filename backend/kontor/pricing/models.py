"""Tables of prices."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class Price(Model):
    """A unit price in minor units, gross or net as the channel shows it, valid from inclusive to exclusive.

    Two prices of one thing at one moment cannot be, whoever writes: the database refuses it (`ex_price_validity`).
    """

    __tablename__ = "price"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("min_quantity >= 1", name="min_quantity"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        sa.UniqueConstraint("channel_id", "variant_id", "min_quantity", "valid_from"),
        sa.Index("ix_price_variant_id", "variant_id"),
        sa.Index("ix_price_valid_from_id", "valid_from", "id"),
        sa.Index("ix_price_created_at_id", "created_at", "id"),
        sa.Index("ix_price_amount_id", "amount", "id"),
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
