"""Presets serve orders as the rules they are named for do, and money stays visible."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from kontor.core import expressions
from kontor.routing.planner import plan
from kontor.routing.presets import PRESETS, Preset
from kontor.routing.ruling import RuleBook
from kontor.routing.values import Demand, DemandLine, Id, Lane, Network, Policy, Site, Stock, Supply

REGION = "DE|525|134"


def policy(preset: Preset) -> Policy:
    weights, rules = PRESETS[preset]()
    return replace(weights, rules=RuleBook(rules, expressions.evaluate)) if rules else weights


def company(seed: int) -> tuple[Demand, Supply]:
    """Eight places with costs, distances and stock of their own; no two share a priority, a distance or a stock."""
    rng = Random(seed)
    kinds = ("WAREHOUSE", "WAREHOUSE", "STORE", "STORE", "STORE", "DROPSHIPPER", "DROPSHIPPER", "MARKETPLACE")
    far, ranks = rng.sample(range(5, 900), 8), rng.sample(range(1, 300), 8)
    sites = [
        Site(f"p{n}", {REGION: Lane(rng.randint(200, 900), rng.choice((0, 20)), 1, far[n])}, ranks[n],
             handling_unit_cents=rng.randint(0, 90), facts={"kind": kind, "located": True})
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    stock: dict[Id, dict[Id, Stock]] = {}
    for variant in ("a", "b", "c"):
        levels = rng.sample(range(1, 30), 8)
        stock[variant] = {f"p{n}": Stock(levels[n] if rng.random() < 0.6 else 0) for n in range(8)}
    lines = tuple(DemandLine(f"l{v}", v, rng.randint(1, 12), 300) for v in stock)
    return Demand(lines, "web", REGION, 9), Supply(Network(sites), stock, 0)


def walk(demand: Demand, supply: Supply, rank: Callable[[Id, Id], float]) -> dict[tuple[Id, Id], int]:
    """Each article from place after place in the order of `rank`, everything the place has."""
    sent = {}
    for line in demand.lines:
        left = line.quantity
        for place in sorted(supply.stock[line.variant_id], key=lambda each: rank(each, line.variant_id)):
            units = min(left, max(0, supply.stock[line.variant_id][place].on_hand))
            if units:
                sent[place, line.line_id] = units
                left -= units
    return sent


def sent_by(demand: Demand, supply: Supply, preset: Preset) -> dict[tuple[Id, Id], int]:
    parcels = plan(demand, supply, policy(preset)).parcels
    return {(parcel.location_id, line): units for parcel in parcels for line, units in parcel.lines}


@pytest.mark.parametrize("seed", range(25))
def test_walking_presets_serve_like_the_walk(seed: int) -> None:
    demand, supply = company(seed)
    sites = supply.network.sites
    assert sent_by(demand, supply, Preset.PRIORITY) == walk(demand, supply, lambda place, _: sites[place].priority)
    near = walk(demand, supply, lambda place, _: sites[place].lanes[REGION].distance_km)
    assert sent_by(demand, supply, Preset.DISTANCE) == near
    most = walk(demand, supply, lambda place, variant: -supply.stock[variant][place].on_hand)
    assert sent_by(demand, supply, Preset.HIGH_STOCK) == most


@pytest.mark.parametrize("seed", range(25))
def test_rule_chain_goes_group_by_group_and_spares_the_stores_last_units(seed: int) -> None:
    demand, supply = company(seed)
    sites = supply.network.sites
    groups = {"WAREHOUSE": 0, "STORE": 1, "DROPSHIPPER": 2, "MARKETPLACE": 2}
    spared = {
        variant: {
            place: Stock(0) if sites[place].facts["kind"] == "STORE" and row.on_hand <= 2 else row
            for place, row in rows.items()
        }
        for variant, rows in supply.stock.items()
    }
    chain = walk(
        demand, replace(supply, stock=spared),
        lambda place, _: groups[sites[place].facts["kind"]] * 10_000 + sites[place].lanes[REGION].distance_km,
    )  # fmt: skip
    assert sent_by(demand, supply, Preset.RULE_CHAIN) == chain


@pytest.mark.parametrize("seed", range(10))
def test_fewest_splits_has_no_more_parcels_than_any_other(seed: int) -> None:
    demand, supply = company(seed)
    plans = {preset: plan(demand, supply, policy(preset)) for preset in Preset}
    fewest = plans[Preset.FEWEST_SPLITS]
    assert len(fewest.parcels) == min(len(each.parcels) for each in plans.values() if not each.unsent)


@pytest.mark.parametrize("preset", Preset)
def test_presets_never_cost_less_money_than_the_cost_model(preset: Preset) -> None:
    for seed in range(10):
        demand, supply = company(seed)
        chosen, best = plan(demand, supply, policy(preset)), plan(demand, supply, policy(Preset.COST))
        if not chosen.unsent and not best.unsent:
            split = policy(Preset.COST).split_cents
            paid = chosen.terms.shipping + chosen.terms.handling + split * (len(chosen.parcels) - 1)
            assert paid >= best.cost_cents
            assert chosen.true_cost_cents == chosen.terms.shipping + chosen.terms.handling + chosen.terms.split


def test_places_at_an_unknown_distance_come_last() -> None:
    known = Site("far", {REGION: Lane(500, distance_km=800)}, 2, facts={"located": True})
    unknown = Site("somewhere", {REGION: Lane(100)}, 1)
    demand = Demand((DemandLine("l", "a", 1),), "web", REGION, 3)
    supply = Supply(Network([known, unknown]), {"a": {"far": Stock(1), "somewhere": Stock(1)}}, 0)
    assert sent_by(demand, supply, Preset.DISTANCE) == {("far", "l"): 1}
