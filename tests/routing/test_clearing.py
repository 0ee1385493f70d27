"""Whole orders clear the market: who competes for a unit says its value, and a shared parcel counts once."""

from __future__ import annotations

import numpy as np
import pytest

from kontor.routing.clearing import Market, Values, cleared
from kontor.routing.sampling import Asked, Rates, Shapes, Turn, drawn

# One place, one region; a lamp and a bulb. A parcel costs 450, a unit 30; a unit unsold 3,000, left over 100.
PARCEL, UNIT, LOST, MARKDOWN = 450.0, 30.0, 3000.0, 100.0
LAMP, BULB = 0, 1


def market(lamps: list[int], bulbs: int = 100, room: float = float("inf")) -> Market:
    return Market(
        np.array([[PARCEL]]),
        np.full((1, 1, 2), UNIT),
        np.array([[2.0]]),
        (120.0, 40.0),
        60.0,
        np.full(2, LOST),
        np.full((1, 2), MARKDOWN),
        np.array([[lamps, [bulbs] * len(lamps)]], float),
        np.full((1, len(lamps)), room),
    )


def asked(*orders: list[int], period: int = 0, promise: float = 3, walk_ins: float = 0, periods: int = 1) -> Asked:
    width = max(map(len, orders), default=1)
    variant = np.array([[*order, *[-1] * (width - len(order))] for order in orders], int).reshape(len(orders), width)
    counter = np.zeros((1, 2, periods))
    counter[0, LAMP, 0] = walk_ins
    return Asked(
        np.zeros(len(orders), int),
        np.full(len(orders), period),
        np.full(len(orders), promise),
        np.ones(len(orders)),
        variant,
        (variant >= 0).astype(float),
        counter,
    )


def values(of: Market, demand: Asked) -> Values:
    return cleared(of, [demand], Values(np.zeros(of.supply.shape), np.zeros(of.capacity.shape)))


def lamp(of: Market, demand: Asked) -> int:
    return round(float(values(of, demand).units[0, LAMP, 0]))


def test_the_next_order_says_what_a_unit_is_worth() -> None:
    assert lamp(market([1]), asked([LAMP], [LAMP])) == pytest.approx(LOST - PARCEL - UNIT, abs=2)
    assert lamp(market([9]), asked([LAMP], [LAMP])) == pytest.approx(-MARKDOWN, abs=2)


def test_a_delay_makes_the_order_worth_less() -> None:
    late = asked([LAMP], [LAMP], promise=0)
    assert lamp(market([1]), late) == pytest.approx(LOST - PARCEL - UNIT - 2 * (120 + 40), abs=2)


def test_a_parcel_that_leaves_anyway_is_not_counted_for_another_line() -> None:
    pairs = asked(*[[LAMP, BULB]] * 3)
    assert lamp(market([1]), pairs) == pytest.approx(LOST - UNIT, abs=2)


def test_a_walk_in_pays_all() -> None:
    assert lamp(market([1]), asked([LAMP], [LAMP], walk_ins=2)) == pytest.approx(LOST, abs=2)


def test_what_comes_later_serves_only_later_orders() -> None:
    early, late = (asked([LAMP], [LAMP], period=period, periods=2) for period in (0, 1))
    assert lamp(market([1, 5]), early) == pytest.approx(LOST - PARCEL - UNIT, abs=2)
    assert lamp(market([1, 5]), late) == pytest.approx(-MARKDOWN, abs=2)


def test_room_has_a_price_when_it_is_short() -> None:
    found = values(market([9], room=1), asked([LAMP], [LAMP]))
    assert round(float(found.capacity[0, 0])) == pytest.approx(LOST - PARCEL - UNIT + MARKDOWN, abs=2)
    assert round(float(values(market([9], room=3), asked([LAMP], [LAMP])).capacity[0, 0])) == 0


def test_a_demand_without_orders_has_values_too() -> None:
    assert lamp(market([1]), asked(walk_ins=2)) == pytest.approx(LOST, abs=2)


