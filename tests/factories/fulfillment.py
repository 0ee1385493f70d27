"""Orders on their way: confirmed, given to places, shipped; and what their ledgers say."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.intake import Company, order_input, place
from kontor.audit import goods
from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.sourcing import Sourced, source_orders
from kontor.inventory.models import Allocation, StockLevel, StockMovement
from kontor.orders import queries as orders
from kontor.orders import service as orders_service
from kontor.orders.models import Order, OrderLine
from kontor.orders.placing import Placed


async def confirmed(database: Database, company: Company, *lines: Any, **given: Any) -> UUID:
    """An order that was placed and confirmed; its id."""
    (placed,) = await place(database, company, order_input(company.channel, *lines, **given))
    assert isinstance(placed, Placed), placed
    async with database.unit_of_work() as db:
        orders_service.confirm(db, [await orders.lock_order(db, placed.order_id)], now=db.now)
    return placed.order_id


async def sourced(database: Database, *order_ids: UUID) -> dict[UUID, Sourced]:
    """Give the orders to places."""
    async with database.unit_of_work() as db:
        return await source_orders(db, order_ids, now=db.now)


async def released(database: Database, company: Company, *lines: Any, **given: Any) -> tuple[UUID, UUID]:
    """A confirmed order given to one place: its id and that of its fulfillment order."""
    order_id = await confirmed(database, company, *lines, **given)
    outcome = (await sourced(database, order_id))[order_id]
    (row_id,) = outcome.fulfillment_orders
    return order_id, row_id


async def shipped(database: Database, company: Company, *lines: Any, **given: Any) -> tuple[UUID, Shipment]:
    """An order that left in one shipment."""
    order_id, row_id = await released(database, company, *lines, **given)
    async with database.unit_of_work() as db:
        shipment = await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    return order_id, shipment


async def order_of(database: Database, order_id: UUID) -> Order:
    """The order as it is now."""
    async with database.read_only() as db:
        return await db.get_one(Order, order_id)


async def counters(database: Database, order_id: UUID) -> list[dict[str, int]]:
    """The counters of the order's lines that are not zero, in their order."""
    names = ("ordered", "canceled", "allocated", "backordered", "shipped", "delivered", "returned", "refunded")
    async with database.read_only() as db:
        lines: Sequence[OrderLine] = (await orders.lines_of(db, [order_id]))[order_id]
    return [{name: value for name in names if (value := getattr(line, name))} for line in lines]


async def rows_of(database: Database, order_id: UUID) -> list[FulfillmentOrder]:
    """The order's fulfillment orders, oldest first."""
    async with database.read_only() as db:
        statement = sa.select(FulfillmentOrder).where(FulfillmentOrder.order_id == order_id)
        return list(await db.scalars(statement.order_by(FulfillmentOrder.id)))


async def pieces_of(database: Database, row_id: UUID) -> list[FulfillmentLine]:
    """The lines of a fulfillment order."""
    async with database.read_only() as db:
        statement = sa.select(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == row_id)
        return list(await db.scalars(statement.order_by(FulfillmentLine.id)))


async def stock_of(database: Database, location_id: UUID, variant_id: UUID) -> tuple[int, int, int]:
    """On hand, allocated and reserved, after checking them against the ledger and the allocations."""
    key = {"location_id": location_id, "variant_id": variant_id}
    async with database.read_only() as db:
        level = await db.get_one(StockLevel, (location_id, variant_id))
        moved = (
            await db.execute(
                sa.select(
                    sa.func.sum(StockMovement.on_hand),
                    sa.func.sum(StockMovement.allocated),
                    sa.func.sum(StockMovement.reserved),
                ).filter_by(**key)
            )
        ).one()
        promised = await db.scalar(sa.select(sa.func.sum(Allocation.quantity)).filter_by(**key, inbound_id=None))
    found = (level.on_hand, level.allocated, level.reserved)
    assert (int(moved[0]), int(moved[1]), int(moved[2])) == found
    assert int(promised or 0) == level.allocated
    return found


async def events_of(database: Database, stream_id: UUID) -> list[str]:
    """The names of a stream's events, in order."""
    async with database.read_only() as db:
        statement = sa.select(EventRecord.name).where(EventRecord.stream_id == stream_id)
        return list(await db.scalars(statement.order_by(EventRecord.seq)))


async def audited(database: Database) -> None:
    """Every piece and every stock figure is explained by its ledger."""
    async with database.read_only() as db:
        for check in goods.CHECKS:
            assert await check(db) == []
