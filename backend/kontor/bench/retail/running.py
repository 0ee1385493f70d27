"""One replay of the invoices from beginning to end: load, play, compare, audit, report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from kontor.audit import running as audit
from kontor.bench.replay import outcome
from kontor.bench.replay.installation import Installation, Wanted, running
from kontor.bench.retail.book import TAKEN, Book, Sale, write_up
from kontor.bench.retail.checking import Checked, check, write_refused
from kontor.bench.retail.company import load_company
from kontor.bench.retail.playing import Player
from kontor.bench.retail.rows import Row, Span, articles, read

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What is replayed on what; with a file for the refused rows they are written there."""

    data: Path
    months: Span
    wanted: Wanted = field(default_factory=Wanted)
    refused: Path | None = None


@dataclass(slots=True)
class Report:
    """What the replay showed; no differences means that everything ended as it had to."""

    figures: dict[str, Any]
    totals: list[str]
    differences: list[str]


async def replay(options: Options, say: Say) -> Report:
    """Run one replay on an installation of its own; raises what stops it, and reports what it found otherwise."""
    rows, book = await asyncio.to_thread(prepare, options)
    say(f"{len(rows)} rows, {sum(isinstance(act, Sale) for act in book.acts)} sales to place")
    async with running(options.wanted, start=rows[0].at - timedelta(days=2)) as installation:
        report = await play(installation, rows, book, say, options.refused)
        report.figures["CPU seconds of Kontor's processes"] = round(installation.stack.cpu(), 1)
    return report


def prepare(options: Options) -> tuple[list[Row], Book]:
    """The rows that are played, and what is done with them. Raises `ValueError` when there are none."""
    rows = read(options.data, options.months)
    book = write_up(rows, options.months)
    played = [row for row in rows if row.number in book.fates]
    if not any(isinstance(act, Sale) for act in book.acts):
        raise ValueError(f"Nothing was sold from {options.months.first} on")
    return played, book


async def play(installation: Installation, rows: Sequence[Row], book: Book, say: Say, refused: Path | None) -> Report:
    """Load the company, play the book and check where everything ended."""
    began = time.perf_counter()
    start = rows[0].at - timedelta(days=2)
    sales = [act for act in book.acts if isinstance(act, Sale)]
    place = await load_company(installation.api, articles(rows), sales, start=start)
    await installation.quiet()
    loaded = time.perf_counter() - began
    played = await Player(installation, book, place, say).play()
    say(f"played in {played.seconds:.0f} s, checking")
    checked = check(rows, book, played, await outcome.read(installation.database))
    found = await audit.differences(installation.database)
    figures = {
        "seconds to load": round(loaded, 1),
        "seconds to play": round(played.seconds, 1),
        "acts": dict(sorted(played.acts.items())),
        "calls": installation.api.calls.sent,
        **checked.figures,
        "audit differences": len(found),
    }
    if refused is not None:
        figures["rows written as refused"] = write_refused(refused, rows, book.fates, played.said)
    return Report(figures, totals(checked), checked.differences + [f"audit: {each}" for each in found])


def totals(checked: Checked) -> list[str]:
    """Rows, pieces and pounds by what became of them: what was taken comes first."""
    lines = []
    for fate, each in checked.by_fate.items():
        name = fate.value if fate in TAKEN else f"refused: {fate.value}"
        lines += [f"{name}: {each.rows} rows, {each.pieces} pieces, {_pounds(each.amount)}"] if each.rows else []
    return lines


def _pounds(pence: int) -> str:
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02d} GBP"
