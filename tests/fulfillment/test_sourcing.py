from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, counters, events_of, order_of, pieces_of, rows_of, sourced, stock_of
from factories.intake import Company, make_company, put_stock
from factories.inventory import make_inbound
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState
from kontor.imports.saving import touch_masters
from kontor.inventory.models import CapacityUse, StockLevel
from kontor.locations.models import LocationKind, ShippingTariff
from kontor.orders import queries as orders
from kontor.orders import service as orders_service
from kontor.orders.states import HoldKind, OrderState
from kontor.routing.models import RoutingDecision
from support import Drain, StandingClock


async def company_with(database: Database, quantity: int = 10, **channel: Any) -> tuple[Company, Any]:
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, quantity)
    return company, variant


async def test_sourcing_gives_allocated_pieces_to_their_place(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 3))

    outcome = (await sourced(database, order_id))[order_id]

    assert (outcome.outcome, outcome.missing) == (SourceOutcome.ALL, 0)
    (row,) = await rows_of(database, order_id)
    assert (row.state, row.location_id, row.number) == (FulfillmentState.OPEN, company.warehouse.id, "100000-1")
    assert [line.quantity for line in await pieces_of(database, row.id)] == [3]
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 3, 0)
    assert (await order_of(database, order_id)).state is OrderState.IN_FULFILLMENT
    assert (await events_of(database, order_id))[-1] == "FulfillmentOrdersCreated"


async def test_sourcing_again_makes_nothing_new(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 3))
    await sourced(database, order_id)

    outcome = (await sourced(database, order_id))[order_id]

    assert (outcome.outcome, outcome.fulfillment_orders) == (SourceOutcome.ALL, ())
    assert len(await rows_of(database, order_id)) == 1


async def test_held_order_releases_nothing(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 1))
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        orders_service.place_hold(db, order, kind=HoldKind.RISK, reason="looks odd", now=db.now)

    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.WAIT
    assert await rows_of(database, order_id) == []


async def test_decision_is_stored_with_the_work_it_led_to(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    async with database.read_only() as db:
        decision = await db.get_one(RoutingDecision, row.decision_id)
    assert (decision.order_id, decision.occasion, decision.unsent) == (order_id, "RELEASE", 0)


async def test_stock_moves_to_a_much_cheaper_place_only(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await confirmed(database, company, ("LAMP", 2))
    async with database.unit_of_work() as db:
        near = await make_location(db)
        await make_tariff(db, location_id=near.id, parcel_cents=450)
    await put_stock(database, near.id, variant.id, 5)
    async with database.unit_of_work() as db:
        await touch_masters(db)
    kept = (await sourced(database, order_id))[order_id]
    assert (await rows_of(database, order_id))[0].location_id == company.warehouse.id
    assert kept.outcome is SourceOutcome.ALL

    second = await confirmed(database, company, ("LAMP", 2))
    assert await stock_of(database, near.id, variant.id) == (5, 2, 0)
    async with database.unit_of_work() as db:
        await db.execute(
            sa.update(ShippingTariff).where(ShippingTariff.location_id == near.id).values(parcel_cents=1500)
        )
        await touch_masters(db)
    await sourced(database, second)
    assert (await rows_of(database, second))[0].location_id == company.warehouse.id
    assert await stock_of(database, near.id, variant.id) == (5, 0, 0)
    assert await counters(database, second) == [{"ordered": 2, "allocated": 2}]


async def test_three_pieces_from_three_rooms_of_one_house_are_one_parcel_in_the_decision(database: Database) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        rooms = [(await make_location(db, dispatch_group="house", priority=n)).id for n in range(3)]
        await touch_masters(db)
    for room in rooms:
        await put_stock(database, room, variant.id, 1)
    order_id = await confirmed(database, company, ("LAMP", 3))
    await sourced(database, order_id)

    rows = await rows_of(database, order_id)
    assert sorted(row.location_id for row in rows) == sorted(rooms)
    async with database.read_only() as db:
        decision = await db.get_one(RoutingDecision, rows[0].decision_id)
        one_parcel = (await db.scalars(sa.select(ShippingTariff.parcel_cents))).one()
    assert (decision.cost, decision.unsent) == (one_parcel, 0)


async def test_pieces_that_are_held_go_today_though_the_place_keeps_more_back_now(
    database: Database, clock: StandingClock
) -> None:
    company, variant = await company_with(database, 5)
    order_id = await confirmed(database, company, ("LAMP", 5))
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLevel).values(safety=2))
        await make_inbound(db, company.warehouse, variant, expected_on=clock.moment.date() + timedelta(days=2))
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    assert (row.state, row.ship_on) == (FulfillmentState.OPEN, clock.moment.date())


