"""Runs of the joint planning and what-ifs are kept for a time; a what-if that cannot be kept says so."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontor import bootstrap, relay
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.routing import runs, simulating
from kontor.routing.models import RoutingMove, RoutingRun, RoutingSimulation, RoutingSimulationOrder
from kontor.routing.presets import Preset
from kontor.routing.runs import Occasion, Result
from kontor.routing.states import SimulationState
from routing.test_simulating import again, asked, season, simulated
from support import Drain, StandingClock


async def planned(database: Database, moves: int = 2) -> UUID:
    """A run that ended now and moved so many orders."""
    async with database.unit_of_work() as db:
        run = runs.add(db, Occasion.MANUAL)
        await db.flush()
        await runs.add_moves(db, run.id, [(new_id(), new_id(), 5)] * moves)
        await runs.end(db, run.id, Result(orders=9, stale=0, cost=90, planned=80, bound=80, milliseconds=7))
        return run.id


async def left(database: Database, *models: Any) -> list[int]:
    async with database.read_only() as db:
        return [await db.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in models]


async def test_old_runs_and_what_ifs_are_forgotten(database: Database, drain: Drain, clock: StandingClock) -> None:
    await season(database)
    kept_out = {"name": "no store", "kind": "KEEP_OUT", "when": 'place.kind == "STORE"'}
    assert (await simulated(database, drain, asked(clock, rules=[kept_out]))).state is SimulationState.DONE
    for _ in range(12):
        await planned(database)
    clock.moment += timedelta(days=60)
    young = await planned(database)
    async with database.unit_of_work() as db:
        waits = runs.add(db, Occasion.SCHEDULE)
    clock.moment += timedelta(days=31)
    kept = (RoutingRun, RoutingMove, RoutingSimulation, RoutingSimulationOrder)
    assert await left(database, *kept) == [14, 26, 1, 3]
    async with database.unit_of_work() as db:
        outbox.schedule(db, "routing.forget", {})
    assert await drain() == []
    assert await left(database, *kept) == [2, 2, 0, 0]
    async with database.read_only() as db:
        assert set(await db.scalars(sa.select(RoutingRun.id))) == {young, waits.id}


async def test_everything_is_kept_where_no_days_are_set(
    database: Database, runtime: Runtime, clock: StandingClock
) -> None:
    bootstrap.load()
    endless = replace(runtime, settings=replace(runtime.settings, routing_days_kept=0))
    await planned(database)
    clock.moment += timedelta(days=4000)
    async with database.unit_of_work() as db:
        outbox.schedule(db, "routing.forget", {})
    assert await relay.drain(endless) == []
    assert await left(database, RoutingRun, RoutingMove) == [1, 2]


async def test_what_if_whose_findings_cannot_be_kept_ends_failed(
    database: Database, drain: Drain, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> None:
        raise RuntimeError("no room")

    await season(database)
    monkeypatch.setattr(simulating, "write_portion", refuse)
    simulation = await simulated(database, drain, asked(clock, preset=Preset.COST))
    for _ in range(3):
        async with database.unit_of_work() as db:
            await db.execute(sa.update(outbox.OutboxRow).values(available_at=db.now - timedelta(days=9999)))
        await drain()
    found = await again(database, simulation)
    assert (found.state, found.error) == (SimulationState.FAILED, "RuntimeError('no room')")
