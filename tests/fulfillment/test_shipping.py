from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import (
    audited,
    confirmed,
    counters,
    events_of,
    order_of,
    pieces_of,
    released,
    rows_of,
    shipped,
    sourced,
    stock_of,
)
from factories.intake import Company, make_company, put_stock
from factories.tax import make_tax_rate
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.fulfillment.answering import Acceptance, accept, accept_all
from kontor.fulfillment.delivering import Delivery, record_deliveries, record_delivery
from kontor.fulfillment.errors import (
    FulfillmentOrderNotFound,
    InvalidQuantity,
    NotRecallable,
    OrderHeld,
    WrongState,
)
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment, ShipmentLine
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.recalling import recall
from kontor.fulfillment.shipping import How, Shipping, pack, pick, ship, ship_all
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.fulfillment.values import Pieces
from kontor.inventory.counting import adjust_stock
from kontor.inventory.errors import StockShort
from kontor.inventory.models import Allocation
from kontor.orders import queries as orders
from kontor.orders import service as orders_service
from kontor.orders.intake import ChargeInput
from kontor.orders.models import OrderCharge
from kontor.orders.states import FulfillmentStatus, HoldKind
from kontor.tax.models import TaxRate
from support import Drain, Principals, StandingClock

NOW = How(accepts_open=True)
RECALLABLE = How(recallable=True, accepts_open=True)


async def company_with(database: Database, quantity: int = 20) -> tuple[Company, Any]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, quantity)
    return company, variant


async def ship_now(database: Database, row_id: UUID, how: How = NOW, **given: Any) -> Shipment:
    async with database.unit_of_work() as db:
        return await ship(db, Shipping(row_id, **given), now=db.now, how=how)


async def sent_lines(database: Database, shipment: Shipment) -> list[ShipmentLine]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id)))


async def test_shipping_takes_goods_off_the_shelf_and_counts_them(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3), charges=(ChargeInput("SHIPPING", "DHL", 490),))

    shipment = await ship_now(database, row_id, parcels=(ParcelInput("DHL", "0034"),))

    assert (shipment.number, shipment.amount) == ("100000-S1", 3490)
    (line,) = await sent_lines(database, shipment)
    assert (line.net, line.tax, line.gross, line.tax_rate) == (2521, 479, 3000, Decimal(19))
    assert await stock_of(database, company.warehouse.id, variant.id) == (17, 0, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "shipped": 3}]
    assert (await order_of(database, order_id)).fulfillment_status is FulfillmentStatus.FULFILLED
    assert set((await events_of(database, order_id))[-3:]) == {
        "FulfillmentAccepted", "FulfillmentOrderShipped", "OrderFulfilled",
    }  # fmt: skip
    async with database.read_only() as db:
        parcel = (await db.scalars(sa.select(Parcel))).one()
        assert (parcel.state, parcel.tracking_number) == (ParcelState.IN_TRANSIT, "0034")
        assert (await db.scalars(sa.select(OrderCharge))).one().shipment_id == shipment.id
    await audited(database)


async def test_people_walk_through_accept_pick_pack_and_ship(database: Database) -> None:
    company, _ = await company_with(database)
    _, row_id = await released(database, company, ("LAMP", 2))
    async with database.unit_of_work() as db:
        assert (await accept(db, Acceptance(row_id), now=db.now)).state is FulfillmentState.ACCEPTED
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        half = await pick(db, row_id, [Pieces(line.id, 1)], now=db.now)
        assert half.state is FulfillmentState.ACCEPTED
    async with database.unit_of_work() as db:
        assert (await pick(db, row_id, None, now=db.now)).state is FulfillmentState.PICKED
    async with database.unit_of_work() as db:
        packed = await pack(db, row_id, [ParcelInput(weight_g=900), ParcelInput(weight_g=700)], now=db.now)
        assert packed.state is FulfillmentState.PACKED
    await ship_now(
        database, row_id, How(), parcels=(ParcelInput("DHL", "1"), ParcelInput("DHL", "2")),
    )  # fmt: skip
    async with database.read_only() as db:
        parcels = list(await db.scalars(sa.select(Parcel).order_by(Parcel.id)))
    assert [(each.tracking_number, each.weight_g) for each in parcels] == [("1", 900), ("2", 700)]


