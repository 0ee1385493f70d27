"""One takeover from beginning to end: place, pay, ship, close each day, compare, rebuild, audit."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kontor import bootstrap
from kontor.adapters.payments.simulator.ledger import audit_file
from kontor.audit import running as audit
from kontor.bench.replay.loading import ZONE
from kontor.bench.replay.plan import story
from kontor.bench.takeover import company, expecting
from kontor.bench.takeover.comparing import compare
from kontor.bench.takeover.playing import REACTIONS, DayClock, Days, Takeover, Taking, end_of
from kontor.bench.takeover.recorded import load_all
from kontor.channels.models import LegalEntity
from kontor.core import outbox
from kontor.core.clock import local_day
from kontor.core.db import Database, Session
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.ledger import closing, queries, rebuilding
from kontor.ledger.models import LedgerDay
from kontor.settings import Settings
from kontor.subscribers import SUBSCRIBERS

Say = Callable[[str], None]
SAY_EVERY = 5000
SHOWN = 20


@dataclass(slots=True)
class Report:
    """What a takeover showed; no differences means that everything ended as the data set says it must."""

    figures: dict[str, Any] = field(default_factory=dict)
    accounted: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


async def take_over(data: Path, url: str, say: Say = lambda _: None, *, most: int | None = None) -> Report:
    """Take the payments of a data set over into an empty, migrated database; `most` takes a sample of its orders."""
    report = Report()
    recorded = await asyncio.to_thread(load_all, data, report.accounted, most=most)
    stories = [story(each, report.accounted, returned_per_thousand=0) for each in recorded]
    takings = [Taking(each) for each in stories]
    payments = sum(len(each.order.payments) for each in stories)
    say(f"{len(stories)} orders with {payments} payments")
    first_day = local_day(stories[0].order.purchased_at, ZONE)
    clock = DayClock(end_of(first_day - timedelta(days=1)))
    places = max(each.order.sellers for each in stories)
    with tempfile.TemporaryDirectory(prefix="kontor-takeover-", dir=_memory()) as folder:
        async with _runtime(url, clock, Path(folder)) as runtime:
            database = runtime.database
            sells = await company.build(database, places=places, first_day=first_day - timedelta(days=1))
            report.figures |= {
                "orders": len(stories),
                "payments": payments,
                "differing orders by the set's own count": dict(expecting.documented(stories)),
            }
            begun, spent = time.perf_counter(), time.process_time()
            await _play(Takeover(runtime, clock), database, sells, Days.of(takings), report, say)
            seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
            report.figures |= {
                "payments a second": round(payments / seconds, 1),
                "CPU milliseconds of the process per payment": round(1000 * cpu / payments, 1),
                "seconds": round(seconds, 1),
            }
            await _check(runtime, takings, report, Path(folder) / "gateway.db")
    return report


def _memory() -> str | None:
    """The gateway's books are thrown away: in memory where there is room."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


@contextlib.asynccontextmanager
async def _runtime(url: str, clock: DayClock, folder: Path) -> AsyncIterator[Runtime]:
    """One process that does all, with only the reactions to events in force that move or book money."""
    bootstrap.load()
    settings = Settings(
        database_url=url, storage_url=f"file:{folder / 'documents'}", mailbox_dir=str(folder / "mailbox"),
        gateway_ledger=str(folder / "gateway.db"),
    )  # fmt: skip
    ports = Ports()
    bootstrap.bind_adapters(ports, settings)
    runtime = Runtime(Database(url, clock=clock), ports, settings)
    outbox.route({event: tuple(job for job in jobs if job in REACTIONS) for event, jobs in SUBSCRIBERS.items()})
    try:
        yield runtime
    finally:
        outbox.route(SUBSCRIBERS)
        await bootstrap.close(runtime)


async def _play(
    takeover: Takeover, database: Database, sells: company.Company, days: Days, report: Report, say: Say
) -> None:
    told = unbalanced = 0
    count: int = 0
    async for day in takeover.play(days):
        count += 1
        async with database.unit_of_work() as db:
            entity = await db.get_one(LegalEntity, sells.entity_id)
            unbalanced += await _unbalanced(db, entity, day)
            await closing.close_days(db, entity, now=db.now)
        if takeover.acts["place"] // SAY_EVERY > told:
            told = takeover.acts["place"] // SAY_EVERY
            say(f"{day}: {takeover.acts['place']} orders placed")
    clock = database.clock
    assert isinstance(clock, DayClock)
    await clock.move_to(clock.moment + timedelta(days=1))
    async with database.unit_of_work() as db:
        await closing.close_days(db, await db.get_one(LegalEntity, sells.entity_id), now=db.now)
    report.figures["days with work"], report.figures["acts"] = count, dict(takeover.acts)
    if unbalanced:
        report.differences.append(f"{unbalanced} entries did not balance at the end of their day")


async def _unbalanced(db: Session, entity: LegalEntity, day: date) -> int:
    """Entries of a day that do not balance, and one more where the whole day does not."""
    first, last = queries.bounds(entity, day, day)
    sums = (
        sa.select(sa.func.sum(JournalLine.amount).label("rest"))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(
            JournalEntry.legal_entity_id == entity.id, JournalEntry.posted_at >= first, JournalEntry.posted_at < last
        )
        .group_by(JournalLine.entry_id)
        .subquery()
    )
    wrong = await db.scalar(sa.select(sa.func.count()).select_from(sums).where(sums.c.rest != 0)) or 0
    rest = await db.scalar(sa.select(sa.func.coalesce(sa.func.sum(sums.c.rest), 0)))
    return int(wrong) + (rest != 0)


async def _check(runtime: Runtime, takings: list[Taking], report: Report, gateway: Path) -> None:
    database = runtime.database
    async with database.read_only() as db:
        await compare(db, takings, report)
        await _check_days(db, report)
        rebuilt = [text async for text in rebuilding.differences(db)]
    report.figures["journal entries computed anew that differ"] = len(rebuilt)
    report.differences += rebuilt[:SHOWN]
    books = audit_file(gateway)
    report.differences += [
        f"the gateway was told to {kind} {times} times under {key}" for key, kind, times in books.repeated
    ]
    moved: Counter[str] = Counter()
    for kinds in books.totals.values():
        moved.update(kinds)
    for name, figure in (("capture", "captured"), ("refund", "refunded")):
        ours = report.figures[f"{figure} over the gateway"]
        if ours != moved[name]:
            report.differences.append(f"{name}: {ours} in Kontor, {moved[name]} at the gateway")
    found = await audit.differences(database)
    report.figures["audit differences"] = len(found)
    report.differences += [f"audit: {each}" for each in found[:SHOWN]]


async def _check_days(db: Session, report: Report) -> None:
    """The closed days agree with the payments, and together with what was taken and given back."""
    closed = list(await db.scalars(sa.select(LedgerDay).order_by(LedgerDay.day)))
    sums: Counter[str] = Counter()
    for day in closed:
        for figures in day.content:
            report.differences += [f"{day.day}: {text}" for text in figures["differences"]]
            sums["captured"] += sum(figures["captured"].values())
            sums["refunded"] += sum(figures["refunded"].values())
    report.figures["days closed"] = len(closed)
    for name in ("captured", "refunded"):
        if sums[name] != report.figures[name]:
            report.differences.append(f"{name}: {sums[name]} in the closed days, {report.figures[name]} by payments")
