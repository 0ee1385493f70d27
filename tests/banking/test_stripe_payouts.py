"""Payouts of Stripe are read with their balance transactions and leave nothing unexplained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.stripe_account import SECRET_KEY, StripeAccount
from factories.invoicing import accounts
from factories.payments import ask, ask_capture, card, make_shop, paid_by
from kontor import bootstrap
from kontor.audit import clearing
from kontor.banking import reconciling
from kontor.banking.models import GatewayDifference, GatewayPayout, GatewayPayoutLine
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.core.ports import Ports
from kontor.orders.queries import lock_order
from kontor.payments import service
from kontor.payments.ports import PaymentGateway
from kontor.settings import Settings
from support import Drain, StandingClock


@pytest.fixture
def stripe(runtime: Runtime) -> Iterator[StripeAccount]:
    account = StripeAccount()
    with account.running() as url:
        chosen = Settings(
            stripe_secret_key=SECRET_KEY, stripe_webhook_secrets="whsec_x", stripe_url=url, default_gateway="stripe",
            gateway_ledger=":memory:",
        )  # fmt: skip
        ports = Ports()
        bootstrap.bind_adapters(ports, chosen)
        for name in ("", "stripe"):
            runtime.ports.register(PaymentGateway, ports.get(PaymentGateway, "stripe"), name=name)  # type: ignore[type-abstract]
        yield account


async def test_payout_is_read_page_by_page_and_settles_sales_and_refunds(
    runtime: Runtime, database: Database, drain: Drain, stripe: StripeAccount, clock: StandingClock
) -> None:
    company = await make_shop(database)
    orders = [await paid_by(database, company, card(4000, "pm_card_visa", gateway="stripe")) for _ in range(3)]
    for order_id in orders:
        await ask(database, "authorize", order_id)
        await ask_capture(database, order_id, 4000, final=True)
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await lock_order(db, orders[0])
        await service.request_refund(
            db, order, kind="GOODWILL", amount=1500, reason="late", source_key="late", now=db.now
        )
    assert await drain() == []
    stripe.settle(fee=100)
    stripe.moved("fee", "fee_1", -70)
    payout = stripe.pay_out()
    clock.set_to(clock.moment.replace(year=2020))  # whatever day it is at Stripe, it is later than this
    for _ in range(2):
        async with database.unit_of_work() as db:
            entity_id = (await db.scalars(sa.select(LegalEntity.id))).one()
            await reconciling.save_account(db, reconciling.AccountData("stripe", entity_id), now=db.now)
            schedule(db, "banking.fetch_payouts", {})
        assert await drain() == []

    async with database.read_only() as db:
        row = (await db.scalars(sa.select(GatewayPayout))).one()
        assert (row.reference, row.amount, row.lines) == (payout["id"], 12000 - 300 - 1500 - 70, 5)
        lines = await db.execute(sa.select(GatewayPayoutLine.category, GatewayPayoutLine.order_id))
        assert {(each.category, each.order_id) for each in lines} == {
            *(("CHARGE", order_id) for order_id in orders), ("REFUND", orders[0]), ("FEE", None),
        }  # fmt: skip
        assert list(await db.scalars(sa.select(GatewayDifference.kind))) == []
        assert await clearing.clearing_balances(db) == []
    balances = await accounts(database)
    assert (balances.get("GATEWAY", 0), balances["GATEWAY_FEES"], balances["TRANSIT"]) == (0, 370, row.amount)