async def test_unallocated_pieces_wait_and_go_when_stock_comes(database: Database) -> None:
    company, variant = await company_with(database, 2, shortage=ShortagePolicy.TAKE)
    order_id = await confirmed(database, company, ("LAMP", 5))
    first = (await sourced(database, order_id))[order_id]
    assert (first.outcome, first.missing) == (SourceOutcome.PART, 3)
    async with database.unit_of_work() as db:
        other = await make_location(db)
    await put_stock(database, other.id, variant.id, 3)
    async with database.unit_of_work() as db:
        await touch_masters(db)

    second = (await sourced(database, order_id))[order_id]

    assert (second.outcome, second.missing) == (SourceOutcome.ALL, 0)
    assert await counters(database, order_id) == [{"ordered": 5, "allocated": 5}]
    assert [row.location_id for row in await rows_of(database, order_id)] == [company.warehouse.id, other.id]


async def test_order_to_be_shipped_complete_waits_for_all(database: Database) -> None:
    company, _ = await company_with(database, 2, shortage=ShortagePolicy.TAKE)
    order_id = await confirmed(database, company, ("LAMP", 3), ship_complete=True)
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.WAIT
    assert await rows_of(database, order_id) == []


async def test_dropshipper_must_answer_in_the_agreed_time(database: Database, clock: StandingClock) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db, agreement={"answer_hours": 5})
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id)
    await put_stock(database, place.id, variant.id, 3)
    order_id = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    assert (row.partner_id, row.due_at) == (partner.id, datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


async def test_work_of_a_later_day_is_opened_on_that_day(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        place = await make_location(db, opening_hours="We-Fr 08:00-18:00", unit_capacity=5)
    await put_stock(database, place.id, variant.id, 3)
    order_id = await confirmed(database, company, ("LAMP", 2))
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    assert (row.state, row.ship_on.isoformat()) == (FulfillmentState.SCHEDULED, "2026-06-17")  # type: ignore[union-attr]
    async with database.read_only() as db:
        used = await db.scalar(sa.select(CapacityUse))
    assert used is not None
    assert (used.location_id, used.units, used.parcels) == (place.id, 2, 1)

    assert await drain(until=datetime(2026, 6, 16, 21, 0, tzinfo=UTC)) == []
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.SCHEDULED
    assert await drain(until=datetime(2026, 6, 16, 22, 0, tzinfo=UTC)) == []
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.OPEN


async def test_a_batch_needs_as_many_statements_as_one_order(database: Database) -> None:
    company, _ = await company_with(database, 500)
    ids = [await confirmed(database, company, ("LAMP", 1)) for _ in range(21)]
    await sourced(database, ids[20])  # the masters are read once
    counts: list[int] = []
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    for part in (ids[:1], ids[1:20]):
        statements.clear()
        await sourced(database, *part)
        counts.append(len(statements))
    sa.event.remove(engine, "before_cursor_execute", note)
    # SQLite binds allocations order by order.
    extra = 18 if database.sqlite else 0
    assert counts[1] <= counts[0] + extra
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(FulfillmentOrder)) == 21


@pytest.mark.engine("sqlite")
async def test_unknown_orders_wait(database: Database) -> None:
    company = await make_company(database)
    assert (await sourced(database, company.warehouse.id))[company.warehouse.id].outcome is SourceOutcome.WAIT
