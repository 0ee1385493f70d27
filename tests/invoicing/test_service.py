"""One invoice per shipment with the order's own amounts, gapless numbers, credit notes that name what they correct."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.intake import Company, order_input, place
from factories.invoicing import (
    accounts,
    amount_of,
    back,
    credit_notes,
    entries,
    invoices,
    ship,
    shipment_lines,
)
from factories.payments import another_shop, ask, ask_capture, card, make_shop, paid_by, read_order, read_payments
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.money import between_units
from kontor.fulfillment.models import Shipment
from kontor.invoicing import service
from kontor.invoicing.differences import differences
from kontor.invoicing.models import Invoice
from kontor.invoicing.states import InvoiceState
from kontor.orders.intake import ChargeInput, DiscountInput, LineInput, PaymentInput
from kontor.orders.placing import Placed
from kontor.orders.queries import lock_order
from kontor.payments import service as payments
from support import Drain, Run, StandingClock


async def issue(database: Database, *shipment_ids: UUID) -> dict[UUID, service.Issued]:
    async with database.unit_of_work() as db:
        return await service.issue_invoices(db, shipment_ids, now=db.now)


async def issue_and_fail(database: Database, shipment_id: UUID) -> None:
    async with database.unit_of_work() as db:
        await service.issue_invoices(db, [shipment_id], now=db.now)
        raise RuntimeError


async def refund(database: Database, order_id: UUID, lines: list[dict[str, Any]], **given: Any) -> UUID:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish: Any = {
            "kind": "RETURN", "reason": "did not fit", "source_key": new_id().hex,
            "amount": sum(line["gross"] for line in lines), "lines": lines, **given,
        }  # fmt: skip
        return (await payments.request_refund(db, order, now=db.now, **wish)).id


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def order_of(database: Database, *, gross: bool) -> UUID:
    """Three lines at two prices, a discount and a fee, whose amounts do not divide evenly."""
    company = await make_shop(database, gross=gross)
    lines = (LineInput("COAT", 3, 1999), LineInput("COAT", 7, 333), LineInput("COAT", 1, 1))
    wanted = order_input(
        company.channel,
        *lines,
        charges=(ChargeInput("SHIPPING", "Shipping", 495),),
        discounts=(DiscountInput("SPRING", "Spring", 1000),),
    )
    [placed] = await place(database, company, wanted)
    assert isinstance(placed, Placed), placed
    return placed.order_id


@pytest.mark.parametrize("gross", [True, False])
async def test_invoices_of_all_shipments_sum_to_the_order(database: Database, gross: bool) -> None:
    order_id = await order_of(database, gross=gross)
    shipments = [
        await ship(database, order_id, {1: 1, 2: 4}),
        await ship(database, order_id, {1: 1, 2: 2, 3: 1}),
        await ship(database, order_id),
    ]
    await issue(database, *shipments)
    order = await read_order(database, order_id)
    issued = await invoices(database)
    assert sum(invoice.gross for invoice in issued) == order.total
    assert sum(invoice.tax for invoice in issued) == order.tax_total
    assert [invoice.gross for invoice in issued] == [await amount_of(database, each) for each in shipments]
    assert order.invoice_status == "INVOICED"
    await no_differences_in_documents(database)


async def no_differences_in_documents(database: Database) -> None:
    async with database.read_only() as db:
        found = [text async for text in differences(db)]
    assert [text for text in found if "has no journal entry" not in text] == []


async def test_pain_24_numbers_are_gapless_per_entity_and_begin_anew_each_year(
    database: Database, clock: StandingClock
) -> None:
    first = await make_shop(database)
    second = await another_shop(database, first)
    shipments = [
        await ship(database, await paid_by(database, company, card(1000))) for company in (first, second, first)
    ]
    numbers = [issued.number for issued in (await issue(database, *shipments)).values()]
    assert sorted(number.split("-")[-1] for number in numbers) == ["000001", "000001", "000002"]
    lost = await ship(database, await paid_by(database, first, card(1000)))
    with pytest.raises(RuntimeError):
        await issue_and_fail(database, lost)
    clock.set_to(clock.moment.replace(year=2027))
    later = await ship(database, await paid_by(database, first, card(1000)))
    [issued] = (await issue(database, later)).values()
    assert issued.number.endswith("-2027-000001")
    await no_differences_in_documents(database)


async def test_a_shipment_is_invoiced_once(database: Database) -> None:
    shipment = await ship(database, await paid_by(database, await make_shop(database), card(2000)))
    assert await issue(database, shipment) == await issue(database, shipment)
    assert len(await invoices(database)) == 1


async def test_a_recalled_shipment_gets_no_invoice(database: Database) -> None:
    shipment = await ship(database, await paid_by(database, await make_shop(database), card(2000)))
    async with database.unit_of_work() as db:
        (await db.get_one(Shipment, shipment)).recalled_at = db.now
    assert await issue(database, shipment) == {}


async def test_tax_is_that_of_the_day_of_supply(database: Database) -> None:
    order_id = await paid_by(database, await make_shop(database), card(11_000))
    await issue(database, await ship(database, order_id, rate=Decimal(10)))
    [invoice] = await invoices(database)
    assert (invoice.net, invoice.tax, invoice.gross) == (10_000, 1000, 11_000)
    assert invoice.content["taxes"] == [{"rate": "10", "net": 10_000, "tax": 1000, "gross": 11_000}]


async def test_invoice_says_what_is_paid_how_and_what_is_due(database: Database, clock: StandingClock) -> None:
    company = await make_shop(database, payment_days=10)
    order_id = await paid_by(database, company, card(3000), PaymentInput("ON_ACCOUNT", 4000))
    for pieces in (2, 5):
        await issue(database, await ship(database, order_id, {1: pieces}))
    first, second = await invoices(database)
    visa = {"method": "Visa •••• 4242", "kind": "CARD"}
    assert (first.content["payments"], first.content["amount_due"]) == ([{**visa, "amount": 2000}], 0)
    assert (second.content["payments"], second.content["amount_due"]) == ([{**visa, "amount": 1000}], 4000)
    assert (first.due_on.isoformat(), second.due_on.isoformat()) == ("2026-06-15", "2026-06-25")


async def shipped_and_paid(database: Database, drain: Drain, *promises: PaymentInput) -> tuple[UUID, UUID]:
    order_id = await paid_by(database, await make_shop(database), *promises)
    await ask(database, "authorize", order_id)
    shipment = await ship(database, order_id)
    await ask_capture(database, order_id, sum(item.amount for item in promises), final=True, shipment_id=shipment)
    await issue(database, shipment)
    assert await drain() == []
    return order_id, shipment


async def test_capture_pays_the_invoice_and_the_journal_closes(database: Database, drain: Drain) -> None:
    await shipped_and_paid(database, drain, card(5000), PaymentInput("GIFT_CARD", 1000))
    [invoice] = await invoices(database)
    assert (invoice.state, invoice.paid) == (InvoiceState.PAID, 6000)
    assert await entries(database) == ["CAPTURE", "CAPTURE", "INVOICE"]
    assert await accounts(database) == {"GATEWAY": 5000, "STORED_VALUE": 1000, "REVENUE": -5042, "TAX": -958}
    await no_differences(database)


async def test_returned_goods_are_credited_by_invoice_and_line(database: Database, drain: Drain) -> None:
    order_id, shipment = await shipped_and_paid(database, drain, card(5000))
    [line] = await shipment_lines(database, shipment)
    lines = [back(line, 2, 2000), {"name": "Return fee", "tax_rate": "19", "gross": -500}]
    refund_id = await refund(database, order_id, lines)
    assert await drain() == []
    [note], [invoice] = await credit_notes(database), await invoices(database)
    assert (note.invoice_id, note.refund_id, note.gross) == (invoice.id, refund_id, 1500)
    assert [(said["name"], said["gross"], said["tax"]) for said in note.content["lines"]] == [
        ("Ship's lamp", 2000, 320),
        ("Return fee", -500, -80),
    ]
    assert note.content["invoice_number"] == invoice.number
    assert note.number.split("-")[-3:] == ["C", "2026", "000001"]
    assert (invoice.credited, invoice.paid, invoice.state) == (1500, 3500, InvoiceState.PAID)
    assert await entries(database) == ["CAPTURE", "CREDIT_NOTE", "INVOICE", "REFUND"]
    assert (await accounts(database))["GATEWAY"] == 3500
    assert "RECEIVABLES" not in await accounts(database)
    async with database.unit_of_work() as db:
        assert len((await service.issue_credit_notes(db, [refund_id], now=db.now))[refund_id]) == 1
    assert len(await credit_notes(database)) == 1
    await no_differences(database)


async def two_invoices(database: Database, drain: Drain) -> list[Any]:
    """The lines of two shipments of one piece each, invoiced at 10.00 and paid."""
    order_id = await order_of_lamps(database, 2)
    lines: list[Any] = []
    for _ in range(2):
        shipment = await ship(database, order_id, {1: 1})
        await ask_capture(database, order_id, 1000 * (len(lines) + 1), final=bool(lines), shipment_id=shipment)
        await issue(database, shipment)
        lines += await shipment_lines(database, shipment)
    assert await drain() == []
    return [order_id, *lines]


async def order_of_lamps(database: Database, count: int) -> UUID:
    company = await make_shop(database)
    paid = (PaymentInput("GIFT_CARD", 1000 * count),)
    wanted = order_input(company.channel, LineInput("COAT", count, 1000), payments=paid)
    [placed] = await place(database, company, wanted)
    assert isinstance(placed, Placed)
    await ask(database, "authorize", placed.order_id)
    return placed.order_id


def unearned(gross: int) -> dict[str, Any]:
    """As a return asks for it: the rate has the decimals of its column."""
    return {"name": "PROMOTION_NOT_EARNED", "tax_rate": "19.0000", "gross": gross}


async def test_what_is_given_back_stands_on_the_invoice_it_was_kept_from(database: Database, drain: Drain) -> None:
    order_id, first, second = await two_invoices(database, drain)
    for parts in ([back(first, 1, 1000), unearned(-101)], [back(second, 1, 1000), unearned(101)]):
        await refund(database, order_id, parts)
        assert await drain() == []
    assert [note.gross for note in await credit_notes(database)] == [899, 1000, 101]
    assert [(each.credited, each.paid) for each in await invoices(database)] == [(1000, 0), (1000, 0)]
    assert [[row["rate"] for row in note.content["taxes"]] for note in await credit_notes(database)] == [["19"]] * 3
    assert await accounts(database) == {}
    await no_differences(database)


async def test_what_is_given_back_of_goods_that_had_no_note_stands_on_their_invoice(
    database: Database, drain: Drain
) -> None:
    """All that the first piece was worth had been kept, so nothing was paid back and nothing credited."""
    order_id, _, second = await two_invoices(database, drain)
    await refund(database, order_id, [back(second, 1, 1000), unearned(1000)])
    assert await drain() == []
    assert [(each.credited, each.paid) for each in await invoices(database)] == [(1000, 0), (1000, 0)]
    await no_differences(database)


async def test_what_is_kept_of_several_invoices_makes_no_note_negative(database: Database, drain: Drain) -> None:
    order_id, first, second = await two_invoices(database, drain)
    await refund(database, order_id, [back(first, 1, 1000), back(second, 1, 1000), unearned(-1500)])
    assert await drain() == []
    assert sorted(note.gross for note in await credit_notes(database)) == [0, 500]
    assert {account: amount for account, amount in (await accounts(database)).items() if account != "TAX"} == {
        "STORED_VALUE": 1500, "KEPT_FEES": -1260
    }  # fmt: skip
    await no_differences(database)


async def test_goodwill_costs_us_and_changes_no_invoice(database: Database, drain: Drain) -> None:
    order_id, _ = await shipped_and_paid(database, drain, card(5000))
    await refund(database, order_id, [], kind="GOODWILL", amount=700)
    await drain()
    assert await credit_notes(database) == []
    assert {name: (await accounts(database))[name] for name in ("GOODWILL", "GATEWAY")} == {
        "GOODWILL": 700,
        "GATEWAY": 4300,
    }
    assert (await invoices(database))[0].state is InvoiceState.PAID
    await no_differences(database)


async def test_invoice_on_account_is_paid_in_parts(database: Database, drain: Drain) -> None:
    order_id, shipment = await shipped_and_paid(database, drain, PaymentInput("ON_ACCOUNT", 5000))
    [line] = await shipment_lines(database, shipment)
    for amount, reference, state in (
        (1000, "A", InvoiceState.PARTIALLY_PAID),
        (1000, "A", InvoiceState.PARTIALLY_PAID),
        (3000, "B", InvoiceState.PAID),
    ):
        async with database.unit_of_work() as db:
            [invoice] = await invoices(database)
            await service.record_invoice_payment(db, invoice, amount, reference=reference, now=db.now)
        await drain()
        assert (await invoices(database))[0].state is state
        if reference == "A" and state is InvoiceState.PARTIALLY_PAID and not await credit_notes(database):
            await refund(database, order_id, [back(line, 1, 1000)])
            await drain()
    [payment] = await read_payments(database, order_id)
    assert (payment.captured, payment.credited, payment.refunded, payment.state) == (4000, 1000, 0, "PAID")
    assert await accounts(database) == {"BANK": 4000, "REVENUE": -3362, "TAX": -638}
    await no_differences(database)


@pytest.mark.engine("sqlite")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(1, 4), min_size=1, max_size=9), gross=st.booleans())
def test_any_sequence_of_partial_refunds_ends_at_what_was_paid(
    database: Database, drain: Drain, run: Run, steps: list[int], gross: bool
) -> None:
    if database not in _shops:
        _shops[database] = run(_two_shops(database))
    run(_refund_in_steps(database, _shops[database][gross], drain, steps, gross=gross))


_shops: dict[Database, dict[bool, Company]] = {}


async def _two_shops(database: Database) -> dict[bool, Company]:
    company = await make_shop(database)
    return {True: company, False: await another_shop(database, company, gross=False)}


async def _refund_in_steps(
    database: Database, company: Company, drain: Drain, steps: list[int], *, gross: bool
) -> None:
    wanted = order_input(company.channel, LineInput("COAT", 7, 1437), discounts=(DiscountInput("D", "D", 1000),))
    total = 9059 if gross else 10_780
    split = (card(total // 3), card(total - total // 3 - 100), PaymentInput("GIFT_CARD", 100))
    [placed] = await place(
        database, company, order_input(company.channel, *wanted.lines, discounts=wanted.discounts, payments=split)
    )
    assert isinstance(placed, Placed), placed
    order_id = placed.order_id
    await ask(database, "authorize", order_id)
    shipment = await ship(database, order_id)
    await ask_capture(database, order_id, total, final=True, shipment_id=shipment)
    await issue(database, shipment)
    assert await drain() == []
    [line] = await shipment_lines(database, shipment)
    done = 0
    for step in [*steps, 7]:
        count = min(step, 7 - done)
        if count:
            await refund(database, order_id, [back(line, count, between_units(line.gross, 7, done, count))])
            done += count
            await drain()
    assert sum(payment.refunded for payment in await read_payments(database, order_id)) == total
    mine = [note for note in await credit_notes(database) if note.order_id == order_id]
    assert (sum(n.net for n in mine), sum(n.tax for n in mine)) == (line.net, line.tax)
    await no_differences(database)


async def test_changed_invoice_is_found(database: Database) -> None:
    await issue(database, await ship(database, await paid_by(database, await make_shop(database), card(2000))))
    async with database.unit_of_work() as db:
        invoice = await db.get_one(Invoice, (await invoices(database))[0].id)
        invoice.sequence = 2
        invoice.net += 1
        invoice.gross += 1
    async with database.read_only() as db:
        found = [text async for text in differences(db)]
    assert any("1 numbers up to 2" in text for text in found)
    assert any("2001, its shipment 2000" in text for text in found)
    assert any("has no journal entry" in text for text in found)
