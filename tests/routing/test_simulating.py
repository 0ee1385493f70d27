"""Past orders under another policy: what they would have cost, who would have worked, and nothing of them changed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, sourced
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from kontor.core.db import Database, Model
from kontor.core.errors import KontorError
from kontor.locations.models import StockLocation
from kontor.routing import simulating
from kontor.routing.models import RoutingSimulation, RoutingSimulationOrder
from kontor.routing.presets import Preset
from kontor.routing.simulating import SimulationInput, cancel_simulation, start_simulation
from kontor.routing.states import SimulationState
from support import Drain, StandingClock


async def season(database: Database, count: int = 5) -> tuple[Company, StockLocation]:
    """So many orders of one lamp each: the store sends for 3.00 while it has lamps, then the warehouse for 4.90."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        store = await make_location(db, kind="STORE", code="store", priority=200)
        await make_tariff(db, location_id=store.id, parcel_cents=300)
    await put_stock(database, company.warehouse.id, variant.id, 100)
    await put_stock(database, store.id, variant.id, 3)
    for _ in range(count):
        await sourced(database, await confirmed(database, company, ("LAMP", 1)))
    return company, store


def asked(clock: StandingClock, **more: Any) -> SimulationInput:
    return SimulationInput(clock.moment - timedelta(days=1), clock.moment + timedelta(days=1), **more)


async def simulated(database: Database, drain: Drain, given: SimulationInput) -> RoutingSimulation:
    async with database.unit_of_work() as db:
        simulation = await start_simulation(db, given)
    await drain()
    return await again(database, simulation)


async def again(database: Database, simulation: RoutingSimulation) -> RoutingSimulation:
    async with database.read_only() as db:
        found = await db.get(RoutingSimulation, simulation.id)
    assert found is not None
    return found


async def changes(database: Database, simulation: RoutingSimulation) -> list[RoutingSimulationOrder]:
    async with database.read_only() as db:
        rows = sa.select(RoutingSimulationOrder).where(RoutingSimulationOrder.simulation_id == simulation.id)
        return list(await db.scalars(rows.order_by(RoutingSimulationOrder.id)))


async def contents(database: Database, *without: str) -> dict[str, int]:
    """How many rows each table has, and what stock says."""
    async with database.read_only() as db:
        found = {
            name: await db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in Model.metadata.tables.items()
            if name not in without
        }
        level = Model.metadata.tables["stock_level"].c
        found["allocated"] = await db.scalar(sa.select(sa.func.sum(level.allocated))) or 0
    return found


async def test_simulation_tells_what_would_have_been(
    database: Database, drain: Drain, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "CHUNK", 2)
    company, store = await season(database)
    await drain()
    own = ("routing_simulation", "routing_simulation_order", "outbox", "state_change")
    before = await contents(database, *own)

    simulation = await simulated(database, drain, asked(clock, preset=Preset.PRIORITY))

    assert (simulation.state, simulation.done, simulation.total) == (SimulationState.DONE, 5, 5)
    result = simulation.result
    assert (result["changed"], result["as_decided"], result["unreadable"], simulation.carried) == (3, 5, 0, [])
    assert result["before"]["load"] == {str(store.id): [3, 3], str(company.warehouse.id): [2, 2]}
    assert result["after"]["load"] == {str(company.warehouse.id): [5, 5]}
    assert (result["before"]["valued"], result["after"]["valued"]) == (3 * 300 + 2 * 490, 5 * 490)
    assert (result["before"]["kept"], result["after"]["kept"]) == (5, 5)
    rows = await changes(database, simulation)
    assert [row.saving for row in rows] == [-190, -190, -190]
    assert {row.before["parcels"][0]["location"] for row in rows} == {str(store.id)}
    assert {row.after["policy"] for row in rows} == {"PRIORITY"}
    assert all(sum(row.after["terms"].values()) == row.after["cost"] for row in rows)
    assert await contents(database, *own) == before


async def test_what_a_side_leaves_is_there_for_the_orders_that_follow(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    """With three lamps the store is kept out, so it keeps three, though later orders were decided on fewer."""
    company, store = await season(database)
    kept_out = {"name": "no store", "kind": "KEEP_OUT", "when": 'place.kind == "STORE" && place.stock > 2'}
    simulation = await simulated(database, drain, asked(clock, rules=[kept_out]))
    assert simulation.result["after"]["load"] == {str(company.warehouse.id): [5, 5]}
    rows = await changes(database, simulation)
    assert rows[0].after["eliminated"] == [{"location": str(store.id), "reason": "RULED_OUT", "rule": "no store"}]


async def test_canceled_simulation_keeps_what_it_found(
    database: Database, drain: Drain, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "CHUNK", 2)
    await season(database)
    await drain()
    async with database.unit_of_work() as db:
        simulation = await start_simulation(db, asked(clock, preset=Preset.PRIORITY, limit=4))
    assert simulation.total == 4
    async with database.unit_of_work() as db:
        await cancel_simulation(db, simulation.id)
    await drain()
    found = await again(database, simulation)
    assert (found.state, found.done, found.finished_at) == (SimulationState.CANCELED, 0, clock.moment)
    async with database.unit_of_work() as db:
        with pytest.raises(KontorError) as caught:
            await cancel_simulation(db, simulation.id)
    assert caught.value.code == "SIMULATION_DONE"


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({}, "INVALID_SIMULATION", ("policyId",)),
        ({"preset": Preset.COST, "rules": []}, "INVALID_SIMULATION", ("policyId",)),
        ({"preset": Preset.COST, "limit": 0}, "INVALID_SIMULATION", ("limit",)),
        ({"preset": Preset.COST, "channels": ["nowhere"]}, "UNKNOWN_REFERENCE", ("channels", 0)),
        ({"rules": [{"name": "r", "kind": "KEEP_OUT", "when": "place.x"}]}, "UNKNOWN_FACT", ("rules", 0, "when")),
    ],
)
async def test_request_that_makes_no_sense_is_refused(
    database: Database, clock: StandingClock, more: dict[str, Any], code: str, path: tuple[Any, ...]
) -> None:
    async with database.unit_of_work() as db:
        with pytest.raises(KontorError) as caught:
            await start_simulation(db, asked(clock, **more))
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.engine("sqlite")
async def test_period_must_begin_before_it_ends(database: Database, clock: StandingClock) -> None:
    async with database.unit_of_work() as db:
        with pytest.raises(KontorError) as caught:
            await start_simulation(db, SimulationInput(clock.moment, clock.moment, preset=Preset.COST))
    assert (caught.value.code, caught.value.path) == ("INVALID_SIMULATION", ("until",))
