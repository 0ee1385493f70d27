"""Whatever is broken by hand is found and named; a database nobody broke has no differences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import released, shipped
from factories.intake import Company, make_company, put_stock
from factories.partners import make_partner
from kontor import relay
from kontor.audit import jobs, running
from kontor.audit.comparing import Difference
from kontor.audit.running import differences
from kontor.auth import audit as trail
from kontor.auth.models import ApiClient
from kontor.auth.permissions import ClientKind
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.jobs import JOBS, Runtime
from kontor.core.outbox import EventRecord, OutboxRow
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment.models import FulfillmentOrder, Shipment, ShipmentLine
from kontor.inventory.models import StockLevel
from kontor.invoicing.models import Invoice, JournalEntry, JournalLine
from kontor.invoicing.states import InvoiceState
from kontor.orders.models import Order, OrderHold, OrderLine
from kontor.orders.states import HoldKind
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.promotions.models import Coupon, PromotionUse, Redemption
from support import Drain

Breaking = Callable[[Session], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _nothing_else_recurs(drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day passes with its audit alone, not with every look that other jobs take every few minutes."""
    for name, job in JOBS.items():
        if name != "audit.nightly" and job.every is not None:
            monkeypatch.setitem(JOBS, name, replace(job, every=None))


async def stocked_company(database: Database, quantity: int = 10) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="A")
    await put_stock(database, company.warehouse.id, variant.id, quantity)
    return company


async def found_after(database: Database, breaking: Breaking) -> set[tuple[int, str]]:
    """Invariant and check of each difference after the database was broken by hand."""
    async with database.unit_of_work() as db:
        await breaking(db)
    return {(each.invariant, each.check) for each in await differences(database)}


async def test_a_company_at_work_has_no_differences(database: Database) -> None:
    company = await stocked_company(database)
    await released(database, company, ("A", 2))
    await shipped(database, company, ("A", 3))
    assert [str(each) for each in await differences(database)] == []


async def test_pieces_that_nothing_is_promised_to_are_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))
    found = await found_after(database, lambda db: db.execute(sa.update(OrderLine).values(allocated=1)))
    assert found == {(1, "allocated against allocations")}


async def test_pieces_that_no_shipment_explains_are_found(database: Database) -> None:
    await shipped(database, await stocked_company(database), ("A", 2))
    found = await found_after(database, lambda db: db.execute(sa.delete(ShipmentLine)))
    assert (1, "shipped against shipments") in found
    assert (1, "work done") in found


async def test_open_work_without_its_stock_is_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))
    unbind = sa.text("UPDATE allocation SET fulfillment_order_id = NULL")
    assert await found_after(database, lambda db: db.execute(unbind)) == {(1, "open work against allocations")}


async def test_stock_that_no_movement_explains_is_found(database: Database) -> None:
    await stocked_company(database)
    found = await found_after(database, lambda db: db.execute(sa.update(StockLevel).values(on_hand=11)))
    assert found == {(2, "on_hand against movements")}


@pytest.mark.engine("sqlite")
async def test_oversold_stock_is_found(database: Database) -> None:
    await released(database, await stocked_company(database, 2), ("A", 2))

    async def oversell(db: Session) -> None:
        await db.execute(sa.text("PRAGMA ignore_check_constraints = ON"))
        await db.execute(sa.update(StockLevel).values(on_hand=1))
        await db.execute(sa.text("PRAGMA ignore_check_constraints = OFF"))

    assert (2, "allocated against on hand") in await found_after(database, oversell)


async def test_money_that_no_transaction_explains_is_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))
    take = sa.update(Payment).values(authorized=2000, captured=500, refunded=100)
    assert await found_after(database, lambda db: db.execute(take)) == {
        (3, "authorized against transactions"),
        (3, "captured against transactions"),
        (3, "refunded against transactions"),
        (4, "paid back by payments against refunds"),
    }


async def test_totals_that_the_lines_do_not_make_are_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))
    found = await found_after(database, lambda db: db.execute(sa.update(Order).values(total=2001)))
    assert found == {(4, "total against goods and charges")}


