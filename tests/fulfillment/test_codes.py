from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import audited, confirmed, counters, events_of, sourced
from factories.intake import make_company
from kontor.catalog.models import PoolCode, ProductKind
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.code_format import is_valid
from kontor.fulfillment.codes import confirm_service
from kontor.fulfillment.errors import InvalidQuantity
from kontor.fulfillment.models import IssuedCode, Shipment
from kontor.fulfillment.sourcing import SourceOutcome


async def company_selling(database: Database, kind: ProductKind, codes: int = 0) -> Any:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="CODE", product={"kind": kind})
        db.add_all(PoolCode(id=new_id(), variant_id=variant.id, code=f"KEY-{n}") for n in range(codes))
    return company


async def codes_in(database: Database) -> list[str]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(IssuedCode.code).order_by(IssuedCode.unit)))


async def test_gift_cards_are_made_and_count_as_delivered(database: Database) -> None:
    company = await company_selling(database, ProductKind.GIFT_CARD)
    order_id = await confirmed(database, company, ("CODE", 2))
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.ALL
    codes = await codes_in(database)
    assert len(set(codes)) == 2
    assert all(is_valid(code) for code in codes)
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2, "delivered": 2}]
    assert {"CodesIssued", "OrderFulfilled", "OrderDelivered"} <= set(await events_of(database, order_id))
    async with database.read_only() as db:
        shipment = (await db.scalars(sa.select(Shipment))).one()
    assert (shipment.amount, shipment.fulfillment_order_id) == (2000, None)
    await audited(database)


async def test_license_codes_come_out_of_the_pool_once(database: Database) -> None:
    company = await company_selling(database, ProductKind.LICENSE, codes=3)
    first = await confirmed(database, company, ("CODE", 2))
    second = await confirmed(database, company, ("CODE", 2))
    outcomes = await sourced(database, first, second)
    assert outcomes[first].outcome is SourceOutcome.ALL
    assert outcomes[second].missing_codes == 1
    assert sorted(await codes_in(database)) == ["KEY-0", "KEY-1", "KEY-2"]
    assert await counters(database, second) == [{"ordered": 2, "shipped": 1, "delivered": 1}]
    async with database.unit_of_work() as db:
        variant_id = await db.scalar(sa.select(PoolCode.variant_id).limit(1))
        db.add(PoolCode(id=new_id(), variant_id=variant_id, code="KEY-3"))
    assert (await sourced(database, second))[second].outcome is SourceOutcome.ALL
    assert await counters(database, second) == [{"ordered": 2, "shipped": 2, "delivered": 2}]


async def test_service_waits_for_its_provider(database: Database) -> None:
    company = await company_selling(database, ProductKind.SERVICE)
    order_id = await confirmed(database, company, ("CODE", 2))
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.ALL
    assert await counters(database, order_id) == [{"ordered": 2}]
    async with database.unit_of_work() as db:
        await confirm_service(db, order_id, None, now=db.now)
    assert await counters(database, order_id) == [{"ordered": 2, "shipped": 2, "delivered": 2}]
    assert "ServiceConfirmed" in await events_of(database, order_id)
    with pytest.raises(InvalidQuantity):
        async with database.unit_of_work() as db:
            await confirm_service(db, order_id, None, now=db.now)
