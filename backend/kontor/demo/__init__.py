"""A small believable company, made through the services in a minute: masters, people, thirty days of orders.

Owns no table. `load` is what `kontor run` and `kontor seed` call; it goes on where an earlier call was interrupted, and
of two calls at once the second one waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from kontor import bootstrap
from kontor.channels.models import SalesChannel
from kontor.core.clock import wall
from kontor.core.jobs import Runtime
from kontor.demo import masters, people, progress
from kontor.demo.calling import Caller
from kontor.demo.progress import Progress
from kontor.demo.story import DAYS, StoryClock, Teller
from kontor.demo.turns import turn
from kontor.relay import drain

if TYPE_CHECKING:
    from kontor.settings import Settings

Say = Callable[[str], None]


class Outcome(Enum):
    """What became of a call to load the company."""

    LOADED = "The demo company is loaded."
    COMPLETED = "The demo company was loaded in part; now it is complete."
    THERE = "The demo company is loaded already."
    OTHER = "The database holds other data. The demo company needs an empty database: name one in KONTOR_DATABASE_URL."


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of it, and the company that is there; none among other data."""

    outcome: Outcome
    company: UUID | None = None


async def load(settings: Settings, say: Say, *, new_passwords: bool = False) -> Loading:
    """Migrate and load the company into an empty database, or complete one that was interrupted; other data stays as
    it is.

    `say` is told before it takes a while, also when somebody else is at it and is waited for. The people of a loaded
    company get `new_passwords` on demand.
    """
    async with turn(settings.database_url, lambda: say("Somebody else is loading this database; waiting for it …")):
        await asyncio.to_thread(bootstrap.migrate, settings.database_url)
        return await _load(settings, say, new_passwords=new_passwords)


async def _load(settings: Settings, say: Say, *, new_passwords: bool) -> Loading:
    runtime = bootstrap.build(settings)
    try:
        async with runtime.database.read_only() as db:
            found = await progress.read(db)
            filled = await db.scalar(sa.select(sa.func.count()).select_from(SalesChannel))
        if found is None and filled:
            return Loading(Outcome.OTHER)
        if found is not None and found.loaded:
            if new_passwords:
                people.keep(found.company, await people.load(Caller(runtime)))
            return Loading(Outcome.THERE, found.company)
        say("Loading the demo company: thirty days of orders, which takes a minute or two …")
        made = await tell(runtime)
        return Loading(Outcome.COMPLETED if found else Outcome.LOADED, made.company)
    finally:
        await bootstrap.close(runtime)


async def tell(runtime: Runtime, *, per_day: int = 9, days: int = DAYS) -> Progress:
    """Masters, people and the story, each unless it is there; moves the clock of the runtime's database."""
    clock = StoryClock(wall())
    runtime.database.clock = clock
    made = await _begun(runtime)
    clock.moment = made.until
    caller = Caller(runtime)

    async def masters_and_stock() -> None:
        await masters.load(caller, clock.moment)
        await drain(runtime)

    async def everybody() -> None:
        people.keep(made.company, await people.load(caller))

    await _once(runtime, made, "masters", masters_and_stock)
    await _once(runtime, made, "people", everybody)
    teller = Teller(runtime, clock)
    for day in teller.steps(days):
        await _once(runtime, made, f"{day} days ago", partial(teller.tell, day, per_day))
    await _once(runtime, made, progress.LOADED, teller.end)
    return made


async def _begun(runtime: Runtime) -> Progress:
    """The company that was begun here, or a new one."""
    async with runtime.database.unit_of_work() as db:
        await progress.start(db)
    async with runtime.database.read_only() as db:
        begun = await progress.read(db)
    assert begun is not None
    return begun


async def _once(runtime: Runtime, made: Progress, chapter: str, write: Callable[[], Awaitable[None]]) -> None:
    """Write a chapter and mark it; what was interrupted before its mark is written again, over what it left."""
    if chapter in made.chapters:
        return
    await write()
    async with runtime.database.unit_of_work() as db:
        await progress.note(db, chapter)