async def test_more_captured_than_shipped_is_found(database: Database) -> None:
    await shipped(database, await stocked_company(database), ("A", 2))

    async def capture(db: Session) -> None:
        await db.execute(sa.update(Payment).values(kind="CARD", authorized=2001, captured=2001))
        payment = (await db.scalars(sa.select(Payment))).one()
        for kind in (TransactionKind.AUTHORIZE, TransactionKind.CAPTURE):
            db.add(transaction(payment, kind, 2001))

    assert (4, "captured against shipped") in await found_after(database, capture)


def transaction(payment: Payment, kind: TransactionKind, amount: int, **given: Any) -> PaymentTransaction:
    return PaymentTransaction(
        id=new_id(), payment_id=payment.id, order_id=payment.order_id, kind=kind, amount=amount,
        outcome=TransactionState.SUCCEEDED, idempotency_key=new_id().hex, created_at=payment.created_at, **given,
    )  # fmt: skip


async def test_two_captures_of_one_shipment_are_found(database: Database) -> None:
    _, shipment = await shipped(database, await stocked_company(database), ("A", 2))

    async def capture(db: Session) -> None:
        payment = (await db.scalars(sa.select(Payment))).one()
        for _ in range(2):
            db.add(transaction(payment, TransactionKind.CAPTURE, 1000, shipment_id=shipment.id))

    assert (8, "captures of a shipment") in await found_after(database, capture)


async def test_an_entry_out_of_balance_is_found(database: Database) -> None:
    async def post(db: Session) -> None:
        entry = JournalEntry(
            id=new_id(), source_key="x", kind="CAPTURE", reference="R1", currency="EUR", posted_at=db.now
        )
        db.add(entry)
        await db.flush()
        db.add(JournalLine(entry_id=entry.id, position=1, account="1200", amount=100))
        db.add(JournalLine(entry_id=entry.id, position=2, account="8400", amount=-99))

    found = await found_after(database, post)
    assert {(5, "balance of an entry"), (5, "balance of the journal")} <= found


async def test_a_gap_in_the_invoice_numbers_is_found(database: Database) -> None:
    company = await stocked_company(database)
    _, shipment = await shipped(database, company, ("A", 2))
    assert (6, "last number against how many there are") in await found_after(
        database, lambda db: write_invoice(db, company, shipment, sequence=2)
    )


async def write_invoice(db: Session, company: Company, shipment: Shipment, *, sequence: int) -> None:
    db.add(
        Invoice(
            id=new_id(), number=f"R-2026-{sequence}", legal_entity_id=company.channel.legal_entity_id, series="R",
            year=2026, sequence=sequence, order_id=shipment.order_id, shipment_id=shipment.id,
            state=InvoiceState.ISSUED, issued_at=db.now, supplied_on=db.now.date(), due_on=db.now.date(),
            currency="EUR", net=shipment.amount, tax=0, gross=shipment.amount, content={}, document_id=None,
        )
    )  # fmt: skip


async def test_an_invoice_that_is_not_worth_its_shipment_is_found(database: Database) -> None:
    company = await stocked_company(database)
    _, shipment = await shipped(database, company, ("A", 2))

    async def invoice(db: Session) -> None:
        await write_invoice(db, company, shipment, sequence=1)
        await db.flush()
        await db.execute(sa.update(Invoice).values(net=1, gross=1))

    assert (4, "invoice against its shipment") in await found_after(database, invoice)


async def test_work_released_on_a_held_order_is_found(database: Database) -> None:
    order_id, _ = await released(database, await stocked_company(database), ("A", 2))

    async def hold(db: Session) -> None:
        db.add(
            OrderHold(
                id=new_id(), order_id=order_id, kind=HoldKind.MANUAL, reason="check", placed_by="test",
                placed_at=db.now - timedelta(hours=1),
            )
        )  # fmt: skip

    assert await found_after(database, hold) == {(7, "released while on hold")}


async def test_a_lost_event_is_found(database: Database) -> None:
    order_id, _ = await released(database, await stocked_company(database), ("A", 2))
    first = sa.delete(EventRecord).where(EventRecord.stream_id == order_id, EventRecord.seq == 1)
    found = await found_after(database, lambda db: db.execute(first))
    assert found == {(8, "last event number against events")}


