"""Write placed orders: plain rows, one bulk insert per table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.orders.events import LinesUnallocated, OrderPlaced
from kontor.orders.models import Order, OrderCharge, OrderLine, PriceAdjustment
from kontor.orders.states import (
    AuthorizeStatus,
    ChargeStatus,
    DeliveryType,
    FulfillmentStatus,
    InvoiceStatus,
    OrderState,
    ReturnStatus,
)
from kontor.tax import checking
from kontor.tax.vat_ids import VatIdBasis

if TYPE_CHECKING:
    from kontor.orders.placing import Placement

_ORDER = (
    "id", "number", "channel_id", "external_id", "body_hash", "customer_id", "state", "currency", "gross", "language",
    "email", "email_key", "delivery_type", "billing_address", "shipping_address", "country", "pickup_location_id",
    "sold_at_location_id", "priority", "promised_on", "ship_complete", "max_parcels", "vat_id", "taxation",
    "goods_total", "charges_total", "discount_total", "tax_total", "total", "fulfillment_status", "authorize_status",
    "charge_status", "return_status", "invoice_status", "facts", "placed_at", "created_at", "updated_at",
)  # fmt: skip
_LINE = (
    "id", "order_id", "position", "external_id", "variant_id", "sku", "name", "kind", "group_key", "bundle_sku",
    "bundle_key", "bundle_quantity", "no_split", "tax_class", "tax_rate", "unit_price", "price_list", "discount_total",
    "net_total", "tax_total", "gross_total", "weight_g", "ordered", "canceled", "allocated", "backordered", "shipped",
    "delivered", "returned", "refunded",
)  # fmt: skip
_CHARGE = ("id", "order_id", "kind", "name", "tax_class", "tax_rate", "net", "tax", "gross", "canceled", "refunded")
_ADJUSTMENT = ("id", "order_id", "order_line_id", "code", "label", "amount", "promotion_id", "return_rule")


async def write_orders(db: Session, placements: Sequence[Placement]) -> None:
    """Insert orders with lines, charges and adjustments, and record their events."""
    await db.bulk_insert(Order, _ORDER, [_order_row(db, each) for each in placements])
    await db.bulk_insert(OrderLine, _LINE, [row for each in placements for row in _line_rows(each)])
    await db.bulk_insert(OrderCharge, _CHARGE, [row for each in placements for row in _charge_rows(each)])
    await db.bulk_insert(PriceAdjustment, _ADJUSTMENT, [row for each in placements for row in _adjustment_rows(each)])
    for each in placements:
        _record(db, each)


def _order_row(db: Session, each: Placement) -> tuple[Any, ...]:
    resolved, order, channel = each.resolved, each.resolved.input, each.resolved.channel
    goods = sum(line.gross for line in resolved.lines)
    charges = sum(charge.gross for charge in resolved.charges)
    tax = sum(line.tax for line in resolved.lines) + sum(charge.tax for charge in resolved.charges)
    digital = all(line.kind != "PHYSICAL" for line in resolved.lines)
    delivery = DeliveryType.DIGITAL if digital else order.delivery_type
    address = order.shipping_address or (None if delivery is not DeliveryType.SHIP else order.billing_address)
    email = order.customer.email
    return (
        each.order_id, each.number, channel.id, order.external_id, order.fingerprint(), each.customer_id,
        OrderState.RECEIVED, resolved.currency, channel.gross,
        resolved.language,
        email, email.strip().lower() if email else None, delivery, order.billing_address.as_json(),
        address.as_json() if address else None, resolved.country, resolved.pickup, resolved.sold_at,
        each.owner.priority,
        each.promised_on, order.ship_complete, order.max_parcels, _vat_id(each), resolved.taxation.as_json(),
        goods, charges, sum(line.discount for line in resolved.lines), tax, goods + charges,
        FulfillmentStatus.UNFULFILLED, AuthorizeStatus.NONE, ChargeStatus.NONE, ReturnStatus.NONE, InvoiceStatus.NONE,
        order.facts, order.placed_at or db.now, db.now, db.now,
    )  # fmt: skip


def _vat_id(each: Placement) -> str | None:
    """As registers write it, so that its orders are found by it; as it came where it is none."""
    taxation = each.resolved.taxation
    return each.resolved.input.customer.vat_id if taxation.basis is VatIdBasis.MALFORMED else taxation.vat_id


def _line_rows(each: Placement) -> list[tuple[Any, ...]]:
    allocated: dict[UUID, int] = {}
    backordered: dict[UUID, int] = {}
    for pick in each.picks:
        counter = allocated if pick.inbound_id is None else backordered
        counter[pick.order_line_id] = counter.get(pick.order_line_id, 0) + pick.quantity
    return [
        (
            line_id, each.order_id, position, line.external_id, line.variant_id, line.sku, line.name, line.kind,
            line.group_key, line.bundle_sku, line.bundle_key, line.bundle_quantity, line.no_split, line.tax_class,
            line.tax_rate, line.unit_price, line.price_list, line.discount, line.net, line.tax, line.gross,
            line.weight_g, line.quantity, 0, allocated.get(line_id, 0), backordered.get(line_id, 0), 0, 0, 0, 0,
        )
        for position, (line_id, line) in enumerate(zip(each.line_ids, each.resolved.lines, strict=True), 1)
    ]  # fmt: skip


def _charge_rows(each: Placement) -> list[tuple[Any, ...]]:
    return [
        (new_id(), each.order_id, charge.kind, charge.name, charge.tax_class, charge.tax_rate, charge.net, charge.tax,
         charge.gross, False, 0)
        for charge in each.resolved.charges
    ]  # fmt: skip


def _adjustment_rows(each: Placement) -> list[tuple[Any, ...]]:
    order = each.resolved.input
    rows: list[tuple[Any, ...]] = []
    code = "+".join(discount.code for discount in order.discounts)[:60]
    label = ", ".join(discount.label for discount in order.discounts)[:200]
    for line_id, line in zip(each.line_ids, each.resolved.lines, strict=True):
        if line.line_discount:
            own = line.discount_code or "LINE"
            rows.append((new_id(), each.order_id, line_id, own[:60], own[:200], line.line_discount, None, None))
        rows += [
            (
                new_id(),
                each.order_id,
                line_id,
                earned.offer.code,
                earned.offer.name,
                earned.amount,
                earned.offer.id,
                earned.offer.return_rule,
            )
            for earned in line.earned
        ]
        if line.order_discount:
            rows.append((new_id(), each.order_id, line_id, code, label, line.order_discount, None, None))
    return rows


def _record(db: Session, each: Placement) -> None:
    resolved = each.resolved
    placed = OrderPlaced(
        stream_id=each.order_id,
        number=each.number,
        channel_id=resolved.channel.id,
        total=resolved.total,
        currency=resolved.currency,
    )
    record(db, placed, principal=resolved.principal, request_id=each.request_id)
    if resolved.taxation.unasked:
        checking.ask(db, resolved.taxation.vat_id or "", requester=resolved.taxation.seller_vat_id)
    if each.unallocated:
        lines = tuple({"line_id": str(line_id), "quantity": count} for line_id, count in each.unallocated.items())
        unallocated = LinesUnallocated(stream_id=each.order_id, lines=lines, reason="PLACED_WITHOUT_STOCK")
        record(db, unallocated, principal=resolved.principal, request_id=each.request_id)
