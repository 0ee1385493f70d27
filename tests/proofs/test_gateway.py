"""Money at a gateway that loses answers and repeats and mixes up its notices, moved by workers that die: at the end the
gateway's books equal Kontor's, and nothing was done twice."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by
from kontor import relay
from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import EmbeddedTransport, Faults, Notifier, Simulator, Terms, audit_file
from kontor.adapters.payments.simulator.bank import Order
from kontor.adapters.payments.simulator.payouts import pay_out
from kontor.audit import clearing
from kontor.banking import reconciling
from kontor.banking.models import GatewayDifference
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.inbox import InboxMessage
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow, schedule
from kontor.invoicing.models import JournalLine
from kontor.orders.queries import lock_order
from kontor.payments import disputing, service
from kontor.payments.differences import differences
from kontor.payments.models import Dispute, Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import PaymentGateway
from kontor.payments.states import DisputeState
from support import Client, Drain

ORDERS = int(os.environ.get("KONTOR_PROVE_ORDERS", "12"))
SEED = int(os.environ.get("KONTOR_PROVE_SEED", "7"))
SECRET = "whsec_" + base64.b64encode(b"p" * 24).decode()
# One answer in ten is lost, half of them behind a failure; some calls never arrive; some results come later.
FAULTS = Faults(
    closed_after=0.05, error_after=0.05, closed_before=0.03, rate_limited=0.02, pending=0.1,
    duplicate_notice=0.1, late_notice=0.1,
)  # fmt: skip
TERMS = Terms(pending_delay=0.0, slow_delay=0.0, late_notice_delay=0.3, notify_everything=True)
DEATHS = 0.05


class Killed(BaseException):
    """The worker is gone: nothing of it runs any more, no handler and no booking."""


class MortalGateway:
    """A gateway whose caller dies now and then, right before a call or right after it."""

    def __init__(self, gateway: HttpGateway, chance: random.Random) -> None:
        self._gateway, self._chance = gateway, chance
        self.deaths: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._gateway, name)
        if name not in ("authorize", "capture", "void", "refund", "contest", "accept"):
            return call

        async def mortal(*args: Any, **named: Any) -> Any:
            self._die(f"before {name}")
            outcome = await call(*args, **named)
            self._die(f"after {name}")
            return outcome

        return mortal

    def _die(self, moment: str) -> None:
        if self._chance.random() < DEATHS:
            self.deaths[moment] += 1
            raise Killed


class Scene:
    """The simulator, the gateway over it and how its notices come."""

    def __init__(self, ledger: Path, runtime: Runtime, client: Client) -> None:
        self.ledger = ledger
        self.simulator = Simulator(ledger, seed=SEED, faults=FAULTS, terms=TERMS)
        connection = connect("http://gateway", transport=EmbeddedTransport(self.simulator))
        self.gateway = MortalGateway(HttpGateway(connection, webhook_secrets=(SECRET,)), random.Random(SEED))
        self.notifier = Notifier(self.simulator.ledger, url="/webhooks/payments", secret=SECRET, client=client.http)
        self.runtime = runtime
        runtime.ports.register(PaymentGateway, self.gateway)

    async def settle(self, drain: Drain) -> None:
        """Work, die, be told and start anew until nothing is left to do."""
        for _ in range(400 + 20 * ORDERS):
            with suppress(Killed):
                await drain()
            self.simulator.bank.settle_due()
            await self.notifier.deliver_due()
            async with self.runtime.database.read_only() as db:
                if not await db.scalar(sa.select(sa.func.count()).select_from(OutboxRow)):
                    return
            await relay.hurry(self.runtime)
        raise AssertionError("something never ends")

    async def hear_everything(self, drain: Drain) -> None:
        """Until every notice has come, the late ones too."""
        while self.simulator.ledger.due_notices(time.time() + 60):
            await asyncio.sleep(0.05)
            await self.settle(drain)

    def bank(self, kind: str, key: str, about: str, amount: int = 0, word: str = "") -> None:
        """What a customer's bank does, which nothing of ours keeps it from."""
        order = Order(kind, key, amount, "EUR", "", method=word, intent=about)
        answer = self.simulator.bank.perform(order)
        assert answer.status == 200, answer.body


@pytest.fixture
def scene(tmp_path: Path, runtime: Runtime, client: Client) -> Iterator[Scene]:
    with only_money():
        made = Scene(tmp_path / "gateway.db", runtime, client)
        yield made
        made.simulator.ledger.close()


async def refund(database: Database, order_id: UUID, amount: int, number: int) -> None:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        await service.request_refund(
            db, order, kind="GOODWILL", amount=amount, reason="late", source_key=f"{number}/{order_id}", now=db.now
        )


