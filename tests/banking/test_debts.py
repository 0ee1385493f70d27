"""A transfer that includes fee and interest settles them with the invoice; debts are given up and come back."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from banking.test_service import entries, sound, take_in
from factories.banking import Booked, camt
from factories.intake import order_input
from factories.invoicing import accounts, invoices
from factories.ledger import open_of, sell
from factories.payments import make_shop
from kontor.banking import service
from kontor.banking.debts import pay_debt
from kontor.banking.errors import EntryUsedUp
from kontor.banking.models import BankAssignment
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.jobs import Runtime
from kontor.core.statemachine import TransitionRefused
from kontor.invoicing import debts, dunning, fees
from kontor.invoicing.errors import NothingOpen
from kontor.invoicing.models import DebtDecision, DunningNotice, JournalEntry, JournalLine
from kontor.invoicing.service import record_invoice_payment
from kontor.orders.intake import PaymentInput
from support import Drain, StandingClock

SETTINGS = {
    "dunning": [{"afterDays": 7}, {"afterDays": 7, "fee": 500}, {"afterDays": 7}], "dunningInterest": True,
    "baseRates": {"2026-07-01": "1.27"},
}  # fmt: skip


async def reminded(database: Database, drain: Drain, clock: StandingClock, **settings: object) -> UUID:
    """An invoice of 50.00 on account with a second reminder: a fee of 5.00 and interest of 0.12."""
    company = await make_shop(database, settings={**SETTINGS, **settings})
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    for days in (21, 14):
        clock.advance(days=days)
        async with database.unit_of_work() as db:
            await dunning.remind(db, await dunning.overdue(db, now=db.now), now=db.now)
        assert await drain() == []
    return (await invoices(database))[0].id


async def paid(database: Database, drain: Drain, invoice_id: UUID, *amounts: int) -> list[BankAssignment]:
    await take_in(database, camt("S1", *(Booked(f"E{place}", amount) for place, amount in enumerate(amounts))))
    made = []
    for entry in await entries(database):
        async with database.unit_of_work() as db:
            made += await pay_debt(db, entry.id, invoice_id, now=db.now)
        assert await drain() == []
    return made


async def booked(database: Database, kind: str) -> list[tuple[str, str, int]]:
    """The lines of the entries of a kind."""
    found = sa.select(JournalLine.account, JournalLine.detail, JournalLine.amount).join(
        JournalEntry, JournalEntry.id == JournalLine.entry_id
    )
    async with database.read_only() as db:
        rows = await db.execute(found.where(JournalEntry.kind == kind).order_by(JournalEntry.id, JournalLine.position))
        return [(account, detail, amount) for account, detail, amount in rows]


async def test_transfer_with_fee_and_interest_settles_all_of_it(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    assert await open_of(database) == {"INVOICE": 5000, "DUNNING_FEE": 512}
    books = await accounts(database)
    assert (books["DUNNING_FEES"], books["INTEREST"], books["RECEIVABLES"]) == (-500, -12, 5512)
    made = await paid(database, drain, invoice_id, 5512)
    assert [(each.amount, each.interest, each.notice_id is None) for each in made] == [
        (512, 12, False),
        (5000, 0, True),
    ]
    assert [invoice.state for invoice in await invoices(database)] == ["PAID"]
    assert await open_of(database) == {}
    assert (await accounts(database))["BANK"] == 5512
    await sound(database)


async def test_part_pays_costs_and_interest_first(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    await paid(database, drain, invoice_id, 300, 1000)
    assert await open_of(database) == {"INVOICE": 4212}
    async with database.read_only() as db:
        notice = (await db.scalars(sa.select(DunningNotice).where(DunningNotice.level == 2))).one()
    assert (notice.fee_paid, notice.interest_paid, notice.fee_settled_at is not None) == (500, 12, True)
    await sound(database)


async def test_channel_may_let_money_pay_the_principal_first(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock, appropriation=["PRINCIPAL"])
    await paid(database, drain, invoice_id, 5100)
    assert await open_of(database) == {"DUNNING_FEE": 412}
    assert [invoice.state for invoice in await invoices(database)] == ["PAID"]
    await sound(database)


async def test_what_is_beyond_the_debt_stays_open_and_a_used_entry_pays_nothing(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    await paid(database, drain, invoice_id, 6000)
    [entry] = await entries(database)
    assert (entry.amount - entry.assigned) == 488
    async with database.unit_of_work() as db:
        with pytest.raises(NothingOpen):
            await pay_debt(db, entry.id, invoice_id, now=db.now)
    await sound(database)


async def test_fee_that_was_paid_by_mistake_is_open_again(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    for assignment in await paid(database, drain, invoice_id, 5512):
        async with database.unit_of_work() as db:
            await service.undo(db, assignment.id, now=db.now)
        assert await drain() == []
    assert await open_of(database) == {"INVOICE": 5000, "DUNNING_FEE": 512}
    assert [entry.assigned for entry in await entries(database)] == [0]
    assert "BANK" not in await accounts(database)
    await sound(database)


async def test_fee_that_was_waived_stays_so_when_the_paid_part_is_taken_back(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    [assignment] = await paid(database, drain, invoice_id, 300)
    assert assignment.notice_id is not None
    async with database.unit_of_work() as db:
        await fees.settle_fee(db, assignment.notice_id, waived=True, now=db.now)
    assert await drain() == []
    async with database.unit_of_work() as db:
        await service.undo(db, assignment.id, now=db.now)
    assert await drain() == []
    assert await open_of(database) == {"INVOICE": 5000, "DUNNING_FEE": 300}
    await sound(database)
    async with database.unit_of_work() as db:
        await fees.settle_fee(db, assignment.notice_id, waived=False, now=db.now)
    assert await drain() == []
    assert await open_of(database) == {"INVOICE": 5000}
    books = await accounts(database)
    assert (books["DUNNING_FEES"], books.get("INTEREST", 0), books["RECEIVABLES"]) == (-300, 0, 5000)
    await sound(database)


async def test_entry_in_another_currency_pays_no_debt(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    await take_in(database, camt("S1", Booked("A", 5512)))
    async with database.unit_of_work() as db:
        [entry] = await entries(database)
        await db.execute(sa.text("UPDATE bank_entry SET currency = 'USD'"))
        with pytest.raises(EntryUsedUp):
            await pay_debt(db, entry.id, invoice_id, now=db.now)


async def test_debt_that_is_given_up_corrects_its_tax_and_comes_back_when_it_is_paid(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    async with database.unit_of_work() as db:
        with pytest.raises(InvalidInput):
            await debts.write_off(db, invoice_id, reason=" ", now=db.now)
        await debts.write_off(db, invoice_id, reason="insolvent, 36 IN 12/26", now=db.now)
    assert await drain() == []
    assert await booked(database, "WRITE_OFF") == [
        ("RECEIVABLES", "", -5000), ("BAD_DEBTS", "DOMESTIC/19", 4202), ("TAX", "DOMESTIC/19", 798),
    ]  # fmt: skip
    assert await open_of(database) == {"DUNNING_FEE": 512}
    await sound(database)
    async with database.unit_of_work() as db:
        assert await dunning.overdue(db, now=db.now) == [] or await dunning.remind(db, [invoice_id], now=db.now) == []
        with pytest.raises(NothingOpen):
            await debts.write_off(db, invoice_id, reason="again", now=db.now)
    for reference, amount, state in (("X", 2000, "WRITTEN_OFF"), ("Y", 3000, "PAID")):
        async with database.unit_of_work() as db:
            [invoice] = await invoices(database)
            await record_invoice_payment(db, invoice, amount, reference=reference, now=db.now)
        assert await drain() == []
        assert [invoice.state for invoice in await invoices(database)] == [state]
        await sound(database)
    books = await accounts(database)
    assert (books.get("BAD_DEBTS", 0), books["TAX"], books["BANK"]) == (0, -798, 5000)
    async with database.read_only() as db:
        decision = (await db.scalars(sa.select(DebtDecision))).one()
    assert (decision.amount, decision.recovered, decision.reason) == (5000, 5000, "insolvent, 36 IN 12/26")


async def test_money_that_came_for_a_lost_debt_and_was_undone_can_be_given_up_again(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    async with database.unit_of_work() as db:
        await debts.write_off(db, invoice_id, reason="insolvent", now=db.now)
    assert await drain() == []
    for assignment in await paid(database, drain, invoice_id, 2512):
        async with database.unit_of_work() as db:
            await service.undo(db, assignment.id, now=db.now)
        assert await drain() == []
    assert await open_of(database) == {"INVOICE": 2000, "DUNNING_FEE": 512}
    async with database.unit_of_work() as db:
        await debts.write_off(db, invoice_id, reason="it was another's money", now=db.now)
    assert await drain() == []
    assert await open_of(database) == {"DUNNING_FEE": 512}
    assert await booked(database, "WRITE_OFF") == [
        ("RECEIVABLES", "", -5000), ("BAD_DEBTS", "DOMESTIC/19", 4202), ("TAX", "DOMESTIC/19", 798),
        ("RECEIVABLES", "", -2000), ("BAD_DEBTS", "DOMESTIC/19", 1681), ("TAX", "DOMESTIC/19", 319),
    ]  # fmt: skip
    await sound(database)


async def test_invoice_with_an_agency_is_reminded_of_no_more(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    invoice_id = await reminded(database, drain, clock)
    async with database.unit_of_work() as db:
        await debts.hand_over(db, invoice_id, reason="Agency Ltd.", now=db.now)
    clock.advance(days=60)
    async with database.unit_of_work() as db:
        assert await dunning.overdue(db, now=db.now) == []
        with pytest.raises(TransitionRefused):
            await debts.hand_over(db, invoice_id, reason="again", now=db.now)
    assert await paid(database, drain, invoice_id, 1512)
    assert [(invoice.state, invoice.paid) for invoice in await invoices(database)] == [("COLLECTION", 1000)]
    async with database.unit_of_work() as db:
        await debts.write_off(db, invoice_id, reason="nothing more to get", now=db.now)
    assert await drain() == []
    assert [(invoice.state, invoice.written_off) for invoice in await invoices(database)] == [("WRITTEN_OFF", 4000)]
    await sound(database)
