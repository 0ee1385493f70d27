"""Promotions on orders that Kontor prices: frozen on the lines, refused by the coupon at fault, counted once."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.pricing import make_price
from factories.promotions import make_coupon, make_promotion
from kontor.api.group_writer import GroupWriter
from kontor.audit.money import order_totals
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.principal import SYSTEM
from kontor.customers.models import Customer
from kontor.orders.intake import ChargeInput, DiscountInput, LineInput, OrderInput
from kontor.orders.models import Order, OrderCharge, OrderLine, PriceAdjustment
from kontor.orders.placing import Outcome, Placed, Taken
from kontor.promotions.models import Coupon, PromotionUse, Redemption
from kontor.promotions.redeeming import give_back
from kontor.promotions.values import Combination, ReturnRule
from support import StandingClock

EUR: dict[str, Any] = {"currency": "EUR"}


async def shop(database: Database, **prices: int) -> Company:
    """A company with prices and plenty of stock."""
    company = await make_company(database)
    for sku, amount in (prices or {"LAMP": 1000}).items():
        async with database.unit_of_work() as db:
            variant = await make_variant(db, sku=sku, product={"code": f"P-{sku}", "category": sku.lower() + "s"})
            await make_price(db, company.channel, variant, amount)
        await put_stock(database, company.warehouse.id, variant.id, 500)
    return company


def order(company: Company, *lines: tuple[str, int], **given: Any) -> OrderInput:
    """An order that asks for Kontor's prices."""
    rows = [LineInput(sku, quantity) for sku, quantity in lines or (("LAMP", 1),)]
    return order_input(company.channel, *rows, **given)


def refusal(outcome: Outcome) -> tuple[str, tuple[str | int, ...], Any]:
    assert isinstance(outcome, KontorError)
    return outcome.code, outcome.path, outcome.params.get("reason")


async def totals(database: Database) -> list[tuple[str, int, int, int]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(OrderLine).order_by(OrderLine.order_id, OrderLine.position))
        return [(row.sku, row.discount_total, row.tax_total, row.gross_total) for row in rows]


async def test_discount_is_frozen_on_the_lines_with_its_promotion_and_return_rule(database: Database) -> None:
    company = await shop(database, LAMP=1000, OIL=333)
    promotion = await make_promotion(database, return_rule=ReturnRule.RECHECK)
    [placed] = await place(database, company, order(company, ("LAMP", 2), ("OIL", 1), expected_total=2100))
    assert isinstance(placed, Placed)
    assert await totals(database) == [("LAMP", 200, 287, 1800), ("OIL", 33, 48, 300)]
    async with database.read_only() as db:
        reductions = list(await db.scalars(sa.select(PriceAdjustment).order_by(PriceAdjustment.amount)))
        [redemption] = await db.scalars(sa.select(Redemption))
        found = await db.get_one(Order, placed.order_id)
    assert [(row.code, row.label, row.amount, row.promotion_id, row.return_rule) for row in reductions] == [
        ("SALE", "Sale", amount, promotion.id, ReturnRule.RECHECK) for amount in (33, 200)
    ]
    assert (redemption.amount, redemption.currency, redemption.coupon_id) == (233, "EUR", None)
    assert (found.discount_total, found.total) == (233, 2100)
    async with database.read_only() as db:
        assert await order_totals(db) == []


async def test_order_with_a_price_of_the_channel_stays_as_it_is(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database)
    priced, with_coupon = await place(
        database,
        company,
        order_input(company.channel, LineInput("LAMP", 1, 900)),
        order_input(company.channel, LineInput("LAMP", 1, 900), coupons=("X",)),
    )
    assert isinstance(priced, Placed)
    assert [row[1:] for row in await totals(database)] == [(0, 144, 900)]
    assert refusal(with_coupon) == ("COUPON_NOT_APPLICABLE", ("coupons", 0), "PRICED_BY_CHANNEL")


async def test_bundle_is_one_article_and_its_components_share_the_discount(database: Database) -> None:
    company = await shop(database, LAMP=1000, OIL=500)
    async with database.unit_of_work() as db:
        lamp, oil = [await make_variant(db) for _ in range(2)]
        for part in (lamp, oil):
            await make_price(db, company.channel, part, 600)
        bundle = await make_bundle(db, {lamp: 1, oil: 1}, sku="SET")
        await make_price(db, company.channel, bundle, 1001)
    for part in (lamp, oil):
        await put_stock(database, company.warehouse.id, part.id, 5)
    await make_promotion(database, scope={"skus": ["SET"]})
    await place(database, company, order(company, ("SET", 1), ("OIL", 1)))
    assert [(row[1], row[3]) for row in await totals(database)] == [(50, 451), (50, 450), (0, 500)]


