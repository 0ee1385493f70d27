"""Nobody pays for pieces that were canceled, whenever the money came and whatever went back before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.intake import Company, order_input, place
from factories.invoicing import amount_of, ship
from factories.payments import another_shop, ask, card, make_shop, paid_by, read_payments, told, transactions
from factories.stories import only
from kontor import relay
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.fulfillment.canceling import cancel_lines, withdraw
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import ChargeInput, DiscountInput, LineInput, PaymentInput
from kontor.orders.placing import Placed
from kontor.payments import service
from kontor.payments.differences import differences
from kontor.payments.models import Refund
from kontor.payments.states import PaymentState
from support import Drain, Run


@pytest.fixture(autouse=True)
def _refunding_too(_only_money: None) -> Iterator[None]:
    with only("processes.refund_canceled"):
        yield


async def cancel(database: Database, order_id: UUID, *quantities: int) -> None:
    """So many pieces of each line in its position; everything if none are named."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        counts = quantities or tuple(line.open_quantity for line in lines)
        wanted = {line.id: count for line, count in zip(lines, counts, strict=True) if count}
        await cancel_lines(db, order, lines, wanted, reason="changed mind", now=db.now)


async def goodwill(database: Database, order_id: UUID, amount: int, **given: Any) -> None:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        wish: Any = {"kind": "GOODWILL", "reason": "late", "source_key": new_id().hex, **given}
        await service.request_refund(db, order, amount=amount, now=db.now, **wish)


async def refunds(database: Database, order_id: UUID) -> list[tuple[str, str, int]]:
    """Kind, state and amount, oldest first."""
    async with database.read_only() as db:
        found = sa.select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
        return [(row.kind, row.state.value, row.amount) for row in await db.scalars(found)]


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


@pytest.mark.parametrize(("canceled", "back"), [((), 3000), ((1,), 1000)])
async def test_money_taken_while_the_order_was_canceled_goes_back(
    runtime: Runtime, database: Database, drain: Drain, canceled: tuple[int, ...], back: int
) -> None:
    company = await make_shop(database, settings={"immediate_capture": ["CARD"]})
    order_id = await paid_by(database, company, card(3000, "tok_lost_answer_once"))
    await ask(database, "authorize", order_id)
    await drain()
    assert await transactions(database, order_id) == [("AUTHORIZE", "UNKNOWN", 3000)]
    await cancel(database, order_id, *canceled)
    await drain()
    assert await refunds(database, order_id) == []
    for _ in range(2):  # the answer to the refund is lost once, too
        await relay.hurry(runtime)
        assert await drain() == []
    assert await refunds(database, order_id) == [("CANCELLATION", "SUCCEEDED", back)]
    [payment] = await read_payments(database, order_id)
    assert (payment.captured, payment.refunded) == (3000, back)
    await no_differences(database)


async def test_nothing_is_collected_for_an_order_that_was_canceled_before(database: Database, drain: Drain) -> None:
    promises = (PaymentInput("COLLECTED_BY_CHANNEL", 2000), PaymentInput("ON_ACCOUNT", 1000))
    order_id = await paid_by(database, await make_shop(database), *promises)
    await cancel(database, order_id)
    await ask(database, "authorize", order_id)
    assert await drain() == []
    assert {payment.state for payment in await read_payments(database, order_id)} == {PaymentState.VOIDED}
    assert (await transactions(database, order_id), await told(database, order_id)) == ([], [])


async def test_a_rejected_order_keeps_no_prepaid_money(database: Database, drain: Drain) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("COLLECTED_BY_CHANNEL", 2000))
    await ask(database, "authorize", order_id)
    await drain()
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        order_service.reject(db, order, reason="refused by the risk check", now=db.now)
        await withdraw(db, order, reason="refused", now=db.now)
    await ask(database, "void", order_id)
    assert await drain() == []
    assert await refunds(database, order_id) == [("CANCELLATION", "SUCCEEDED", 2000)]


@pytest.mark.parametrize("kind", ["GOODWILL", "CORRECTION"])
async def test_cancellation_pays_back_what_other_refunds_have_left(database: Database, drain: Drain, kind: str) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("COLLECTED_BY_CHANNEL", 10_000))
    await ask(database, "authorize", order_id)
    await drain()
    await goodwill(database, order_id, 1000, kind=kind)
    await drain()
    await cancel(database, order_id, 4)
    await drain()
    await cancel(database, order_id)
    assert await drain() == []
    assert await refunds(database, order_id) == [
        (kind, "SUCCEEDED", 1000),
        ("CANCELLATION", "SUCCEEDED", 4000),
        ("CANCELLATION", "SUCCEEDED", 5000),
    ]
    assert [payment.state for payment in await read_payments(database, order_id)] == [PaymentState.REFUNDED]
    await no_differences(database)


PRICES = (1437, 199)
PIECES = (6, 4)


@pytest.mark.engine("sqlite")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), max_size=6),
    last=st.booleans(),
    gross=st.booleans(),
    prompt=st.booleans(),
)
def test_any_sequence_of_canceling_and_shipping_keeps_the_value_shipped_to_the_cent(
    database: Database, drain: Drain, run: Run, steps: list[tuple[bool, int, int]], last: bool, gross: bool,
    prompt: bool,
) -> None:  # fmt: skip
    if database not in _shops:
        _shops[database] = run(_two_shops(database))
    run(_cancel_and_ship(database, _shops[database][gross], drain, [*steps, (last, 9, 9)], prompt=prompt))


_shops: dict[Database, dict[bool, Company]] = {}


async def _two_shops(database: Database) -> dict[bool, Company]:
    company = await make_shop(database, stock=100_000)
    return {True: company, False: await another_shop(database, company, gross=False)}


async def _paid_in_advance(database: Database, company: Company, drain: Drain) -> UUID:
    lines = [LineInput("COAT", count, price) for count, price in zip(PIECES, PRICES, strict=True)]
    total = 8913 if company.channel.gross else 10_606
    wish = order_input(
        company.channel, *lines, charges=(ChargeInput("SHIPPING", "Shipping", 495),),
        discounts=(DiscountInput("D", "D", 1000),), payments=(PaymentInput("COLLECTED_BY_CHANNEL", total),),
    )  # fmt: skip
    [placed] = await place(database, company, wish)
    assert isinstance(placed, Placed), placed
    await ask(database, "authorize", placed.order_id)
    assert await drain() == []
    return placed.order_id


async def _cancel_and_ship(
    database: Database, company: Company, drain: Drain, steps: list[tuple[bool, int, int]], *, prompt: bool
) -> None:
    order_id = await _paid_in_advance(database, company, drain)
    left, shipped = list(PIECES), 0
    for canceled, *wanted in steps:
        counts = [min(*pair) for pair in zip(left, wanted, strict=True)]
        left = [before - count for before, count in zip(left, counts, strict=True)]
        if not any(counts):
            continue
        if canceled:
            await cancel(database, order_id, *counts)
        else:
            shipment = await ship(database, order_id, dict(enumerate(counts, 1)))
            shipped += await amount_of(database, shipment)
        if prompt:
            assert await drain() == []
    assert await drain() == []
    [payment] = await read_payments(database, order_id)
    assert payment.captured - payment.refunded == shipped