async def test_open_work_is_not_shipped_without_an_answer(database: Database) -> None:
    company, variant = await company_with(database)
    _, row_id = await released(database, company, ("LAMP", 2))
    with pytest.raises(WrongState):
        await ship_now(database, row_id, How())
    assert await stock_of(database, company.warehouse.id, variant.id) == (20, 2, 0)


async def test_rest_of_a_partial_shipment_is_work_of_its_own(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 5))
    (line,) = await pieces_of(database, row_id)

    await ship_now(database, row_id, pieces=(Pieces(line.id, 2),))

    first, rest = await rows_of(database, order_id)
    assert (first.state, rest.state, rest.split_from_id) == (
        FulfillmentState.SHIPPED, FulfillmentState.ACCEPTED, first.id,
    )  # fmt: skip
    assert [[each.quantity for each in await pieces_of(database, row.id)] for row in (first, rest)] == [[2], [3]]
    assert await counters(database, order_id) == [{"ordered": 5, "allocated": 3, "shipped": 2}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (18, 3, 0)
    await audited(database)
    await ship_now(database, rest.id)
    assert (await order_of(database, order_id)).fulfillment_status is FulfillmentStatus.FULFILLED
    await audited(database)


async def test_every_cent_ships_once_over_many_partial_shipments(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 7), facts={"note": "discounted"})
    async with database.unit_of_work() as db:
        (line,) = (await orders.lines_of(db, [order_id]))[order_id]
        line.gross_total, line.tax_total, line.net_total = 6999, 1117, 5882
    amounts = []
    for quantity in (3, 1, 3):
        row = next(row for row in await rows_of(database, order_id) if row.state is not FulfillmentState.SHIPPED)
        (piece,) = await pieces_of(database, row.id)
        shipment = await ship_now(database, row.id, pieces=(Pieces(piece.id, quantity),))
        (sent,) = await sent_lines(database, shipment)
        amounts.append((sent.gross, sent.tax))
    assert amounts == [(3000, 480), (1000, 160), (2999, 477)]
    assert sum(gross for gross, _ in amounts) == 6999
    assert row_id


async def test_tax_rate_is_that_of_the_day_the_goods_leave(database: Database, clock: StandingClock) -> None:
    company, _ = await company_with(database)
    async with database.unit_of_work() as db:
        rate = (await db.scalars(sa.select(TaxRate))).one()
        rate.valid_to = date(2026, 7, 1)
        await make_tax_rate(db, rate=Decimal(16), valid_from=date(2026, 7, 1))
    clock.set_to(clock.moment.replace(month=6, day=30))
    before = await released(database, company, ("LAMP", 1))
    after = await released(database, company, ("LAMP", 1))
    (first,) = await sent_lines(database, await ship_now(database, before[1]))
    assert (first.tax_rate, first.net, first.tax, first.gross) == (Decimal(19), 840, 160, 1000)
    clock.set_to(clock.moment.replace(hour=22))  # midnight in Hamburg
    (second,) = await sent_lines(database, await ship_now(database, after[1]))
    assert (second.tax_rate, second.net, second.tax, second.gross) == (Decimal(16), 862, 138, 1000)


async def test_recalled_shipment_leaves_no_trace_but_the_log(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3), charges=(ChargeInput("SHIPPING", "DHL", 490),))
    shipment = await ship_now(database, row_id, RECALLABLE)
    assert not {"FulfillmentOrderShipped", "OrderFulfilled"} & set(await events_of(database, order_id))
    clock.advance(seconds=59)

    async with database.unit_of_work() as db:
        await recall(db, shipment.id, now=db.now)

    assert await stock_of(database, company.warehouse.id, variant.id) == (20, 3, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    (row,) = await rows_of(database, order_id)
    assert (row.state, row.recallable_until) == (FulfillmentState.PACKED, None)
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(OrderCharge))).one().shipment_id is None
    assert await drain(until=clock.moment + timedelta(minutes=5)) == []
    assert "FulfillmentOrderShipped" not in await events_of(database, order_id)
    await audited(database)
    again = await ship_now(database, row_id)
    assert again.amount == 3490
    assert (await events_of(database, order_id)).count("OrderFulfilled") == 1
    await audited(database)


