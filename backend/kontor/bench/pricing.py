"""Promotions of a basket: CPU time of the engine against few and many active promotions, with and without its index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from time import process_time
from typing import NamedTuple

from kontor.bench.report import Figure, Section
from kontor.core import expressions
from kontor.promotions.book import Book
from kontor.promotions.engine import evaluate
from kontor.promotions.values import (
    AmountOff,
    Basket,
    Benefit,
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
)

SIZES = (50, 500, 5_000)
GOAL_AT, GOAL_MS = 500, 2
LINES = 10
_AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
_PRODUCTS, _CATEGORIES, _BRANDS = 20_000, 400, 150


class Timed(NamedTuple):
    """CPU milliseconds of each basket, promotions that were looked at and given, in the mean per basket."""

    milliseconds: list[float]
    looked_at: float
    given: float


def measure(orders: int = 2_000, sizes: Sequence[int] = SIZES) -> Section:
    """The time of a basket against each number of active promotions; `orders` is how many baskets are priced."""
    section = Section("pricing")
    first: float | None = None
    for size in sizes:
        world = Random(7)
        book = Book(promotions(size, world))
        given = [basket(world, book) for _ in range(orders)]
        timed = time_baskets(book, given)
        slow = time_baskets(book, given[: max(1, orders // 20)], explain=True)
        first = first or _mean(timed.milliseconds)
        section.figures.append(_figure(size, timed, first, sizes[0]))
        section.figures.append(
            Figure(
                "… every promotion looked at and explained",
                f"{_mean(slow.milliseconds):.2f} ms",
                ratio=_mean(timed.milliseconds) / _mean(slow.milliseconds),
                note=f"{slow.looked_at:,.0f} looked at",
            )
        )
    return section


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _figure(size: int, timed: Timed, first: float, least: int) -> Figure:
    ordered = sorted(timed.milliseconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    mean = _mean(ordered)
    growth = "" if size == least else f"; {mean / first:.1f} times the time for {size / least:.0f} times as many"
    return Figure(
        f"{LINES}-line basket, {size:,} active promotions, CPU mean / p50 / p99",
        f"{mean:.2f} / {p50:.2f} / {p99:.2f} ms",
        goal=f"mean ≤ {GOAL_MS} ms" if size == GOAL_AT else "",
        note=f"{timed.looked_at:.1f} looked at, {timed.given:.1f} given{growth}",
    )


def time_baskets(book: Book, baskets: Sequence[Basket], *, explain: bool = False) -> Timed:
    """Price every basket once, after one that compiles the conditions."""
    evaluate(baskets[0], book, expressions.holds, explain=True)
    spent, looked_at, given = [], 0, 0
    for each in baskets:
        start = process_time()
        outcome = evaluate(each, book, expressions.holds, explain=explain)
        spent.append((process_time() - start) * 1000)
        looked_at += len(outcome.given) + len(outcome.refusals)
        given += len(outcome.given)
    return Timed(spent, looked_at / len(baskets), given / len(baskets))


def promotions(count: int, world: Random) -> list[Offer]:
    """Promotions as a large retailer has them: most for some articles, a fifth for categories and brands, coupons."""
    return [_promotion(number, world) for number in range(count)]


def _promotion(number: int, world: Random) -> Offer:
    role = world.random()
    scope, conditions = _names("skus", "P", _PRODUCTS, world.randint(1, 40), world), Conditions()
    if role < 0.2:
        kind = world.choice((("categories", "C", _CATEGORIES), ("brands", "B", _BRANDS)))
        scope = _names(*kind, world.randint(1, 2), world)
    elif role < 0.35:
        scope, conditions = Scope(), Conditions(coupon=True)
    elif role < 0.37:
        scope = Scope()
        conditions = Conditions(minimum_value=world.randrange(5_000, 100_000, 500), groups=_group(world))
    if world.random() < 0.1:
        conditions = Conditions(conditions.channels, conditions.groups, expression=f"basket.value > {number}",
                                coupon=conditions.coupon, minimum_value=conditions.minimum_value)  # fmt: skip
    combination = world.choices(list(Combination), (1, 3, 6))[0]
    return Offer(f"P{number}", _benefit(world), scope, conditions, combination, world.choice((0, 0, 0, 1)))


def _group(world: Random) -> frozenset[str] | None:
    return frozenset({f"group-{world.randrange(20)}"}) if world.random() < 0.5 else None


def _names(field: str, letter: str, of: int, count: int, world: Random) -> Scope:
    return Scope(**{field: frozenset(f"{letter}{world.randrange(of)}" for _ in range(count))})


def _benefit(world: Random) -> Benefit:
    percent = PercentOff((Tier(0, world.randint(500, 3000)),))
    kinds: list[Benefit] = [
        percent, percent, percent, percent,
        AmountOff((Tier(0, 200), Tier(5_000, 500)), TierBasis.VALUE),
        PercentOff((Tier(2, 500), Tier(5, 1000))),
        CheapestFree(3),
        BuyGet(1, 1, _names("skus", "P", _PRODUCTS, 5, world), 5_000),
        BundlePrice(tuple(Part(_names("skus", "P", _PRODUCTS, 3, world), 1) for _ in range(2)), 4_000),
        Gift(_names("skus", "P", _PRODUCTS, 2, world)),
        FreeShipping(),
    ]  # fmt: skip
    return world.choice(kinds)


def basket(world: Random, book: Book) -> Basket:
    """Ten lines that promotions were made for more often than chance: half of them are named by some promotion."""
    named = [sku for offer in world.sample(book.offers, min(12, len(book.offers))) for sku in sorted(offer.scope.skus)]
    items = []
    for index in range(LINES):
        sku = world.choice(named) if named and index % 2 else f"P{world.randrange(_PRODUCTS)}"
        number, quantity = int(sku[1:]), world.choice((1, 1, 1, 2, 3))
        price = 500 + number % 90 * 100 + 99
        items.append(Item(str(index), sku, quantity, quantity * price, sku, f"C{number % _CATEGORIES}",
                          f"B{number % _BRANDS}"))  # fmt: skip
    coupons = [offer.code for offer in book.offers if offer.conditions.coupon]
    return Basket(
        "shop", "EUR", _AT, tuple(items), (Fee("shipping", 490),), frozenset({f"group-{world.randrange(20)}"}),
        frozenset({world.choice(coupons)}) if coupons and world.random() < 0.3 else frozenset(), "DE",
    )  # fmt: skip
