"""Shadow prices of the product: solved anew from what is there, comes and will be asked, and stored by place.

Variants are priced in groups small enough for one program, those that sell most first. Each group is read, solved
outside of every transaction, and replaces its old prices in one; what there is no time for keeps its prices. A group
gets its share of a place's capacity. Half of each new price is the old one: samples of yesterday tell something too.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.catalog.models import Product, ProductVariant
from kontor.core.clock import utc_day
from kontor.core.db import Database, Session, chunks
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import SYSTEM
from kontor.inventory.models import InboundStock, StockLevel
from kontor.routing import masters as routing_masters
from kontor.routing.forecasting import Forecast
from kontor.routing.masters import Masters
from kontor.routing.models import ShadowPrice, ShadowPriceRun
from kontor.routing.sales import Sales, expected
from kontor.routing.service import DEFAULT_POLICY
from kontor.routing.shadow import Assortment, Holdings, Key, shadow_prices
from kontor.routing.solver import OptimizerMissing, libraries
from kontor.routing.values import DemandLine, Id, Network, Policy

log = structlog.get_logger("kontor.pricing")
JOB = "routing.solve_shadow_prices"
LINE = UUID("0190b1f0-0000-7000-8000-000000000002")
"""The key of all runs: those of one key are done one after the other."""
GIVEN_UP = timedelta(hours=6)
"""Longer than a job is tried again."""

DAYS_AHEAD = 28
SAMPLES = 3
KEPT = 0.5
MOST_CELLS = 40_000
"""Places times regions times variants of one group: what a program of some seconds can take."""
_COLUMNS = ("id", "variant_id", "location_id", "cents", "computed_at", "run_id")
SORTS: dict[str, Any] = {"CENTS": ShadowPrice.cents}
RUN_SORTS: dict[str, Any] = {"REQUESTED_AT": ShadowPriceRun.requested_at}


@dataclass(frozen=True, slots=True)
class PriceFilter:
    """Which prices are wanted; what is None does not narrow."""

    variant_ids: Sequence[UUID] | None = None
    location_ids: Sequence[UUID] | None = None
    min_cents: int | None = None


@dataclass(frozen=True, slots=True)
class _Setting:
    """What is the same for all groups."""

    masters: Masters
    policy: Policy
    forecast: Forecast
    sales: Sales
    today: int


@dataclass(frozen=True, slots=True)
class _Goods:
    """What there is of a group of variants."""

    articles: Mapping[Id, DemandLine]
    on_hand: Mapping[Key, int]
    inbound: Mapping[Key, list[tuple[int, int]]]


def request_prices(db: Session) -> ShadowPriceRun:
    """Ask for the prices to be solved anew; it begins after the commit."""
    run = ShadowPriceRun(
        id=new_id(), requested_at=db.now, requested_by=db.by, variants=0, prices=0, left_out=0, units_per_day=0,
        milliseconds=0,
    )  # fmt: skip
    db.add(run)
    schedule(db, JOB, {"run_id": run.id}, key=LINE)
    return run


async def request_due(db: Session, *, every: timedelta) -> ShadowPriceRun | None:
    """Ask for new prices when the last are so old, none are under way, and a policy in force goes by them.

    A run that has not ended after `GIVEN_UP` never will: it does not keep others from being asked for.
    """
    if not _using(await routing_masters.load(db), db.now):
        return None
    last = await db.scalar(sa.select(ShadowPriceRun).order_by(ShadowPriceRun.requested_at.desc()).limit(1))
    if last is not None and last.requested_at > db.now - (every if last.ended_at else max(every, GIVEN_UP)):
        return None
    return request_prices(db)


def _using(masters: Masters, now: datetime) -> list[Policy]:
    """The policies in force that go by prices, the most specific first."""
    return [each.policy for each in masters.policies_at(now).versions if each.policy.shadow_prices]


async def solve(database: Database, run_id: UUID, *, seconds: float) -> None:
    """Do a run that was asked for; what keeps it from being done is its `error`, and old prices stay."""
    begun = monotonic()
    if not await database.in_unit(SYSTEM, lambda db: _start(db, run_id)):
        return
    result: dict[str, Any] = {}
    try:
        libraries()
        result = await _price_all(database, run_id, end=begun + seconds)
    except OptimizerMissing as missing:
        log.warning("shadow prices cannot be solved", error=missing.message)
        result = {"error": missing.code}
    result["milliseconds"] = round((monotonic() - begun) * 1000)
    await database.in_unit(SYSTEM, lambda db: _end(db, run_id, result))


async def _start(db: Session, run_id: UUID) -> bool:
    run = await db.get(ShadowPriceRun, run_id, with_for_update=True)
    if run is None or run.ended_at is not None:
        return False
    run.started_at = db.now
    return True


async def _end(db: Session, run_id: UUID, result: Mapping[str, Any]) -> None:
    run = await db.get_one(ShadowPriceRun, run_id, with_for_update=True)
    run.ended_at = db.now
    for name, value in result.items():
        setattr(run, name, value)


async def _price_all(database: Database, run_id: UUID, *, end: float) -> dict[str, Any]:
    async with database.read_only() as db:
        setting = await _setting(db)
        carriers = await _carriers(db)
    if setting is None:
        await database.in_unit(SYSTEM, lambda db: _forget(db, []))
        return {}
    wanted = [variant for variant, share in setting.forecast.variants.items() if share and variant in carriers]
    wanted.sort(key=lambda variant: (-setting.forecast.variants[variant], str(variant)))
    done = prices = 0
    for group in _groups(wanted, carriers, len(setting.forecast.regions)):
        if done and monotonic() > end:
            break
        prices += await _price(database, run_id, setting, group)
        done += len(group)
    await database.in_unit(SYSTEM, lambda db: _forget(db, wanted))
    per_day = round(setting.forecast.units_per_day)
    return {"variants": done, "prices": prices, "left_out": len(wanted) - done, "units_per_day": per_day}


async def _setting(db: Session) -> _Setting | None:
    masters = await routing_masters.load(db)
    forecast, sales = await expected(db, masters.currency)
    if forecast is None:
        return None
    policy = (_using(masters, db.now) or [DEFAULT_POLICY])[0]
    return _Setting(masters, policy, forecast, sales, utc_day(db.now).toordinal())


async def _carriers(db: Session) -> dict[Id, int]:
    """At how many places a variant lies or will; that of one alone, or of none, needs no price."""
    there = sa.select(StockLevel.variant_id, StockLevel.location_id).where(StockLevel.on_hand > 0)
    coming = sa.select(InboundStock.variant_id, InboundStock.location_id).where(sa.not_(InboundStock.closed))
    both = sa.union(there, coming).subquery()
    found = sa.select(both.c.variant_id, sa.func.count()).group_by(both.c.variant_id).having(sa.func.count() > 1)
    return {variant_id: int(count) for variant_id, count in await db.execute(found)}


def _groups(wanted: Sequence[Id], carriers: Mapping[Id, int], regions: int) -> Iterable[list[Id]]:
    group: list[Id] = []
    size = 0
    for variant in wanted:
        cells = carriers[variant] * regions
        if group and size + cells > MOST_CELLS:
            yield group
            group, size = [], 0
        group.append(variant)
        size += cells
    if group:
        yield group


async def _price(database: Database, run_id: UUID, setting: _Setting, group: Sequence[Id]) -> int:
    """Price one group of variants; how many prices there are."""
    async with database.read_only() as db:
        goods = await _goods(db, setting, group)
    found = await asyncio.to_thread(_solve, setting, goods)
    await database.in_unit(SYSTEM, lambda db: _store(db, run_id, group, found))
    return len(found)


async def _goods(db: Session, setting: _Setting, group: Sequence[Id]) -> _Goods:
    ids = [variant for variant in group if isinstance(variant, UUID)]
    level, coming = StockLevel, InboundStock
    rows = await db.execute(
        sa.select(
            level.location_id, level.variant_id, level.on_hand - level.allocated - level.reserved - level.safety
        ).where(level.variant_id.in_(ids), level.on_hand > 0)
    )
    on_hand: dict[Key, int] = {(place, variant): max(0, int(units)) for place, variant, units in rows}
    inbound: dict[Key, list[tuple[int, int]]] = {}
    for place, variant, day, units in await db.execute(
        sa.select(
            coming.location_id, coming.variant_id, coming.expected_on,
            coming.quantity - coming.received - coming.allocated,
        ).where(coming.variant_id.in_(ids), coming.sellable, sa.not_(coming.closed))
    ):  # fmt: skip
        if units > 0:
            inbound.setdefault((place, variant), []).append((max(setting.today + 1, day.toordinal()), int(units)))
    kinds = await db.execute(
        sa.select(ProductVariant.id, ProductVariant.weight_g, Product.hazmat, Product.bulky)
        .join(Product, Product.id == ProductVariant.product_id)
        .where(ProductVariant.id.in_(ids))
    )
    lost = setting.policy.shortage_cents
    articles: dict[Id, DemandLine] = {
        row.id: DemandLine(
            row.id, row.id, 1, row.weight_g, min(lost, setting.sales.paid.get(row.id, lost)),
            hazmat=row.hazmat, bulky=row.bulky,
        )
        for row in kinds
    }  # fmt: skip
    return _Goods(articles, on_hand, inbound)


def _solve(setting: _Setting, goods: _Goods) -> dict[Key, int]:
    """Cents by place and variant, for what lies there now or comes next."""
    forecast = setting.forecast
    share = sum(forecast.variants.get(variant, 0.0) for variant in goods.articles)
    part = replace(
        forecast,
        orders_per_day=forecast.orders_per_day * share,
        variants={variant: forecast.variants.get(variant, 0.0) / share for variant in goods.articles},
        walk_ins={},
    )
    places = {place for place, _ in (*goods.on_hand, *goods.inbound)}
    network = setting.masters.network
    sites = [site for place, site in network.sites.items() if place in places]
    daily: dict[Id, int] = {}
    for place in places:
        limit = setting.masters.locations[place].unit_capacity if isinstance(place, UUID) else None
        if limit is not None:
            daily[place] = max(1, round(limit * share))
    assortment = Assortment(Network(sites), goods.articles, {}, daily, setting.policy)
    holdings = Holdings(setting.today, setting.today + DAYS_AHEAD, goods.on_hand, goods.inbound)
    found = shadow_prices(assortment, holdings, part, samples=SAMPLES)
    return {key: round(rows[0][1]) for key, rows in found.units.items()}


async def _store(db: Session, run_id: UUID, group: Sequence[Id], found: Mapping[Key, int]) -> None:
    """Replace the prices of the group's variants."""
    mine = ShadowPrice.variant_id.in_([variant for variant in group if isinstance(variant, UUID)])
    old = await db.execute(
        sa.select(ShadowPrice.location_id, ShadowPrice.variant_id, ShadowPrice.cents).where(mine).with_for_update()
    )
    known: dict[Key, int] = {(place, variant): cents for place, variant, cents in old}
    await db.execute(sa.delete(ShadowPrice).where(mine).execution_options(synchronize_session=False))
    rows = []
    for (place, variant), cents in sorted(found.items(), key=str):
        before = known.get((place, variant))
        kept = cents if before is None else round(KEPT * before + (1 - KEPT) * cents)
        rows.append((new_id(), variant, place, kept, db.now, run_id))
    await db.bulk_insert(ShadowPrice, _COLUMNS, rows)


