"""Tables of fulfillment."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.orders.states import DeliveryType

# Rows that are looked for by what the time tells: few of many, so each has an index of its own.
NOT_LEFT = "state IN ('SCHEDULED', 'OPEN', 'ACCEPTED', 'PICKED', 'PACKED', 'ON_HOLD')"
UNDER_WAY = "state = 'SHIPPED'"
STUCK = "state IN ('EXCEPTION', 'LOST', 'RETURNED')"


class FulfillmentOrder(Model):
    """Lines given to one place; `split_from_id` is its origin.

    `due_at` is when a partner must have answered, `ship_due_at` when the goods must have left; `reminded_at` is
    when it was reminded of the first, `overdue_at` when it was told that the second had passed, `late_at` when it
    was noted that the promised day had. `accepted_at` stays when accepted work is refused later. `expected_on` is
    the day the place says the goods leave. Until `answer_until` nobody has heard of its answer, which can be taken
    back to the state `answered_from`. From `hidden_at` on partners see nothing of the customer any more.
    """

    __tablename__ = "fulfillment_order"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_fulfillment_order_order_id", "order_id"),
        sa.Index("ix_fulfillment_order_place", "location_id", "state", "created_at"),
        sa.Index("ix_fulfillment_order_partner", "partner_id", "state", "created_at"),
        sa.Index("ix_fulfillment_order_created_at_id", "created_at", "id"),
        sa.Index("ix_fulfillment_order_updated_at_id", "updated_at", "id"),
        sa.Index("ix_fulfillment_order_due_at_id", "due_at", "id"),
        sa.Index("ix_fulfillment_order_ship_due_at_id", "ship_due_at", "id"),
        sa.Index(
            "ix_fulfillment_order_not_left",
            "promised_on",
            "id",
            sqlite_where=sa.text(NOT_LEFT),
            postgresql_where=sa.text(NOT_LEFT),
        ),
        sa.Index(
            "ix_fulfillment_order_under_way",
            "promised_on",
            "id",
            sqlite_where=sa.text(UNDER_WAY),
            postgresql_where=sa.text(UNDER_WAY),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(50))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    channel_id: Mapped[UUID]
    state: Mapped[FulfillmentState] = mapped_column(state_type(FulfillmentState))
    held_from: Mapped[FulfillmentState | None] = mapped_column(state_type(FulfillmentState))
    delivery_type: Mapped[DeliveryType] = mapped_column(state_type(DeliveryType))
    priority: Mapped[int] = mapped_column(default=0)
    ship_on: Mapped[date | None]
    promised_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    ship_due_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    decision_id: Mapped[UUID | None]
    split_from_id: Mapped[UUID | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cancel_reason: Mapped[str | None] = mapped_column(sa.String(300))
    escalated_at: Mapped[datetime | None]
    pickup_code: Mapped[str | None] = mapped_column(sa.String(12))
    hidden_at: Mapped[datetime | None]
    recallable_until: Mapped[datetime | None]
    expected_on: Mapped[date | None]
    answer_until: Mapped[datetime | None]
    answered_from: Mapped[FulfillmentState | None] = mapped_column(state_type(FulfillmentState))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FulfillmentLine(Model):
    """Pieces of one order line in a fulfillment order. `written_off` pieces left the stock when they were refused."""

    __tablename__ = "fulfillment_line"
    __table_args__ = (
        sa.UniqueConstraint("fulfillment_order_id", "order_line_id"),
        sa.CheckConstraint("quantity >= 0", name="quantity"),
        sa.Index("ix_fulfillment_line_order_line_id", "order_line_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fulfillment_order.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    variant_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(300))
    quantity: Mapped[int]
    picked: Mapped[int] = mapped_column(default=0)
    reject_reason: Mapped[str | None] = mapped_column(sa.String(20))
    reject_note: Mapped[str | None] = mapped_column(sa.String(300))
    written_off: Mapped[int] = mapped_column(default=0, server_default="0")


class FulfillmentMessage(Model):
    """What a place and the company write to each other about a fulfillment order."""

    __tablename__ = "fulfillment_message"
    __table_args__ = (sa.Index("ix_fulfillment_message_fulfillment_order_id", "fulfillment_order_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fulfillment_order.id"))
    text: Mapped[str] = mapped_column(sa.String(2000))
    from_place: Mapped[bool]
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime]


class Shipment(Model):
    """Goods that left a place, or were handed over; `amount` is what they are worth to the customer, gross.

    `recalled_at` marks a shipment that was taken back while its effects still waited: it counts for nothing.
    `partner_invoice` is the number under which the partner that sent it bills it to us.
    """

    __tablename__ = "shipment"
    __table_args__ = (
        sa.Index("ix_shipment_order_id", "order_id"),
        sa.Index("ix_shipment_fulfillment_order_id", "fulfillment_order_id"),
        sa.Index("ix_shipment_shipped_at_id", "shipped_at", "id"),
        sa.Index("ix_shipment_updated_at_id", "updated_at", "id"),
        sa.UniqueConstraint("number"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(50))
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    fulfillment_order_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("fulfillment_order.id"))
    location_id: Mapped[UUID | None]
    delivery_type: Mapped[DeliveryType] = mapped_column(state_type(DeliveryType))
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    recalled_at: Mapped[datetime | None]
    partner_invoice: Mapped[str | None] = mapped_column(sa.String(60))
    partner_invoiced_on: Mapped[date | None]
    updated_at: Mapped[datetime]


class ShipmentLine(Model):
    """Pieces in a shipment with their frozen amounts; `tax_rate` is that of the date of supply.

    `first_unit` is how many pieces of the order line were shipped or canceled before: which frozen shares these are.
    """

    __tablename__ = "shipment_line"
    __table_args__ = (
        sa.UniqueConstraint("shipment_id", "order_line_id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("returned >= 0 AND returned <= quantity", name="returned"),
        sa.CheckConstraint("gross = net + tax", name="amounts"),
        sa.Index("ix_shipment_line_order_line_id", "order_line_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shipment.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    quantity: Mapped[int]
    first_unit: Mapped[int] = mapped_column(default=0)
    net: Mapped[int] = mapped_column(sa.BigInteger)
    tax: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    returned: Mapped[int] = mapped_column(default=0)
    refunded_units: Mapped[int] = mapped_column(default=0)
    refunded_gross: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Parcel(Model):
    """A parcel and its tracking; `sscc` is its GS1 number as a logistic unit, where who sells has a company prefix."""

    __tablename__ = "parcel"
    __table_args__ = (
        sa.Index("ix_parcel_shipment_id", "shipment_id"),
        sa.Index("ix_parcel_tracking_number", "tracking_number"),
        sa.Index("ix_parcel_updated_at_id", "updated_at", "id"),
        sa.Index(
            "ix_parcel_stuck",
            "updated_at",
            "id",
            sqlite_where=sa.text(STUCK),
            postgresql_where=sa.text(STUCK),
        ),
        sa.UniqueConstraint("sscc"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fulfillment_order.id"), index=True)
    shipment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("shipment.id"))
    state: Mapped[ParcelState] = mapped_column(state_type(ParcelState))
    carrier: Mapped[str | None] = mapped_column(sa.String(60))
    tracking_number: Mapped[str | None] = mapped_column(sa.String(80))
    tracking_url: Mapped[str | None] = mapped_column(sa.String(500))
    sscc: Mapped[str | None] = mapped_column(sa.String(18))
    weight_g: Mapped[int] = mapped_column(default=0)
    contents: Mapped[list[Any]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IssuedCode(Model):
    """A code given to the customer for one piece of a digital line, license or gift card."""

    __tablename__ = "issued_code"
    __table_args__ = (sa.UniqueConstraint("order_line_id", "unit"), sa.UniqueConstraint("code"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    unit: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(200))
    issued_at: Mapped[datetime]
