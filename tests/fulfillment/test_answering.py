import asyncio
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
    sourced,
    stock_of,
)
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.statemachine import TransitionRefused
from kontor.fulfillment.answering import Acceptance, RejectedPieces, accept, escalate, hold, reject, unhold
from kontor.fulfillment.canceling import cancel_lines
from kontor.fulfillment.errors import NoOtherPlace, WrongState
from kontor.fulfillment.rerouting import reroute
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import use_capacity
from kontor.imports.saving import touch_masters
from kontor.inventory.models import CapacityUse, StockLevel
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.states import OrderState


async def two_places(database: Database) -> tuple[Company, Any, UUID, UUID]:
    """An order of three lamps at the first of two places."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        other = await make_location(db, priority=900)
    await put_stock(database, company.warehouse.id, variant.id, 10)
    await put_stock(database, other.id, variant.id, 10)
    order_id, _ = await released(database, company, ("LAMP", 3))
    assert (await rows_of(database, order_id))[0].location_id == company.warehouse.id
    return company, variant, order_id, other.id


async def only_row(database: Database, order_id: UUID) -> UUID:
    return (await rows_of(database, order_id))[0].id


async def test_what_is_not_accepted_waits_for_an_answer_of_its_own(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id, (Pieces(line.id, 1),)), now=db.now)
    accepted, rest = await rows_of(database, order_id)
    assert (accepted.state, rest.state) == (FulfillmentState.ACCEPTED, FulfillmentState.OPEN)
    assert [each.quantity for each in await pieces_of(database, rest.id)] == [2]
    await audited(database)


async def test_accepted_work_is_not_accepted_again(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    with pytest.raises(WrongState):
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(row_id), now=db.now)


async def test_refused_pieces_that_are_not_there_leave_the_stock(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        refused = await reject(
            db, row_id, [RejectedPieces(line.id, 2, RejectReason.OUT_OF_STOCK, "shelf empty")], now=db.now
        )
    assert refused.state is FulfillmentState.REJECTED
    assert [(each.quantity, each.reject_reason) for each in await pieces_of(database, refused.id)] == [
        (2, "OUT_OF_STOCK")
    ]
    assert [each.quantity for each in await pieces_of(database, row_id)] == [1]
    assert await stock_of(database, company.warehouse.id, variant.id) == (8, 1, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 1}]
    assert (await events_of(database, order_id))[-1] == "FulfillmentRejected"
    await audited(database)


async def test_refusal_for_lack_of_hands_keeps_the_stock(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    async with database.unit_of_work() as db:
        await reject(db, await only_row(database, order_id), None, now=db.now, reason=RejectReason.CAPACITY)
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)


async def test_place_that_refused_is_not_asked_again(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    async with database.unit_of_work() as db:
        await reject(db, await only_row(database, order_id), None, now=db.now, reason=RejectReason.CAPACITY)
    again = (await sourced(database, order_id))[order_id]
    assert again.outcome is SourceOutcome.ALL
    assert (await rows_of(database, order_id))[1].location_id == other
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    async with database.unit_of_work() as db:
        await reject(db, (await rows_of(database, order_id))[1].id, None, now=db.now, reason=RejectReason.DAMAGED)
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.WAIT
    assert await counters(database, order_id) == [{"ordered": 3}]
    assert await stock_of(database, other, variant.id) == (7, 0, 0)
    await audited(database)


async def test_work_goes_on_where_it_was_held(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    async with database.unit_of_work() as db:
        await hold(db, row_id, reason="address unclear", now=db.now)
    with pytest.raises(TransitionRefused):
        async with database.unit_of_work() as db:
            await hold(db, row_id, reason="again", now=db.now)
    async with database.unit_of_work() as db:
        assert (await unhold(db, row_id, now=db.now)).state is FulfillmentState.ACCEPTED


async def test_work_is_moved_by_hand_to_the_place_named(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    async with database.unit_of_work() as db:
        old, sourced_again = await reroute(
            db, await only_row(database, order_id), reason="flood", now=db.now, to_location_id=other
        )
    assert (old.state, sourced_again.outcome) == (FulfillmentState.CANCELED, SourceOutcome.ALL)
    assert (await rows_of(database, order_id))[1].location_id == other
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    assert await stock_of(database, other, variant.id) == (10, 3, 0)
    await audited(database)


async def test_work_nobody_else_can_do_stays(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    async with database.unit_of_work() as db:
        empty = await make_location(db)
    with pytest.raises(NoOtherPlace):
        async with database.unit_of_work() as db:
            await reroute(db, await only_row(database, order_id), reason="flood", now=db.now, to_location_id=empty.id)
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.OPEN
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 3, 0)


async def test_moving_work_that_was_asked_back_cancels_it(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {lines[0].id: 3}, reason="changed mind", now=db.now)
    async with database.unit_of_work() as db:
        old, sourced_again = await reroute(db, row_id, reason="flood", now=db.now, to_location_id=other)
    assert (old.state, sourced_again.fulfillment_orders) == (FulfillmentState.CANCELED, ())
    assert len(await rows_of(database, order_id)) == 1
    assert await counters(database, order_id) == [{"ordered": 3, "canceled": 3}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    assert (await order_of(database, order_id)).state is OrderState.CANCELED
    await audited(database)


async def test_work_is_moved_though_another_line_of_the_order_has_no_stock(database: Database) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        await make_variant(db, sku="SHADE")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    order_id = await confirmed(database, company, ("LAMP", 3), ("SHADE", 1))
    await sourced(database, order_id)
    async with database.unit_of_work() as db:
        other = await make_location(db)
    await put_stock(database, other.id, variant.id, 10)
    async with database.unit_of_work() as db:
        await touch_masters(db)
    async with database.unit_of_work() as db:
        _, again = await reroute(db, await only_row(database, order_id), reason="flood", now=db.now)
    assert (again.outcome, again.missing) == (SourceOutcome.PART, 1)
    assert [row.location_id for row in await rows_of(database, order_id)] == [company.warehouse.id, other.id]
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}, {"ordered": 1}]
    await audited(database)


async def used(database: Database, location_id: UUID) -> tuple[int, int]:
    """Units and parcels that the place has to release."""
    async with database.read_only() as db:
        row = (await db.scalars(sa.select(CapacityUse).where(CapacityUse.location_id == location_id))).one()
        return row.units, row.parcels


async def test_work_that_ends_without_leaving_gives_its_parcel_back(database: Database) -> None:
    company, _, order_id, other = await two_places(database)
    places = (company.warehouse.id, other)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).values(parcel_capacity=5))
        await touch_masters(db)
        await reroute(db, await only_row(database, order_id), reason="flood", now=db.now, to_location_id=other)
    assert await used(database, other) == (3, 1)
    (row,) = [row for row in await rows_of(database, order_id) if row.state is FulfillmentState.OPEN]
    (line,) = await pieces_of(database, row.id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id, (Pieces(line.id, 2),)), now=db.now)
    assert await used(database, other) == (3, 2)
    async with database.unit_of_work() as db:
        await reject(db, row.id, [RejectedPieces(line.id, 1, RejectReason.DAMAGED)], now=db.now)
    assert await used(database, other) == (2, 2)
    (rest,) = [row for row in await rows_of(database, order_id) if row.state is FulfillmentState.OPEN]
    async with database.unit_of_work() as db:
        await reroute(db, rest.id, reason="flood", now=db.now, to_location_id=places[0])
    assert [await used(database, place) for place in places] == [(2, 1), (1, 1)]  # with the refused piece
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {lines[0].id: 2}, reason="changed mind", now=db.now)
    assert [await used(database, place) for place in places] == [(0, 0), (1, 1)]


@pytest.mark.engine("postgresql")
async def test_moving_work_never_waits_crosswise_with_a_writer_of_stock_and_capacity(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    (row,) = await rows_of(database, order_id)
    assert row.ship_on is not None
    here = (company.warehouse.id, row.ship_on)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).values(unit_capacity=50))
        await touch_masters(db)
        await use_capacity(db, {here: 3}, {here: 1})

    async def move() -> SourceOutcome:
        async with database.unit_of_work() as db:
            return (await reroute(db, row.id, reason="flood", now=db.now, to_location_id=other))[1].outcome

    async with database.unit_of_work() as db:  # stock before capacity, like everybody
        level = sa.select(StockLevel).where(StockLevel.location_id == other, StockLevel.variant_id == variant.id)
        await db.execute(level.with_for_update())
        moving = asyncio.create_task(move())
        await somebody_waits(database)
        await use_capacity(db, {here: 1})
    assert await moving is SourceOutcome.ALL
    assert [await used(database, place) for place in (company.warehouse.id, other)] == [(1, 0), (3, 1)]


async def somebody_waits(database: Database) -> None:
    """Until a transaction waits for another one's lock."""
    for _ in range(200):
        async with database.read_only() as db:
            if await db.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def test_missing_answer_is_escalated_once(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    answers = []
    for _ in range(2):
        async with database.unit_of_work() as db:
            answers.append(await escalate(db, row_id, now=db.now))
    assert answers == [True, False]
