"""Places whose own systems know their stock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from inventory.shelves import Shelf, make_shelf
from kontor.core.db import Database
from kontor.core.ports import Ports
from kontor.inventory import live
from kontor.inventory.errors import StockSystemAway
from kontor.inventory.live import LiveAnswer, refresh_live
from kontor.inventory.ports import LiveFigure, LiveStock
from kontor.locations.models import StockLocation
from support import StandingClock


class Shop:
    """A system that answers with `figures`, late or not at all as told."""

    def __init__(self, *figures: LiveFigure) -> None:
        self.figures, self.asked, self.away, self.delay = figures, 0, False, 0.0

    async def read(self, location: str, skus: Sequence[str]) -> Sequence[LiveFigure]:
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.away:
            raise StockSystemAway("away")
        return self.figures


async def connect(database: Database, system: Shop) -> tuple[Shelf, Ports]:
    shelf = await make_shelf(database, 10)
    async with database.unit_of_work() as db:
        (await db.get_one(StockLocation, shelf.place.id)).live_stock = "till"
    ports = Ports()
    ports.register(LiveStock, system, name="till")
    return shelf, ports


async def refresh(shelf: Shelf, ports: Ports) -> LiveAnswer:
    return await refresh_live(shelf.database, ports, [shelf.place.id], [shelf.variant.id])


async def test_young_figure_is_not_asked_for_again(database: Database, clock: StandingClock) -> None:
    system = Shop(LiveFigure("LAMP", 4))
    shelf, ports = await connect(database, system)

    await refresh(shelf, ports)
    assert system.asked == 0
    clock.moment += live.YOUNG
    assert await refresh(shelf, ports) == LiveAnswer(1)
    await refresh(shelf, ports)

    assert system.asked == 1
    assert await shelf.counters() == (4, 0, 0)
    assert await shelf.sound()


async def test_system_that_is_away_leaves_the_last_figure(
    database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = Shop(LiveFigure("LAMP", 4))
    shelf, ports = await connect(database, system)
    clock.advance(minutes=5)
    system.away = True

    for _ in range(2):
        assert await refresh(shelf, ports) == LiveAnswer(0, frozenset({shelf.place.id}))
    assert system.asked == 1
    system.away = False
    monkeypatch.setattr(live, "monotonic", lambda: 1e12)

    assert await refresh(shelf, ports) == LiveAnswer(1)
    assert await shelf.counters() == (4, 0, 0)


async def test_slow_system_is_not_waited_for(
    database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = Shop(LiveFigure("LAMP", 4))
    shelf, ports = await connect(database, system)
    clock.advance(minutes=5)
    system.delay = 5.0
    monkeypatch.setattr(live, "TIME_LIMIT", 0.02)

    answer = await refresh(shelf, ports)

    assert answer.unanswered == {shelf.place.id}
    assert await shelf.counters() == (10, 0, 0)


async def test_answers_nobody_asked_for_are_left_out(database: Database, clock: StandingClock) -> None:
    older = clock.moment - timedelta(hours=1)
    system = Shop(LiveFigure("OTHER", 1), LiveFigure("LAMP", -3), LiveFigure("LAMP", 2, older))
    shelf, ports = await connect(database, system)
    clock.advance(minutes=5)

    assert await refresh(shelf, ports) == LiveAnswer(0)
    assert await shelf.counters() == (10, 0, 0)


async def test_place_without_system_or_adapter_is_no_trouble(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    clock.advance(minutes=5)
    assert await refresh(shelf, Ports()) == LiveAnswer()
    async with database.unit_of_work() as db:
        (await db.get_one(StockLocation, shelf.place.id)).live_stock = "gone"
    assert (await refresh(shelf, Ports())).unanswered == {shelf.place.id}
