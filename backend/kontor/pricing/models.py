"""Tables of prices and of the lists they stand in."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model

STANDARD = "STANDARD"
"""What a channel's own prices are called where a list is named: those that stand in no list."""


class PriceList(Model):
    """Prices of a channel for some of its buyers: a country of delivery, a group of customers, another currency.

    What is None does not narrow. Gross or net as the channel shows prices. Whom a list is for does not change once it
    counts, so that every past price can be told: it is ended (`valid_to`) and another one begins.
    """

    __tablename__ = "price_list"
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("id", "channel_id"),
        sa.Index("ix_price_list_channel_id", "channel_id"),
        sa.Index("ix_price_list_valid_from_id", "valid_from", "id"),
        sa.Index("ix_price_list_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    name_en: Mapped[str] = mapped_column(sa.String(120))
    name_de: Mapped[str] = mapped_column(sa.String(120))
    currency: Mapped[str] = mapped_column(sa.String(3))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    customer_group: Mapped[str | None] = mapped_column(sa.String(60))
    priority: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Price(Model):
    """A unit price in minor units, gross or net as the channel shows it, valid from inclusive to exclusive.

    It stands in a list of its channel or, without one, among the channel's own prices. Two prices of one thing in one
    list at one moment cannot be, whoever writes: the database refuses it (`ex_price_validity`).
    """

    __tablename__ = "price"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.CheckConstraint("min_quantity >= 1", name="min_quantity"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        # The same channel on both sides: no price stands in a list of another one.
        sa.ForeignKeyConstraint(["price_list_id", "channel_id"], ["price_list.id", "price_list.channel_id"]),
        sa.Index("ix_price_price_list_id_variant_id", "price_list_id", "variant_id"),
        sa.Index("ix_price_variant_id", "variant_id"),
        sa.Index("ix_price_valid_from_id", "valid_from", "id"),
        sa.Index("ix_price_created_at_id", "created_at", "id"),
        sa.Index("ix_price_amount_id", "amount", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    price_list_id: Mapped[UUID | None]
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    min_quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