async def test_shipping_fee_is_waived_and_counts_as_given(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database, "SHIP", benefit={"kind": "FREE_SHIPPING"})
    charges = (ChargeInput("SHIPPING", "DHL", 490), ChargeInput("GIFT_WRAP", "Paper", 200))
    await place(database, company, order(company, charges=charges))
    async with database.read_only() as db:
        rows = list(await db.execute(sa.select(OrderCharge.kind, OrderCharge.gross).order_by(OrderCharge.kind)))
        given = (await db.scalars(sa.select(Redemption.amount))).one()
    assert ([tuple(row) for row in rows], given) == ([("GIFT_WRAP", 200), ("SHIPPING", 0)], 490)


@pytest.mark.parametrize("given", [{"groups": ["VIP"]}, {"expression": "'VIP' in customer.groups"}], ids=str)
async def test_customer_group_is_known_by_the_tags_of_the_customer(database: Database, given: dict[str, Any]) -> None:
    company = await shop(database)
    await make_promotion(database, **given)
    await place(database, company, order(company))
    async with database.unit_of_work() as db:
        (await db.scalars(sa.select(Customer))).one().tags = ["VIP"]
    await place(database, company, order(company))
    assert [row[1] for row in await totals(database)] == [0, 100]


async def test_coupon_is_used_once_and_named_when_it_is_wrong(database: Database, clock: StandingClock) -> None:
    company = await shop(database)
    await make_promotion(database, coupon=True)
    await make_promotion(database, "LARGE", coupon=True, minimum_value=5000, **EUR)
    await make_coupon(database, "ONCE")
    await make_coupon(database, "AGAIN", most_uses=None)
    await make_coupon(database, "LATER", valid_from=clock.moment + timedelta(days=1))
    await make_coupon(database, "BIG", "LARGE")
    first, *rest = await place(
        database,
        company,
        *(order(company, coupons=given) for given in (
            (" once ",), ("ONCE",), ("AGAIN", "NONE"), ("LATER",), ("BIG",), ("AGAIN", "LATER"),
        )),
    )  # fmt: skip
    assert isinstance(first, Placed)
    assert [refusal(each) for each in rest] == [
        ("COUPON_USED", ("coupons", 0), None),
        ("COUPON_UNKNOWN", ("coupons", 1), None),
        ("COUPON_NOT_VALID", ("coupons", 0), "NOT_YET_VALID"),
        ("COUPON_NOT_APPLICABLE", ("coupons", 0), "MINIMUM_VALUE"),
        ("COUPON_NOT_VALID", ("coupons", 1), "NOT_YET_VALID"),
    ]
    [again] = await place(database, company, order(company, coupons=("once",)))
    assert refusal(again)[0] == "COUPON_USED"
    async with database.read_only() as db:
        uses = {row.code: row.uses for row in await db.scalars(sa.select(Coupon))}
    assert uses == {"ONCE": 1, "AGAIN": 0, "LATER": 0, "BIG": 0}


async def test_coupon_of_an_ended_promotion_is_refused(database: Database, clock: StandingClock) -> None:
    company = await shop(database)
    await make_promotion(database, coupon=True, valid_to=clock.moment + timedelta(days=1))
    await make_coupon(database, "LATE")
    for days in (2, 30):
        clock.advance(days=days)
        [refused] = await place(database, company, order(company, coupons=("LATE",)))
        assert refusal(refused) == ("COUPON_NOT_APPLICABLE", ("coupons", 0), "ENDED")


async def test_coupon_is_kept_when_something_better_is_given(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database, coupon=True, combination=Combination.BEST)
    await make_promotion(
        database, "BETTER", combination=Combination.BEST, benefit={"kind": "PERCENT_OFF", "percent": 20}
    )
    await make_coupon(database, "ONCE")
    await place(database, company, order(company, coupons=("ONCE",)))
    assert [row[1] for row in await totals(database)] == [200]
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(Coupon.uses))).one() == 0


async def test_order_refused_for_stock_uses_nothing(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database, coupon=True)
    await make_coupon(database, "ONCE")
    large, small = [order(company, ("LAMP", count), coupons=("ONCE",)) for count in (501, 1)]
    refused, asked_again = await place(database, company, large, small)
    assert (refusal(refused)[0], refusal(asked_again)[:2]) == ("OUT_OF_STOCK", ("TRY_AGAIN", ("coupons", 0)))
    [placed] = await place(database, company, small)
    assert isinstance(placed, Placed)


async def test_whole_order_gives_back_what_it_used(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database, coupon=True, most_given=150, **EUR)
    await make_coupon(database, "ONCE")
    [placed] = await place(database, company, order(company, coupons=("ONCE",)))
    assert isinstance(placed, Placed)
    for _ in range(2):
        async with database.unit_of_work() as db:
            await give_back(db, [placed.order_id])
    [again] = await place(database, company, order(company, coupons=("ONCE",)))
    assert isinstance(again, Placed)
    async with database.read_only() as db:
        use = (await db.scalars(sa.select(PromotionUse))).one()
    assert (use.uses, use.given) == (1, 100)