async def _forget(db: Session, wanted: Sequence[Id]) -> None:
    """Give up prices of variants that nobody asks for any more, or that lie at one place."""
    kept = set(wanted)
    priced = await db.scalars(sa.select(ShadowPrice.variant_id).distinct().order_by(ShadowPrice.variant_id))
    for part in chunks([variant_id for variant_id in priced if variant_id not in kept]):
        await db.execute(
            sa.delete(ShadowPrice).where(ShadowPrice.variant_id.in_(part)).execution_options(synchronize_session=False)
        )


async def list_prices(
    db: Session, wanted: PriceFilter, page: PageRequest, *, sort: str = "CENTS", descending: bool = True
) -> Page[ShadowPrice]:
    """Prices, the dearest first; callers with a scope see none."""
    found = narrow(
        sa.select(ShadowPrice),
        (ShadowPrice.variant_id.in_, wanted.variant_ids),
        (ShadowPrice.location_id.in_, wanted.location_ids),
        (ShadowPrice.cents.__ge__, wanted.min_cents),
    )
    found = found.where(sa.false()) if db.principal.restricted else found
    return await paginate(db, found, choose(SORTS, sort, descending=descending), ShadowPrice.id, page)


async def list_price_runs(
    db: Session, page: PageRequest, *, sort: str = "REQUESTED_AT", descending: bool = True
) -> Page[ShadowPriceRun]:
    """Runs, the latest first; callers with a scope see none."""
    found = sa.select(ShadowPriceRun)
    found = found.where(sa.false()) if db.principal.restricted else found
    return await paginate(db, found, choose(RUN_SORTS, sort, descending=descending), ShadowPriceRun.id, page)
