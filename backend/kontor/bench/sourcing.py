"""Orders that all wait for goods: routed, allocated and written in one run, and the same number planned jointly."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from kontor import bootstrap
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer
from kontor.bench.world import CITIES, World, build
from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel, ShortagePolicy
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import SYSTEM
from kontor.fulfillment import reoptimizing, sourcing
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.imports.saving import touch_masters
from kontor.inventory.models import MovementKind, StockLevel, StockMovement
from kontor.locations.models import ShippingTariff, StockLocation
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import Address, CustomerInput, LineInput, OrderInput
from kontor.orders.placing import Placed, Taken
from kontor.payments.placing import take_orders
from kontor.routing.models import RoutingRun
from kontor.routing.runs import Occasion

T = TypeVar("T")
CHUNK = 100
BANDS = ((0, 100, 390, 1), (100, 400, 490, 1), (400, None, 590, 2))
LIMITED = 60  # units a day that every third place can send
SUPPLY = 1.2  # pieces there are for each that is wanted
JOINT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: orders that wait, places, articles, and at how many places each article lies."""

    orders: int = 10_000
    places: int = 200
    articles: int = 1000
    stocked: int = 20


@dataclass(frozen=True, slots=True)
class Sourced:
    """What a run over all orders took: seconds, CPU seconds of this process, statements of each chunk."""

    seconds: float
    cpu: float
    statements: Sequence[int]


def measure(*, orders: int = 10_000, places: int = 200) -> Section:
    """Orders per second and CPU per order, released one after the other and planned jointly."""
    size = Size(orders, places)
    bootstrap.load()
    with PostgresServer(durable=True) as server:
        url = server.create_database("released")
        bootstrap.migrate(url)
        ids = asyncio.run(_on(url, lambda database: fill(database, size)))
        other = server.create_database("joint", template="released")
        done = asyncio.run(_on(url, lambda database: source_all(database, ids)))
        run, spent = asyncio.run(_on(other, lambda database: plan_all(database, JOINT_SECONDS)))
    return Section("sourcing", [*of_release(size, done), *of_joint(size, run, spent)])


async def _on(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(url)
    try:
        return await work(database)
    finally:
        await database.close()


def of_release(size: Size, done: Sourced) -> list[Figure]:
    """What giving all orders to places took."""
    return [
        Figure(
            f"{size.orders:,} waiting orders over {size.places} places, routed, allocated and written",
            f"{done.seconds:.1f} s",
            note=f"{CHUNK} orders a transaction",
        ),
        Figure("… orders per second", f"{size.orders / done.seconds:.0f}"),
        Figure("… Python CPU per order", f"{done.cpu / size.orders * 1000:.2f} ms"),
        Figure("… statements per transaction", f"{max(done.statements)}", note="whatever its number of orders"),
    ]


def of_joint(size: Size, run: RoutingRun, spent: float) -> list[Figure]:
    """What planning all orders jointly took, and how good the plan is."""
    gap = (run.planned - run.bound) / max(1, run.bound)
    return [
        Figure(
            "the same orders planned jointly and allocated in one run",
            f"{run.milliseconds / 1000:.1f} s",
            note=f"{JOINT_SECONDS:.0f} s for the search once each order has a plan",
        ),
        Figure("… orders that found their goods", f"{run.moved:,}", note=f"{run.stale} left"),
        Figure("… off the best joint plan by at most", f"{gap * 100:.2f} %"),
        Figure("… Python CPU per order", f"{spent / size.orders * 1000:.2f} ms", note="the search included"),
    ]


async def fill(database: Database, size: Size) -> list[UUID]:
    """A company whose orders were all taken and confirmed before the goods came; the orders' ids."""
    world = await build(database, articles=size.articles, places=size.places, stocked=0)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(SalesChannel).values(shortage=ShortagePolicy.TAKE))
        await db.execute(sa.delete(ShippingTariff))
        for start, end, cents, days in BANDS:
            db.add(
                ShippingTariff(id=new_id(), carrier="Parcel", from_km=start, to_km=end, parcel_cents=cents,
                               cents_per_kg=20, transit_days=days)
            )  # fmt: skip
        limited = sa.select(StockLocation.id).where(StockLocation.code.in_(world.locations[::3]))
        await db.execute(sa.update(StockLocation).where(StockLocation.id.in_(limited)).values(unit_capacity=LIMITED))
        await touch_masters(db)
    chance = random.Random(17)
    inputs = [_order(world, number, chance) for number in range(size.orders)]
    ids: list[UUID] = []
    for start in range(0, len(inputs), CHUNK):
        part = inputs[start : start + CHUNK]
        async with database.unit_of_work() as db:
            numbers = range(start + 1, start + 1 + len(part))
            placed = await take_orders(db, [Taken(each, SYSTEM) for each in part], numbers)
            made = [each.order_id for each in placed if isinstance(each, Placed)]
            order_service.confirm(db, list((await orders.lock_orders(db, made)).values()), now=db.now)
            ids += made
    if len(ids) != size.orders:
        raise RuntimeError(f"{size.orders - len(ids)} orders were refused")
    async with database.unit_of_work() as db:
        await _bring_goods(db, world, inputs, size.stocked)
    return ids


