"""The day in figures agrees with the journal, is closed once and shows what came late."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from factories.intake import Company, order_input
from factories.invoicing import accounts
from factories.ledger import busy_entity, sell
from factories.payments import card
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.ledger import closing, queries
from kontor.ledger.closing import Figures
from support import Drain, StandingClock

DAY = date(2026, 6, 15)


async def figures(database: Database, company: Company, day: date = DAY) -> list[Figures]:
    async with database.read_only() as db:
        entity = await queries.get_entity(db, company.channel.legal_entity_id, db.principal)
        return await closing.figures_of(db, entity, day)


async def test_figures_of_a_busy_day(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await busy_entity(database, drain)
    [found] = await figures(database, company)
    books = await accounts(database)
    assert (found.orders, found.order_total) == (3, 13_492)
    assert found.revenue["OSS/FR/20"] == {"net": 1667, "tax": 333}
    assert sum(sums["net"] for sums in found.revenue.values()) == -sum(
        books[name] for name in ("REVENUE", "CHARGES", "KEPT_FEES")
    )
    assert sum(sums["tax"] for sums in found.revenue.values()) == -books["TAX"]
    assert sum(found.captured.values()) == 5492 + 1000 + 2000 + 2000
    assert found.captured["ON_ACCOUNT"] == 2000
    assert sum(found.refunded.values()) == 1699 + 500
    assert found.receivables == books["RECEIVABLES"]
    assert found.differences == []


async def test_a_lost_entry_is_a_difference(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await busy_entity(database, drain)
    async with database.unit_of_work() as db:
        lost = (await db.scalars(sa.select(JournalEntry.id).where(JournalEntry.kind == "RECEIPT"))).one()
        await db.execute(sa.delete(JournalLine).where(JournalLine.entry_id == lost))
        await db.execute(sa.delete(JournalEntry).where(JournalEntry.id == lost))
    [found] = await figures(database, company)
    assert found.differences == ["captured: 10492 by the payments, 8492 in the journal"]


async def test_days_are_closed_once_and_in_a_row(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await busy_entity(database, drain)
    closed = []
    for days in (0, 1, 0, 3):
        clock.advance(days=days)
        async with database.unit_of_work() as db:
            entity = await queries.get_entity(db, company.channel.legal_entity_id, db.principal)
            closed.append(await closing.close_days(db, entity, now=db.now))
    assert closed == [[DAY - timedelta(days=1)], [DAY], [], [DAY + timedelta(days=each) for each in (1, 2, 3)]]
    [now] = await figures(database, company)
    async with database.read_only() as db:
        kept = await queries.closed_day(db, company.channel.legal_entity_id, DAY)
    assert kept is not None
    assert kept.content == [closing.plain(now)]


async def test_a_day_is_that_of_the_entity(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await busy_entity(database, drain)
    clock.set_to(clock.moment.replace(hour=22, minute=30))
    wanted = order_input(company.channel, ("COAT", 1), payments=(card(1000),))
    await sell(database, drain, company, wanted)
    assert [each.orders for each in await figures(database, company)] == [3]
    assert [each.orders for each in await figures(database, company, date(2026, 6, 16))] == [1]
