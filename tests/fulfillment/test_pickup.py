from typing import Any
from uuid import UUID

import pytest

from factories.catalog import make_variant
from factories.fulfillment import audited, confirmed, counters, events_of, order_of, rows_of, sourced, stock_of
from factories.intake import make_company, put_stock
from factories.locations import make_location
from kontor.core.db import Database
from kontor.fulfillment.answering import reject
from kontor.fulfillment.errors import WrongDeliveryType, WrongPickupCode
from kontor.fulfillment.pickup import cancel_uncollected, hand_over, mark_ready
from kontor.fulfillment.rerouting import reroute
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.orders.states import DeliveryType, FulfillmentStatus, OrderState


async def collected_order(database: Database) -> tuple[Any, Any, UUID, UUID]:
    """Two lamps to be collected in a store; a warehouse has them too."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        store = await make_location(db, kind="STORE", code="store-1")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    await put_stock(database, store.id, variant.id, 4)
    order_id = await confirmed(
        database, company, ("LAMP", 2), delivery_type=DeliveryType.PICKUP, pickup_location="store-1"
    )
    outcome = (await sourced(database, order_id))[order_id]
    return store, variant, order_id, outcome.fulfillment_orders[0]


async def test_order_is_not_done_before_the_customer_came(database: Database) -> None:
    store, variant, order_id, row_id = await collected_order(database)
    async with database.unit_of_work() as db:
        ready = await mark_ready(db, row_id, now=db.now)
    assert ready.state is FulfillmentState.READY_FOR_PICKUP
    assert (await order_of(database, order_id)).fulfillment_status is FulfillmentStatus.UNFULFILLED
    code = ready.pickup_code or ""
    with pytest.raises(WrongPickupCode):
        async with database.unit_of_work() as db:
            await hand_over(db, row_id, code="x" + code, now=db.now)
    async with database.unit_of_work() as db:
        shipment = await hand_over(db, row_id, code=code, now=db.now)
    assert (shipment.amount, shipment.delivery_type, shipment.delivered_at) == (
        2000, DeliveryType.PICKUP, shipment.shipped_at,
    )  # fmt: skip
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.PICKED_UP
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2, "delivered": 2}]
    assert await stock_of(database, store.id, variant.id) == (2, 0, 0)
    told = await events_of(database, order_id)
    assert {"FulfillmentPickedUp", "OrderFulfilled", "OrderDelivered"} <= set(told)
    assert "FulfillmentOrderShipped" not in told
    await audited(database)


async def test_rejected_pickup_is_never_shipped_elsewhere(database: Database) -> None:
    _, _, order_id, row_id = await collected_order(database)
    async with database.unit_of_work() as db:
        await reject(db, row_id, None, now=db.now, reason=RejectReason.OUT_OF_STOCK)
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.WAIT
    assert len(await rows_of(database, order_id)) == 1


async def test_collected_goods_are_neither_shipped_nor_moved(database: Database) -> None:
    _, _, _, row_id = await collected_order(database)
    with pytest.raises(WrongDeliveryType):
        async with database.unit_of_work() as db:
            await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    with pytest.raises(WrongDeliveryType):
        async with database.unit_of_work() as db:
            await reroute(db, row_id, reason="busy", now=db.now)


async def test_goods_nobody_fetched_are_canceled(database: Database) -> None:
    store, variant, order_id, row_id = await collected_order(database)
    async with database.unit_of_work() as db:
        await mark_ready(db, row_id, now=db.now)
    async with database.unit_of_work() as db:
        await cancel_uncollected(db, row_id, reason="not collected", now=db.now)
    assert await counters(database, order_id) == [{"ordered": 2, "canceled": 2}]
    assert (await order_of(database, order_id)).state is OrderState.CANCELED
    assert await stock_of(database, store.id, variant.id) == (4, 0, 0)
    await audited(database)
