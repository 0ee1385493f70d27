"""What the bench measures is a whole run: every order is given to places, with statements that do not grow."""

import pytest
import sqlalchemy as sa

from factories.fulfillment import audited
from kontor.bench.sourcing import Size, fill, plan_all, source_all
from kontor.core.db import Database
from kontor.fulfillment.models import FulfillmentLine
from kontor.orders.models import OrderLine

SMALL = Size(orders=60, places=12, articles=30, stocked=4)


@pytest.mark.engine("postgresql")
async def test_all_waiting_orders_are_released_with_as_many_statements_whatever_their_number(
    database: Database,
) -> None:
    ids = await fill(database, SMALL)
    first = await source_all(database, ids[:5], chunk=5)
    few = await source_all(database, ids[5:10], chunk=5)
    many = await source_all(database, ids[10:], chunk=50)
    assert len(first.statements) == 1
    assert max(many.statements) <= max(few.statements)
    async with database.read_only() as db:
        wanted = await db.scalar(sa.select(sa.func.sum(OrderLine.ordered)))
        given = await db.scalar(sa.select(sa.func.sum(FulfillmentLine.quantity)))
    assert given == wanted
    await audited(database)


@pytest.mark.engine("postgresql")
async def test_all_waiting_orders_are_planned_jointly_and_allocated(database: Database) -> None:
    await fill(database, SMALL)
    run, cpu = await plan_all(database, 3)
    async with database.read_only() as db:
        wanted, allocated = (
            await db.execute(sa.select(sa.func.sum(OrderLine.ordered), sa.func.sum(OrderLine.allocated)))
        ).one()
    assert (run.orders, run.moved, run.stale, allocated) == (60, 60, 0, wanted)
    assert run.bound <= run.planned < run.cost
    assert cpu > 0
    await audited(database)
