"""Stock, expected goods, reservations, and orders that hold allocations of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.inventory.models import Allocation, InboundStock, MovementKind, Reservation, StockLevel, StockMovement
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import (
    AuthorizeStatus,
    ChargeStatus,
    DeliveryType,
    FulfillmentStatus,
    InvoiceStatus,
    OrderState,
    ReturnStatus,
)


async def make_stock(
    db: Session, location: StockLocation, variant: ProductVariant, on_hand: int = 10, **given: Any
) -> StockLevel:
    """A counted level with its movement; `allocated` and `reserved` need rows of their own."""
    values: dict[str, Any] = {
        "location_id": location.id,
        "variant_id": variant.id,
        "on_hand": on_hand,
        "allocated": 0,
        "reserved": 0,
        "safety": 0,
        "as_of": db.now,
        "updated_at": db.now,
    }
    level = StockLevel(**(values | given))
    db.add(level)
    _move(db, level.location_id, level.variant_id, MovementKind.COUNT, on_hand=on_hand)
    await db.flush()
    return level


def _move(db: Session, location_id: UUID, variant_id: UUID, kind: MovementKind, **given: Any) -> None:
    db.add(
        StockMovement(
            id=new_id(), location_id=location_id, variant_id=variant_id, kind=kind, at=db.now, by=db.by, **given
        )
    )


async def make_inbound(
    db: Session, location: StockLocation, variant: ProductVariant, quantity: int = 10, **given: Any
) -> InboundStock:
    """Sellable goods expected in ten days."""
    values: dict[str, Any] = {
        "id": new_id(),
        "location_id": location.id,
        "variant_id": variant.id,
        "reference": f"PO-{new_id().hex[-8:]}",
        "quantity": quantity,
        "received": 0,
        "allocated": 0,
        "expected_on": date.fromordinal(db.now.date().toordinal() + 10),
        "sellable": True,
        "closed": False,
        "created_at": db.now,
        "updated_at": db.now,
    }
    inbound = InboundStock(**(values | given))
    db.add(inbound)
    await db.flush()
    return inbound


async def make_reservation(
    db: Session, channel: SalesChannel, level: StockLevel, quantity: int = 5, **given: Any
) -> Reservation:
    """A channel's quota at a place, kept on the level too; a customer's with `reference` and `expires_at`."""
    values: dict[str, Any] = {
        "id": new_id(),
        "location_id": level.location_id,
        "variant_id": level.variant_id,
        "channel_id": channel.id,
        "reference": "",
        "quantity": quantity,
        "created_at": db.now,
    }
    reservation = Reservation(**(values | given))
    db.add(reservation)
    level.reserved += quantity
    _move(db, level.location_id, level.variant_id, MovementKind.RESERVE, reserved=quantity)
    await db.flush()
    return reservation


async def make_order_row(db: Session, channel: SalesChannel, **given: Any) -> Order:
    """A received order without lines or money."""
    values: dict[str, Any] = {
        "id": new_id(),
        "number": new_id().hex,
        "channel_id": channel.id,
        "external_id": new_id().hex,
        "body_hash": "",
        "state": OrderState.RECEIVED,
        "currency": channel.currency,
        "gross": True,
        "language": "de",
        "delivery_type": DeliveryType.SHIP,
        "billing_address": {},
        "country": "DE",
        "goods_total": 0,
        "charges_total": 0,
        "discount_total": 0,
        "tax_total": 0,
        "total": 0,
        "fulfillment_status": FulfillmentStatus.UNFULFILLED,
        "authorize_status": AuthorizeStatus.NONE,
        "charge_status": ChargeStatus.NONE,
        "return_status": ReturnStatus.NONE,
        "invoice_status": InvoiceStatus.NONE,
        "facts": {},
        "placed_at": db.now,
        "created_at": db.now,
        "updated_at": db.now,
    }
    order = Order(**(values | given))
    db.add(order)
    await db.flush()
    return order


async def make_order_line(
    db: Session, order: Order, variant: ProductVariant, ordered: int = 1, **given: Any
) -> OrderLine:
    """A line that costs nothing and has found nothing yet."""
    values: dict[str, Any] = {
        "id": new_id(),
        "order_id": order.id,
        "position": given.pop("position", 1),
        "variant_id": variant.id,
        "sku": variant.sku,
        "name": variant.name,
        "kind": "PHYSICAL",
        "tax_class": "standard",
        "tax_rate": 19,
        "unit_price": 0,
        "net_total": 0,
        "tax_total": 0,
        "gross_total": 0,
        "ordered": ordered,
        "canceled": 0,
        "allocated": 0,
        "backordered": 0,
        "shipped": 0,
    }
    line = OrderLine(**(values | given))
    db.add(line)
    await db.flush()
    return line


async def make_allocation(
    db: Session,
    channel: SalesChannel,
    variant: ProductVariant,
    source: StockLevel | InboundStock,
    quantity: int = 1,
    **given: Any,
) -> Allocation:
    """An order of one line, all of it promised from stock or from expected goods; counters and ledger agree.

    `placed_at` is the order's; the other keywords are columns of the allocation.
    """
    order = await make_order_row(db, channel, placed_at=given.pop("placed_at", db.now))
    expected = isinstance(source, InboundStock)
    counter = {"backordered": quantity} if expected else {"allocated": quantity}
    line = await make_order_line(db, order, variant, quantity, **counter)
    values: dict[str, Any] = {
        "id": new_id(),
        "order_id": order.id,
        "order_line_id": line.id,
        "variant_id": variant.id,
        "location_id": source.location_id,
        "inbound_id": source.id if isinstance(source, InboundStock) else None,
        "channel_id": channel.id,
        "quantity": quantity,
        "from_reservation": 0,
        "priority": 0,
        "created_at": db.now,
    }
    allocation = Allocation(**(values | given))
    db.add(allocation)
    source.allocated += quantity
    if not expected:
        _move(
            db, source.location_id, variant.id, MovementKind.ALLOCATE, allocated=quantity,
            order_id=order.id, order_line_id=line.id,
        )  # fmt: skip
    await db.flush()
    return allocation