async def test_uses_count_while_a_version_has_no_budget(database: Database, clock: StandingClock) -> None:
    """Else what those orders give back would be taken off what others have used, below nothing in the end."""
    company = await shop(database)
    await make_promotion(database, most_uses=2)
    clock.advance(hours=1)
    await make_promotion(database, name="Open")
    placed = await place(database, company, *(order(company) for _ in range(3)))
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(PromotionUse.uses))).one() == 3
    clock.advance(hours=1)
    await make_promotion(database, most_uses=3)
    early = order(company, placed_at=clock.moment - timedelta(minutes=30), expected_total=900)
    later, before = await place(database, company, order(company, expected_total=1000), early)
    assert isinstance(later, Placed)
    placed.append(before)
    for each in placed:
        assert isinstance(each, Placed)
        async with database.unit_of_work() as db:
            await give_back(db, [each.order_id])
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(PromotionUse.uses))).one() == 0


async def test_order_is_recognized_that_was_taken_before_there_were_coupons_or_currencies(database: Database) -> None:
    company = await shop(database)
    plain = order(company)
    body = orjson.loads(orjson.dumps(plain))
    del body["coupons"], body["currency"]
    assert plain.fingerprint() == hashlib.sha256(orjson.dumps(body)).hexdigest()
    for given in ({"coupons": ("A",)}, {"currency": "CHF"}, {"coupons": ("A",), "currency": "CHF"}):
        assert order(company, external_id=plain.external_id, **given).fingerprint() != plain.fingerprint()


async def test_parallel_orders_never_overdraw_a_coupon_or_a_budget(database: Database) -> None:
    """A hundred orders at once by two processes: 30 may use the coupon, the budget ends at 25 of them."""
    company = await shop(database)
    await make_promotion(database, coupon=True, most_given=2_500, **EUR)
    await make_promotion(database, "FIRST", most_uses=40, benefit={"kind": "PERCENT_OFF", "percent": 5})
    await make_coupon(database, "SUMMER", most_uses=30)
    other = Database(database.url, clock=database.clock)
    writers = [GroupWriter(database), GroupWriter(other)]
    sent = [order(company, coupons=("SUMMER",)) for _ in range(100)]

    async def one(index: int) -> Outcome:
        while True:
            outcome = await writers[index % 2].place(Taken(sent[index], SYSTEM))
            if not isinstance(outcome, KontorError) or outcome.code != "TRY_AGAIN":
                return outcome

    try:
        outcomes = await asyncio.gather(*(one(index) for index in range(100)))
    finally:
        await other.close()
    placed = [each for each in outcomes if isinstance(each, Placed)]
    told = {refusal(each) for each in outcomes if isinstance(each, KontorError)}
    async with database.read_only() as db:
        uses = {row.code: (row.uses, row.given) for row in await db.scalars(sa.select(PromotionUse))}
        coupon = (await db.scalars(sa.select(Coupon.uses))).one()
        given = await db.scalar(sa.select(sa.func.sum(Redemption.amount)).where(Redemption.promotion_code == "SALE"))
    assert told <= {
        ("COUPON_NOT_APPLICABLE", ("coupons", 0), "BUDGET_SPENT"), ("COUPON_USED", ("coupons", 0), None),
    }  # fmt: skip
    assert len(placed) == coupon == uses["SALE"][0] == uses["FIRST"][0]
    assert given == uses["SALE"][1] <= 2_500
    assert len(placed) >= 25


async def test_stacked_discounts_and_those_of_the_channel_never_pass_the_line(database: Database) -> None:
    """The channel's own discount of a line comes first, then promotions, then its discount of the order."""
    company = await shop(database)
    await make_promotion(database, benefit={"kind": "AMOUNT_OFF", "amount": 300}, priority=1, **EUR)
    await make_promotion(database, "HALF", benefit={"kind": "PERCENT_OFF", "percent": 50})
    line = LineInput("LAMP", 1, discount=100, discount_code="LOYAL")
    off = (DiscountInput("APP", "App", 200),)
    too_much = (DiscountInput("APP", "App", 301),)
    placed, refused = await place(
        database, company, *(order_input(company.channel, line, discounts=each) for each in (off, too_much))
    )
    assert isinstance(placed, Placed)
    assert refusal(refused)[:2] == ("DISCOUNT_TOO_HIGH", ("discounts",))
    assert [row[1:] for row in await totals(database)] == [(900, 16, 100)]
    async with database.read_only() as db:
        rows = await db.execute(sa.select(PriceAdjustment.code, PriceAdjustment.amount).order_by(PriceAdjustment.code))
        assert [tuple(row) for row in rows] == [("APP", 200), ("HALF", 300), ("LOYAL", 100), ("SALE", 300)]
        assert await order_totals(db) == []
