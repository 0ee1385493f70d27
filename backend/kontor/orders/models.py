"""Tables of orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.orders.states import (
    AuthorizeStatus,
    ChargeStatus,
    DeliveryType,
    FulfillmentStatus,
    HoldKind,
    InvoiceStatus,
    OrderState,
    ReturnStatus,
)
from kontor.promotions.values import ReturnRule
from kontor.tax.determination import PlaceOfSupply

# Looked for by what the time tells, or by what comes in: few of many, so each has an index of its own.
NOT_SENT = (
    "state IN ('RECEIVED', 'CONFIRMED', 'IN_FULFILLMENT') "
    "AND fulfillment_status IN ('UNFULFILLED', 'PARTIALLY_FULFILLED')"
)
WAITING = "ordered > canceled + allocated + shipped"


class Order(Model):
    """A customer's order. Totals in minor units of `currency`; addresses as they were at order time.

    `taxation` is the place of supply that was decided when it was placed, None in orders older than that.
    """

    __tablename__ = "orders"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "external_id"),
        sa.UniqueConstraint("number"),
        sa.Index("ix_orders_placed_at_id", "placed_at", "id"),
        sa.Index("ix_orders_state_placed_at", "state", "placed_at"),
        sa.Index("ix_orders_customer_id", "customer_id"),
        sa.Index("ix_orders_updated_at_id", "updated_at", "id"),
        sa.Index("ix_orders_email_key", "email_key"),
        sa.Index("ix_orders_external_id", "external_id"),
        sa.Index(
            "ix_orders_vat_id",
            "vat_id",
            sqlite_where=sa.text("vat_id IS NOT NULL"),
            postgresql_where=sa.text("vat_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_orders_not_sent",
            "promised_on",
            "id",
            sqlite_where=sa.text(NOT_SENT),
            postgresql_where=sa.text(NOT_SENT),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    external_id: Mapped[str] = mapped_column(sa.String(120))
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    customer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("customer.id"))
    state: Mapped[OrderState] = mapped_column(state_type(OrderState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    gross: Mapped[bool]
    language: Mapped[str] = mapped_column(sa.String(2))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(sa.String(254))
    delivery_type: Mapped[DeliveryType] = mapped_column(state_type(DeliveryType))
    billing_address: Mapped[dict[str, Any]] = mapped_column(Json)
    shipping_address: Mapped[dict[str, Any] | None] = mapped_column(Json)
    country: Mapped[str] = mapped_column(sa.String(2))
    pickup_location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("stock_location.id"))
    sold_at_location_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("stock_location.id"))
    priority: Mapped[int] = mapped_column(default=0)
    promised_on: Mapped[date | None]
    ship_complete: Mapped[bool] = mapped_column(default=False)
    max_parcels: Mapped[int | None]
    vat_id: Mapped[str | None] = mapped_column(sa.String(20))
    taxation: Mapped[dict[str, Any] | None] = mapped_column(Json)
    goods_total: Mapped[int] = mapped_column(sa.BigInteger)
    charges_total: Mapped[int] = mapped_column(sa.BigInteger)
    discount_total: Mapped[int] = mapped_column(sa.BigInteger)
    tax_total: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int] = mapped_column(sa.BigInteger)
    fulfillment_status: Mapped[FulfillmentStatus] = mapped_column(state_type(FulfillmentStatus))
    authorize_status: Mapped[AuthorizeStatus] = mapped_column(state_type(AuthorizeStatus))
    charge_status: Mapped[ChargeStatus] = mapped_column(state_type(ChargeStatus))
    return_status: Mapped[ReturnStatus] = mapped_column(state_type(ReturnStatus))
    invoice_status: Mapped[InvoiceStatus] = mapped_column(state_type(InvoiceStatus))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    placed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def place_of_supply(self) -> PlaceOfSupply | None:
        """Where and how the order is taxed, as it was decided when it was placed."""
        return None if self.taxation is None else PlaceOfSupply.from_json(self.taxation)


class OrderLine(Model):
    """A line with its counters in pieces and its frozen amounts for all ordered pieces, discounts taken off.

    `unit_price` is what the channel showed (gross or net). `gross_total = net_total + tax_total`. The share of single
    pieces follows from `core.money.of_units`; `canceled_gross` is what the canceled ones took off, step by step.
    Components of a bundle carry the bundle's sku and `bundle_key`. `price_list` is the code of the list Kontor's price
    was from (`STANDARD`: the channel's own prices), None where the channel brought the price.
    `added_at` is None for lines the order was placed with.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.Index(  # lines that wait for stock: unallocated or backordered
            "ix_order_line_waiting",
            "variant_id",
            sqlite_where=sa.text(WAITING),
            postgresql_where=sa.text(WAITING),
        ),
        sa.CheckConstraint(
            "canceled >= 0 AND allocated >= 0 AND backordered >= 0 AND shipped >= 0 AND delivered >= 0 "
            "AND returned >= 0 AND refunded >= 0",
            name="not_negative",
        ),
        sa.CheckConstraint("canceled + allocated + backordered + shipped <= ordered", name="within_ordered"),
        sa.CheckConstraint("delivered <= shipped AND returned <= shipped", name="within_shipped"),
        sa.CheckConstraint("ordered > 0", name="ordered"),
        sa.CheckConstraint("gross_total = net_total + tax_total", name="amounts"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    position: Mapped[int]
    external_id: Mapped[str | None] = mapped_column(sa.String(120))
    variant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("product_variant.id"))
    sku: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(300))
    kind: Mapped[str] = mapped_column(sa.String(20))
    group_key: Mapped[str | None] = mapped_column(sa.String(40))
    bundle_sku: Mapped[str | None] = mapped_column(sa.String(80))
    bundle_key: Mapped[int | None]
    bundle_quantity: Mapped[int | None]
    no_split: Mapped[bool] = mapped_column(default=False)
    tax_class: Mapped[str] = mapped_column(sa.String(40))
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    unit_price: Mapped[int] = mapped_column(sa.BigInteger)
    price_list: Mapped[str | None] = mapped_column(sa.String(40))
    discount_total: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    net_total: Mapped[int] = mapped_column(sa.BigInteger)
    tax_total: Mapped[int] = mapped_column(sa.BigInteger)
    gross_total: Mapped[int] = mapped_column(sa.BigInteger)
    weight_g: Mapped[int] = mapped_column(default=0)
    ordered: Mapped[int]
    canceled: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    backordered: Mapped[int] = mapped_column(default=0)
    shipped: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    canceled_gross: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    added_at: Mapped[datetime | None]

    @property
    def unallocated(self) -> int:
        """Pieces nothing was found for yet."""
        return self.ordered - self.canceled - self.allocated - self.backordered - self.shipped

    @property
    def open_quantity(self) -> int:
        """Pieces neither shipped nor canceled."""
        return self.ordered - self.canceled - self.shipped


