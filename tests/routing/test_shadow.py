"""Shadow prices follow scarcity, walk-ins and mark-down; learning follows what was sold."""

from __future__ import annotations

import sys
from dataclasses import replace
from random import Random

import pytest

from kontor.routing.forecasting import Forecast, Sold, counter_rates, learned
from kontor.routing.shadow import Assortment, Holdings, Key, Prices, RunningPrices, shadow_prices
from kontor.routing.solver import OptimizerMissing
from kontor.routing.values import DemandLine, Id, Lane, Network, Policy, Site

POLICY = Policy("test", split_cents=60)
FORECAST = Forecast(5.0, 2.0, {"north": 0.5, "south": 0.5}, {"lamp": 0.6, "bulb": 0.4})
ARTICLES: dict[Id, DemandLine] = {
    "lamp": DemandLine("", "lamp", 1, 800, 4000),
    "bulb": DemandLine("", "bulb", 1, 50, 2500),
}
SITES = [
    Site("hall", {"north": Lane(400, 20, 1), "south": Lane(500, 20, 2)}, handling_parcel_cents=100),
    Site("shop", {"north": Lane(450, 20, 1), "south": Lane(350, 20, 1)}, handling_parcel_cents=150),
]
MARKDOWN: dict[Key, int] = {("hall", "lamp"): 90, ("hall", "bulb"): 40, ("shop", "lamp"): 700, ("shop", "bulb"): 300}


def assortment(sites: list[Site] = SITES, **changes: object) -> Assortment:
    return replace(Assortment(Network(sites), ARTICLES, MARKDOWN, {}, POLICY), **changes)  # type: ignore[arg-type]


def holdings(units: int, **changes: object) -> Holdings:
    return replace(Holdings(0, 7, dict.fromkeys(MARKDOWN, units)), **changes)  # type: ignore[arg-type]


def prices(of: Assortment, there: Holdings, forecast: Forecast = FORECAST) -> dict[Key, int]:
    found = shadow_prices(of, there, forecast, samples=4, seed=7)
    return {key: round(rows[0][1]) for key, rows in found.units.items()}


def test_plenty_is_worth_only_its_mark_down() -> None:
    assert prices(assortment(markdown={}), holdings(1000)) == dict.fromkeys(MARKDOWN, 0)
    assert prices(assortment(), holdings(1000)) == {key: -cents for key, cents in MARKDOWN.items()}


def test_prices_rise_with_scarcity_and_stay_below_what_is_owed() -> None:
    before = prices(assortment(), holdings(1000))
    for units in (30, 15, 5, 1):
        now = prices(assortment(), holdings(units))
        assert all(now[key] >= before[key] - 25 for key in MARKDOWN)
        assert all(-MARKDOWN[key] <= now[key] <= (ARTICLES[key[1]].shortage_cents or 0) for key in MARKDOWN)
        before = now
    assert all(cents > 1000 for cents in before.values())


def test_walk_ins_make_a_shop_keep_its_stock() -> None:
    without = prices(assortment(), holdings(22))
    visited = prices(assortment(), holdings(22), replace(FORECAST, walk_ins={"shop": 9.0}))
    assert all(visited["shop", article] > without["shop", article] + 500 for article in ARTICLES)


def test_a_delivery_makes_what_comes_later_cheaper() -> None:
    coming = dict.fromkeys(MARKDOWN, ((3, 500),))
    found = shadow_prices(assortment(), holdings(2, inbound=coming), FORECAST, samples=4)
    for key, cents in MARKDOWN.items():
        assert [day for day, _ in found.units[key]] == [0, 3]
        assert round(found.on(*key, 3)) == round(found.on(*key, 6)) == -cents < found.on(*key, 0)


def test_a_place_that_can_send_little_asks_for_each_unit() -> None:
    daily: dict[Id, int] = {"shop": 1}
    found = shadow_prices(assortment(units_per_day=daily), holdings(1000), FORECAST)
    assert found.capacity.keys() == {"shop"}
    assert found.capacity["shop"] > 50
    full = shadow_prices(assortment(units_per_day={"shop": 1000}), holdings(1000), FORECAST)
    assert round(full.capacity["shop"]) == 0


def test_the_order_of_places_and_rows_changes_nothing() -> None:
    there = holdings(8, inbound=dict.fromkeys(MARKDOWN, ((4, 3),)))
    forecast = replace(FORECAST, walk_ins={"shop": 2.0})
    expected = shadow_prices(assortment(), there, forecast, seed=3)
    mixed = list(MARKDOWN)
    Random(1).shuffle(mixed)
    turned = replace(
        there, on_hand=dict.fromkeys(mixed, 8), inbound={key: there.inbound[key] for key in reversed(mixed)}
    )
    backwards = Forecast(5.0, 2.0, {"south": 0.5, "north": 0.5}, {"bulb": 0.4, "lamp": 0.6}, {"shop": 2.0})
    assert shadow_prices(assortment(SITES[::-1]), turned, backwards, seed=3) == expected
    assert shadow_prices(assortment(), there, forecast, seed=4) != expected