async def test_shipment_is_told_when_the_time_to_recall_has_passed(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    shipment = await ship_now(database, row_id, RECALLABLE)
    assert await drain(until=clock.moment + timedelta(seconds=61)) == []
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentOrderShipped"), told.count("OrderFulfilled")) == (1, 1)
    with pytest.raises(NotRecallable):
        async with database.unit_of_work() as db:
            await recall(db, shipment.id, now=db.now)


async def test_shipment_others_build_on_is_not_recalled(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 5))
    (line,) = await pieces_of(database, row_id)
    shipment = await ship_now(database, row_id, RECALLABLE, pieces=(Pieces(line.id, 2),))
    await ship_now(database, (await rows_of(database, order_id))[1].id)
    with pytest.raises(NotRecallable) as refused:
        async with database.unit_of_work() as db:
            await recall(db, shipment.id, now=db.now)
    assert refused.value.code == "SHIPMENT_BUILT_UPON"


async def test_order_is_not_called_fulfilled_while_one_of_its_shipments_can_be_recalled(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 5))
    for how, quantity in ((RECALLABLE, 2), (RECALLABLE, 2), (NOW, 1)):
        row = next(row for row in await rows_of(database, order_id) if row.state is not FulfillmentState.SHIPPED)
        (piece,) = await pieces_of(database, row.id)
        await ship_now(database, row.id, how, pieces=(Pieces(piece.id, quantity),))
        clock.advance(seconds=20)
    assert "OrderFulfilled" not in await events_of(database, order_id)
    assert await drain(until=clock.moment + timedelta(seconds=10)) == []
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentOrderShipped"), told.count("OrderFulfilled")) == (2, 0)
    assert await drain(until=clock.moment + timedelta(seconds=20)) == []
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentOrderShipped"), told.count("OrderFulfilled")) == (3, 1)
    assert row_id


async def test_shipment_is_told_though_its_first_parcel_arrived_within_the_time_to_recall(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    parcels = (ParcelInput("DHL", "1"), ParcelInput("DHL", "2"))
    shipment = await ship_now(database, row_id, RECALLABLE, parcels=parcels)
    clock.advance(seconds=30)
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(tracking_number="1"), now=db.now)
    with pytest.raises(NotRecallable):
        async with database.unit_of_work() as db:
            await recall(db, shipment.id, now=db.now)
    assert await drain(until=clock.moment + timedelta(seconds=31)) == []
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentOrderShipped"), told.count("OrderFulfilled")) == (1, 1)
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(tracking_number="2"), now=db.now)
    assert await drain(until=clock.moment + timedelta(minutes=5)) == []
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentOrderShipped"), told.count("FulfillmentDelivered")) == (1, 1)


async def test_arrival_within_the_time_to_recall_tells_of_the_shipment_at_once(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    await ship_now(database, row_id, RECALLABLE)
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(row_id), now=db.now)
    assert await drain(until=clock.moment + timedelta(minutes=5)) == []
    told = await events_of(database, order_id)
    names = ("FulfillmentOrderShipped", "OrderFulfilled", "FulfillmentDelivered", "OrderDelivered")
    assert [told.count(name) for name in names] == [1, 1, 1, 1]


async def test_delivery_is_recorded_once(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, shipment = await shipped(database, company, ("LAMP", 2))
    for _ in range(2):
        async with database.unit_of_work() as db:
            await record_delivery(db, Delivery(shipment.fulfillment_order_id), now=db.now)
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2, "delivered": 2}]
    told = await events_of(database, order_id)
    assert (told.count("FulfillmentDelivered"), told.count("OrderDelivered")) == (1, 1)
    await audited(database)


async def test_shipment_is_delivered_with_its_last_parcel(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    await ship_now(database, row_id, parcels=(ParcelInput("DHL", "1"), ParcelInput("DHL", "2")))
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(tracking_number="1"), now=db.now)
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2}]
    async with database.unit_of_work() as db:
        await record_deliveries(db, [Delivery(tracking_number="1"), Delivery(tracking_number="2")], now=db.now)
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2, "delivered": 2}]


async def test_held_order_does_not_ship(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 2))
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        orders_service.place_hold(db, order, kind=HoldKind.RISK, reason="looks odd", now=db.now)
    with pytest.raises(OrderHeld):
        await ship_now(database, row_id)
    assert await stock_of(database, company.warehouse.id, variant.id) == (20, 2, 0)


