"""Statements are taken in once; what a person confirms is booked to the cent, and may be taken back."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.banking import Booked, camt
from factories.intake import order_input
from factories.invoicing import accounts, invoices
from factories.ledger import give_back, open_of, sell
from factories.payments import ask, make_shop, paid_by, read_payments
from kontor.audit import money
from kontor.banking import service
from kontor.banking.errors import AssignmentFinal, EntryUsedUp, InvalidStatement, UnknownAccount
from kontor.banking.matching import Suggestion
from kontor.banking.models import BankAssignment, BankEntry, BankStatement
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.invoicing.models import Invoice
from kontor.ledger import rebuilding
from kontor.orders.intake import PaymentInput
from kontor.payments.errors import PaymentNotAwaited
from support import Drain


async def take_in(database: Database, text: str) -> list[BankStatement]:
    async with database.unit_of_work() as db:
        return await service.import_statements(db, text.encode(), now=db.now)


async def entries(database: Database) -> list[BankEntry]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(BankEntry).order_by(BankEntry.reference)))


async def owing(database: Database, drain: Drain) -> Invoice:
    """An invoice of 50.00 on account."""
    company = await make_shop(database)
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    return (await invoices(database))[0]


async def suggested(database: Database, entry: BankEntry) -> list[Suggestion]:
    async with database.read_only() as db:
        return await service.suggest(db, entry)


async def assign(database: Database, drain: Drain, entry: BankEntry, payment_id: UUID, amount: int) -> UUID:
    async with database.unit_of_work() as db:
        done = await service.assign(db, entry.id, payment_id, amount, now=db.now)
    assert await drain() == []
    return done.id


async def sound(database: Database) -> None:
    """No check of the books finds anything."""
    async with database.read_only() as db:
        for check in (money.payment_ledgers, money.journal_balances, money.entries_of_effects):
            assert await check(db) == []
        assert [text async for text in rebuilding.differences(db)] == []
    books = await accounts(database)
    assert sum((await open_of(database)).values()) == books.get("RECEIVABLES", 0)


async def test_a_statement_is_taken_in_once(runtime: Runtime, database: Database) -> None:
    await make_shop(database)
    text = camt("S1", Booked("A", 5000), Booked("B", -300))
    [first] = await take_in(database, text)
    [again] = await take_in(database, text)
    assert again.id == first.id
    assert [(each.reference, each.amount) for each in await entries(database)] == [("A", 5000), ("B", -300)]
    [later] = await take_in(database, camt("S2", Booked("B", -300), Booked("C", 100)))
    assert later.entries == 1
    assert len(await entries(database)) == 3
    with pytest.raises(InvalidStatement):
        await take_in(database, camt("S1", Booked("A", 5001)))
    with pytest.raises(UnknownAccount):
        await take_in(database, camt("S9", iban="DE02120300000000202051"))
    assert len(await entries(database)) == 3


@pytest.mark.parametrize("tag", ["NtryRef", "AcctSvcrRef"])
async def test_no_movement_is_lost_to_a_reference_that_returns(runtime: Runtime, database: Database, tag: str) -> None:
    """Numbers of entries begin anew with each statement at many banks; others give a reference of their own twice."""
    await make_shop(database)
    for name, amount in (("S1", 5000), ("S2", 700), ("S2", 700)):
        await take_in(database, camt(name, Booked("1", amount)).replace("AcctSvcrRef", tag))
    assert sorted(each.amount for each in await entries(database)) == [700, 5000]
    text = camt("S3", Booked("NONREF", 1), Booked("NONREF", 2))
    for number in ("8", "9"):
        text = text.replace("<AcctSvcrRef>NONREF<", f"<NtryRef>{number}</NtryRef><AcctSvcrRef>NOTPROVIDED<", 1)
    await take_in(database, text)
    assert sorted(each.amount for each in await entries(database)) == [1, 2, 700, 5000]


async def test_a_named_invoice_is_suggested_and_paid(runtime: Runtime, database: Database, drain: Drain) -> None:
    invoice = await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 5000, f"Rechnung {invoice.number}")))
    [entry] = await entries(database)
    [found] = await suggested(database, entry)
    assert found.reasons == ("NUMBER", "AMOUNT", "NAME")
    await assign(database, drain, entry, found.debt.payment_id, found.amount)
    [invoice] = await invoices(database)
    assert (invoice.state, invoice.paid) == ("PAID", 5000)
    [entry] = await entries(database)
    assert entry.assigned == 5000
    assert await suggested(database, entry) == []
    assert (await accounts(database))["BANK"] == 5000
    await sound(database)


async def test_partial_and_over_payments_leave_items(runtime: Runtime, database: Database, drain: Drain) -> None:
    invoice = await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 2000, invoice.number), Booked("B", 3100, "thanks")))
    first, second = await entries(database)
    [found] = await suggested(database, first)
    await assign(database, drain, first, found.debt.payment_id, 2000)
    assert await open_of(database) == {"INVOICE": 3000}
    assert await suggested(database, second) == []  # it names nothing, and nothing of its amount is open
    with pytest.raises(PaymentNotAwaited):
        await assign(database, drain, second, found.debt.payment_id, 3100)
    await assign(database, drain, second, found.debt.payment_id, 3000)
    with pytest.raises(EntryUsedUp):
        await assign(database, drain, second, found.debt.payment_id, 101)
    assert [each.amount - each.assigned for each in await entries(database)] == [0, 100]
    assert await open_of(database) == {}
    await sound(database)


async def test_a_wrong_assignment_is_taken_back(runtime: Runtime, database: Database, drain: Drain) -> None:
    await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 5000, "wrong reference 4711")))
    [entry] = await entries(database)
    [found] = await suggested(database, entry)
    assert found.reasons == ("AMOUNT", "NAME")
    for _ in range(2):
        assignment_id = await assign(database, drain, entry, found.debt.payment_id, 5000)
        async with database.unit_of_work() as db:
            await service.undo(db, assignment_id, now=db.now)
        assert await drain() == []
    [invoice] = await invoices(database)
    [payment] = await read_payments(database, invoice.order_id)
    assert (invoice.state, invoice.paid, payment.captured, payment.state) == ("ISSUED", 0, 0, "INVOICED")
    assert (await entries(database))[0].assigned == 0
    assert "BANK" not in await accounts(database)
    assert await open_of(database) == {"INVOICE": 5000}
    await sound(database)
    await assign(database, drain, entry, found.debt.payment_id, 5000)
    assert (await invoices(database))[0].state == "PAID"


async def test_money_that_went_back_is_not_taken_back(runtime: Runtime, database: Database, drain: Drain) -> None:
    invoice = await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 5000, invoice.number)))
    [entry] = await entries(database)
    [found] = await suggested(database, entry)
    assignment_id = await assign(database, drain, entry, found.debt.payment_id, 5000)
    await give_back(database, drain, invoice.order_id, kind="GOODWILL", amount=700)
    with pytest.raises(AssignmentFinal):
        async with database.unit_of_work() as db:
            await service.undo(db, assignment_id, now=db.now)
    async with database.read_only() as db:
        assert (await db.get_one(BankAssignment, assignment_id)).undone_at is None


@pytest.mark.engine("sqlite")
async def test_an_advance_that_is_needed_no_more_is_found_by_its_order_alone(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, PaymentInput("PREPAYMENT", 3000))
    await ask(database, "void", order_id)
    assert await drain() == []
    await take_in(database, camt("S1", Booked("A", 3000, "thanks"), Booked("B", 3000, "Bestellung 100000")))
    unnamed, named = await entries(database)
    assert await suggested(database, unnamed) == []
    [found] = await suggested(database, named)
    await assign(database, drain, named, found.debt.payment_id, 3000)
    assert [payment.state for payment in await read_payments(database, order_id)] == ["CAPTURED"]
    await sound(database)


async def test_an_advance_is_found_by_the_order_number(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, PaymentInput("PREPAYMENT", 3000))
    await take_in(database, camt("S1", Booked("A", 3000, "Bestellung 100000")))
    [entry] = await entries(database)
    [found] = await suggested(database, entry)
    assert (found.debt.order_id, found.debt.invoice_id) == (order_id, None)
    assert found.reasons == ("ORDER", "AMOUNT", "NAME")
    assignment_id = await assign(database, drain, entry, found.debt.payment_id, 3000)
    assert (await read_payments(database, order_id))[0].captured == 3000
    with pytest.raises(AssignmentFinal):
        async with database.unit_of_work() as db:
            await service.undo(db, assignment_id, now=db.now)
