"""Goodwill: money back apart from a return, as a lower price of goods the customer keeps, or for trouble had."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.money import spread
from kontor.fulfillment.models import ShipmentLine
from kontor.invoicing.models import Invoice
from kontor.orders.models import Order
from kontor.payments.kept import refunds_of, taken_off
from kontor.payments.models import Refund
from kontor.payments.refunding import RefundWish, request_refund


async def grant_goodwill(
    db: Session, order: Order, *, now: datetime, compensation: bool = False, **wish: Unpack[RefundWish]
) -> Refund:
    """Promise goodwill on a locked order; raises what `request_refund` raises.

    It lowers the price of invoiced goods that are kept (VAT Directive 2006/112/EC art. 90, § 17 UStG): credit notes say
    so, and goods that come back later are paid what is left. Where it is meant as `compensation`, or is more than such
    goods still cost, it changes no price and no tax; then a later return pays no more than what is still there.
    """
    wish["lines"] = [] if compensation else await price_reduction(db, order, wish["amount"])
    return await request_refund(db, order, now=now, **wish)


async def price_reduction(db: Session, order: Order, amount: int) -> Sequence[dict[str, Any]]:
    """The lines of a refund that lowers the price of all invoiced goods still kept, in proportion to what they cost.

    None when they do not cost as much any more.
    """
    left = await _left(db, order)
    if not 0 < amount <= sum(left.values()):
        return []
    parts = spread(amount, list(left.values()))
    return [
        {"shipment_line_id": str(line_id), "quantity": 0, "gross": part}
        for line_id, part in zip(left, parts, strict=True)
        if part
    ]


async def kept_value(db: Session, order: Order) -> int:
    """What the invoiced goods that are kept still cost, minor units: the most their price can be lowered by."""
    return sum((await _left(db, order)).values())


async def _left(db: Session, order: Order) -> dict[UUID, int]:
    """What the pieces of each shipment line that are kept still cost."""
    found = sa.select(ShipmentLine).join(Invoice, Invoice.shipment_id == ShipmentLine.shipment_id)
    ordered = found.where(Invoice.order_id == order.id).order_by(ShipmentLine.id)
    sent = list(await db.scalars(ordered.execution_options(populate_existing=True)))
    given = taken_off(await refunds_of(db, order.id))
    return {line.id: max(0, line.gross - line.refunded_gross - max(0, given.get(str(line.id), 0))) for line in sent}
