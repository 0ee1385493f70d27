"""Whatever a bank takes back is booked: from the payment as far as it is there, as a loss beyond that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.invoicing import accounts
from factories.payments import ask, ask_capture, card, make_shop, paid_by, read_payments, told, transactions
from factories.stories import only
from kontor import relay
from kontor.care.models import Case
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.invoicing.differences import differences as differences_in_documents
from kontor.orders.queries import lock_order
from kontor.payments import queries, refunding, service
from kontor.payments.differences import differences
from kontor.payments.models import Refund
from kontor.payments.states import PaymentState, RefundState
from support import Drain, StandingClock


@pytest.fixture(autouse=True)
def _with_care(_only_money: None) -> Any:
    with only("care.raise", "invoicing.post_journal"):
        yield


async def captured(database: Database, drain: Drain, token: str = "tok_visa") -> UUID:
    order_id = await paid_by(database, await make_shop(database), card(3000, token))
    await ask(database, "authorize", order_id)
    await ask_capture(database, order_id, 3000, final=True)
    assert await drain() == []
    return order_id


async def refund(database: Database, order_id: UUID, amount: int, **given: Any) -> UUID:
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish: Any = {"kind": "GOODWILL", "reason": "late", "source_key": new_id().hex, **given}
        return (await service.request_refund(db, order, amount=amount, now=db.now, **wish)).id


async def charge_back(database: Database, order_id: UUID, amount: int) -> None:
    """Told twice, as gateways do."""
    for _ in range(2):
        async with database.unit_of_work() as db:
            await lock_order(db, order_id)
            [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
            await service.charge_back(db, payment, amount, notice_id=f"evt/{order_id}", now=db.now)


async def refund_state(database: Database, refund_id: UUID) -> RefundState:
    async with database.read_only() as db:
        return (await db.get_one(Refund, refund_id)).state


async def cases(database: Database) -> list[str]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Case.kind).order_by(Case.id)))


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []
        found = [text async for text in differences_in_documents(db)]
    assert [text for text in found if "shipped" not in text and "left" not in text] == []


@pytest.mark.parametrize(
    ("token", "state", "rest", "raised"),
    [
        ("tok_visa", RefundState.SUCCEEDED, "LOSS", ["CHARGEBACK_LOSS"]),
        ("tok_refund_declined", RefundState.FAILED, "CHARGEBACK", ["REFUND_FAILED"]),
    ],
)
async def test_chargeback_waits_for_the_refund_that_is_with_the_gateway(
    runtime: Runtime,
    database: Database,
    drain: Drain,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    state: RefundState,
    rest: str,
    raised: list[str],
) -> None:  # fmt: skip
    order_id = await captured(database, drain, token)
    refund_id = await refund(database, order_id, 500)

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(refunding, "finish_refunds", dies)
        assert len(await drain()) == 1
    await charge_back(database, order_id, 3000)
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.refunded) == (PaymentState.CHARGED_BACK, 2500)
    await relay.hurry(runtime)
    assert await drain() == []
    assert await refund_state(database, refund_id) is state
    [payment] = await read_payments(database, order_id)
    assert payment.refunded == 3000
    assert sorted((await transactions(database, order_id))[2:]) == sorted(
        [
            ("REFUND", "SUCCEEDED" if state is RefundState.SUCCEEDED else "FAILED", 500),
            ("CHARGEBACK", "SUCCEEDED", 2500),
            (rest, "SUCCEEDED", 500),
        ]
    )
    assert await cases(database) == raised
    lost = 500 if rest == "LOSS" else 0
    assert (await accounts(database)).get("LOSSES", 0) == lost
    assert (await accounts(database)).get("GATEWAY", 0) == -lost
    await no_differences(database)


async def test_refund_that_has_not_begun_is_refused_once_the_money_is_gone(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await captured(database, drain)
    refund_id = await refund(database, order_id, 500, recallable=True)
    await charge_back(database, order_id, 3000)
    clock.advance(minutes=2)
    assert await drain() == []
    assert await refund_state(database, refund_id) is RefundState.FAILED
    assert [row[0] for row in await transactions(database, order_id)] == ["AUTHORIZE", "CAPTURE", "CHARGEBACK"]
    assert (await told(database, order_id)).count("PaymentChargedBack") == 1
    assert await cases(database) == ["REFUND_FAILED"]
    await no_differences(database)


async def test_chargeback_of_what_was_refunded_is_a_loss(database: Database, drain: Drain) -> None:
    order_id = await captured(database, drain)
    await refund(database, order_id, 3000)
    await drain()
    await charge_back(database, order_id, 1200)
    assert await drain() == []
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.refunded) == (PaymentState.REFUNDED, 3000)
    assert (await transactions(database, order_id))[-1] == ("LOSS", "SUCCEEDED", 1200)
    assert await cases(database) == ["CHARGEBACK_LOSS"]
    async with database.read_only() as db:
        case = (await db.scalars(sa.select(Case))).one()
    assert case.due_at == case.created_at + timedelta(days=7)
    await no_differences(database)
