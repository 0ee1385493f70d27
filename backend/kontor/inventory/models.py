"""Tables of stock."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, state_type


class MovementKind(StrEnum):
    """Why a quantity changed."""

    COUNT = "COUNT"
    ADJUST = "ADJUST"
    RECEIVE = "RECEIVE"
    ALLOCATE = "ALLOCATE"
    RELEASE = "RELEASE"
    SHIP = "SHIP"
    UNSHIP = "UNSHIP"
    RETURN = "RETURN"
    RESERVE = "RESERVE"
    UNRESERVE = "UNRESERVE"
    WRITE_OFF = "WRITE_OFF"


class StockLevel(Model):
    """Quantities of one variant at one place, in pieces. `reserved` is what reservations still keep.

    While the article is paused there, `safety` keeps all of it from being promised and `paused_safety` has what is
    kept once it is sold again. `shelf` is where the place keeps the article, as its people call it.
    """

    __tablename__ = "stock_level"
    __table_args__ = (
        sa.CheckConstraint("on_hand >= 0", name="on_hand"),
        sa.CheckConstraint("allocated >= 0 AND allocated <= on_hand", name="allocated"),
        sa.CheckConstraint("reserved >= 0", name="reserved"),
        sa.CheckConstraint("safety >= 0", name="safety"),
        sa.Index("ix_stock_level_variant_id", "variant_id"),
    )
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"), primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    safety: Mapped[int] = mapped_column(default=0)
    paused_safety: Mapped[int | None]
    shelf: Mapped[str | None] = mapped_column(sa.String(40))
    as_of: Mapped[datetime]
    updated_at: Mapped[datetime]


class StockMovement(Model):
    """One change of one level: what was added to each counter, why, by whom and for what."""

    __tablename__ = "stock_movement"
    __table_args__ = (
        sa.Index("ix_stock_movement_level", "location_id", "variant_id", "at"),
        sa.Index("ix_stock_movement_order_line_id", "order_line_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    kind: Mapped[MovementKind] = mapped_column(state_type(MovementKind))
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    order_id: Mapped[UUID | None]
    order_line_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(sa.String(300))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(200))


class Allocation(Model):
    """Stock promised to an order line: on hand at a place, or expected there (`inbound_id`: backordered).

    `from_reservation` of the quantity came out of the channel's reservation. A row whose quantity is used up or
    released is deleted; the ledger remembers.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("from_reservation >= 0 AND from_reservation <= quantity", name="from_reservation"),
        sa.Index("ix_allocation_order_id", "order_id"),
        sa.Index("ix_allocation_level", "location_id", "variant_id"),
        sa.Index("ix_allocation_inbound_id", "inbound_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    location_id: Mapped[UUID]
    inbound_id: Mapped[UUID | None]
    fulfillment_order_id: Mapped[UUID | None]
    channel_id: Mapped[UUID]
    quantity: Mapped[int]
    from_reservation: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    promised_on: Mapped[date | None]
    created_at: Mapped[datetime]


class Reservation(Model):
    """Stock kept at a place for a channel, or for a customer until `expires_at`; `quantity` is what is still kept."""

    __tablename__ = "reservation"
    __table_args__ = (
        sa.CheckConstraint("quantity >= 0", name="quantity"),
        sa.UniqueConstraint("location_id", "variant_id", "channel_id", "reference"),
        sa.Index(
            "ix_reservation_expires_at",
            "expires_at",
            sqlite_where=sa.text("quantity > 0"),
            postgresql_where=sa.text("quantity > 0"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    reference: Mapped[str] = mapped_column(sa.String(80), default="")
    quantity: Mapped[int]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class InboundStock(Model):
    """Goods on their way to a place. `sellable` ones can be promised before they arrive."""

    __tablename__ = "inbound_stock"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("received >= 0 AND received <= quantity", name="received"),
        sa.CheckConstraint("allocated >= 0 AND allocated <= quantity - received", name="allocated"),
        sa.UniqueConstraint("location_id", "variant_id", "reference"),
        sa.Index("ix_inbound_stock_variant_id", "variant_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    reference: Mapped[str] = mapped_column(sa.String(80))
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    expected_on: Mapped[date]
    sellable: Mapped[bool] = mapped_column(default=True)
    closed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CapacityUse(Model):
    """What fulfillment orders take of a place's capacity on a day."""

    __tablename__ = "capacity_use"
    __table_args__ = (sa.CheckConstraint("units >= 0 AND parcels >= 0", name="not_negative"),)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(default=0)
    parcels: Mapped[int] = mapped_column(default=0)
