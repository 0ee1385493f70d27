"""Kills processes at random and starts them again, as power cuts and crashes would."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator

from kontor.bench.replay.installation import Installation, Victims, victims


@contextlib.asynccontextmanager
async def chaos(installation: Installation, *, every: float, seed: int = 1) -> AsyncIterator[Counter[str]]:
    """While open, something is killed (SIGKILL) about every `every` seconds; counts the kills by name.

    What was killed is started again before the next one dies, and everything runs when the block is left.
    """
    kills: Counter[str] = Counter()
    stop = asyncio.Event()
    hand = asyncio.create_task(_kill(victims(installation), random.Random(seed), every, kills, stop))
    try:
        yield kills
    finally:
        stop.set()
        await hand


async def _kill(
    targets: Victims, chance: random.Random, every: float, kills: Counter[str], stop: asyncio.Event
) -> None:
    names = sorted(targets)
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.uniform(0.5, 1.5) * every)
            return
        name = chance.choice(names)
        kill, start = targets[name]
        await asyncio.to_thread(kill)
        kills[name] += 1
        await asyncio.sleep(chance.uniform(0.0, 0.2) * every)
        await asyncio.to_thread(start)
