"""Which payment is next, stored per channel from a moment on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from factories.intake import Company
from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by, read_payments
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.errors import Conflict, InvalidInput
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.payments.policies import PolicyPurpose, PolicySource, policies_of, save_policy
from kontor.payments.refunding import RefundPreview, preview_refund
from support import Drain, StandingClock

REFUND, CAPTURE = PolicyPurpose.REFUND, PolicyPurpose.CAPTURE


@pytest.fixture(autouse=True)
def _only_money() -> Any:
    with only_money():
        yield


async def save(database: Database, company: Company, purpose: PolicyPurpose, rule: str, **given: Any) -> None:
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        await save_policy(db, channel, purpose, rule, **given)


async def preview(database: Database, order_id: UUID, amount: int) -> RefundPreview:
    async with database.read_only() as db:
        return await preview_refund(db, await db.get_one(Order, order_id), amount)


async def mixed(database: Database, drain: Drain, company: Company) -> UUID:
    """60.00 by card and 40.00 from a gift card, promised."""
    order_id = await paid_by(database, company, card(6000), PaymentInput("GIFT_CARD", 4000, token="tok_stored_value"))
    await ask(database, "authorize", order_id)
    await drain()
    return order_id


async def test_refunds_follow_the_version_that_counts_and_the_preview_names_it(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database, settings={"refund_policy": "RATIO"})
    order_id = await mixed(database, drain, company)
    await ask_capture(database, order_id, 10000, final=True)
    await drain()
    by_setting = await preview(database, order_id, 5000)
    assert ([share.amount for share in by_setting.shares], by_setting.said_by.source) == ([3000, 2000], "SETTING")
    await save(database, company, REFUND, "CARD_FIRST")
    await save(database, company, REFUND, "REVERSE", valid_from=clock.moment + timedelta(days=1))
    today = await preview(database, order_id, 5000)
    assert [share.amount for share in today.shares] == [5000]
    assert (today.said_by.source, today.said_by.valid_from) == (PolicySource.STORED, clock.moment)
    clock.advance(days=2)
    later = await preview(database, order_id, 5000)
    assert [share.amount for share in later.shares] == [4000, 1000]
    assert later.said_by.valid_from == clock.moment - timedelta(days=1)
    async with database.read_only() as db:
        assert [row.rule for row in await policies_of(db, company.channel.id)] == ["REVERSE", "CARD_FIRST"]


async def test_captures_follow_the_stored_order(database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    await save(database, company, CAPTURE, "CARD_FIRST")
    order_id = await mixed(database, drain, company)
    await ask_capture(database, order_id, 5000)
    await drain()
    assert [payment.captured for payment in await read_payments(database, order_id)] == [5000, 0]


async def test_what_makes_no_sense_is_refused(database: Database) -> None:
    company = await make_shop(database)
    with pytest.raises(InvalidInput) as unknown:
        await save(database, company, REFUND, "STORED_VALUE_FIRST")
    assert (unknown.value.code, unknown.value.path) == ("UNKNOWN_POLICY_RULE", ("rule",))
    await save(database, company, REFUND, "RATIO")
    with pytest.raises(Conflict) as twice:
        await save(database, company, REFUND, "REVERSE")
    assert twice.value.code == "POLICY_EXISTS"
