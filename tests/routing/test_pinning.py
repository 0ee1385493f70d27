"""What an order holds stays where it is while the rest of it is planned."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from kontor.routing.exclusions import Exclusion, note, of_line, without
from kontor.routing.explanation import describe, explain
from kontor.routing.pinning import plan_pinned
from kontor.routing.planner import plan
from kontor.routing.values import Demand, DemandLine, Id, Lane, Network, Policy, Site, Stock, Supply
from routing.worlds import POLICY, world


def shop(name: str, *, parcel: int = 400, line: int = 0) -> Site:
    return Site(name, {"de": Lane(parcel)}, handling_line_cents=line)


def order(*quantities: int) -> Demand:
    lines = tuple(DemandLine(str(n), f"v{n}", quantity) for n, quantity in enumerate(quantities))
    return Demand(lines, "web", "de", 9)


def supply_of(sites: list[Site], stock: dict[str, dict[str, int]]) -> Supply:
    rows: dict[Id, dict[Id, Stock]] = {
        variant: {place: Stock(units) for place, units in row.items()} for variant, row in stock.items()
    }
    return Supply(Network(sites), rows, 0)


def there_already(supply: Supply) -> dict[Id, dict[Id, Stock]]:
    """What is held lies there, and nobody keeps it back."""
    return {
        variant: {place: Stock(row.on_hand, price_cents=row.price_cents) for place, row in rows.items()}
        for variant, rows in supply.stock.items()
    }


@pytest.mark.parametrize("seed", range(0, 300, 10))
def test_holding_nothing_or_the_best_plan_costs_nothing_more(seed: int) -> None:
    for number in range(seed, seed + 10):
        demand, supply = world(number)
        supply = replace(supply, stock=there_already(supply))
        best = plan(demand, supply, POLICY)
        held: dict[Id, dict[Id, int]] = {}
        for parcel in best.parcels:
            for line_id, count in parcel.lines:
                places = held.setdefault(line_id, {})
                places[parcel.location_id] = places.get(parcel.location_id, 0) + count

        free = plan_pinned(demand, supply, POLICY, {})
        same = plan_pinned(demand, supply, POLICY, held)

        assert (free.cost_cents, free.terms, free.unsent) == (best.cost_cents, best.terms, best.unsent)
        assert same.cost_cents == best.cost_cents == sum(same.terms)


def test_held_units_leave_their_place_and_the_others_are_found_for_least() -> None:
    demand = order(3, 1)
    supply = supply_of([shop("a"), shop("b", parcel=100)], {"v0": {"a": 2, "b": 9}, "v1": {"b": 4}})
    policy = Policy("p", split_cents=50)

    chosen = plan_pinned(demand, supply, policy, {"0": {"a": 2}})

    assert {parcel.location_id: parcel.lines for parcel in chosen.parcels} == {
        "a": (("0", 2),),
        "b": (("0", 1), ("1", 1)),
    }
    assert (chosen.cost_cents, sum(chosen.terms)) == (550, 550)
    assert plan(demand, supply, policy).cost_cents == 100


def test_what_may_not_leave_any_more_is_not_pinned() -> None:
    supply = supply_of([shop("a"), shop("b", parcel=900)], {"v0": {"a": 1, "b": 1}})
    out = replace(order(1), excluded=frozenset({"a"}))

    assert [each.location_id for each in plan_pinned(out, supply, POLICY, {"0": {"a": 1}}).parcels] == ["b"]
    whole = replace(order(2), lines=(replace(order(2).lines[0], no_split=True),))
    two = supply_of([shop("a"), shop("b")], {"v0": {"a": 1, "b": 2}})
    assert [each.lines for each in plan_pinned(whole, two, POLICY, {"0": {"a": 1}}).parcels] == [(("0", 2),)]


def test_exclusions_take_away_places_and_articles_and_the_explanation_says_why() -> None:
    demand = order(1, 1)
    supply = supply_of(
        [shop("a"), shop("b"), shop("c")],
        {"v0": {"a": 1, "b": 1, "c": 1}, "v1": {"b": 1, "c": 1}},
    )
    shut = (Exclusion("a", "v0", reason="cannot find it"), Exclusion("c", reason="burst pipe"), Exclusion("b", "v9"))

    narrowed, usable = without(shut, demand, supply)
    chosen = plan(narrowed, usable, POLICY)
    record = explain(narrowed, usable, POLICY, chosen)
    note(record, shut, narrowed)

    assert [parcel.location_id for parcel in chosen.parcels] == ["b"]
    assert sorted((row["location"], row["reason"], row["note"]) for row in record["eliminated"]) == [
        ("a", "EXCLUDED", "cannot find it"),
        ("c", "EXCLUDED", "burst pipe"),
    ]
    assert "a was excluded (cannot find it)." in describe(record, "en", names={})
    assert supply.stock["v0"]["a"].on_hand == 1


def test_an_exclusion_for_an_order_touches_its_lines_only() -> None:
    shut = [Exclusion("a", None, "o1"), Exclusion("b", "v0", "o1"), Exclusion("c", "v0"), Exclusion("d")]

    assert of_line(shut, "o1", "v0") == {"a", "b"}
    assert of_line(shut, "o1", "v1") == {"a"}
    assert of_line(shut, "o2", "v0") == frozenset()


def test_random_exclusions_never_cheapen_a_plan() -> None:
    dice = Random(3)
    for seed in range(100):
        demand, supply = world(seed)
        places = list(supply.network.sites)
        shut = [
            Exclusion(dice.choice(places), dice.choice([None, *(line.variant_id for line in demand.lines)]))
            for _ in range(2)
        ]

        narrowed, usable = without(shut, demand, supply)
        chosen = plan(narrowed, usable, POLICY)

        assert chosen.cost_cents >= plan(demand, supply, POLICY).cost_cents
        whole = {each.location_id for each in shut if each.variant_id is None}
        assert not whole & {parcel.location_id for parcel in chosen.parcels}
