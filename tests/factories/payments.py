"""Orders with payments, and the jobs that move their money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.intake import Company, make_company, order_input, place, put_stock
from kontor import bootstrap, relay
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, OutboxRow, schedule
from kontor.orders.intake import ChargeInput, PaymentInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed
from kontor.orders.queries import lock_order
from kontor.payments import service
from kontor.payments.models import Payment, PaymentTransaction
from kontor.subscribers import SUBSCRIBERS
from support import Drain

METHODS = [
    "ON_ACCOUNT", "CARD", "WALLET", "PREPAYMENT", "GIFT_CARD", "VOUCHER", "COLLECTED_BY_CHANNEL", "CASH",
]  # fmt: skip


@contextmanager
def only_money() -> Iterator[None]:
    """While open, only the jobs of payments and invoicing react to events."""
    bootstrap.load()
    names = ("payments.", "invoicing.")
    outbox.route({event: [job for job in jobs if job.startswith(names)] for event, jobs in SUBSCRIBERS.items()})
    try:
        yield
    finally:
        outbox.route(SUBSCRIBERS)


async def another_shop(database: Database, company: Company, **channel: Any) -> Company:
    """A channel of another legal entity that sells from the same warehouse."""
    async with database.unit_of_work() as db:
        shop = await make_channel(db, **{"payment_methods": METHODS, **channel})
    return Company(shop, company.warehouse, company.numbers)


async def make_shop(database: Database, sku: str = "COAT", stock: int = 1000, **channel: Any) -> Company:
    """A company that takes every method and has plenty of one article."""
    company = await make_company(database, **{"payment_methods": METHODS, **channel})
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku=sku)
        variant_id = variant.id
    await put_stock(database, company.warehouse.id, variant_id, stock)
    return company


async def paid_by(
    database: Database,
    company: Company,
    *payments: PaymentInput,
    sku: str = "COAT",
    charges: tuple[ChargeInput, ...] = (),
) -> UUID:
    """An order of as many pieces at 10.00 as the payments add up to beside its charges; its id."""
    fees = sum(charge.amount for charge in charges)
    pieces, rest = divmod(sum(payment.amount for payment in payments) - fees, 1000)
    assert rest == 0
    wanted = order_input(company.channel, (sku, pieces), payments=tuple(payments), charges=charges)
    outcomes = await place(database, company, wanted)
    assert isinstance(outcomes[0], Placed), outcomes[0]
    return outcomes[0].order_id


def card(amount: int, token: str | None = "tok_visa", **given: Any) -> PaymentInput:
    """A card payment."""
    return PaymentInput("CARD", amount, token=token, label="Visa •••• 4242", **given)


async def ask(database: Database, job: str, order_id: UUID, **args: Any) -> None:
    """Schedule a payment job of an order."""
    async with database.unit_of_work() as db:
        schedule(db, f"payments.{job}", {"order_id": order_id, **args}, key=order_id)


async def ask_capture(
    database: Database, order_id: UUID, shipped: int, *, final: bool = False, shipment_id: UUID | None = None
) -> UUID:
    """Schedule the capture for a shipment, a new one unless given."""
    shipment = shipment_id or new_id()
    await ask(database, "capture", order_id, shipment_id=shipment, shipped=shipped, final=final)
    return shipment


async def read_payments(database: Database, order_id: UUID) -> list[Payment]:
    """The order's payments in their position."""
    async with database.read_only() as db:
        found = sa.select(Payment).where(Payment.order_id == order_id).order_by(Payment.position)
        return list(await db.scalars(found))


async def read_order(database: Database, order_id: UUID) -> Order:
    """The order."""
    async with database.read_only() as db:
        return await db.get_one(Order, order_id)


async def transactions(database: Database, order_id: UUID) -> list[tuple[str, str, int]]:
    """Kind, outcome and amount of every transaction, oldest first."""
    async with database.read_only() as db:
        rows = await db.scalars(
            sa.select(PaymentTransaction).where(PaymentTransaction.order_id == order_id).order_by(PaymentTransaction.id)
        )
        return [(row.kind.value, row.outcome.value, row.amount) for row in rows]


async def told(database: Database, order_id: UUID, *names: str) -> list[str]:
    """The events of an order about money, in order; only those named, if any."""
    events = await read_events(database, order_id)
    wanted = names or _MONEY
    return [event.name for event in events if event.name in wanted]


async def read_events(database: Database, order_id: UUID) -> Sequence[EventRecord]:
    """The log of an order."""
    async with database.read_only() as db:
        found = sa.select(EventRecord).where(EventRecord.stream_id == order_id).order_by(EventRecord.seq)
        return list(await db.scalars(found))


_MONEY = (
    "PaymentAuthorized", "PaymentDeclined", "PaymentReceived", "PaymentCaptured", "CaptureFailed", "CaptureFinished",
    "PaymentVoided", "PaymentChargedBack", "AuthorizationExpiring", "RefundRequested", "RefundSucceeded",
    "RefundFailed",
)  # fmt: skip


async def persist(runtime: Runtime, drain: Drain) -> None:
    """Run what is due, waits cut short, until nothing is left."""
    for _ in range(200):
        await drain()
        async with runtime.database.read_only() as db:
            if not await db.scalar(sa.select(sa.func.count()).select_from(OutboxRow)):
                return
        await relay.hurry(runtime)
    raise AssertionError("something never ends")


async def taken_in_parts_and_refunded(runtime: Runtime, drain: Drain, orders: Sequence[UUID]) -> None:
    """Orders of 100.00 whose money is secured, taken for 90.00 in three steps, and given back for 35.00."""
    database = runtime.database
    for order_id in orders:
        await ask(database, "authorize", order_id)
    await persist(runtime, drain)
    for order_id in orders:
        await ask_capture(database, order_id, 3000)
        await ask_capture(database, order_id, 8000)
        await ask_capture(database, order_id, 9000, final=True)
    await persist(runtime, drain)
    for order_id in orders:
        async with database.unit_of_work() as db:
            order = await lock_order(db, order_id)
            await service.request_refund(
                db, order, kind="GOODWILL", amount=3500, reason="late", source_key=f"late/{order_id}", now=db.now
            )
    await persist(runtime, drain)
