"""Returns of orders with promotions that the kept goods have to earn again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import audited
from factories.intake import Company, make_company, put_stock
from factories.pricing import make_price, make_price_list
from factories.promotions import make_promotion
from factories.returns import approved, delivered, return_lines
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.fulfillment.models import ShipmentLine
from kontor.orders.intake import LineInput
from kontor.pricing.lists import end_price_list
from kontor.promotions.values import Combination, ReturnRule
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, receive_return
from kontor.returns.refunding import book_refund
from kontor.returns.states import Disposition
from kontor.returns.values import RefundDue
from support import StandingClock

TIERS: dict[str, Any] = {"kind": "PERCENT_OFF", "tiers": [{"since": 2, "percent": 10}, {"since": 4, "percent": 20}]}


async def company_with(
    database: Database, rule: ReturnRule, *, combination: Combination = Combination.STACKABLE, since: int = 2,
    **channel: Any,
) -> Company:  # fmt: skip
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        lamp = await make_variant(db, sku="LAMP")
        await make_price(db, company.channel, lamp, 1000)
    await put_stock(database, company.warehouse.id, lamp.id, 20)
    tiers = {**TIERS, "tiers": [tier for tier in TIERS["tiers"] if tier["since"] >= since]}
    await make_promotion(database, benefit=tiers, return_rule=rule, combination=combination)
    return company


async def refund(database: Database, company: Company, found: Return, quantity: int) -> RefundDue:
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        findings = [Finding(line.id, quantity, Disposition.RESTOCK)]
        arrived = [Arrived(line.id, quantity)]
        await receive_return(db, found.id, company.warehouse.id, arrived, now=db.now, findings=findings)
    async with database.unit_of_work() as db:
        return await book_refund(db, found.id, now=db.now)


@pytest.mark.parametrize(
    ("rule", "amounts"), [(ReturnRule.RECHECK, [500, 900, 1800]), (ReturnRule.KEEP_SHARE, [800, 800, 1600])]
)
async def test_pain_14_partial_returns_end_at_what_was_paid(
    database: Database, clock: StandingClock, rule: ReturnRule, amounts: list[int]
) -> None:
    """Four lamps at 20 percent off: three would have had 10 percent, one none, so 300, 200 and 200 are not earned."""
    company = await company_with(database, rule)
    order_id = await delivered(database, company, LineInput("LAMP", 4))
    clock.advance(days=1)
    await make_promotion(database, benefit={"kind": "PERCENT_OFF", "percent": 50})  # of later days: it does not count
    found = await approved(database, order_id, 4)
    paid = [await refund(database, company, found, count) for count in (1, 1, 2)]
    assert [each.credited for each in paid] == amounts
    assert sum(amounts) == 3200
    await audited(database)


async def test_net_prices_keep_the_tax_of_what_is_not_earned(database: Database, clock: StandingClock) -> None:
    company = await company_with(database, ReturnRule.RECHECK, gross=False)
    order_id = await delivered(database, company, LineInput("LAMP", 4))
    found = await approved(database, order_id, 4)
    first = await refund(database, company, found, 1)
    assert (first.goods, sum(first.rechecked.values()), first.credited) == (952, 357, 595)
    rest = await refund(database, company, found, 3)
    assert first.credited + rest.credited == 3808


async def test_what_the_kept_goods_earn_instead_is_not_kept_back(database: Database) -> None:
    """Two of four lamps cost 1800 with the ten percent that were beaten: 3200 were paid, so 1400 go back."""
    company = await company_with(database, ReturnRule.RECHECK, combination=Combination.BEST, since=4)
    await make_promotion(database, "SMALL", combination=Combination.BEST)
    order_id = await delivered(database, company, LineInput("LAMP", 4))
    found = await approved(database, order_id, 4)
    assert [(await refund(database, company, found, 2)).credited for _ in range(2)] == [1400, 1800]
    await audited(database)


async def test_what_is_kept_bears_the_rate_of_the_supply(database: Database) -> None:
    """The rate fell between the order and its shipment."""
    company = await company_with(database, ReturnRule.RECHECK)
    order_id = await delivered(database, company, LineInput("LAMP", 4))
    async with database.unit_of_work() as db:
        await db.execute(sa.update(ShipmentLine).values(tax_rate=Decimal(16), tax=441, net=3200 - 441))
    found = await approved(database, order_id, 4)
    first = await refund(database, company, found, 1)
    assert {Decimal(rate): kept for rate, kept in first.rechecked.items()} == {Decimal(16): 300}
    rest = await refund(database, company, found, 3)
    assert first.credited + rest.credited == 3200


async def test_price_of_the_orders_list_stays_that_of_the_kept_goods(database: Database, clock: StandingClock) -> None:
    """Four lamps at 8.00 of a list, which has ended since: three would have had 10 percent, so 240 are not earned."""
    company = await company_with(database, ReturnRule.RECHECK)
    async with database.unit_of_work() as db:
        lamp = (await db.scalars(sa.select(ProductVariant))).one()
        row = await make_price_list(db, company.channel, country="DE")
        await make_price(db, company.channel, lamp, 800, price_list_id=row.id)
    order_id = await delivered(database, company, LineInput("LAMP", 4))
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        await end_price_list(db, row.id)
    found = await approved(database, order_id, 4)
    assert [(await refund(database, company, found, count)).credited for count in (1, 3)] == [400, 2160]
    await audited(database)