def _order(world: World, number: int, chance: random.Random) -> OrderInput:
    latitude, longitude = chance.choice(CITIES)
    address = Address(
        "Greta Fock", f"Deichstraße {number}", f"{10_000 + chance.randrange(80_000)}", "Ort", "DE",
        latitude=latitude + chance.random() - 0.5, longitude=longitude + chance.random() - 0.5,
    )  # fmt: skip
    skus = chance.sample(list(world.skus), min(len(world.skus), chance.choice((1, 1, 2, 3, 5))))
    return OrderInput(
        channel=world.channel,
        external_id=f"wait-{number}",
        lines=tuple(LineInput(sku, chance.choice((1, 1, 2)), 1000) for sku in skus),
        billing_address=address,
        customer=CustomerInput("Greta Fock", f"wait-{number}@bench.example"),
    )


async def _bring_goods(db: Any, world: World, inputs: Sequence[OrderInput], stocked: int) -> None:
    """Somewhat more than is wanted of each article, spread over some of the places."""
    wanted: dict[str, int] = dict.fromkeys(world.skus, 0)
    for line in (line for each in inputs for line in each.lines):
        wanted[line.sku] += line.quantity
    variants = {sku: row for row, sku in await db.execute(sa.select(ProductVariant.id, ProductVariant.sku))}
    places = list(await db.scalars(sa.select(StockLocation.id).order_by(StockLocation.code)))
    chance = random.Random(19)
    levels, movements = [], []
    for sku, pieces in wanted.items():
        there = chance.sample(places, min(stocked, len(places)))
        for place in there:
            count = -int(-pieces * SUPPLY // len(there))
            levels.append((place, variants[sku], count, 0, 0, 0, db.now, db.now))
            movements.append((new_id(), place, variants[sku], MovementKind.COUNT, count, 0, 0, db.now, "bench"))
    columns = ("location_id", "variant_id", "on_hand", "allocated", "reserved", "safety", "as_of", "updated_at")
    await db.bulk_insert(StockLevel, columns, levels)
    ledger = ("id", "location_id", "variant_id", "kind", "on_hand", "allocated", "reserved", "at", "by")
    await db.bulk_insert(StockMovement, ledger, movements)


async def source_all(database: Database, ids: Sequence[UUID], *, chunk: int = CHUNK) -> Sourced:
    """Release all orders, so many in a unit of work; raises `RuntimeError` when one of them got nothing."""
    statements, counts = 0, []

    def note(*_: Any) -> None:
        nonlocal statements
        statements += 1

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    begun, spent = time.perf_counter(), time.process_time()
    for start in range(0, len(ids), chunk):
        statements = 0
        async with database.unit_of_work() as db:
            found = await sourcing.source_orders(db, ids[start : start + chunk], now=db.now)
        counts.append(statements)
        if any(each.outcome is SourceOutcome.WAIT for each in found.values()):
            raise RuntimeError("An order found nothing, though there is enough of everything.")
    done = Sourced(time.perf_counter() - begun, time.process_time() - spent, counts)
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return done


async def plan_all(database: Database, seconds: float) -> tuple[RoutingRun, float]:
    """Plan all orders jointly and allocate what was found; the run, and CPU seconds of this process."""
    async with database.unit_of_work() as db:
        asked = reoptimizing.request_run(db, Occasion.MANUAL)
    spent = time.process_time()
    await reoptimizing.reoptimize(database, asked.id, seconds=seconds)
    spent = time.process_time() - spent
    async with database.read_only() as db:
        return await db.get_one(RoutingRun, asked.id), spent
