"""What a partner says of its own places, and that no order is offered to one on closed days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from factories.catalog import make_variant
from factories.fulfillment import released, rows_of
from factories.intake import make_company, order_input, put_stock
from factories.intake import place as place_orders
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.errors import LocationNotFound
from kontor.locations.models import LocationKind
from kontor.locations.own import close_place, ranges, reopen_place, save_own_place, zone_of
from kontor.orders.placing import Placed
from support import Drain, StandingClock


def test_closed_days_in_a_row_are_one_closure() -> None:
    days = ["2026-12-25", "2026-12-24", "2026-12-26", "2026-12-31"]
    assert ranges(days) == [(date(2026, 12, 24), date(2026, 12, 26)), (date(2026, 12, 31), date(2026, 12, 31))]
    assert ranges([]) == []


@pytest.mark.parametrize(("country", "zone"), [("AT", "Europe/Vienna"), ("de", "Europe/Berlin"), ("US", None)])
def test_zone_follows_a_country_that_has_one(country: str, zone: str | None) -> None:
    assert zone_of(country) == zone


async def test_no_order_is_offered_to_a_closed_place(database: Database, drain: Drain, clock: StandingClock) -> None:
    """Orders go elsewhere while another place has the goods; what only the closed place has waits for its return."""
    company, today = await make_company(database), clock.moment.date()
    async with database.unit_of_work() as db:
        both = await make_variant(db, sku="BOTH")
        only = await make_variant(db, sku="ONLY")
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, code="ds", partner_id=partner.id, priority=1)
        await make_tariff(db, location_id=place.id, parcel_cents=1)
        await make_tariff(db, location_id=company.warehouse.id, parcel_cents=20)
    await put_stock(database, place.id, both.id, 9)
    await put_stock(database, place.id, only.id, 9)
    await put_stock(database, company.warehouse.id, both.id, 9)
    order_id, _ = await released(database, company, ("BOTH", 1))
    assert [row.location_id for row in await rows_of(database, order_id)] == [place.id]  # the cheaper one
    async with database.unit_of_work() as db:
        last = today + timedelta(days=2)
        closed, news = await close_place(db, place.id, partner_id=partner.id, first=today, last=last)
        assert ranges(closed.closures) == news == [(today, last)]
    soon = today + timedelta(days=1)  # who has the time gets the cheaper parcel when the place is open again
    order_id, _ = await released(database, company, ("BOTH", 1), promised_on=soon)
    assert [row.location_id for row in await rows_of(database, order_id)] == [company.warehouse.id]
    order_id, _ = await released(database, company, ("ONLY", 1))
    for _day in range(3):
        assert await drain() == []
        [row] = await rows_of(database, order_id)
        assert (row.location_id, row.state) == (place.id, FulfillmentState.SCHEDULED), clock.moment
        clock.advance(days=1)
    await drain()
    [row] = await rows_of(database, order_id)
    assert row.state is FulfillmentState.OPEN
    today = clock.moment.date()
    async with database.unit_of_work() as db:
        middle = today + timedelta(days=3)
        await close_place(db, place.id, partner_id=partner.id, first=middle, last=middle)
        _, news = await close_place(db, place.id, partner_id=partner.id, first=today, last=today + timedelta(days=6))
    day = timedelta(days=1)
    assert news == [(today, middle - day), (middle + day, today + 6 * day)]  # what was closed before is none of it
    # Further ahead than is promised, the closed place is no place to promise from at all.
    [refused] = await place_orders(database, company, order_input(company.channel, ("ONLY", 1)))
    assert not isinstance(refused, Placed)
    async with database.unit_of_work() as db:
        opened = await reopen_place(
            db, place.id, partner_id=partner.id, first=today - timedelta(days=3), last=today + timedelta(days=6)
        )
        assert opened.closures == []


async def test_partner_changes_its_own_places_and_nobody_elses(database: Database, clock: StandingClock) -> None:
    today = clock.moment.date()
    async with database.unit_of_work() as db:
        partner, other = await make_partner(db), await make_partner(db)
        mine = {"partner_code": partner.code, "partner_id": partner.id}
        address = {"street": "Hauptplatz 1", "postal_code": "8010", "city": "Graz", "country": "AT"}
        made = await save_own_place(db, address, **mine)  # type: ignore[arg-type]
        assert (made.kind, made.name, made.timezone, made.partner_id) == (
            LocationKind.DROPSHIPPER, "Graz", "Europe/Vienna", partner.id,
        )  # fmt: skip
        foreign = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=other.id)
    for given, path in (({"street": " "}, ("street",)), ({"opening_hours": "never"}, ("openingHours",))):
        with pytest.raises(KontorError) as problem:
            async with database.unit_of_work() as db:
                await save_own_place(db, given, location_id=made.id, **mine)  # type: ignore[arg-type]
        assert problem.value.path == path
    with pytest.raises(LocationNotFound):
        async with database.unit_of_work() as db:
            await save_own_place(db, {"name": "mine"}, location_id=foreign.id, **mine)  # type: ignore[arg-type]
    for first, last in ((today, today - timedelta(days=1)), (today - timedelta(days=9), today)):
        with pytest.raises(KontorError):
            async with database.unit_of_work() as db:
                await close_place(db, made.id, partner_id=partner.id, first=first, last=last)