class OrderCharge(Model):
    """A fee of the order, such as shipping; charged with the first shipment, canceled when nothing ships at all."""

    __tablename__ = "order_charge"
    __table_args__ = (
        sa.CheckConstraint("gross = net + tax", name="amounts"),
        sa.Index("ix_order_charge_order_id", "order_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(120))
    tax_class: Mapped[str] = mapped_column(sa.String(40))
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    tax: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    shipment_id: Mapped[UUID | None]
    canceled: Mapped[bool] = mapped_column(default=False)
    refunded: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class PriceAdjustment(Model):
    """A discount as it was given: its share of one line, in the channel's gross or net.

    One that Kontor's own promotion gave names its version (`promotion_id`) and what a return does to it.
    """

    __tablename__ = "price_adjustment"
    __table_args__ = (sa.Index("ix_price_adjustment_order_id", "order_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    code: Mapped[str] = mapped_column(sa.String(60))
    label: Mapped[str] = mapped_column(sa.String(200))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    promotion_id: Mapped[UUID | None]
    return_rule: Mapped[ReturnRule | None] = mapped_column(state_type(ReturnRule))


class OrderHold(Model):
    """A named reason why nothing moves. Open while `released_at` is empty."""

    __tablename__ = "order_hold"
    __table_args__ = (
        sa.Index("ix_order_hold_order_id", "order_id"),
        sa.Index(
            "ix_order_hold_open",
            "order_id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    kind: Mapped[HoldKind] = mapped_column(state_type(HoldKind))
    blocking: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    placed_at: Mapped[datetime]
    placed_by: Mapped[str] = mapped_column(sa.String(200))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(sa.String(200))
    release_note: Mapped[str | None] = mapped_column(sa.String(500))
