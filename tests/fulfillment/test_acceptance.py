"""How often places refuse work."""

from datetime import timedelta

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, rows_of, sourced
from factories.intake import make_company, put_stock
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.acceptance import measure_rejections
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import StockLocation
from kontor.locations.queries import masters_version

S = FulfillmentState


async def place_that_answered(database: Database, answers: dict[FulfillmentState, int], *, days_ago: int = 1) -> None:
    """A company whose warehouse has as many fulfillment orders in each of the states."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    order_id = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    values = {each.key: getattr(row, each.key) for each in sa.inspect(FulfillmentOrder).column_attrs}
    async with database.unit_of_work() as db:
        made = db.now - timedelta(days=days_ago)
        for state, count in answers.items():
            for n in range(count):
                db.add(
                    FulfillmentOrder(
                        **{**values, "id": new_id(), "number": f"{state}-{n}", "state": state, "created_at": made}
                    )
                )


async def measured(database: Database) -> tuple[int, list[int], bool]:
    """How many places changed, the figures of all places, and whether the masters are to be read again."""
    async with database.unit_of_work() as db:
        before = await masters_version(db)
        changed = await measure_rejections(db, now=db.now)
    async with database.read_only() as db:
        shares = list(await db.scalars(sa.select(StockLocation.rejection_permille)))
        return changed, shares, await masters_version(db) != before


async def test_refused_work_counts_against_what_was_answered_and_twenty_more(database: Database) -> None:
    await place_that_answered(database, {S.REJECTED: 3, S.SHIPPED: 5, S.ACCEPTED: 2, S.OPEN: 4, S.CANCELED: 6})
    assert await measured(database) == (1, [100], True)


async def test_a_figure_that_stands_changes_nothing(database: Database) -> None:
    await place_that_answered(database, {S.REJECTED: 1, S.SHIPPED: 9})
    assert await measured(database) == (1, [33], True)
    assert await measured(database) == (0, [33], False)


async def test_old_answers_are_forgotten(database: Database) -> None:
    await place_that_answered(database, {S.REJECTED: 3}, days_ago=91)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).values(rejection_permille=2))
    assert await measured(database) == (1, [0], True)
