"""A partner that is suspended gets nothing new, finishes what it has, or loses it order by order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from factories.catalog import make_variant
from factories.fulfillment import audited, confirmed, events_of, released, rows_of, sourced
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.errors import InvalidInput, KontorError
from kontor.dropship.open_work import Clearing, OpenWork, clear_work, open_work_of
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import LocationKind
from kontor.partners import queries
from kontor.partners.service import activate_partner, suspend_partner

S = FulfillmentState


async def supplier(database: Database) -> tuple[Company, Any, UUID]:
    """A dropshipper that is cheaper than the company's own warehouse; its id and its place's."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id)
        await make_tariff(db, location_id=place.id, parcel_cents=100)
    await put_stock(database, place.id, variant.id, 20)
    await put_stock(database, company.warehouse.id, variant.id, 1)
    return company, partner, place.id


async def suspend(database: Database, partner_id: UUID) -> None:
    async with database.unit_of_work() as db:
        await suspend_partner(db, await queries.lock_partner(db, id=partner_id), reason="holidays")


async def test_suspended_partner_gets_nothing_new_at_once_and_finishes_what_it_has(database: Database) -> None:
    company, partner, place_id = await supplier(database)
    order_id, row_id = await released(database, company, ("LAMP", 1))
    promised = await confirmed(database, company, ("LAMP", 1))
    await suspend(database, partner.id)
    async with database.read_only() as db:
        assert await open_work_of(db, [partner.id]) == {partner.id: OpenWork(1, 1, 0, 1)}
    await sourced(database, promised)
    assert [row.location_id for row in await rows_of(database, promised)] == [company.warehouse.id]
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    assert [row.state for row in await rows_of(database, order_id)] == [S.SHIPPED]
    async with database.unit_of_work() as db:
        await activate_partner(db, await queries.lock_partner(db, id=partner.id))
    _, again = await released(database, company, ("LAMP", 1))
    async with database.read_only() as db:
        assert (await db.get_one(FulfillmentOrder, again)).location_id == place_id
    await audited(database)


async def test_open_work_is_moved_or_canceled_with_an_outcome_each(database: Database) -> None:
    company, partner, _ = await supplier(database)
    moved, first = await released(database, company, ("LAMP", 1))
    _, stuck = await released(database, company, ("LAMP", 2))
    canceled, third = await released(database, company, ("LAMP", 1))
    begun, fourth = await released(database, company, ("LAMP", 1))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(fourth), now=db.now)
    await suspend(database, partner.id)

    async def clear(how: Clearing, *ids: UUID) -> list[str]:
        async with database.unit_of_work() as db:
            found = await clear_work(db, partner.id, ids, how, reason="partner is away", now=db.now)
            return [each.code if isinstance(each, KontorError) else str(each.state) for each in found]

    assert await clear(Clearing.MOVE, stuck, first) == ["NO_OTHER_PLACE", "CANCELED"]
    assert [row.location_id for row in await rows_of(database, moved)][1:] == [company.warehouse.id]
    assert await clear(Clearing.CANCEL, third, fourth) == ["CANCELED", "ACCEPTED"]
    assert "OrderLinesCanceled" in await events_of(database, canceled)
    assert [row.cancel_requested for row in await rows_of(database, begun)] == [True]
    async with database.unit_of_work() as db:
        other = await make_partner(db)
        assert [str(each) for each in await clear_work(db, other.id, [stuck], Clearing.CANCEL, reason="x", now=db.now)]
        with pytest.raises(InvalidInput):
            await clear_work(db, partner.id, [stuck], Clearing.CANCEL, reason=" ", now=db.now)
    async with database.read_only() as db:
        assert (await open_work_of(db, [partner.id]))[partner.id].orders == 2
    await audited(database)
