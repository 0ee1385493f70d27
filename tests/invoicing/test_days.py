"""The rate of tax is that of the day on which goods leave; the day of a document is that of who sells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import Company, make_company, put_stock
from kontor.core.db import Database
from kontor.fulfillment.models import ShipmentLine
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.invoicing import service
from kontor.invoicing.models import Invoice
from kontor.orders.intake import ChargeInput
from kontor.orders.models import OrderLine
from kontor.tax.models import TaxRate
from kontor.tax.service import load_shipped_rates
from support import StandingClock

PARCEL = ChargeInput("SHIPPING", "Parcel", 580)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def company_of_2020(database: Database, **channel: Any) -> Company:
    """A lamp in Hamburg, and the tax rates that were in force."""
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        await db.execute(sa.delete(TaxRate))
        await load_shipped_rates(db)
        lamp = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, lamp.id, 10)
    return company


async def sold(
    database: Database, clock: StandingClock, company: Company, *, placed: str, sent: str
) -> tuple[OrderLine, ShipmentLine, Invoice]:
    """The line of an order as it was frozen, as it left, and its invoice."""
    clock.set_to(moment(placed))
    order_id, row_id = await released(database, company, ("LAMP", 2), charges=(PARCEL,))
    clock.set_to(moment(sent))
    async with database.unit_of_work() as db:
        shipment = await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    async with database.unit_of_work() as db:
        await service.issue_invoices(db, [shipment.id], now=db.now)
    async with database.read_only() as db:
        line = (await db.scalars(sa.select(OrderLine).where(OrderLine.order_id == order_id))).one()
        left = (await db.scalars(sa.select(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id))).one()
        return line, left, (await db.scalars(sa.select(Invoice))).one()


@pytest.mark.parametrize(
    ("placed", "sent", "rates", "supplied", "year"),
    [
        ("2020-06-30T21:30", "2020-06-30T21:50", (19, 19), date(2020, 6, 30), 2020),
        ("2020-06-30T21:30", "2020-06-30T22:10", (19, 16), date(2020, 7, 1), 2020),  # ten past midnight in Hamburg
        ("2020-06-30T22:10", "2020-07-01T09:00", (16, 16), date(2020, 7, 1), 2020),
        ("2020-12-31T11:00", "2020-12-31T22:50", (16, 16), date(2020, 12, 31), 2020),
        ("2020-12-31T11:00", "2020-12-31T23:10", (16, 19), date(2021, 1, 1), 2021),
        ("2020-12-31T23:10", "2021-01-04T09:00", (19, 19), date(2021, 1, 4), 2021),
    ],
)
async def test_pain_25_german_rates_of_2020_follow_the_day_of_supply(
    database: Database, clock: StandingClock, placed: str, sent: str, rates: tuple[int, int], supplied: date, year: int
) -> None:
    clock.set_to(moment(placed))
    company = await company_of_2020(database)

    line, left, invoice = await sold(database, clock, company, placed=placed, sent=sent)

    assert (int(line.tax_rate), int(left.tax_rate)) == rates
    tax = {19: 319, 16: 276}  # in 20.00, half up
    assert (line.tax_total, line.gross_total) == (tax[rates[0]], 2000)
    assert (left.net, left.tax, left.gross) == (2000 - tax[rates[1]], tax[rates[1]], 2000)
    assert (invoice.supplied_on, invoice.year, invoice.gross) == (supplied, year, 2580)
    said = invoice.content
    assert (said["issued_on"], said["supplied_on"]) == (str(supplied), str(supplied))
    assert {row["tax_rate"] for row in said["lines"]} == {str(rates[1])}  # the parcel's rate is that of the goods
    assert invoice.number.split("-")[-2] == str(year)


async def test_net_price_stays_when_the_rate_changes_before_the_goods_leave(
    database: Database, clock: StandingClock
) -> None:
    clock.set_to(moment("2020-12-30T10:00"))
    company = await company_of_2020(database, gross=False)

    line, left, invoice = await sold(database, clock, company, placed="2020-12-30T10:00", sent="2021-01-02T10:00")

    assert (line.net_total, line.tax_total, line.gross_total) == (2000, 320, 2320)
    assert (left.net, left.tax, left.gross, left.tax_rate) == (2000, 380, 2380, Decimal(19))
    assert (invoice.net, invoice.tax, invoice.gross) == (2580, 490, 3070)