RATES = Rates(400.0, 1.8, np.array([0.75, 0.25]), np.array([0.5, 0.3, 0.2]), np.full((1, 3, 1), 2.0), np.array([0, 1]))


def test_drawn_orders_follow_the_rates() -> None:
    demand = drawn(RATES, Shapes(), np.random.default_rng(5))
    lines = demand.variant >= 0
    assert 340 < len(demand.region) < 460
    assert 1.4 < lines.sum() / len(lines) < 1.9
    assert 0.2 < demand.region.mean() < 0.3
    assert set(demand.period.tolist()) == {0, 1}
    assert all(len(set(row[row >= 0].tolist())) == (row >= 0).sum() for row in demand.variant)
    assert (demand.units[lines] == 1).all()
    assert demand.units[~lines].sum() == 0


def test_what_is_over_of_the_first_day_brings_no_orders() -> None:
    whole, half = (drawn(RATES._replace(begun=begun), Shapes(), np.random.default_rng(5)) for begun in (0.0, 0.5))
    assert 0.4 < (whole.period == 0).mean() < 0.6
    assert 0.25 < (half.period == 0).mean() < 0.42


def test_drawn_orders_look_like_those_seen() -> None:
    seen = Shapes({(5, 2): 1000}, {3: 1000})
    demand = drawn(RATES, seen, np.random.default_rng(5))
    assert (demand.promise == 5).mean() > 0.98
    assert (demand.weight == 2).mean() > 0.98
    assert (demand.units[demand.variant >= 0] == 3).mean() > 0.98


def test_known_orders_are_decided_before_anyone_knows_what_will_be_asked() -> None:
    """A near lamp is left for the known order or for a walk-in, who comes in one of two demands."""
    near_and_far = market([1])._replace(
        parcel=np.array([[PARCEL], [PARCEL + 1000]]),
        unit=np.full((2, 1, 2), UNIT),
        days=np.array([[2.0], [2.0]]),
        markdown=np.full((2, 2), MARKDOWN),
        supply=np.array([[[1.0], [0.0]], [[5.0], [0.0]]]),
        capacity=np.full((2, 1), np.inf),
    )
    counters = [np.zeros((2, 2, 1)) for _ in range(2)]
    counters[0][0, LAMP, 0] = 1
    nobody = [asked()._replace(walk_ins=walk_ins) for walk_ins in counters]
    start = Values(np.zeros((2, 2, 1)), np.zeros((2, 1)))
    found = cleared(near_and_far, nobody, start, known=asked([LAMP]))
    near, far = found.units[:, LAMP, 0]
    assert far == pytest.approx(-MARKDOWN, abs=2)
    # That is more than the longer way costs: the known order is sent from afar.
    assert 1000 <= near - far <= (LOST + MARKDOWN) / 2 + 5
    certain = cleared(near_and_far, [nobody[1]], start, known=asked([LAMP]))
    assert certain.units[0, LAMP, 0] < 900


def test_demands_that_belong_together_ask_for_each_rate_in_turn() -> None:
    """Of five demands one asks for few of a thing, one for many, and the others for something between."""
    totals = np.array(
        [drawn(RATES, Shapes(), np.random.default_rng([4, n]), Turn((4,), n, 5)).walk_ins for n in range(5)]
    )
    assert totals.sum(axis=0).ravel() == pytest.approx([10, 10, 10], abs=3)
    assert all(len(set(units)) >= 3 for units in totals.reshape(5, 3).T.tolist())
    lone = np.array([drawn(RATES, Shapes(), np.random.default_rng([4, n])).walk_ins for n in range(400)])
    assert lone.mean() == pytest.approx(2.0, abs=0.15)
    assert lone.var() == pytest.approx(2.0, abs=0.4)


def test_no_order_asks_for_an_article_twice() -> None:
    rates = RATES._replace(variants=np.array([0.9, 0.05, 0.05]))
    demand = drawn(rates, Shapes(), np.random.default_rng(1))
    assert all(len(set(row[row >= 0].tolist())) == (row >= 0).sum() for row in demand.variant)
    assert len(drawn(rates._replace(orders=0.0), Shapes(), np.random.default_rng(1)).region) == 0
