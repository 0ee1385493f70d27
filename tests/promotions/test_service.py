"""Promotions are a memory, coupons are kept, budgets counted: on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factories.channels import make_channel
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.outbox import EventRecord
from kontor.imports.saving import masters_version
from kontor.promotions import coupons, loading, redeeming, service
from kontor.promotions.models import Coupon, Promotion, PromotionUse, Redemption
from kontor.promotions.redeeming import Redeemed
from kontor.promotions.values import BenefitKind, Conditions, PercentOff, Scope, Tier
from support import StandingClock

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def sale(percent: object = 10, **given: Any) -> service.PromotionData:
    plain = {"code": "SALE", "name": "Sale", "benefit": {"kind": BenefitKind.PERCENT_OFF, "percent": percent}}
    return {**plain, **given}  # type: ignore[typeddict-item]


async def save(database: Database, data: service.PromotionData) -> UUID:
    async with database.unit_of_work() as db:
        return (await service.save_promotion(db, data)).id


async def timeline(database: Database) -> list[tuple[str, datetime, datetime | None]]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(Promotion).order_by(Promotion.valid_from))
        return [(row.benefit["tiers"][0]["percent"], row.valid_from, row.valid_to) for row in rows]


async def test_change_closes_a_version_and_opens_one(database: Database, clock: StandingClock) -> None:
    first = await save(database, sale(10))
    clock.advance(days=1)
    assert await save(database, sale(10)) == first
    await save(database, sale("12.5"))
    assert await timeline(database) == [("10", NOW, NOW + DAY), ("12.5", NOW + DAY, None)]


async def test_planned_version_waits_and_the_present_one_lasts_until_then(database: Database) -> None:
    await save(database, sale(10))
    await save(database, sale(20, valid_from=NOW + 5 * DAY))
    await save(database, sale(15, valid_from=NOW + 2 * DAY))
    assert await timeline(database) == [
        ("10", NOW, NOW + 2 * DAY), ("15", NOW + 2 * DAY, NOW + 5 * DAY), ("20", NOW + 5 * DAY, None),
    ]  # fmt: skip


async def test_version_with_an_end_drops_what_was_planned_before_it(database: Database) -> None:
    await save(database, sale(20, valid_from=NOW + 2 * DAY, valid_to=NOW + 3 * DAY))
    await save(database, sale(10, valid_to=NOW + 4 * DAY))
    assert await timeline(database) == [("10", NOW, NOW + 4 * DAY)]


async def test_ending_keeps_the_past_and_drops_the_plans(database: Database, clock: StandingClock) -> None:
    await save(database, sale(10))
    await save(database, sale(20, valid_from=NOW + 5 * DAY))
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        await service.end_promotion(db, "SALE")
    assert await timeline(database) == [("10", NOW, NOW + DAY)]
    with pytest.raises(KontorError, match="Nothing of SALE"):
        async with database.unit_of_work() as db:
            await service.end_promotion(db, "SALE")
    async with database.read_only() as db:
        names = list(await db.scalars(sa.select(EventRecord.name).order_by(EventRecord.position)))
    assert names == ["PromotionSaved", "PromotionSaved", "PromotionEnded"]


async def test_two_versions_at_one_moment_are_refused_by_the_database(database: Database) -> None:
    first = await save(database, sale(10))
    async with database.read_only() as db:
        row = await db.get_one(Promotion, first)
    values = {column.key: getattr(row, column.key) for column in Promotion.__table__.columns}
    again = Promotion(**{**values, "id": new_id(), "valid_from": NOW + DAY})

    async def add() -> None:
        async with database.unit_of_work() as db:
            db.add(again)

    with pytest.raises(IntegrityError):
        await add()


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"name": ""}, "MISSING_FIELD", ("name",)),
        ({"benefit": {"kind": "PERCENT_OFF", "percent": 101}}, "INVALID_PROMOTION", ("benefit", "percent")),
        ({"benefit": {"kind": "PERCENT_OFF", "amount": 5}}, "INVALID_PROMOTION", ("benefit", "amount")),
        ({"benefit": {"kind": "AMOUNT_OFF", "amount": 500}}, "INVALID_PROMOTION", ("currency",)),
        ({"benefit": {"kind": "CHEAPEST_FREE", "size": 2, "free": 2}}, "INVALID_PROMOTION", ("benefit", "free")),
        ({"benefit": {"kind": "BUNDLE_PRICE", "price": 1, "parts": []}}, "INVALID_PROMOTION", ("benefit", "parts")),
        ({"benefit": {"kind": "GIFT"}}, "INVALID_PROMOTION", ("benefit", "rewarded")),
        (
            {"benefit": {"kind": "PERCENT_OFF", "tiers": [{"since": 1, "percent": 5}, {"since": 2, "percent": 0}]}},
            "INVALID_PROMOTION",
            ("benefit", "tiers", 1, "percent"),
        ),
        ({"channels": ["nowhere"]}, "UNKNOWN_REFERENCE", ("channels", 0)),
        ({"expression": "basket.value >"}, "INVALID_EXPRESSION", ("expression",)),
        ({"expression": "basket.worth > 1"}, "EXPRESSION_FAILED", ("expression",)),
        ({"expression": "basket.value"}, "EXPRESSION_NOT_BOOLEAN", ("expression",)),
        ({"valid_to": NOW - DAY}, "INVALID_PROMOTION", ("validTo",)),
        ({"most_uses": 0}, "INVALID_FIELD", ("mostUses",)),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    database: Database, wrong: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(KontorError) as refused:
        await save(database, sale(**wrong))
    assert (refused.value.code, refused.value.path) == (code, path)
    assert await timeline(database) == []


async def test_stored_promotion_comes_back_as_the_engine_takes_it(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
    data = sale(
        "7.5", scope={"categories": ["shoes"]}, channels=["shop"], groups=["vip"], currency="EUR", minimum_value=500,
        expression="'gold' in customer.groups || has(facts.source)", most_uses=3,
    )  # fmt: skip
    await save(database, data)
    async with database.read_only() as db:
        [offer] = (await loading.load(db, await masters_version(db))).offers
        assert (await loading.load_at(db, NOW - DAY)).offers == ()
    assert (offer.benefit, offer.scope) == (PercentOff((Tier(0, 750),)), Scope(categories=frozenset({"shoes"})))
    assert offer.conditions == Conditions(
        frozenset({"shop"}), frozenset({"vip"}), "EUR", 500, 0, "'gold' in customer.groups || has(facts.source)", False
    )


async def test_coupons_are_made_in_batches_of_their_own_codes(database: Database) -> None:
    await save(database, sale(coupon=True))
    async with database.unit_of_work() as db:
        batch = await coupons.generate_coupons(db, {"promotion": "SALE", "count": 50, "prefix": "hi-", "length": 8})
        await coupons.generate_coupons(db, {"promotion": "SALE", "code": "Summer", "most_uses": None})
    async with database.read_only() as db:
        rows = list(await db.scalars(sa.select(Coupon).order_by(Coupon.id)))
    made = [row for row in rows if row.batch_id == batch]
    assert len({row.code for row in made}) == 50
    assert all(row.code.startswith("HI-") and len(row.code) == 11 and row.most_uses == 1 for row in made)
    assert [(row.code, row.most_uses) for row in rows if row.batch_id != batch] == [("SUMMER", None)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"promotion": "NONE"}, "PROMOTION_NOT_FOUND"),
        ({"promotion": "OPEN"}, "INVALID_FIELD"),
        ({"promotion": "SALE", "code": "SUMMER"}, "COUPON_TAKEN"),
        ({"promotion": "SALE", "code": "X1234567", "count": 2}, "INVALID_FIELD"),
        ({"promotion": "SALE", "count": 10_001}, "INVALID_FIELD"),
    ],
)
async def test_coupon_that_cannot_be_made_is_refused(database: Database, data: coupons.CouponsData, code: str) -> None:
    await save(database, sale(coupon=True))
    await save(database, sale(code="OPEN"))
    async with database.unit_of_work() as db:
        await coupons.generate_coupons(db, {"promotion": "SALE", "code": "SUMMER"})
    with pytest.raises(KontorError) as refused:
        async with database.unit_of_work() as db:
            await coupons.generate_coupons(db, data)
    assert refused.value.code == code


async def test_blocked_coupon_is_not_valid(database: Database) -> None:
    await save(database, sale(coupon=True))
    async with database.unit_of_work() as db:
        await coupons.generate_coupons(db, {"promotion": "SALE", "code": "SUMMER"})
        await coupons.block_coupons(db, codes=[" summer "])
    async with database.read_only() as db:
        found = (await coupons.coupons_by_code(db, ["SUMMER"]))["SUMMER"]
    with pytest.raises(KontorError) as refused:
        found.check(NOW)
    assert (refused.value.code, refused.value.params["reason"]) == ("COUPON_NOT_VALID", "BLOCKED")


async def test_hundred_at_once_never_overdraw_a_budget_or_a_coupon(database: Database) -> None:
    """Each takes 70 of 1,000 and one of 20 uses of a coupon: 14 fit the budget."""
    await save(database, sale(coupon=True, currency="EUR", most_given=1_000, most_uses=18))
    async with database.unit_of_work() as db:
        await coupons.generate_coupons(db, {"promotion": "SALE", "code": "SUMMER", "most_uses": 20})
    async with database.read_only() as db:
        [offer] = (await loading.load_at(db, NOW)).offers
        coupon = (await coupons.coupons_by_code(db, ["SUMMER"]))["SUMMER"]

    class TooLate(Exception):
        pass

    async def one() -> bool:
        try:
            async with database.unit_of_work() as db:
                if not await redeeming.redeem(db, [Redeemed(new_id(), offer, 70, "EUR", coupon.id)]):
                    raise TooLate
        except TooLate:
            return False
        return True

    done = await asyncio.gather(*(one() for _ in range(100)))
    async with database.read_only() as db:
        use, kept = await db.get_one(PromotionUse, "SALE"), await db.get_one(Coupon, coupon.id)
        orders = list(await db.scalars(sa.select(Redemption.order_id)))
    assert (sum(done), use.uses, use.given, kept.uses, len(orders)) == (14, 14, 980, 14, 14)
    for _ in range(2):
        async with database.unit_of_work() as db:
            await redeeming.give_back(db, orders)
    async with database.read_only() as db:
        use, kept = await db.get_one(PromotionUse, "SALE"), await db.get_one(Coupon, coupon.id)
    assert (use.uses, use.given, kept.uses) == (0, 0, 0)


async def test_budget_that_comes_later_counts_what_was_given_before(database: Database, clock: StandingClock) -> None:
    await save(database, sale())
    async with database.read_only() as db:
        [offer] = (await loading.load_at(db, NOW)).offers
    async with database.unit_of_work() as db:
        assert await redeeming.redeem(db, [Redeemed(new_id(), offer, 300, "EUR")])
    clock.advance(days=1)
    await save(database, sale(currency="EUR", most_given=1_000))
    async with database.read_only() as db:
        use = await db.get_one(PromotionUse, "SALE")
    assert (use.uses, use.given) == (1, 300)