async def test_work_that_was_given_up_is_found(database: Database) -> None:
    async def give_up(db: Session) -> None:
        db.add(OutboxRow(job="x.y", due_at=db.now, available_at=db.now, dead=True, last_error="it broke"))

    assert await found_after(database, give_up) == {(8, "given up after its last attempt")}


async def test_a_state_that_no_step_led_to_is_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))
    jump = sa.text("UPDATE fulfillment_order SET state = 'PACKED'")
    assert await found_after(database, lambda db: db.execute(jump)) == {
        (8, "steps into the state less steps out of it")
    }


@pytest.mark.engine("postgresql")
async def test_an_external_order_that_is_there_twice_is_found(database: Database) -> None:
    company = await stocked_company(database)
    await released(database, company, ("A", 1))
    await released(database, company, ("A", 1))
    name = "uq_orders_channel_id_external_id"
    async with database.unit_of_work() as db:
        await db.execute(sa.text(f"ALTER TABLE orders DROP CONSTRAINT {name}"))
    try:
        found = await found_after(database, lambda db: db.execute(sa.update(Order).values(external_id="1")))
    finally:
        async with database.unit_of_work() as db:
            await db.execute(sa.text("UPDATE orders SET external_id = CAST(id AS text)"))
            await db.execute(sa.text(f"ALTER TABLE orders ADD CONSTRAINT {name} UNIQUE (channel_id, external_id)"))
    assert found == {(9, "orders of an external id")}


async def test_a_partner_who_touched_foreign_work_is_found(database: Database) -> None:
    _, row_id = await released(database, await stocked_company(database), ("A", 2))
    async with database.unit_of_work() as db:
        client = await partner_client(db)
    partner = Principal(PrincipalKind.CLIENT, client, "partner")
    async with database.unit_of_work(partner) as db:
        trail.note(db, "shipFulfillmentOrder", [("fulfillmentOrder", row_id)])
    assert [(each.invariant, each.check) for each in await differences(database)] == [
        (10, "partner who acted against the work's")
    ]


async def partner_client(db: Session) -> UUID:
    owner = await make_partner(db)
    client = ApiClient(
        id=new_id(), client_id="kc_other", name="other", kind=ClientKind.PARTNER, scopes=[], partner_id=owner.id,
        active=True, created_at=db.now, updated_at=db.now,
    )  # fmt: skip
    db.add(client)
    await db.flush()
    return client.id


async def test_work_of_another_partner_than_its_place_is_found(database: Database) -> None:
    await released(database, await stocked_company(database), ("A", 2))

    async def give_away(db: Session) -> None:
        await db.execute(sa.update(FulfillmentOrder).values(partner_id=(await make_partner(db)).id))

    found = await found_after(database, give_away)
    assert found == {(10, "partner of the work against that of its place")}


async def test_the_nightly_audit_raises_a_case_and_settles_it(database: Database, drain: Drain) -> None:
    await stocked_company(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLevel).values(on_hand=11))
    await drain(recurring=True)
    assert await cases(database) == [("DIFFERENCES", CaseState.OPEN, 1)]
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLevel).values(on_hand=10))
    await drain(recurring=True, until=await tomorrow(database))
    assert await cases(database) == [("DIFFERENCES", CaseState.DONE, 1)]


async def nothing(_: Session) -> list[Difference]:
    return []


