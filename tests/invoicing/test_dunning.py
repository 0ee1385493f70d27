"""Overdue invoices on account are reminded of by level, once each; fees are in the books until they are settled."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.intake import order_input
from factories.invoicing import accounts, invoices
from factories.ledger import open_of, sell
from factories.payments import another_shop, make_shop
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.invoicing import dunning, fees, late_interest
from kontor.invoicing.errors import NothingOpen
from kontor.invoicing.models import DunningNotice
from kontor.invoicing.service import record_invoice_payment
from kontor.invoicing.states import INVOICE, InvoiceState
from kontor.orders.intake import PaymentInput
from support import Drain, StandingClock

SETTINGS = {"dunning": [{"afterDays": 7, "fee": 0}, {"afterDays": 7, "fee": 500}, {"afterDays": 7, "fee": 1000}]}


async def on_account(database: Database, drain: Drain) -> UUID:
    company = await make_shop(database, settings=SETTINGS)
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    return (await invoices(database))[0].id


async def remind(database: Database, drain: Drain, clock: StandingClock, **later: float) -> list[int]:
    """What goes out after a while: the levels."""
    clock.advance(**later)
    async with database.unit_of_work() as db:
        ids = await dunning.overdue(db, now=db.now)
        sent = [notice.level for notice in await dunning.remind(db, ids, now=db.now)]
    assert await drain() == []
    return sent


async def test_levels_follow_each_other_with_their_fees(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await on_account(database, drain)
    assert await remind(database, drain, clock, days=14) == []  # its last day
    assert (await invoices(database))[0].state == "ISSUED"
    assert await remind(database, drain, clock, days=1) == []
    assert (await invoices(database))[0].state == "OVERDUE"
    assert await remind(database, drain, clock, days=6) == [1]
    assert await remind(database, drain, clock, hours=1) == []
    assert await remind(database, drain, clock, days=14) == [2]
    assert await remind(database, drain, clock, days=14) == [3]
    assert await remind(database, drain, clock, days=60) == []
    assert (await invoices(database))[0].state == "DUNNING_3"
    books = await accounts(database)
    assert (books["RECEIVABLES"], books["DUNNING_FEES"]) == (6500, -1500)
    assert await open_of(database) == {"DUNNING_FEE": 1500, "INVOICE": 5000}
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(DunningNotice.due_on).where(DunningNotice.level == 1))).one() == date(
            2026, 7, 13
        )
    assert invoice_id


async def test_what_is_paid_or_paused_is_left_alone(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await on_account(database, drain)
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        until = date(2026, 7, 31)
        await dunning.agree(db, invoice, paused_until=until, instalments=(), reason="was ill", now=db.now)
    assert await remind(database, drain, clock, days=46) == []  # 31 July
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        await record_invoice_payment(db, invoice, 5000, reference="X", now=db.now)
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        with pytest.raises(NothingOpen):
            await dunning.agree(db, invoice, paused_until=None, instalments=(), reason="", now=db.now)
    assert await remind(database, drain, clock, days=30) == []
    assert invoice_id


async def test_a_broken_instalment_is_reminded_of(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        parts = [(date(2026, 7, 1), 2000), (date(2026, 8, 1), 3000)]
        await dunning.agree(db, invoice, paused_until=None, instalments=parts, reason="", now=db.now)
        await record_invoice_payment(db, invoice, 2000, reference="X", now=db.now)
    assert await remind(database, drain, clock, days=53) == []  # 7 August: the first was kept
    assert await remind(database, drain, clock, days=1) == [1]
    assert await asked(database) == [(2, 1, 3000, 0)]


async def asked(database: Database) -> list[tuple[int, int, int, int]]:
    """Instalment, level, claim and fee of every reminder."""
    async with database.read_only() as db:
        rows = list(await db.scalars(sa.select(DunningNotice).order_by(DunningNotice.id)))
    return sorted((row.instalment, row.level, row.claimed, row.fee) for row in rows)


async def test_each_missed_instalment_is_reminded_of_by_itself(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        parts = [(date(2026, 7, 1), 2000), (date(2026, 8, 1), 2000), (date(2026, 9, 1), 1000)]
        await dunning.agree(db, invoice, paused_until=None, instalments=parts, reason="", now=db.now)
    assert await remind(database, drain, clock, days=23) == [1]  # 8 July
    assert await remind(database, drain, clock, days=14) == [2]
    async with database.unit_of_work() as db:
        await record_invoice_payment(db, invoice, 2000, reference="late", now=db.now)
    assert await remind(database, drain, clock, days=16) == []  # 7 August: the first is paid
    assert await remind(database, drain, clock, days=1) == [1]
    assert await asked(database) == [(1, 1, 2000, 0), (1, 2, 2000, 500), (2, 1, 2000, 0)]
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        again = [(date(2026, 10, 1), 3000)]
        plan = await dunning.agree(db, invoice, paused_until=None, instalments=again, reason="", now=db.now)
        assert plan.instalments == [{"number": 4, "due_on": "2026-10-01", "amount": 3000}]
    assert await remind(database, drain, clock, days=60) == []  # 7 October is too early
    assert await remind(database, drain, clock, days=1) == [1]
    assert (await asked(database))[-1] == (4, 1, 3000, 0)


async def test_interest_without_a_rate_is_booked_when_the_rate_is_entered(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "1.27"})
    for _ in range(2):
        await remind(database, drain, clock, days=25)
    assert (await accounts(database)).get("INTEREST", 0) == 0  # both reminders are of the second half-year
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "1.27", "2026-07-01": "95"})
    for _ in range(2):  # once
        async with database.unit_of_work() as db:
            await late_interest.catch_up(db, await late_interest.behind(db))
        assert await drain() == []
    books = await accounts(database)
    assert books["INTEREST"] == -342  # 25 days of 100 % on 50.00
    assert (await open_of(database))["DUNNING_FEE"] == 500 + 342
    assert await remind(database, drain, clock, days=14) == [3]
    assert (await accounts(database))["INTEREST"] == -342 - 192  # and 14 days since


async def say(database: Database, **more: Any) -> None:
    """What the channel's settings say besides its reminders."""
    async with database.unit_of_work() as db:
        await db.execute(sa.update(SalesChannel).values(settings=SETTINGS | more))


