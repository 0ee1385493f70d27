"""Invariants 1 and 2: every piece of every line is somewhere, and stock is what its ledger says."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kontor.audit.comparing import Difference, or_zero, rows, text, total, unequal
from kontor.core.db import Session
from kontor.core.outbox import OutboxRow
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine
from kontor.fulfillment.states import OPEN_STATES, FulfillmentState
from kontor.inventory import differences as stock
from kontor.inventory.models import Allocation, StockLevel
from kontor.orders.models import Order, OrderLine
from kontor.returns.models import ReturnLine

LINE = (text("order"), Order.number, text("line"), OrderLine.position)
SHIPMENT_LINE = (text("shipment"), Shipment.number, text("piece of line"), OrderLine.position)


async def line_counters(db: Session) -> list[Difference]:
    """Canceled, allocated, backordered and shipped pieces never exceed the ordered ones, and nothing is negative."""
    line = OrderLine
    placed = line.canceled + line.allocated + line.backordered + line.shipped
    counters = (line.canceled, line.allocated, line.backordered, line.shipped, line.delivered, line.returned)
    least = sa.case(*[(counter < 0, counter) for counter in (*counters, line.refunded)], else_=0)
    joined = sa.select(*LINE, placed, line.ordered).join(Order, Order.id == line.order_id)
    found = await rows(db, 1, "pieces placed against pieces ordered", joined.where(placed > line.ordered))
    negative = sa.select(*LINE, least, sa.literal(0)).join(Order, Order.id == line.order_id).where(least < 0)
    gone = sa.select(*LINE, line.shipped, line.delivered + 0).join(Order, Order.id == line.order_id)
    found += await rows(db, 1, "no counter is negative", negative)
    return found + await rows(db, 1, "shipped against delivered", gone.where(line.delivered > line.shipped))


async def _line_against(db: Session, counter: Any, against: str, sums: Any) -> list[Difference]:
    """Lines whose counter is not the sum of the rows behind it; `sums` has order_line_id and total."""
    behind = sums.subquery()
    found = (
        sa.join(OrderLine, Order, Order.id == OrderLine.order_id)
        .join(behind, behind.c.order_line_id == OrderLine.id, isouter=True)
    )  # fmt: skip
    pair = (counter, or_zero(behind.c.total))
    return await unequal(db, 1, f"{counter.key} against {against}", found=found, subject=LINE, pair=pair)


def _allocated(bound_to_inbound: bool) -> Any:
    condition = Allocation.inbound_id.is_not(None) if bound_to_inbound else Allocation.inbound_id.is_(None)
    sums = sa.select(Allocation.order_line_id, total(Allocation.quantity)).where(condition)
    return sums.group_by(Allocation.order_line_id)


def _shipped(column: Any, *conditions: Any) -> Any:
    return (
        sa.select(ShipmentLine.order_line_id, total(column))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.recalled_at.is_(None), *conditions)
        .group_by(ShipmentLine.order_line_id)
    )


async def line_ledgers(db: Session) -> list[Difference]:
    """Every counter of a line is the sum of its allocations, shipments and returns."""
    line = OrderLine
    found = await _line_against(db, line.allocated, "allocations", _allocated(False))
    found += await _line_against(db, line.backordered, "allocations of expected goods", _allocated(True))
    found += await _line_against(db, line.shipped, "shipments", _shipped(ShipmentLine.quantity))
    arrived = Shipment.delivered_at.is_not(None)
    found += await _line_against(db, line.delivered, "delivered shipments", _shipped(ShipmentLine.quantity, arrived))
    found += await _line_against(db, line.returned, "returned pieces", _shipped(ShipmentLine.returned))
    return found + await _line_against(db, line.refunded, "refunded pieces", _shipped(ShipmentLine.refunded_units))


async def return_ledgers(db: Session) -> list[Difference]:
    """What came back of a shipment is what returns received of it."""
    received = sa.select(ReturnLine.shipment_line_id, total(ReturnLine.received)).group_by(ReturnLine.shipment_line_id)
    behind = received.subquery()
    found = (
        sa.join(ShipmentLine, Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .join(behind, behind.c.shipment_line_id == ShipmentLine.id, isouter=True)
    )
    pair = (ShipmentLine.returned, or_zero(behind.c.total))
    return await unequal(db, 1, "returned against receipts", found=found, subject=SHIPMENT_LINE, pair=pair)


async def work_in_hand(db: Session) -> list[Difference]:
    """Pieces of open work are promised to it, pieces of work that left are in its shipment."""
    row, line = FulfillmentOrder, FulfillmentLine
    key = (line.fulfillment_order_id, line.order_line_id)
    promised = (
        sa.select(Allocation.fulfillment_order_id, Allocation.order_line_id, total(Allocation.quantity))
        .where(Allocation.fulfillment_order_id.is_not(None))
        .group_by(Allocation.fulfillment_order_id, Allocation.order_line_id)
        .subquery()
    )
    sent = (
        sa.select(Shipment.fulfillment_order_id, ShipmentLine.order_line_id, total(ShipmentLine.quantity))
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .where(Shipment.recalled_at.is_(None), Shipment.fulfillment_order_id.is_not(None))
        .group_by(Shipment.fulfillment_order_id, ShipmentLine.order_line_id)
        .subquery()
    )
    # Stock that was counted away is given up at once; the work is told in a transaction of its own.
    told = sa.select(sa.literal(1)).where(OutboxRow.key == row.order_id, OutboxRow.job == "fulfillment.take_out_lost")
    losing = told.exists()
    left = (FulfillmentState.SHIPPED, FulfillmentState.DELIVERED, FulfillmentState.PICKED_UP)
    found: list[Difference] = []
    for check, states, behind in (("open work against allocations", OPEN_STATES, promised), ("work done", left, sent)):
        same = sa.and_(behind.c.fulfillment_order_id == key[0], behind.c.order_line_id == key[1])
        statement = (
            sa.select(text("fulfillment order"), row.number, line.sku, line.quantity, or_zero(behind.c.total))
            .join(line, line.fulfillment_order_id == row.id)
            .outerjoin(behind, same)
            .where(row.state.in_(sorted(states)), line.quantity != or_zero(behind.c.total), sa.not_(losing))
        )
        found += await rows(db, 1, check, statement)
    return found


async def stock_levels(db: Session) -> list[Difference]:
    """Levels equal their movements, reservations and allocations; nothing is oversold."""
    found = [
        Difference(
            2,
            f"{each.counter} against {each.against}",
            f"stock of {each.variant_id} at {each.location_id}",
            str(each.recorded),
            str(each.computed),
        )
        for each in await stock.differences(db)
    ]
    level, words = StockLevel, (text("stock of"), StockLevel.variant_id, text("at"), StockLevel.location_id)
    over = sa.select(*words, level.allocated, level.on_hand).where(level.allocated > level.on_hand)
    below = sa.select(*words, level.on_hand, sa.literal(0)).where(level.on_hand < 0)
    found += await rows(db, 2, "allocated against on hand", over)
    return found + await rows(db, 2, "on hand is not negative", below)


CHECKS = (line_counters, line_ledgers, return_ledgers, work_in_hand, stock_levels)