async def test_a_nightly_audit_that_is_cut_off_goes_on_where_it_was(
    runtime: Runtime, database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    async def first(_: Session) -> list[Difference]:
        made.append("first")
        return [Difference(1, "pieces", "order 1", "1", "2")]

    async def cut_off_once(_: Session) -> list[Difference]:
        made.append("second")
        if made.count("second") == 1:
            raise ConnectionError("the worker was stopped")
        return [Difference(2, "stock", "stock of 1", "1", "2")]

    monkeypatch.setattr(running, "CHECKS", (first, cut_off_once, nothing))
    assert len(await drain(recurring=True)) == 1
    await relay.hurry(runtime)
    assert await drain() == []
    assert made == ["first", "second", "second"]
    assert await cases(database) == [("DIFFERENCES", CaseState.OPEN, 2)]


async def test_a_check_that_takes_too_long_is_named_and_the_others_are_made(
    database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(_: Session) -> list[Difference]:
        await asyncio.sleep(3600)
        return []

    async def last(_: Session) -> list[Difference]:
        return [Difference(2, "stock", "stock of 1", "1", "2")]

    monkeypatch.setattr(jobs, "LONGEST_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(running, "CHECKS", (endless, last))
    assert await drain(recurring=True) == []
    async with database.read_only() as db:
        case = (await db.scalars(sa.select(Case))).one()
    assert case.facts == {"count": 1, "first": ["2. stock of 1: stock: recorded 1, computed 2"], "unmade": ["endless"]}
    monkeypatch.setattr(running, "CHECKS", (last,))
    await drain(recurring=True, until=await tomorrow(database))
    async with database.read_only() as db:
        case = (await db.scalars(sa.select(Case))).one()
    assert case.facts["unmade"] == []


async def test_a_check_that_always_fails_is_named_at_its_last_attempt_and_the_others_are_made(
    runtime: Runtime, database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Session) -> list[Difference]:
        raise ArithmeticError("a check with a fault")

    async def last(_: Session) -> list[Difference]:
        return [Difference(2, "stock", "stock of 1", "1", "2")]

    monkeypatch.setattr(jobs, "MAX_ATTEMPTS", 2)
    monkeypatch.setattr(running, "CHECKS", (broken, last))
    assert [failure.dead for failure in await drain(recurring=True)] == [False]
    await relay.hurry(runtime)
    assert await drain() == []
    async with database.read_only() as db:
        case = (await db.scalars(sa.select(Case))).one()
    assert (case.facts["count"], case.facts["unmade"]) == (1, ["broken"])


async def test_a_database_that_answers_too_late_is_asked_again(
    runtime: Runtime, database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    async def late_once(_: Session) -> list[Difference]:
        made.append("late")
        if len(made) == 1:
            raise TimeoutError("no connection was free")
        return []

    monkeypatch.setattr(running, "CHECKS", (late_once, nothing))
    assert len(await drain(recurring=True)) == 1
    await relay.hurry(runtime)
    assert await drain() == []
    assert made == ["late", "late"]
    assert await cases(database) == []


async def tomorrow(database: Database) -> Any:
    return await database.clock.now() + timedelta(days=1, minutes=1)


async def cases(database: Database) -> list[tuple[str, CaseState, Any]]:
    async with database.read_only() as db:
        return [(row.kind, row.state, row.facts.get("count")) for row in await db.scalars(sa.select(Case))]


async def test_budgets_and_coupons_that_differ_from_their_redemptions_are_found(database: Database) -> None:
    await stocked_company(database)

    async def breaking(db: Session) -> None:
        order_id, promotion_id, given_back = new_id(), new_id(), [None, db.now]
        coupon = Coupon(
            id=new_id(), code="LESS", promotion_code="SALE", batch_id=new_id(), most_uses=None, uses=2,
            created_at=db.now, created_by="test", updated_at=db.now,
        )  # fmt: skip
        db.add_all([coupon, PromotionUse(code="SALE", uses=1, given=500), PromotionUse(code="OTHER", uses=0, given=7)])
        for place, back in enumerate(given_back):
            db.add(
                Redemption(
                    id=new_id(), order_id=order_id if place == 0 else new_id(), promotion_id=promotion_id,
                    promotion_code="SALE", coupon_id=coupon.id, amount=500, currency="EUR", redeemed_at=db.now,
                    given_back_at=back, updated_at=db.now,
                )
            )  # fmt: skip

    async with database.unit_of_work() as db:
        await breaking(db)
    assert [str(each) for each in await differences(database)] == [
        "4. promotion OTHER: given against redemptions: recorded 7, computed 0",
        "4. coupon LESS: uses against redemptions: recorded 2, computed 1",
    ]
