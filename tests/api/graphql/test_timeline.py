"""The page of an order: one question, as many statements for a long story as for a short one."""

from __future__ import annotations

from uuid import UUID

import pytest

from api.graphql.test_rights import Asker
from api.graphql.test_statements import counted
from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import Company, make_company, put_stock
from kontor.bench.order_page import QUESTIONS, question
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.orders import queries as orders
from kontor.orders import service
from kontor.orders.states import HoldKind

PAGE = 30
SKUS = ("LAMP", "BULB", "SOCKET", "SHADE", "CABLE", "SWITCH")


async def sent(database: Database, company: Company, skus: tuple[str, ...], holds: int) -> UUID:
    """An order that left in a parcel of its own, and was held and released so often."""
    order_id, work_id = await released(database, company, *((sku, 1) for sku in skus))
    async with database.unit_of_work() as db:
        parcels = (ParcelInput("dhl", f"0034{skus[-1]}"),)
        await ship(db, Shipping(work_id, parcels=parcels), now=db.now, how=How(accepts_open=True))
    for _ in range(holds):
        async with database.unit_of_work() as db:
            order = await orders.lock_order(db, order_id)
            hold = service.place_hold(db, order, kind=HoldKind.MANUAL, reason="asked", now=db.now)
            service.release_hold(db, order, hold, now=db.now)
    return order_id


async def test_page_of_an_order_costs_as_many_statements_for_any_length(database: Database, runtime: Runtime) -> None:
    company = await make_company(database)
    for sku in SKUS:
        async with database.unit_of_work() as db:
            variant = await make_variant(db, sku=sku)
        await put_stock(database, company.warehouse.id, variant.id, 20)
    document = question(QUESTIONS.read_text(encoding="utf-8"))
    asker = Asker("system", SYSTEM, runtime)
    costs: list[int] = []
    for skus, holds in ((SKUS[:1], 1), (SKUS[:1], 1), (SKUS, 20)):  # what is kept per process is read by the first
        order_id = await sent(database, company, skus, holds)
        with counted(runtime) as statements:
            answer = await asker.execute(document, {"id": str(order_id)})
        assert answer["errors"] == []
        data = answer["data"]
        assert len(data["order"]["lines"]) == len(skus)
        assert len(data["order"]["fulfillmentOrders"][0]["parcels"]) == 1
        assert (len(data["story"]["entries"]) == PAGE) is (holds > 1)
        costs.append(len(statements))
    assert costs[1] == costs[2]


@pytest.mark.engine("sqlite")
async def test_story_is_null_where_there_is_no_order(database: Database, runtime: Runtime) -> None:
    asker = Asker("system", SYSTEM, runtime)
    answer = await asker.execute('{ orderTimeline(number: "none") { endCursor } }', {})
    assert answer["data"] == {"orderTimeline": None}
    refused = await asker.execute("{ orderTimeline { endCursor } }", {})
    assert refused["errors"][0]["extensions"]["code"] == "INVALID_LOOKUP"