async def test_books_of_gateway_and_kontor_are_equal_at_the_end(database: Database, drain: Drain, scene: Scene) -> None:
    company = await make_shop(database, stock=100 * ORDERS)
    orders = [await paid_by(database, company, card(6000), card(4000)) for _ in range(ORDERS)]
    for order_id in orders:
        await ask(database, "authorize", order_id)
    await scene.settle(drain)
    for order_id in orders:
        await ask_capture(database, order_id, 3000)
        await ask_capture(database, order_id, 7000)
        await ask_capture(database, order_id, 9000, final=True)
    await scene.settle(drain)
    for number, amount in enumerate((2500, 1000)):
        for order_id in orders:
            await refund(database, order_id, amount, number)
        await scene.settle(drain)
    await scene.notifier.deliver_due()

    audit = audit_file(scene.ledger)
    assert audit.repeated == []
    async with database.read_only() as db:
        payments = list(await db.scalars(sa.select(Payment).order_by(Payment.order_id, Payment.position)))
        assert [text async for text in differences(db)] == []
        told = await db.scalar(sa.select(sa.func.count()).select_from(InboxMessage))
    ours = {str(each.id): (each.captured, each.refunded) for each in payments if each.captured}
    theirs = {key: (sums.get("capture", 0), sums.get("refund", 0)) for key, sums in audit.totals.items()}
    assert ours == theirs
    assert [sum(column) for column in zip(*ours.values(), strict=True)] == [9000 * ORDERS, 3500 * ORDERS]
    assert told
    assert {moment.partition(" ")[0] for moment in scene.gateway.deaths} == {"before", "after"}


async def answer(database: Database, of_payment: dict[UUID, int]) -> None:
    """Every third dispute is contested, every third accepted, every third left alone."""
    async with database.unit_of_work() as db:
        for dispute in await db.scalars(sa.select(Dispute).order_by(Dispute.id)):
            if of_payment[dispute.payment_id] % 3 == 0:
                await disputing.contest(db, dispute, {"customer_name": "Ada"}, [], now=db.now)
            elif of_payment[dispute.payment_id] % 3 == 1:
                await disputing.accept(db, dispute, now=db.now)


async def lost_and_recovered(database: Database) -> dict[UUID, int]:
    """What banks took of each payment beyond what was there, less what came back of that."""
    row, kind = PaymentTransaction, TransactionKind
    signed = sa.case((row.kind == kind.LOSS, row.amount), else_=-row.amount)
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(row.payment_id, sa.func.sum(signed))
            .where(row.kind.in_((kind.LOSS, kind.RECOVER)))
            .group_by(row.payment_id)
        )
        return {payment_id: int(amount) for payment_id, amount in rows}


async def disputed_payments(database: Database, drain: Drain, scene: Scene) -> list[Payment]:
    """Payments of 60.00 with refunds of 20.00, each disputed in full while refunds may be on their way."""
    company = await make_shop(database, stock=100 * ORDERS)
    orders = [await paid_by(database, company, card(6000)) for _ in range(ORDERS)]
    for order_id in orders:
        await ask(database, "authorize", order_id)
        await ask_capture(database, order_id, 6000, final=True)
    await scene.settle(drain)
    for order_id in orders[::2]:
        await refund(database, order_id, 2000, 0)
    async with database.read_only() as db:
        payments = list(await db.scalars(sa.select(Payment).order_by(Payment.id)))
    for number, payment in enumerate(payments):
        scene.bank("dispute", f"open/{number}", payment.gateway_reference or "", 6000, "fraudulent")
    await scene.settle(drain)
    await scene.hear_everything(drain)
    return payments


async def test_books_are_equal_after_disputes_and_payouts(database: Database, drain: Drain, scene: Scene) -> None:
    payments = await disputed_payments(database, drain, scene)
    await answer(database, {each.id: number for number, each in enumerate(payments)})
    await scene.settle(drain)
    await scene.hear_everything(drain)
    async with database.read_only() as db:
        disputes = {each.payment_id: each for each in await db.scalars(sa.select(Dispute))}
    ends = (DisputeState.WON, DisputeState.ACCEPTED, DisputeState.LOST)
    for number, payment in enumerate(payments):
        if number % 3 != 1:
            word = "won" if number % 3 == 0 else "lost"
            scene.bank("decide", f"end/{number}", disputes[payment.id].reference, word=word)
    await scene.hear_everything(drain)
    pay_out(scene.simulator.ledger, "1", "EUR", time.time())
    async with database.unit_of_work() as db:
        entity_id = (await db.scalars(sa.select(LegalEntity.id))).one()
        await reconciling.save_account(db, reconciling.AccountData("", entity_id), now=db.now)
        schedule(db, "banking.fetch_payouts", {})
    await scene.settle(drain)

    audit, lost = audit_file(scene.ledger), await lost_and_recovered(database)
    assert audit.repeated == []
    async with database.read_only() as db:
        for number, payment in enumerate(await db.scalars(sa.select(Payment).order_by(Payment.id))):
            sums = audit.totals[str(payment.id)]
            theirs = sums.get("refund", 0) + sums["chargeback"] - sums.get("reinstatement", 0)
            assert (payment.captured, payment.refunded + lost.get(payment.id, 0)) == (sums["capture"], theirs)
            dispute = (await db.scalars(sa.select(Dispute).where(Dispute.payment_id == payment.id))).one()
            assert dispute.state is ends[number % 3]
        assert [text async for text in differences(db)] == []
        assert await clearing.clearing_balances(db) == []
        assert list(await db.scalars(sa.select(GatewayDifference.kind))) == []
        held = await db.scalar(sa.select(sa.func.sum(JournalLine.amount)).where(JournalLine.account == "GATEWAY"))
        assert held == 0
