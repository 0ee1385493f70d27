"""A few parcels get what is cheapest of all they could hold, counted out by hand."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from kontor.routing.assigning import Assigner
from kontor.routing.candidates import FORBIDDEN, Item, Place
from kontor.routing.covering import Order
from kontor.routing.values import Lane, Offer, Site


def place(rank: int, day: int, unit: list[int], available: list[int], roof: int | None = None) -> Place:
    offer = Offer(rank, Site(f"place-{rank}", {}), Lane(), 0, 0, None)
    return Place(offer, day, 0, 0, unit, available, [], roof, ())


def problem(seed: int) -> tuple[Order, list[Place]]:
    """Up to three items, one of them perhaps of two units that stay whole, in two locations on one or two days."""
    rng = Random(seed)
    sizes = [rng.choice((1, 1, 2)) for _ in range(rng.randint(1, 3))]
    counts = [1 if size > 1 else rng.randint(1, 3) for size in sizes]
    items = [Item(((i, size),), count, 0, size, 0) for i, (size, count) in enumerate(zip(sizes, counts, strict=True))]
    lost = [rng.choice((50, 90, FORBIDDEN if seed % 5 == 0 else 70)) for _ in sizes]
    places = []
    for rank in range(2):
        have = [0] * len(sizes)
        for day in range(rng.randint(1, 2)):
            have = [min(count, old + rng.randint(0, 2)) for count, old in zip(counts, have, strict=True)]
            roof = rng.choice((None, 1, 2, 3))
            places.append(place(rank, day, [rng.randint(1, 80) for _ in sizes], list(have), roof))
    return Order(items, [], lost, [0] * len(sizes), sizes, 0, None), places


def counted_out(order: Order, places: list[Place]) -> int:
    """The cheapest of all amounts there are."""
    best = FORBIDDEN
    for amounts in product(*[range(each + 1) for one in places for each in one.available]):
        width = len(order.items)
        rows = [amounts[n * width : (n + 1) * width] for n in range(len(places))]
        sent = [sum(row[i] for row in rows) for i in range(width)]
        if any(count > item.count for count, item in zip(sent, order.items, strict=True)):
            continue
        if any(
            one.roof is not None and sum(map(int.__mul__, row, order.sizes)) > one.roof
            for one, row in zip(places, rows, strict=True)
        ):
            continue
        if any(
            sum(
                row[i]
                for row, one in zip(rows, places, strict=True)
                if one.offer.rank == end.offer.rank and one.day <= end.day
            )
            > end.available[i]
            for end in places
            for i in range(width)
        ):
            continue
        cost = sum(sum(map(int.__mul__, row, one.unit)) for row, one in zip(rows, places, strict=True))
        owed = [lost * (item.count - count) for lost, item, count in zip(order.lost, order.items, sent, strict=True)]
        best = min(best, cost + sum(owed))
    return best


@pytest.mark.parametrize("seed", range(300))
def test_an_assignment_is_the_cheapest_there_is(seed: int) -> None:
    order, places = problem(seed)
    found = Assigner(order, places).assign(range(len(places)))
    expected = counted_out(order, places)
    if expected >= FORBIDDEN:
        assert found.cost >= FORBIDDEN
        return
    assert (found.cost, found.bound) == (expected, expected)
    for n, row in found.amounts.items():
        roof = places[n].roof
        assert roof is None or sum(map(int.__mul__, row, order.sizes)) <= roof
