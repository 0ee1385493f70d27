"""What will be ordered: own sales of the last weeks, the latest counted twice, and what somebody expects beside them.

Orders build on routing, so their tables are named here, not imported. Everything is summed up by the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import utc_day
from kontor.core.db import Json, Session, UtcDateTime
from kontor.routing.forecasting import Forecast, Sold, learned
from kontor.routing.models import SalesForecast
from kontor.routing.values import Id

WEEKS_BACK = timedelta(days=56)
LATELY = timedelta(days=28)
MOST_REGIONS = 24
_DEGREE = 10  # regions of the network are tenths of a degree; here a whole one is told apart
_ORDERS = sa.table(
    "orders", sa.column("id", sa.Uuid()), sa.column("placed_at", UtcDateTime), sa.column("state", sa.String()),
    sa.column("delivery_type", sa.String()), sa.column("country", sa.String()), sa.column("currency", sa.String()),
    sa.column("shipping_address", Json), sa.column("billing_address", Json),
)  # fmt: skip
_LINES = sa.table(
    "order_line", sa.column("order_id", sa.Uuid()), sa.column("variant_id", sa.Uuid()), sa.column("kind", sa.String()),
    sa.column("ordered", sa.Integer()), sa.column("gross_total", sa.BigInteger()),
)  # fmt: skip


@dataclass(slots=True)
class Sales:
    """Units ordered by variant and by region, orders, and what a unit of each variant was sold for, in cents.

    A price is the mean of the orders in the company's currency; what was sold in others alone has none.
    `days` count from the first of the orders on: a shop that is new has not sold nothing before.
    """

    days: int
    orders: int = 0
    variants: dict[UUID, int] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    paid: dict[UUID, int] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return sum(self.variants.values())


async def expected(db: Session, currency: str) -> tuple[Forecast | None, Sales]:
    """The forecast for the days to come and the sales it rests on; None when nothing was sold and nothing is expected.

    Orders in every currency count for what will be asked, those in `currency` alone for prices.

    What was imported replaces a variant's own sales; sales of the last four weeks then say how far that holds.
    """
    whole = await _sales(db, db.now - WEEKS_BACK, currency)
    lately = await _sales(db, db.now - LATELY, currency)
    imported = await _imported(db)
    rates = {variant_id: units / whole.days for variant_id, units in whole.variants.items()}
    for variant_id, units in imported.items():
        rates[variant_id] = float(sum(units.values()))
    regions = _regions(whole, imported)
    if not sum(rates.values()) or not regions:
        return None, whole
    per_order = whole.units / whole.orders if whole.orders else 1.0
    total = sum(rates.values())
    forecast = Forecast(
        orders_per_day=total / per_order,
        units_per_order=per_order,
        regions={region: units / sum(regions.values()) for region, units in regions.items()},
        variants={variant_id: rate / total for variant_id, rate in rates.items()},
    )
    if not whole.orders:
        return forecast, whole
    seen: Mapping[Id, int] = {variant_id: lately.variants.get(variant_id, 0) for variant_id in rates}
    sold = Sold(min(LATELY.days, whole.days), lately.orders, seen, _folded(lately.regions, regions))
    return learned(forecast, sold, {}), whole


def _regions(sales: Sales, imported: Mapping[UUID, Mapping[str, Any]]) -> dict[str, float]:
    """The regions told apart, with their units a day: those of most sales, and countries that are only expected."""
    largest = sorted(sales.regions, key=lambda region: (-sales.regions[region], region))[:MOST_REGIONS]
    units = {region: count / sales.days for region, count in _folded(sales.regions, dict.fromkeys(largest)).items()}
    known = {region.split("|")[0] for region in units}
    for countries in imported.values():
        for country, rate in countries.items():
            if country and country not in known:
                units[country] = units.get(country, 0.0) + float(rate)
    return {region: rate for region, rate in units.items() if rate > 0}


def _folded(counts: Mapping[str, int], kept: Mapping[str, Any]) -> dict[str, int]:
    """The counts of the kept regions, those of others added to the first one of their country, else of all."""
    folded: dict[str, int] = dict.fromkeys(kept, 0)
    for region, count in counts.items():
        country = region.split("|")[0]
        target = region if region in folded else next((each for each in folded if each.startswith(country)), None)
        target = target or next(iter(folded), None)
        if target is not None:
            folded[target] += count
    return folded


async def _sales(db: Session, since: datetime, currency: str) -> Sales:
    """What was ordered to be sent since a moment, whatever became of it but a refusal."""
    order, line = _ORDERS.c, _LINES.c
    country, latitude, longitude = order.country, _cell("latitude"), _cell("longitude")
    wanted = sa.and_(order.placed_at >= since, order.state != "REJECTED", order.delivery_type == "SHIP")
    joined = sa.join(_LINES, _ORDERS, line.order_id == order.id)
    sums = (
        sa.select(
            line.variant_id, country, latitude.label("lat"), longitude.label("lon"), order.currency,
            sa.func.sum(line.ordered), sa.func.sum(line.gross_total),
        )
        .select_from(joined)
        .where(wanted, line.kind == "PHYSICAL")
        .group_by(line.variant_id, country, sa.text("lat"), sa.text("lon"), order.currency)
    )  # fmt: skip
    first = await db.scalar(sa.select(sa.func.min(order.placed_at)).where(wanted))
    days = max(1, round((db.now - (first or since)).total_seconds() / 86_400))
    sales, paid = Sales(days), dict[UUID, tuple[int, int]]()
    for variant_id, code, lat, lon, money, units, gross in await db.execute(sums):
        region = code if lat is None or lon is None else f"{code}|{int(lat) * _DEGREE}|{int(lon) * _DEGREE}"
        sales.variants[variant_id] = sales.variants.get(variant_id, 0) + int(units)
        sales.regions[region] = sales.regions.get(region, 0) + int(units)
        if money == currency:
            before = paid.get(variant_id, (0, 0))
            paid[variant_id] = before[0] + int(gross), before[1] + int(units)
    sales.paid = {variant_id: gross // max(1, units) for variant_id, (gross, units) in paid.items()}
    sales.orders = int(await db.scalar(sa.select(sa.func.count()).select_from(_ORDERS).where(wanted)) or 0)
    return sales


def _cell(name: str) -> sa.ColumnElement[Any]:
    """A coordinate of where the goods go, in whole degrees."""
    order = _ORDERS.c
    there = sa.case(
        (order.shipping_address.is_(sa.null()), order.billing_address[name].as_float()),
        else_=order.shipping_address[name].as_float(),
    )
    return sa.func.round(there)


async def _imported(db: Session) -> dict[UUID, dict[str, Any]]:
    """Units a day by variant and country, as somebody expects them for today."""
    today = utc_day(db.now)
    rows = await db.execute(
        sa.select(SalesForecast.variant_id, SalesForecast.country, SalesForecast.units_per_day)
        .where(
            SalesForecast.valid_from <= today,
            sa.or_(SalesForecast.valid_to.is_(None), SalesForecast.valid_to > today),
        )
        .order_by(SalesForecast.valid_from)
    )
    found: dict[UUID, dict[str, Any]] = {}
    for variant_id, country, rate in rows:
        found.setdefault(variant_id, {})[country] = rate
    return found