async def test_days_that_instalments_were_charged_for_are_not_charged_again_when_their_plan_ends(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "95", "2026-07-01": "95"})
    assert await remind(database, drain, clock, days=21) == [1]  # 6 July
    await agree(database, (date(2026, 7, 7), 2000), (date(2026, 12, 1), 3000))
    assert await remind(database, drain, clock, days=8) == [1]
    assert await remind(database, drain, clock, days=14) == [2]
    assert (await accounts(database))["INTEREST"] == -77  # 14 days of 100 % on 20.00
    await agree(database)
    assert await remind(database, drain, clock) == [2]
    assert (await accounts(database))["INTEREST"] == -301  # 22 days on 50.00 in all
    assert await remind(database, drain, clock, days=14) == [3]
    assert (await accounts(database))["INTEREST"] == -301 - 192


async def test_interest_of_an_instalment_that_was_paid_before_its_plan_ended_is_owed_beside_that_of_the_rest(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "95", "2026-07-01": "95"})
    assert await remind(database, drain, clock, days=21) == [1]  # 6 July
    await agree(database, (date(2026, 7, 7), 2000), (date(2026, 12, 1), 3000))
    assert await remind(database, drain, clock, days=8) == [1]
    assert await remind(database, drain, clock, days=14) == [2]
    assert (await accounts(database))["INTEREST"] == -77  # 14 days of 100 % on 20.00
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        await record_invoice_payment(db, invoice, 2000, reference="first", now=db.now)
    await drain()
    await agree(database)
    assert await remind(database, drain, clock) == [2]
    assert (await accounts(database))["INTEREST"] == -77 - 181  # and 22 days on the 30.00 that are open


async def test_plan_that_ends_while_a_rate_is_missing_is_charged_once_the_rate_is_there(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "95"})
    assert await remind(database, drain, clock, days=21) == [1]
    await agree(database, (date(2026, 7, 7), 2000), (date(2026, 12, 1), 3000))
    for days in (8, 14):
        await remind(database, drain, clock, days=days)
    await agree(database)
    assert await remind(database, drain, clock) == [2]
    await say(database, dunningInterest=True, baseRates={"2026-01-01": "95", "2026-07-01": "95"})
    async with database.unit_of_work() as db:
        assert await late_interest.catch_up(db, await late_interest.behind(db)) == 301


async def agree(database: Database, *parts: tuple[date, int]) -> None:
    async with database.unit_of_work() as db:
        [invoice] = await invoices(database)
        await dunning.agree(db, invoice, paused_until=None, instalments=parts, reason="", now=db.now)


async def test_late_interest_is_booked_behind_reminders_whose_rate_is_still_missing(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_interest, "AT_ONCE", 1)
    company = await make_shop(database, settings=SETTINGS)
    unknown = await another_shop(database, company, settings=SETTINGS)
    for shop in (unknown, company):
        wanted = order_input(shop.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
        await sell(database, drain, shop, wanted)
    await say(database, dunningInterest=True)
    for _ in range(2):
        await remind(database, drain, clock, days=25)
    async with database.unit_of_work() as db:
        more = SETTINGS | {"dunningInterest": True, "baseRates": {"2026-07-01": "95"}}
        await db.execute(sa.update(SalesChannel).where(SalesChannel.id == company.channel.id).values(settings=more))
        schedule(db, "invoicing.remind", {})
    assert await drain() == []
    assert (await accounts(database))["INTEREST"] == -342


async def test_what_is_paid_in_part_stays_as_late_as_it_was(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    found: list[str] = []
    for days, amount in ((15, 1000), (6, 1000), (14, 1000), (14, 2000)):
        await remind(database, drain, clock, days=days)
        async with database.unit_of_work() as db:
            [invoice] = await invoices(database)
            await record_invoice_payment(db, invoice, amount, reference=f"day {days} {len(found)}", now=db.now)
        assert await drain() == []
        found.append((await invoices(database))[0].state.value)
    assert found == ["OVERDUE", "DUNNING_1", "DUNNING_2", "PAID"]
    assert INVOICE.allows(InvoiceState.OVERDUE, InvoiceState.DUNNING_3)  # whose money is gone again goes on from there


async def test_a_fee_is_paid_or_waived_once(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await on_account(database, drain)
    for days in (21, 14, 14):
        await remind(database, drain, clock, days=days)
    async with database.unit_of_work() as db:
        found = list(await db.scalars(sa.select(DunningNotice).where(DunningNotice.fee > 0)))
        for notice, waived in zip(sorted(found, key=lambda each: each.fee), (True, False), strict=True):
            await fees.settle_fee(db, notice.id, waived=waived, now=db.now)
        with pytest.raises(NothingOpen):
            await fees.settle_fee(db, found[0].id, waived=True, now=db.now)
    assert await drain() == []
    books = await accounts(database)
    assert (books["RECEIVABLES"], books["DUNNING_FEES"], books["BANK"]) == (5000, -1000, 1000)
    assert await open_of(database) == {"INVOICE": 5000}
