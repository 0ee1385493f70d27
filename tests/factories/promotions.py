"""Baskets and promotions for tests: valid by default, random ones by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from kontor.core import expressions
from kontor.core.db import Database
from kontor.promotions import service
from kontor.promotions.book import Book
from kontor.promotions.coupons import generate_coupons
from kontor.promotions.engine import Outcome, evaluate
from kontor.promotions.models import Promotion
from kontor.promotions.service import PromotionData
from kontor.promotions.values import (
    AmountOff,
    Basket,
    Benefit,
    BenefitKind,
    BundlePrice,
    BuyGet,
    CheapestFree,
    Combination,
    Conditions,
    Fee,
    FreeShipping,
    Gift,
    Item,
    Offer,
    Part,
    PercentOff,
    Scope,
    Tier,
    TierBasis,
    Used,
)

AT = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
SKUS = ("A", "B", "C", "D", "E")
CATEGORIES = ("shoes", "hats")


def item(sku: str, quantity: int = 1, amount: int = 1000, **given: Any) -> Item:
    return Item(given.pop("key", sku), sku, quantity, amount, **given)


def basket(*items: Item, shipping: int = 0, **given: Any) -> Basket:
    fees = (Fee("shipping", shipping),) if shipping else ()
    return Basket("shop", "EUR", given.pop("at", AT), items, fees, **given)


def percent(hundredths: int, since: int = 0) -> PercentOff:
    return PercentOff((Tier(since, hundredths),))


def amount(off: int, **given: Any) -> AmountOff:
    return AmountOff((Tier(0, off),), **given)


def priced(bought: Basket, *offers: Offer, used: Mapping[str, Used] | None = None, explain: bool = False) -> Outcome:
    return evaluate(bought, Book(offers), expressions.holds, used=used or {}, explain=explain)


scopes = st.one_of(
    st.just(Scope()),
    st.builds(
        Scope,
        skus=st.frozensets(st.sampled_from(SKUS), max_size=3),
        categories=st.frozensets(st.sampled_from(CATEGORIES), max_size=1),
        except_skus=st.frozensets(st.sampled_from(SKUS), max_size=1),
    ),
)
_basis = st.sampled_from(TierBasis)
_limits = st.none() | st.integers(1, 3)


def _tiers(most: int) -> st.SearchStrategy[tuple[Tier, ...]]:
    tier = st.builds(Tier, st.integers(0, 8), st.integers(1, most))
    return st.lists(tier, min_size=1, max_size=3, unique_by=lambda each: each.since).map(tuple)


benefits: st.SearchStrategy[Benefit] = st.one_of(
    st.builds(PercentOff, _tiers(10_000), _basis),
    st.builds(AmountOff, _tiers(3_000), _basis, st.booleans()),
    st.builds(BuyGet, st.integers(1, 3), st.integers(1, 2), scopes, st.integers(1, 10_000), _limits),
    st.builds(CheapestFree, st.integers(2, 4), st.integers(1, 2), _limits),
    st.builds(
        BundlePrice,
        st.lists(st.builds(Part, scopes, st.integers(1, 2)), min_size=1, max_size=3).map(tuple),
        st.integers(0, 3_000),
        _limits,
    ),
    st.builds(FreeShipping, st.none() | st.integers(1, 700)),
    st.builds(Gift, scopes, st.integers(1, 2)),
)


def offers(most: int = 5) -> st.SearchStrategy[list[Offer]]:
    """Up to `most` promotions with codes of their own."""
    one = st.builds(
        Offer,
        code=st.text("abcdefgh", min_size=1, max_size=3),
        benefit=benefits,
        scope=scopes,
        conditions=st.builds(
            Conditions,
            minimum_value=st.sampled_from([0, 0, 500, 5_000]),
            minimum_quantity=st.integers(0, 3),
            groups=st.none() | st.just(frozenset({"vip"})),
        ),
        combination=st.sampled_from(Combination),
        priority=st.sampled_from([0, 0, 1]),
    )
    return st.lists(one, max_size=most, unique_by=lambda each: each.code)


def _item(index: int, sku: str, quantity: int, amount: int, category: str | None) -> Item:
    return Item(str(index), sku, quantity, amount, product=sku, category=category)


_rows = st.tuples(
    st.sampled_from(SKUS), st.integers(1, 7), st.integers(0, 5_000), st.none() | st.sampled_from(CATEGORIES)
)


def baskets(most: int = 6) -> st.SearchStrategy[Basket]:
    """Baskets of up to `most` lines, free ones and equal ones among them."""
    return st.builds(
        lambda rows, fee, groups: Basket(
            "shop",
            "EUR",
            AT,
            tuple(_item(index, *row) for index, row in enumerate(rows)),
            (Fee("shipping", fee),) if fee else (),
            groups=groups,
        ),
        st.lists(_rows, min_size=1, max_size=most),
        st.integers(0, 900),
        st.sampled_from([frozenset(), frozenset({"vip"})]),
    )


def promotion_data(code: str = "SALE", **given: Any) -> PromotionData:
    """Ten percent off everything."""
    plain = {"code": code, "name": code.title(), "benefit": {"kind": BenefitKind.PERCENT_OFF, "percent": 10}}
    return {**plain, **given}  # type: ignore[typeddict-item]


async def make_promotion(database: Database, code: str = "SALE", **given: Any) -> Promotion:
    """A saved version."""
    async with database.unit_of_work() as db:
        return await service.save_promotion(db, promotion_data(code, **given))


async def make_coupon(database: Database, code: str, promotion: str = "SALE", **given: Any) -> None:
    """A coupon that may be used once."""
    async with database.unit_of_work() as db:
        await generate_coupons(db, {"promotion": promotion, "code": code, **given})  # type: ignore[typeddict-item]
