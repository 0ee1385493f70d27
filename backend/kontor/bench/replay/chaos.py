"""Kills processes at random and starts them again, as power cuts and crashes would."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic

from kontor.bench.replay.installation import Installation, Victims, victims


@contextlib.asynccontextmanager
async def chaos(installation: Installation, *, every: float, seed: int = 1) -> AsyncIterator[Counter[str]]:
    """While open, something is killed (SIGKILL) about every `every` seconds; counts the kills by name.

    What was killed is started again at once, and is left alone for as long as it needs to come up: on a busy machine
    nothing would ever run otherwise. Everything runs when the block is left.
    """
    kills: Counter[str] = Counter()
    stop = asyncio.Event()
    killer = _Killer(victims(installation), random.Random(seed), every, 1.5 * installation.startup_seconds)
    hand = asyncio.create_task(killer.run(kills, stop))
    try:
        yield kills
    finally:
        stop.set()
        await hand


class _Killer:
    """Ends one process after the other."""

    def __init__(self, targets: Victims, chance: random.Random, every: float, spare_seconds: float) -> None:
        self._targets, self._chance, self._every, self._spare = targets, chance, every, spare_seconds
        self._started = dict.fromkeys(targets, float("-inf"))

    async def run(self, kills: Counter[str], stop: asyncio.Event) -> None:
        """Kill and start until `stop` is set."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._chance.uniform(0.5, 1.5) * self._every)
                return
            ready = sorted(name for name, moment in self._started.items() if monotonic() - moment > self._spare)
            if not ready:
                continue
            name = self._chance.choice(ready)
            kill, start = self._targets[name]
            await asyncio.to_thread(kill)
            kills[name] += 1
            await asyncio.sleep(self._chance.uniform(0.0, 0.2) * self._every)
            await asyncio.to_thread(start)
            self._started[name] = monotonic()