async def test_partner_touches_only_its_own_work(database: Database, principals: Principals) -> None:
    company, _ = await company_with(database)
    _, row_id = await released(database, company, ("LAMP", 1))
    stranger = principals.holding("fulfillment:write", partner_id=company.channel.id)
    for attempt in (accept_all, ship_all):
        async with database.unit_of_work(stranger) as db:
            request: Any = Acceptance(row_id) if attempt is accept_all else Shipping(row_id)
            options: Any = {} if attempt is accept_all else {"how": NOW}
            (result,) = await attempt(db, [request], now=db.now, principal=stranger, **options)
        assert isinstance(result, FulfillmentOrderNotFound)


async def test_batch_ships_what_can_be_shipped(database: Database) -> None:
    company, variant = await company_with(database)
    ids = [await confirmed(database, company, ("LAMP", 2)) for _ in range(3)]
    outcomes = await sourced(database, *ids)
    rows = [outcomes[order_id].fulfillment_orders[0] for order_id in ids]
    (line,) = await pieces_of(database, rows[1])
    async with database.unit_of_work() as db:
        results = await ship_all(
            db,
            [Shipping(rows[0]), Shipping(rows[1], (Pieces(line.id, 3),)), Shipping(rows[2]), Shipping(rows[2])],
            now=db.now,
            how=NOW,
        )
    assert isinstance(results[0], Shipment)
    assert isinstance(results[1], InvalidQuantity)
    assert results[1].path == ("lines", 0, "quantity")
    assert isinstance(results[2], Shipment)
    assert isinstance(results[3], KontorError)
    assert await stock_of(database, company.warehouse.id, variant.id) == (16, 2, 0)


async def two_of_which_one_lost_its_stock(database: Database) -> tuple[UUID, UUID]:
    """Two orders' work at one place, of which the second lost one of its three pieces by a count just now."""
    company, _ = await company_with(database, 6)
    ids = [await confirmed(database, company, ("LAMP", 3)) for _ in range(2)]
    outcomes = await sourced(database, *ids)
    async with database.unit_of_work() as db:
        await adjust_stock(db, company.warehouse.code, "LAMP", delta=-1, reason="broken")
        held = {row_id: 0 for order_id in ids for row_id in outcomes[order_id].fulfillment_orders}
        for allocation in await db.scalars(sa.select(Allocation)):
            assert allocation.fulfillment_order_id is not None
            held[allocation.fulfillment_order_id] += allocation.quantity
    short, whole = sorted(held, key=lambda row_id: held[row_id])
    assert (held[short], held[whole]) == (2, 3)
    return whole, short


async def test_work_that_lost_its_stock_does_not_keep_the_rest_of_a_batch(database: Database) -> None:
    whole, short = await two_of_which_one_lost_its_stock(database)
    async with database.unit_of_work() as db:
        refused, sent = await ship_all(db, [Shipping(short), Shipping(whole)], now=db.now, how=NOW)
    assert isinstance(refused, StockShort)
    assert (refused.code, refused.params["missing"]) == ("STOCK_SHORT", 1)
    assert isinstance(sent, Shipment)
    (line,) = await pieces_of(database, short)
    with pytest.raises(StockShort):
        await ship_now(database, short, pieces=(Pieces(line.id, 1),))


async def test_work_that_lost_its_stock_is_not_accepted_in_part(database: Database) -> None:
    whole, short = await two_of_which_one_lost_its_stock(database)
    (line,) = await pieces_of(database, short)
    async with database.unit_of_work() as db:
        requests = [Acceptance(short, (Pieces(line.id, 1),)), Acceptance(whole)]
        refused, taken = await accept_all(db, requests, now=db.now)
    assert isinstance(refused, StockShort)
    assert isinstance(taken, FulfillmentOrder)


async def test_batch_needs_as_many_statements_as_one(database: Database) -> None:
    company, _ = await company_with(database, 100)
    ids = [await confirmed(database, company, ("LAMP", 1)) for _ in range(13)]
    outcomes = await sourced(database, *ids)
    rows = [outcomes[order_id].fulfillment_orders[0] for order_id in ids]
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    counts = []
    await ship_now(database, rows[12])
    for part in (rows[:1], rows[1:12]):
        statements.clear()
        async with database.unit_of_work() as db:
            await ship_all(db, [Shipping(row) for row in part], now=db.now, how=NOW)
        counts.append(len(statements))
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]
    async with database.read_only() as db:
        left = await db.scalar(sa.select(sa.func.count()).where(FulfillmentOrder.state != FulfillmentState.SHIPPED))
    assert left == 0
