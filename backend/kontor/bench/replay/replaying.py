"""One replay from beginning to end: load, play, compare, audit."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from kontor.audit import running as audit
from kontor.bench.replay import checking, outcome
from kontor.bench.replay.chaos import chaos
from kontor.bench.replay.dataset import DataSet, load
from kontor.bench.replay.installation import Installation, Wanted, running
from kontor.bench.replay.loading import load_company, load_stock
from kontor.bench.replay.operations import Operations
from kontor.bench.replay.plan import RETURNED_PER_THOUSAND, Story, story
from kontor.bench.replay.playing import ACTS_PER_WINDOW, Played, Player
from kontor.bench.replay.selling import Sellers, opened

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What is replayed on what. `chaos_every` is the mean number of seconds between two kills, 0 for none.

    With a `day` only its orders are, and the sellers work them by their own keys.
    """

    data: Path
    orders: int | None = None
    wanted: Wanted = field(default_factory=Wanted)
    chaos_every: float = 0.0
    chaos_seed: int = 1
    returned_per_thousand: int = RETURNED_PER_THOUSAND
    acts_per_window: int = ACTS_PER_WINDOW
    day: date | None = None


@dataclass(slots=True)
class Report:
    """What a replay showed; no differences means that everything ended as it had to. `ends` by order and by shelf."""

    figures: dict[str, Any]
    accounted: dict[str, int]
    differences: list[str]
    digest: str
    ends: dict[str, str] = field(default_factory=dict)


async def replay(options: Options, say: Say, keep: Callable[[Report], None] = lambda _: None) -> Report:
    """Run one replay; raises what stops it, and reports what it found otherwise.

    `keep` is given the report before anything is taken down: what an hour has shown does not hang on that.
    """
    data = await asyncio.to_thread(load, options.data, most=options.orders, day=options.day)
    notes = Counter(data.notes)
    stories = [story(each, notes, returned_per_thousand=options.returned_per_thousand) for each in data.orders]
    accounted = {f"orders without lines, recorded as {name}": count for name, count in data.unplaceable.items()}
    accounted |= dict(notes)
    say(f"{len(stories)} orders to place, {sum(data.unplaceable.values())} without lines")
    start = data.orders[0].purchased_at - timedelta(days=2)
    async with running(options.wanted, start=start) as installation:
        started = time.perf_counter()
        locations = await load_company(installation.api, data, first_day=start.date())
        await load_stock(installation.api, data, as_of=start)
        await installation.quiet()
        say(f"{len(data.sellers)} sellers and {len(data.products)} products in {time.perf_counter() - started:.0f} s")
        async with (
            _working(installation, data, locations, options) as operations,
            _disturbed(installation, options) as kills,
        ):
            played = await Player(installation, operations, stories, say, options.acts_per_window).play()
        say(f"played in {played.seconds:.0f} s, checking")
        made = await _report(installation, data, stories, played, kills, accounted)
        if isinstance(operations, Sellers):
            made.figures |= {
                "sellers": len(data.sellers),
                "asked of other sellers in vain": operations.hidden,
                "returns decided by sellers": operations.decided,
            }
        keep(made)
    return made


@contextlib.asynccontextmanager
async def _working(
    installation: Installation, data: DataSet, locations: Mapping[str, str], options: Options
) -> AsyncIterator[Operations]:
    """Who works: one client for all, or each seller with its own key."""
    if options.day is None:
        yield Operations(installation.api, data.skus(), locations)
        return
    async with opened(installation, data, locations) as desks:
        yield Sellers(installation.api, data.skus(), locations, desks)


@contextlib.asynccontextmanager
async def _disturbed(installation: Installation, options: Options) -> AsyncIterator[Counter[str]]:
    if not options.chaos_every:
        yield Counter()
        return
    async with chaos(installation, every=options.chaos_every, seed=options.chaos_seed) as kills:
        yield kills


async def _report(
    installation: Installation,
    data: DataSet,
    stories: list[Story],
    played: Played,
    kills: Counter[str],
    accounted: dict[str, int],
) -> Report:
    await installation.quiet()
    ended = await outcome.read(installation.database)
    stack = installation.stack
    result = checking.check(data, stories, ended, ledger=stack.ledger, mailbox=stack.folder / "mailbox")
    began = time.perf_counter()
    found = await audit.differences(installation.database)
    result.differences += [f"audit: {each}" for each in found]
    calls = installation.api.calls
    pauses = quantiles(calls.seconds, n=100) if len(calls.seconds) > 1 else [0.0] * 99
    figures = {
        "orders a second": round(len(stories) / played.seconds, 1),
        "seconds": round(played.seconds, 1),
        "CPU seconds of Kontor's processes": round(stack.cpu(), 1),
        "windows": played.windows,
        "rounds": played.rounds,
        "acts": dict(sorted(played.acts.items())),
        "risk reviews": played.reviewed,
        "calls": calls.sent,
        "calls repeated": calls.repeated,
        "call seconds p50": round(pauses[49], 3),
        "call seconds p99": round(pauses[98], 3),
        "kills": dict(sorted(kills.items())),
        **result.figures,
        "audit seconds": round(time.perf_counter() - began, 1),
        "audit differences": len(found),
    }
    return Report(figures, accounted, result.differences, ended.digest(), ended.ends())