def test_when_the_season_is_over_only_the_mark_down_counts() -> None:
    found = shadow_prices(assortment(), holdings(3, first=7), FORECAST)
    assert found.units["shop", "lamp"] == ((7, -700.0),)


def running(memory: float, *found: tuple[Prices, int]) -> RunningPrices:
    """Prices found one after the other, each with one sample, for so many units of `a x`."""
    mean = RunningPrices(memory)
    for each, units in found:
        mean.add(each, 1, {("a", "x"): units})
    return mean


def found_at(day: int, cents: float, room: float) -> Prices:
    return Prices({("a", "x"): ((day, cents),)}, {"a": room})


def test_prices_are_the_mean_of_what_was_found() -> None:
    first, second, third = found_at(0, 100.0, 8.0), found_at(1, 200.0, 4.0), found_at(1, 600.0, 0.0)
    assert running(9, (first, 5)).prices == first
    assert running(9, (first, 5), (second, 5)).prices == found_at(1, 150.0, 6.0)
    assert running(9, (first, 5), (second, 5), (third, 5)).prices.on("a", "x", 1) == pytest.approx(300.0)


def test_old_prices_count_as_the_memory_allows() -> None:
    low, high = found_at(0, 100.0, 8.0), found_at(0, 400.0, 2.0)
    after = running(2, *[(low, 5)] * 30, (high, 5)).prices
    assert after.on("a", "x", 0) == pytest.approx(200.0)
    assert after.capacity["a"] == pytest.approx(6.0)


def test_old_prices_count_less_when_the_stock_has_changed() -> None:
    low, high = found_at(0, 100.0, 0.0), found_at(0, 400.0, 0.0)
    same, fewer, more = (running(9, (low, 3), (high, units)).prices.on("a", "x", 0) for units in (3, 1, 7))
    assert same == pytest.approx(250.0)
    assert fewer == more == pytest.approx(300.0)


def test_without_the_solver_prices_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(OptimizerMissing) as refused:
        shadow_prices(assortment(), holdings(3), FORECAST)
    assert refused.value.code == "OPTIMIZER_MISSING"


CARRIED: dict[Id, frozenset[Id]] = {"shop": frozenset(["lamp", "bulb"])}
WALKED = replace(FORECAST, walk_ins={"shop": 4.0})


def test_who_comes_to_a_shop_takes_what_it_carries() -> None:
    assert counter_rates(WALKED, CARRIED) == {("shop", "bulb"): 1.6, ("shop", "lamp"): pytest.approx(2.4)}
    assert counter_rates(WALKED, {"shop": frozenset(["bulb"])}) == {("shop", "bulb"): 4.0}
    assert counter_rates(WALKED, {}) == {}


def sold(days: int, lamps: int, bulbs: int, walked: tuple[int, int]) -> Sold:
    keys: list[Key] = [("shop", "lamp"), ("shop", "bulb")]
    return Sold(
        days,
        5 * days,
        {"lamp": lamps, "bulb": bulbs},
        {"north": 5 * days // 2, "south": 5 * days - 5 * days // 2},
        dict(zip(keys, walked, strict=True)),
        dict.fromkeys(keys, days),
    )


def test_a_forecast_that_proves_right_hardly_changes() -> None:
    after = learned(WALKED, sold(10, 60, 40, (24, 16)), CARRIED)
    assert after.orders_per_day == pytest.approx(5.0, rel=0.01)
    assert after.units_per_order == pytest.approx(2.0)
    assert after.variants == pytest.approx(WALKED.variants, rel=0.02)
    assert after.walk_ins["shop"] == pytest.approx(4.0, rel=0.02)
    lucky = learned(WALKED, sold(2, 14, 6, (5, 3)), CARRIED)
    assert 0.6 < lucky.variants["lamp"] < 0.63
    assert learned(WALKED, Sold(), CARRIED) is WALKED


def test_a_wrong_forecast_moves_towards_what_was_sold() -> None:
    early = learned(WALKED, sold(3, 9, 21, (3, 7)), CARRIED)
    late = learned(WALKED, sold(20, 60, 140, (24, 56)), CARRIED)
    assert 0.6 > early.variants["lamp"] > late.variants["lamp"] > 0.3
    assert late.variants["lamp"] == pytest.approx(0.3, abs=0.03)
    assert sum(late.variants.values()) == pytest.approx(1.0)
    assert learned(WALKED, sold(20, 120, 80, (96, 64)), CARRIED).walk_ins["shop"] == pytest.approx(8.0, rel=0.1)
    assert learned(WALKED, sold(20, 120, 80, (0, 0)), CARRIED).walk_ins["shop"] < 1.5
