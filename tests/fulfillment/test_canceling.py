from typing import Any
from uuid import UUID

import pytest

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
    stock_of,
)
from factories.intake import Company, make_company, order_input, place, put_stock
from kontor.core.db import Database
from kontor.fulfillment.answering import Acceptance, accept, reject
from kontor.fulfillment.canceling import CancelOutcome, answer_cancellation, cancel_lines, withdraw
from kontor.fulfillment.errors import NoCancellationAsked
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.errors import LineNotFound, OrderNotCancelable
from kontor.orders.intake import ChargeInput
from kontor.orders.placing import Placed
from kontor.orders.states import OrderState


async def company_with(database: Database) -> tuple[Company, Any]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    return company, variant


async def cancel(database: Database, order_id: UUID, quantity: int, line_id: UUID | None = None) -> CancelOutcome:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        wanted = {line_id or lines[0].id: quantity}
        return await cancel_lines(db, order, lines, wanted, reason="changed mind", now=db.now)


async def test_canceling_before_release_gives_the_stock_back(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 3), charges=(ChargeInput("SHIPPING", "DHL", 490),))
    outcome = await cancel(database, order_id, 1)
    assert (sum(outcome.canceled.values()), outcome.asked, outcome.amount) == (1, {}, 1000)
    assert await counters(database, order_id) == [{"ordered": 3, "canceled": 1, "allocated": 2}]
    assert (await cancel(database, order_id, 2)).amount == 2490
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    assert (await order_of(database, order_id)).state is OrderState.CANCELED
    assert (await events_of(database, order_id))[-2:] == ["OrderLinesCanceled", "OrderCanceled"]
    await audited(database)


async def test_canceled_quantity_disappears_from_waiting_work(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    await cancel(database, order_id, 2)
    assert [line.quantity for line in await pieces_of(database, row_id)] == [1]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 1, 0)
    await cancel(database, order_id, 1)
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.CANCELED
    assert "FulfillmentCanceled" in await events_of(database, order_id)
    await audited(database)


async def test_begun_work_is_asked_back_and_the_place_decides(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    outcome = await cancel(database, order_id, 2)
    assert (outcome.canceled, sum(outcome.asked.values())) == ({}, 2)
    kept, asked = await rows_of(database, order_id)
    assert (kept.cancel_requested, asked.cancel_requested) == (False, True)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    with pytest.raises(OrderNotCancelable):
        await cancel(database, order_id, 2)
    async with database.unit_of_work() as db:
        await answer_cancellation(db, asked.id, agreed=True, now=db.now)
    assert await counters(database, order_id) == [{"ordered": 3, "canceled": 2, "allocated": 1}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 1, 0)
    await audited(database)
    with pytest.raises(NoCancellationAsked):
        async with database.unit_of_work() as db:
            await answer_cancellation(db, asked.id, agreed=True, now=db.now)


async def test_place_that_goes_on_keeps_its_work(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    await cancel(database, order_id, 3)
    async with database.unit_of_work() as db:
        await answer_cancellation(db, row_id, agreed=False, now=db.now)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    assert (await events_of(database, order_id))[-1] == "CancellationRefused"
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How())
    assert await counters(database, order_id) == [{"ordered": 3, "shipped": 3}]


async def test_refusing_work_that_was_asked_back_cancels_it(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    await cancel(database, order_id, 3)
    async with database.unit_of_work() as db:
        await reject(db, row_id, None, now=db.now, reason=RejectReason.OTHER)
    assert await counters(database, order_id) == [{"ordered": 3, "canceled": 3}]
    assert (await order_of(database, order_id)).state is OrderState.CANCELED
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)


async def test_shipped_and_canceled_pieces_use_up_the_line_to_the_cent(database: Database) -> None:
    company, _ = await company_with(database)
    order_id, row_id = await released(database, company, ("LAMP", 3))
    async with database.unit_of_work() as db:
        (order_line,) = (await orders.lines_of(db, [order_id]))[order_id]
        order_line.gross_total, order_line.tax_total, order_line.net_total = 1000, 160, 840
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        shipment = await ship(db, Shipping(row_id, (Pieces(line.id, 1),)), now=db.now, how=How(accepts_open=True))
    rest = (await rows_of(database, order_id))[1]
    async with database.unit_of_work() as db:
        assert rest.state is FulfillmentState.ACCEPTED
    await cancel(database, order_id, 2)
    async with database.unit_of_work() as db:
        await answer_cancellation(db, rest.id, agreed=True, now=db.now)
    assert shipment.amount == 334
    assert await counters(database, order_id) == [{"ordered": 3, "canceled": 2, "shipped": 1}]
    await audited(database)


async def test_refused_cancellation_changes_nothing(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, _ = await released(database, company, ("LAMP", 3))
    with pytest.raises(OrderNotCancelable) as refused:
        await cancel(database, order_id, 4)
    assert refused.value.params["possible"] == 3
    with pytest.raises(LineNotFound):
        await cancel(database, order_id, 1, order_id)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 3, 0)


async def test_pieces_of_an_order_that_has_ended_are_not_canceled(database: Database) -> None:
    company, _ = await company_with(database)
    (placed,) = await place(database, company, order_input(company.channel, ("LAMP", 3)))
    assert isinstance(placed, Placed)
    order_id = placed.order_id
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        order_service.reject(db, order, reason="fraud", now=db.now)
        await withdraw(db, order, reason="fraud", now=db.now)
    with pytest.raises(OrderNotCancelable) as refused:
        await cancel(database, order_id, 1)
    assert (refused.value.code, refused.value.params["state"]) == ("ORDER_ENDED", "REJECTED")
    assert await counters(database, order_id) == [{"ordered": 3}]
    assert "OrderLinesCanceled" not in await events_of(database, order_id)


async def test_rejected_order_gives_everything_back(database: Database) -> None:
    company, variant = await company_with(database)
    order_id, _ = await released(database, company, ("LAMP", 3))
    async with database.unit_of_work() as db:
        await withdraw(db, await orders.lock_order(db, order_id), reason="fraud", now=db.now)
    assert await counters(database, order_id) == [{"ordered": 3}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    await audited(database)
