"""What must hold of every plan, whatever the order: random orders over few and over many places, every rule on."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontor.routing.explanation import explain
from kontor.routing.planner import plan
from kontor.routing.values import Demand, Network, Policy, Site, Supply
from routing.worlds import POLICY, cheapest_by_solver, wide_world, world

checked = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 10_000)


def order(seed: int) -> tuple[Demand, Supply]:
    """Every other one is over many places."""
    return wide_world(seed) if seed % 2 else world(seed)


def cost(demand: Demand, supply: Supply, policy: Policy = POLICY) -> int:
    """The cost of the plan, which is proven and sums up."""
    result = plan(demand, supply, policy)
    assert result.gap_cents == 0
    assert result.cost_cents == sum(result.terms)
    return result.cost_cents


@pytest.mark.parametrize("seed", range(24))
def test_cost_over_many_places_equals_the_solver(seed: int) -> None:
    demand, supply = wide_world(seed)
    assert cost(demand, supply) == cheapest_by_solver(demand, supply, POLICY)


@checked
@given(seed=seeds, more=st.integers(1, 5), variant=st.integers(0, 4))
def test_more_stock_never_costs_more(seed: int, more: int, variant: int) -> None:
    demand, supply = order(seed)
    line = demand.lines[variant % len(demand.lines)]
    row = {place: each._replace(on_hand=each.on_hand + more) for place, each in supply.stock[line.variant_id].items()}
    richer = replace(supply, stock={**supply.stock, line.variant_id: row})
    assert cost(demand, richer) <= cost(demand, supply)


@checked
@given(seed=seeds, number=st.integers(0, 50))
def test_one_more_place_never_costs_more(seed: int, number: int) -> None:
    demand, supply = order(seed)
    sites = list(supply.network.sites.values())
    without = [site for n, site in enumerate(sites) if n != number % len(sites)]
    assert cost(demand, supply) <= cost(demand, replace(supply, network=Network(without)))


@checked
@given(seed=seeds, days=st.integers(1, 3))
def test_a_looser_promise_never_costs_more(seed: int, days: int) -> None:
    demand, supply = order(seed)
    looser = replace(demand, promised_day=demand.promised_day + days)
    assert cost(looser, supply) <= cost(demand, supply)


@checked
@given(seed=seeds, factor=st.integers(2, 9))
def test_money_times_a_factor_costs_that_factor(seed: int, factor: int) -> None:
    demand, supply = order(seed)
    supply = replace(supply, network=Network([_times(site, 1) for site in supply.network.sites.values()]))
    policy = replace(POLICY, distance_cents_per_100km=100)
    assert cost(*_dearer(demand, supply, factor), _dearer_policy(policy, factor)) == factor * cost(
        demand, supply, policy
    )


def _times(site: Site, factor: int) -> Site:
    """The site at so many times its money, with freight that is not rounded for the weights there are."""
    lanes = {
        region: lane._replace(
            parcel_cents=lane.parcel_cents * factor,
            cents_per_kg=lane.cents_per_kg // 10 * 10 * factor,
            weight_steps=tuple((grams, cents * factor) for grams, cents in lane.weight_steps),
            bulky_unit_cents=lane.bulky_unit_cents * factor,
        )
        for region, lane in site.lanes.items()
    }
    return replace(
        site,
        lanes=lanes,
        handling_parcel_cents=site.handling_parcel_cents * factor,
        handling_line_cents=site.handling_line_cents * factor,
        handling_unit_cents=site.handling_unit_cents * factor,
    )


def _dearer(demand: Demand, supply: Supply, factor: int) -> tuple[Demand, Supply]:
    lines = [
        replace(line, shortage_cents=None if line.shortage_cents is None else line.shortage_cents * factor)
        for line in demand.lines
    ]
    return replace(demand, lines=tuple(lines)), replace(
        supply,
        network=Network([_times(site, factor) for site in supply.network.sites.values()]),
        stock={
            variant: {
                place: each._replace(
                    price_cents=each.price_cents * factor,
                    later_prices=tuple(cents * factor for cents in each.later_prices),
                )
                for place, each in row.items()
            }
            for variant, row in supply.stock.items()
        },
        capacity={
            place: each._replace(
                unit_price=tuple(cents * factor for cents in each.unit_price),
                parcel_price=tuple(cents * factor for cents in each.parcel_price),
            )
            for place, each in supply.capacity.items()
        },
    )


def _dearer_policy(policy: Policy, factor: int) -> Policy:
    return replace(
        policy,
        split_cents=policy.split_cents * factor,
        late_parcel_day_cents=policy.late_parcel_day_cents * factor,
        late_unit_day_cents=policy.late_unit_day_cents * factor,
        shortage_cents=policy.shortage_cents * factor,
        bulky_unit_cents=policy.bulky_unit_cents * factor,
        distance_cents_per_100km=policy.distance_cents_per_100km * factor,
    )


@checked
@given(seed=seeds, shuffle=st.integers(0, 100))
def test_the_order_of_places_stock_and_lines_changes_no_cost(seed: int, shuffle: int) -> None:
    demand, supply = order(seed)
    rng = Random(shuffle)
    names = list(supply.network.sites)
    ranks = dict(zip(names, rng.sample(range(len(names)), len(names)), strict=True))
    shuffled = replace(
        supply,
        network=Network([replace(site, priority=ranks[name]) for name, site in supply.network.sites.items()]),
        stock={variant: dict(rng.sample(list(row.items()), len(row))) for variant, row in supply.stock.items()},
    )
    lines = tuple(rng.sample(demand.lines, len(demand.lines)))
    assert cost(replace(demand, lines=lines), shuffled) == cost(demand, supply)


@checked
@given(seed=seeds)
def test_the_terms_of_the_explanation_sum_to_the_cost_of_the_plan(seed: int) -> None:
    demand, supply = order(seed)
    chosen = plan(demand, supply, POLICY)
    record = explain(demand, supply, POLICY, chosen)
    assert record["cost"] == chosen.cost_cents == sum(record["terms"].values())
    for parcel in record["parcels"]:
        assert parcel["cost"] == sum(parcel["terms"].values())
    apart = record["terms"].get("split", 0) + record["terms"].get("shortage", 0)
    assert sum(parcel["cost"] for parcel in record["parcels"]) + apart == chosen.cost_cents
    second = record["runner_up"]
    if second is not None:
        assert sum(second["terms"].values()) == second["difference"] == second["cost"] - chosen.cost_cents >= 0
