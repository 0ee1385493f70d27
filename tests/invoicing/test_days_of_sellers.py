"""Half past midnight on New Year's Day in Berlin is 23:30 of the old year in UTC: what is overdue goes by Berlin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa

from factories.intake import Company, order_input
from factories.invoicing import invoices
from factories.ledger import sell
from factories.payments import make_shop
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.invoicing import dunning
from kontor.invoicing.models import DunningNotice, Invoice
from kontor.invoicing.service import record_invoice_payment
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import lock_order
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from support import Client, Drain, Principals, StandingClock

ISSUED = datetime(2026, 12, 16, 23, 30, tzinfo=UTC)  # 17 December in Berlin: due on 31 December
OLD_YEAR = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
AT_ONCE = {"dunning": [{"afterDays": 1, "fee": 0, "payDays": 7}]}
OVERDUE = "{ openItems(filter: {kind: [INVOICE]}) { nodes { dueOn daysOverdue } } }"


async def sold(database: Database, drain: Drain, clock: StandingClock, zone: str = "Europe/Berlin") -> Company:
    clock.set_to(ISSUED)
    company = await make_shop(database, settings=AT_ONCE)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(LegalEntity).values(timezone=zone))
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    return company


async def overdue(database: Database) -> list[UUID]:
    async with database.read_only() as db:
        return await dunning.overdue(db, now=db.now)


async def test_invoice_is_overdue_when_the_seller_s_day_begins(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await sold(database, drain, clock)
    [invoice] = await invoices(database)
    assert (invoice.content["issued_on"], invoice.due_on) == ("2026-12-17", date(2026, 12, 31))
    clock.set_to(OLD_YEAR)
    assert await overdue(database) == []
    clock.set_to(NEW_YEAR)
    assert await overdue(database) == [invoice.id]
    async with database.unit_of_work() as db:
        [notice] = await dunning.remind(db, [invoice.id], now=db.now)
    assert (notice.level, notice.due_on) == (1, date(2027, 1, 8))
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(DunningNotice.due_on))).one() == date(2027, 1, 8)


async def test_seller_west_of_greenwich_has_more_time(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await sold(database, drain, clock, "America/New_York")
    [invoice] = await invoices(database)
    assert invoice.due_on == date(2026, 12, 30)
    clock.set_to(datetime(2026, 12, 31, 4, 30, tzinfo=UTC))
    assert await overdue(database) == []
    clock.set_to(datetime(2026, 12, 31, 5, 30, tzinfo=UTC))
    assert await overdue(database) == [invoice.id]


async def test_money_that_is_gone_again_leaves_an_invoice_overdue_by_the_seller_s_day(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await sold(database, drain, clock)
    for moment, state in ((OLD_YEAR, "ISSUED"), (NEW_YEAR, "OVERDUE")):
        clock.set_to(moment)
        async with database.unit_of_work() as db:
            invoice = await db.get_one(Invoice, (await invoices(database))[0].id)
            done = await record_invoice_payment(db, invoice, 5000, reference=str(moment), now=db.now)
            assert invoice.state == "PAID"
            [payment] = (await payment_queries.lock_payments(db, [invoice.order_id]))[invoice.order_id]
            order = await lock_order(db, invoice.order_id)
            await payments.withdraw_payment(db, order, payment, done, now=db.now)
        assert await drain() == []
        assert [invoice.state for invoice in await invoices(database)] == [state]


async def test_open_items_bear_the_days_of_the_seller(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock, client: Client, principals: Principals
) -> None:
    await sold(database, drain, clock)
    finance = principals.holding("journal:read")
    for moment, days in ((OLD_YEAR, 0), (NEW_YEAR, 1)):
        clock.set_to(moment)
        answer = await client.graphql(OVERDUE, principal=finance)
        assert answer["data"]["openItems"]["nodes"] == [{"dueOn": "2026-12-31", "daysOverdue": days}]
