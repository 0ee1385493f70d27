"""What gateways pay out is compared line by line: the clearing account ends at what they still hold, to the cent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from factories.banking import Booked, camt
from factories.intake import Company
from factories.invoicing import accounts
from factories.payments import ask, ask_capture, card, make_shop, paid_by, read_payments
from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import EmbeddedTransport, Notifier, Simulator, Terms
from kontor.audit import clearing
from kontor.banking import arriving, gateway_queries, reconciling, service, settlement_files
from kontor.banking.errors import DifferenceClosed, PayoutDiffers, PayoutNotArrived
from kontor.banking.models import BankEntry, GatewayAccount, GatewayDifference, GatewayPayout, GatewayPayoutLine
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.jobs import Runtime
from kontor.core.money import Money
from kontor.core.outbox import schedule
from kontor.ledger import closing, rebuilding
from kontor.orders.queries import lock_order
from kontor.payments import service as payments
from kontor.payments.models import PaymentTransaction, TransactionKind
from kontor.payments.ports import GatewayLine, LineCategory, PaymentGateway
from kontor.payments.ports import GatewayPayout as Sent
from support import Client, Drain, StandingClock

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
L = LineCategory


class Scene:
    """A gateway that pays out, and an order of 30.00 that it took the money for."""

    def __init__(self, ledger: Path, runtime: Runtime, client: Client, clock: StandingClock) -> None:
        secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
        self.simulator = Simulator(ledger, terms=Terms(slow_delay=0.0), clock=lambda: clock.moment.timestamp())
        transport = EmbeddedTransport(self.simulator)
        gateway = HttpGateway(connect("http://gateway", transport=transport), webhook_secrets=(secret,))
        runtime.ports.register(PaymentGateway, gateway)
        self.bank = httpx.AsyncClient(base_url="http://gateway", transport=transport)
        self.notifier = Notifier(
            self.simulator.ledger, url="/webhooks/payments", secret=secret, client=client.http,
            clock=lambda: datetime.now(UTC).timestamp(),
        )  # fmt: skip
        self.database = runtime.database

    async def post(self, path: str, key: str, **body: Any) -> dict[str, Any]:
        answer = await self.bank.post(path, json={"currency": "EUR", **body}, headers={"idempotency-key": key})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def scene(tmp_path: Path, runtime: Runtime, client: Client, clock: StandingClock) -> Iterator[Scene]:
    made = Scene(tmp_path / "gateway.db", runtime, client, clock)
    yield made
    made.simulator.ledger.close()


async def sold(database: Database, drain: Drain, company: Company, amount: int = 3000) -> UUID:
    order_id = await paid_by(database, company, card(amount))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, amount, final=True)
    assert await drain() == []
    return order_id


async def seller(database: Database) -> UUID:
    async with database.read_only() as db:
        return (await db.scalars(sa.select(LegalEntity.id))).one()


async def given_back(database: Database, drain: Drain, order_id: UUID, amount: int) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        await payments.request_refund(
            db, order, kind="GOODWILL", amount=amount, reason="late", source_key=f"late/{amount}", now=db.now
        )
    assert await drain() == []


async def fetch(database: Database, drain: Drain, entity_id: UUID, *, days: int = 7) -> None:
    async with database.unit_of_work() as db:
        data = reconciling.AccountData("", entity_id, missing_after_days=days)
        await reconciling.save_account(db, data, now=db.now)
        schedule(db, "banking.fetch_payouts", {})
    assert await drain() == []


async def differences(database: Database) -> list[tuple[str, int, bool]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(GatewayDifference).order_by(GatewayDifference.id))
        return [(row.kind, row.amount, row.closed_at is None) for row in rows]


async def books_agree(database: Database) -> None:
    async with database.read_only() as db:
        assert await clearing.clearing_balances(db) == []
        assert [text async for text in rebuilding.differences(db)] == []


async def captures(database: Database) -> list[PaymentTransaction]:
    async with database.read_only() as db:
        row = PaymentTransaction
        return list(await db.scalars(sa.select(row).where(row.kind == TransactionKind.CAPTURE).order_by(row.id)))


def line(reference: str, amount: int, *, category: LineCategory = L.CHARGE, fee: int = 0, **given: Any) -> GatewayLine:
    currency = given.pop("currency", "EUR")
    return GatewayLine(reference, category, Money(amount, currency), Money(fee, currency), NOW, **given)


async def take_in(database: Database, reference: str, amount: int, *lines: GatewayLine, currency: str = "EUR") -> UUID:
    sent = Sent(reference, Money(amount, currency), date(2026, 6, 17), "GATEWAY PAYS")
    async with database.unit_of_work() as db:
        entity_id = (await db.scalars(sa.select(LegalEntity.id))).one()
        return (await reconciling.import_payout(db, entity_id, "", sent, lines, now=db.now)).id


async def test_payout_of_sales_refund_and_dispute_leaves_nothing_at_the_gateway(
    database: Database, drain: Drain, scene: Scene
) -> None:
    company = await make_shop(database)
    first, second = [await sold(database, drain, company) for _ in range(2)]
    await given_back(database, drain, first, 1000)
    [payment] = await read_payments(database, second)
    dispute = await scene.post(
        "/v1/test/disputes", "d1", payment_intent=payment.gateway_reference, amount=3000, reason="fraudulent"
    )
    assert dispute["status"] == "succeeded"
    await scene.notifier.deliver_due()
    assert await drain() == []
    assert (await accounts(database))["GATEWAY"] == 500  # 60.00 − 10.00 − 30.00 − 15.00 for the dispute
    await scene.post("/v1/test/payouts", "p1")
    entity_id = await seller(database)
    for _ in range(2):
        await fetch(database, drain, entity_id)
    assert await differences(database) == []
    balances = await accounts(database)
    fees = 2 * (42 + 25)
    assert (balances.get("GATEWAY", 0), balances["GATEWAY_FEES"], balances["TRANSIT"]) == (0, 1500 + fees, 500 - fees)
    async with database.read_only() as db:
        payout = (await db.scalars(sa.select(GatewayPayout))).one()
        assert (payout.amount, payout.fees, payout.lines) == (500 - fees, 1500 + fees, 4)
        entity = await db.get_one(LegalEntity, entity_id)
        [figures] = await closing.figures_of(db, entity, date(2026, 6, 15))
        assert figures.clearing == {"TRANSIT/": 500 - fees}
    await books_agree(database)


async def test_won_dispute_and_returned_refund_are_settled_by_the_next_payout(
    database: Database, drain: Drain, scene: Scene
) -> None:
    company = await make_shop(database)
    order_id = await sold(database, drain, company)
    [payment] = await read_payments(database, order_id)
    await given_back(database, drain, order_id, 500)
    reference = payment.gateway_reference
    await scene.post("/v1/test/disputes", "d1", payment_intent=reference, amount=2000, reason="fraudulent")
    await scene.notifier.deliver_due()
    assert await drain() == []
    entity_id = await seller(database)
    await scene.post("/v1/test/payouts", "p1")
    await fetch(database, drain, entity_id)
    await books_agree(database)
    async with database.read_only() as db:
        refund_key = (
            await db.scalars(
                sa.select(PaymentTransaction.idempotency_key).where(PaymentTransaction.kind == TransactionKind.REFUND)
            )
        ).one()
    await scene.post("/v1/test/refund_returns", "r1", payment_intent=reference, refund=refund_key)
    dispute_id = next(iter(scene.simulator.ledger._db.execute("select id from dispute")))[0]
    await scene.post(f"/v1/test/disputes/{dispute_id}/decide", "d2", decision="won")
    await scene.notifier.deliver_due()
    assert await drain() == []
    await scene.post("/v1/test/payouts", "p2")
    await fetch(database, drain, entity_id)
    assert await differences(database) == []
    balances = await accounts(database)
    assert (balances.get("GATEWAY", 0), balances["GATEWAY_FEES"], balances["TRANSIT"]) == (0, 67, 3000 - 67)
    await books_agree(database)


async def test_unknown_line_waits_in_suspense_until_a_person_gives_it_to_an_order(
    database: Database, drain: Drain
) -> None:
    order_id = await sold(database, drain, await make_shop(database))
    [capture] = await captures(database)
    charge = line("l1", 3000, fee=60, source=capture.gateway_reference)
    await take_in(database, "po_1", 4890, charge, line("l2", 2000, fee=50, source="ch_unknown"))
    assert await drain() == []
    assert await differences(database) == [("UNKNOWN_LINE", 2000, True)]
    balances = await accounts(database)
    assert (balances["SUSPENSE"], balances["TRANSIT"], balances["GATEWAY_FEES"]) == (-2000, 4890, 110)
    async with database.unit_of_work() as db:
        found = (await db.scalars(sa.select(GatewayDifference))).one()
        with pytest.raises(InvalidInput) as refused:
            await reconciling.explain(db, found.id, reason="whose?", order_id=found.id, now=db.now)
        assert refused.value.code == "ORDER_NOT_FOUND"
        await reconciling.explain(db, found.id, reason="paid by phone", order_id=order_id, now=db.now)
        with pytest.raises(DifferenceClosed):
            await reconciling.explain(db, found.id, reason="again", now=db.now)
    assert await drain() == []
    balances = await accounts(database)
    assert (balances.get("SUSPENSE", 0), balances["RECEIVABLES"]) == (0, -5000)
    await books_agree(database)


async def test_amount_that_differs_leaves_the_rest_at_the_gateway_until_it_is_explained(
    database: Database, drain: Drain
) -> None:
    await sold(database, drain, await make_shop(database))
    [capture] = await captures(database)
    await take_in(database, "po_1", 2990, line("l1", 2990, source=capture.gateway_reference))
    assert await drain() == []
    assert await differences(database) == [("AMOUNT_DIFFERS", -10, True)]
    assert (await accounts(database))["GATEWAY"] == 10
    await books_agree(database)
    async with database.unit_of_work() as db:
        found = (await db.scalars(sa.select(GatewayDifference))).one()
        await reconciling.explain(db, found.id, reason="rounded by the gateway", now=db.now)
    assert await drain() == []
    balances = await accounts(database)
    assert (balances.get("GATEWAY", 0), balances["SUSPENSE"]) == (0, 10)
    await books_agree(database)


async def test_movement_on_no_payout_is_missing_until_a_later_one_brings_it(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    await sold(database, drain, company)
    await sold(database, drain, company)
    first, second = await captures(database)
    await take_in(database, "po_1", 3000, line("l1", 3000, source=first.gateway_reference))
    entity_id = await seller(database)
    await fetch(database, drain, entity_id)
    assert await differences(database) == []
    clock.advance(days=8)
    for _ in range(2):
        await fetch(database, drain, entity_id)
    assert await differences(database) == [("MISSING_LINE", -3000, True)]
    await take_in(database, "po_2", 3000, line("l2", 3000, source=second.gateway_reference))
    assert await drain() == []
    assert await differences(database) == [("MISSING_LINE", -3000, False)]
    assert (await accounts(database)).get("GATEWAY", 0) == 0
    await books_agree(database)


async def test_converted_line_moves_each_currency_on_its_own_and_is_listed(database: Database, drain: Drain) -> None:
    await sold(database, drain, await make_shop(database, currency="CHF"))
    [capture] = await captures(database)
    charge = line("l1", 3150, fee=90, source=capture.gateway_reference, original=Money(3000, "CHF"))
    await take_in(database, "po_1", 3060, charge)
    assert await drain() == []
    assert await differences(database) == [("CURRENCY_CONVERTED", 3150, True)]
    balances = await accounts(database)
    assert (balances.get("GATEWAY", 0), balances["EXCHANGE"], balances["TRANSIT"]) == (0, 3000 - 3150, 3060)
    await books_agree(database)


async def test_payout_whose_lines_do_not_add_up_is_listed_and_known_ones_are_taken_in_once(
    database: Database, drain: Drain
) -> None:
    await sold(database, drain, await make_shop(database))
    [capture] = await captures(database)
    charge = line("l1", 3000, source=capture.gateway_reference)
    payouts = {await take_in(database, "po_1", 2900, charge, line("f", -40, category=L.FEE)) for _ in range(2)}
    assert len(payouts) == 1
    assert await drain() == []
    assert await differences(database) == [("SUM_DIFFERS", -60, True)]
    balances = await accounts(database)
    assert (balances["SUSPENSE"], balances["GATEWAY_FEES"], balances["TRANSIT"]) == (60, 40, 2900)
    with pytest.raises(PayoutDiffers):
        await take_in(database, "po_1", 3000, charge)
    await books_agree(database)


async def test_payout_is_found_on_the_bank_statement(database: Database, drain: Drain) -> None:
    await sold(database, drain, await make_shop(database))
    [capture] = await captures(database)
    payout_id = await take_in(database, "po_1", 3000, line("l1", 3000, source=capture.gateway_reference))
    async with database.unit_of_work() as db:
        told = camt(
            "S1", Booked("A", 3000, "rent", "Landlord"), Booked("B", 3000, "PO_1 GATEWAY PAYS"),
            Booked("C", 2999, "po_1"), day="2026-06-17",
        )  # fmt: skip
        await service.import_statements(db, told.encode(), now=db.now)
        other = (await db.scalars(sa.select(BankEntry).where(BankEntry.reference == "C"))).one()
        with pytest.raises(PayoutNotArrived):
            await arriving.match_entry(db, payout_id, other.id, now=db.now)
        assert await arriving.find_arrivals(db, now=db.now) == 1
        assert await arriving.find_arrivals(db, now=db.now) == 0
    assert await drain() == []
    async with database.unit_of_work() as db:
        entry = (await db.scalars(sa.select(BankEntry).where(BankEntry.reference == "B"))).one()
        assert (entry.assigned, (await db.get_one(GatewayPayout, payout_id)).entry_id) == (3000, entry.id)
        assert (await arriving.match_entry(db, payout_id, entry.id, now=db.now)).id == payout_id
    balances = await accounts(database)
    assert (balances["BANK"], balances.get("TRANSIT", 0)) == (3000, 0)
    await books_agree(database)


async def test_payouts_that_nothing_fits_keep_none_from_being_found(database: Database) -> None:
    await make_shop(database)
    for number in range(3):
        await take_in(database, f"po_{number}", 3000 + number, line(f"l{number}", 3000 + number))
    told = camt("S1", Booked("A", 3002, "PO_2 GATEWAY PAYS"), Booked("B", 3001, "rent"), day="2026-06-17")
    async with database.unit_of_work() as db:
        await service.import_statements(db, told.encode(), now=db.now)
        assert await arriving.find_arrivals(db, now=db.now, limit=1) == 1
        found = await db.scalars(sa.select(GatewayPayout.reference).where(GatewayPayout.entry_id.is_not(None)))
        assert list(found) == ["po_2"]


async def test_refused_payout_keeps_no_other_from_being_fetched(database: Database, drain: Drain, scene: Scene) -> None:
    company = await make_shop(database)
    await sold(database, drain, company)
    await scene.post("/v1/test/payouts", "p1")
    told = (await scene.bank.get("/v1/payouts/po_p1/lines")).json()["data"]
    await take_in(database, "elsewhere", 100, line(told[0]["id"], 100))
    await sold(database, drain, company)
    await scene.post("/v1/test/payouts", "p2")
    await fetch(database, drain, await seller(database))
    async with database.read_only() as db:
        assert set(await db.scalars(sa.select(GatewayPayout.reference))) == {"elsewhere", "po_p2"}
        assert list(await db.scalars(sa.select(GatewayAccount.fetched_at))) == [None]  # it is asked again


def test_settlement_file_says_row_and_column_of_what_is_wrong() -> None:
    head = "reference,category,amount,fee,currency,occurred_at,source,original_amount,original_currency\n"
    [read] = settlement_files.read(head + "l1,CHARGE,3000,60,EUR,2026-06-15T12:00:00+02:00,ch_1,3100,CHF\n")
    assert (read.amount, read.fee, read.original) == (Money(3000, "EUR"), Money(60, "EUR"), Money(3100, "CHF"))
    assert (read.source, read.occurred_at) == ("ch_1", NOW)
    assert set(LineCategory) == settlement_files.CATEGORIES
    for row, column in (
        ("l1,CHARGE,30.00,0,EUR,2026-06-15T12:00:00Z,,,", "amount"),
        ("l1,SALE,1,0,EUR,2026-06-15T12:00:00Z,,,", "category"),
        ("l1,CHARGE,1,0,eur,2026-06-15T12:00:00Z,,,", "amount"), ("l1,CHARGE,1,0,EUR,2026-06-15,,,", "occurred_at"),
        (",CHARGE,1,0,EUR,2026-06-15T12:00:00Z,,,", "reference"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            settlement_files.read(f"{head}{row}\n")
        assert (refused.value.params["row"], refused.value.params["column"]) == (2, column)
    with pytest.raises(InvalidInput) as missing:
        settlement_files.read("reference,amount\n")
    assert missing.value.code == "COLUMN_MISSING"


async def test_lines_say_what_of_ours_they_are(database: Database, drain: Drain) -> None:
    order_id = await sold(database, drain, await make_shop(database))
    [payment] = await read_payments(database, order_id)
    await take_in(database, "po_1", 3000, line("l1", 3000, authorization=payment.gateway_reference or ""))
    async with database.read_only() as db:
        row = (await db.scalars(sa.select(GatewayPayoutLine))).one()
        assert (row.order_id, row.cleared, row.detail) == (order_id, 3000, "CARD")
        assert await gateway_queries.find_payout(db, "", "po_2") is None
    assert timedelta(0) < arriving.LATE
