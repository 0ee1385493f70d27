from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from kontor.routing import bounding
from kontor.routing.bounding import search
from kontor.routing.candidates import available, items_of
from kontor.routing.planner import plan, problem_of
from kontor.routing.surveying import find_candidates
from kontor.routing.values import (
    Capacity,
    Demand,
    DemandLine,
    FulfillmentPlan,
    Id,
    Lane,
    Network,
    Policy,
    Site,
    Stock,
    Supply,
)
from routing.worlds import POLICY, cheapest_by_solver, large_world, wide_world, with_carriers, world

SEEDS = 300


def shop(name: str, *, parcel: int = 400, unit: int = 0, priority: int = 0, transit: int = 0) -> Site:
    return Site(name, {"de": Lane(parcel, 0, transit)}, priority=priority, handling_unit_cents=unit, hands_over=True)


def order(*quantities: int, **rules: object) -> Demand:
    lines = tuple(DemandLine(str(n), f"v{n}", quantity) for n, quantity in enumerate(quantities))
    return replace(Demand(lines, "web", "de", 9), **rules)  # type: ignore[arg-type]


def supply_of(sites: list[Site], stock: dict[str, dict[str, int]], **more: object) -> Supply:
    rows = {variant: {place: Stock(units) for place, units in row.items()} for variant, row in stock.items()}
    return replace(Supply(Network(sites), rows, 0), **more)  # type: ignore[arg-type]


def parcels_of(result: FulfillmentPlan) -> list[tuple[object, int, dict[object, int]]]:
    return [(parcel.location_id, parcel.day, dict(parcel.lines)) for parcel in result.parcels]


FLAT = Policy("flat", split_cents=60, late_parcel_day_cents=100, late_unit_day_cents=10, shortage_cents=5000)


@pytest.mark.parametrize("block", range(6))
def test_cost_equals_the_solver_with_every_rule_on(block: int) -> None:
    for seed in range(block * SEEDS // 6, (block + 1) * SEEDS // 6):
        demand, supply = world(seed)
        result = plan(demand, supply, POLICY)
        assert (seed, result.cost_cents, result.gap_cents) == (seed, cheapest_by_solver(demand, supply, POLICY), 0)


@pytest.mark.parametrize("block", range(6))
def test_the_cheapest_carriers_are_found_place_by_place(block: int) -> None:
    for seed in range(block * SEEDS // 6, (block + 1) * SEEDS // 6):
        demand, supply = with_carriers(seed, *world(seed))
        result = plan(demand, supply, POLICY)
        assert (seed, result.cost_cents, result.gap_cents) == (seed, cheapest_by_solver(demand, supply, POLICY), 0)
        assert_feasible(demand, supply, result)


@pytest.mark.parametrize("seed", range(10))
def test_the_cheapest_carriers_are_found_among_many_places(seed: int) -> None:
    demand, supply = with_carriers(seed, *wide_world(seed))
    result = plan(demand, supply, POLICY)
    assert (result.cost_cents, result.gap_cents) == (cheapest_by_solver(demand, supply, POLICY), 0)
    assert_feasible(demand, supply, result)


def test_every_plan_keeps_quantities_stock_and_capacity() -> None:
    for seed in range(SEEDS):
        demand, supply = world(seed)
        result = plan(demand, supply, POLICY)
        assert_feasible(demand, supply, result)
        assert result.cost_cents == sum(result.terms)


def assert_feasible(demand: Demand, supply: Supply, result: FulfillmentPlan) -> None:
    sent: Counter[object] = Counter()
    for parcel in result.parcels:
        sent.update(dict(parcel.lines))
    unsent = dict(result.unsent)
    for line in demand.lines:
        assert sent[line.line_id] + unsent.get(line.line_id, 0) == line.quantity
    where = [(parcel.location_id, parcel.day, parcel.carrier) for parcel in result.parcels]
    assert len(set(where)) == len(where)
    assert demand.max_parcels is None or len(where) <= demand.max_parcels
    assert not (demand.ship_complete and unsent and sent)
    for parcel in result.parcels:
        roof = supply.capacity.get(parcel.location_id, Capacity()).units
        assert roof is None or sum(count for _, count in parcel.lines) <= roof[parcel.day]
        assert_in_stock(demand, supply, result, parcel.location_id, parcel.day)


def assert_in_stock(demand: Demand, supply: Supply, result: FulfillmentPlan, place: object, day: int) -> None:
    variant_of = {line.line_id: line.variant_id for line in demand.lines}
    taken: Counter[object] = Counter()
    for parcel in result.parcels:
        if parcel.location_id == place and parcel.day <= day:
            for line_id, count in parcel.lines:
                taken[variant_of[line_id]] += count
    for variant, count in taken.items():
        assert count <= available(supply.stock[variant][place], demand.channel, day)  # type: ignore[index]


def test_listing_places_and_stock_backwards_changes_nothing() -> None:
    for seed in range(0, SEEDS, 3):
        demand, supply = world(seed)
        backwards = replace(
            supply,
            network=Network(reversed(list(supply.network.sites.values()))),
            stock={variant: dict(reversed(list(row.items()))) for variant, row in reversed(list(supply.stock.items()))},
        )
        assert plan(demand, backwards, POLICY) == plan(demand, supply, POLICY)


def test_more_stock_never_costs_more() -> None:
    for seed in range(0, SEEDS, 3):
        demand, supply = world(seed)
        richer = {v: {p: s._replace(on_hand=s.on_hand + 1) for p, s in row.items()} for v, row in supply.stock.items()}
        more = plan(demand, replace(supply, stock=richer), POLICY)
        assert more.cost_cents <= plan(demand, supply, POLICY).cost_cents


def test_looser_promise_never_costs_more() -> None:
    for seed in range(0, SEEDS, 3):
        demand, supply = world(seed)
        looser = replace(demand, promised_day=demand.promised_day + 1)
        assert plan(looser, supply, POLICY).cost_cents <= plan(demand, supply, POLICY).cost_cents


def test_losing_a_place_never_costs_less() -> None:
    for seed in range(0, SEEDS, 3):
        demand, supply = world(seed)
        result = plan(demand, supply, POLICY)
        for parcel in result.parcels:
            without = replace(demand, excluded=demand.excluded | {parcel.location_id})
            assert plan(without, supply, POLICY).cost_cents >= result.cost_cents


def test_ten_times_dearer_money_costs_ten_times_as_much() -> None:
    cheap = [shop("a", parcel=400, unit=7), shop("b", parcel=350, unit=30), shop("c", parcel=500)]
    dear = [shop("a", parcel=4000, unit=70), shop("b", parcel=3500, unit=300), shop("c", parcel=5000)]
    stock = {"v0": {"a": 1, "b": 2}, "v1": {"c": 3, "a": 1}, "v2": {"b": 1}}
    tenfold = replace(FLAT, split_cents=600, shortage_cents=50_000)
    one = plan(order(2, 2, 1), supply_of(cheap, stock), FLAT)
    ten = plan(order(2, 2, 1), supply_of(dear, stock), tenfold)
    assert ten.cost_cents == 10 * one.cost_cents
    assert parcels_of(ten) == parcels_of(one)


def test_single_unit_leaves_from_the_cheapest_place() -> None:
    supply = supply_of([shop("a", parcel=500), shop("b", parcel=390), shop("c", parcel=410)], {"v0": {"a": 1, "b": 1}})
    result = plan(order(1), supply, FLAT)
    assert parcels_of(result) == [("b", 0, {"0": 1})]
    assert (result.cost_cents, result.terms.shipping) == (390, 390)


def test_equal_costs_go_to_priority_then_id() -> None:
    stock = {"v0": {"a": 1, "b": 1, "c": 1}}
    by_priority = supply_of([shop("a", priority=2), shop("b", priority=1), shop("c", priority=1)], stock)
    assert plan(order(1), by_priority, FLAT).parcels[0].location_id == "b"


def test_one_line_splits_over_places_when_no_place_has_enough() -> None:
    supply = supply_of([shop("a"), shop("b", parcel=450)], {"v0": {"a": 2, "b": 5}})
    assert parcels_of(plan(order(6), supply, FLAT)) == [("a", 0, {"0": 1}), ("b", 0, {"0": 5})]
    assert plan(order(6), supply, FLAT).cost_cents == 910


def test_split_penalty_keeps_an_order_together() -> None:
    sites = [shop("a", parcel=100), shop("b", parcel=100), shop("c", parcel=250)]
    supply = supply_of(sites, {"v0": {"a": 1, "c": 1}, "v1": {"b": 1, "c": 1}})
    assert plan(order(1, 1), supply, replace(FLAT, split_cents=49)).cost_cents == 249
    assert parcels_of(plan(order(1, 1), supply, replace(FLAT, split_cents=51))) == [("c", 0, {"0": 1, "1": 1})]


def test_group_stays_in_one_parcel_or_unsent() -> None:
    lines = (DemandLine("x", "v0", 1, group="kit"), DemandLine("y", "v1", 2, group="kit"))
    supply = supply_of([shop("a"), shop("b")], {"v0": {"a": 1}, "v1": {"a": 1, "b": 2}})
    result = plan(Demand(lines, "web", "de", 9), supply, FLAT)
    assert (result.parcels, result.unsent, result.cost_cents) == ((), (("x", 1), ("y", 2)), 15_000)


def test_a_bundle_of_two_lines_of_one_article_needs_the_goods_of_both() -> None:
    lines = tuple(DemandLine(str(n), "v0", count, group="kit") for n, count in enumerate((3, 1)))
    demand = Demand(lines, "web", "de", 9)
    assert plan(demand, supply_of([shop("a")], {"v0": {"a": 3}}), FLAT).parcels == ()
    assert parcels_of(plan(demand, supply_of([shop("a")], {"v0": {"a": 4}}), FLAT)) == [("a", 0, {"0": 3, "1": 1})]


def test_ship_complete_sends_nothing_rather_than_a_part() -> None:
    supply = supply_of([shop("a")], {"v0": {"a": 1}})
    assert plan(order(1, 1), supply, FLAT).unsent == (("1", 1),)
    assert plan(order(1, 1, ship_complete=True), supply, FLAT).unsent == (("0", 1), ("1", 1))


def test_parcel_limit_leaves_the_rest_unsent() -> None:
    supply = supply_of([shop("a"), shop("b", parcel=300)], {"v0": {"a": 1}, "v1": {"b": 1}})
    assert len(plan(order(1, 1), supply, FLAT).parcels) == 2
    limited = plan(order(1, 1, max_parcels=1), supply, FLAT)
    assert (parcels_of(limited), limited.unsent) == ([("b", 0, {"1": 1})], (("0", 1),))
    assert plan(order(1, 1, max_parcels=0), supply, FLAT).parcels == ()


def test_pickup_is_served_by_the_agreed_store_only() -> None:
    supply = supply_of([shop("a", parcel=900), shop("b", parcel=100)], {"v0": {"a": 1, "b": 1}})
    result = plan(order(1, pickup_location_id="a"), supply, FLAT)
    assert (parcels_of(result), result.cost_cents) == ([("a", 0, {"0": 1})], 0)


def test_pickup_store_without_goods_leaves_the_line_unsent() -> None:
    supply = supply_of([shop("a"), shop("b")], {"v0": {"a": 0, "b": 1}})
    result = plan(order(1, pickup_location_id="a"), supply, FLAT)
    assert (result.parcels, result.unsent) == ((), (("0", 1),))


def test_inbound_goods_wait_for_one_parcel_when_waiting_is_cheaper() -> None:
    stock: dict[Id, dict[Id, Stock]] = {"v0": {"a": Stock(1)}, "v1": {"a": Stock(0, inbound=((2, 1),))}}
    supply = Supply(Network([shop("a")]), stock, 0)
    assert parcels_of(plan(order(1, 1), supply, FLAT)) == [("a", 2, {"0": 1, "1": 1})]
    urgent = plan(order(1, 1, promised_day=0), supply, replace(FLAT, late_unit_day_cents=400))
    assert parcels_of(urgent) == [("a", 0, {"0": 1}), ("a", 2, {"1": 1})]


def test_full_day_moves_the_parcel_to_the_next() -> None:
    supply = supply_of([shop("a")], {"v0": {"a": 9}}, capacity={"a": Capacity(units=(2, 0, 3, 3))})
    assert parcels_of(plan(order(3), supply, FLAT)) == [("a", 2, {"0": 3})]
    assert [parcel[1] for parcel in parcels_of(plan(order(5), supply, FLAT))] == [0, 2]


def test_priority_weighs_delay_and_shortage() -> None:
    sites = [shop("slow", parcel=100, transit=3), shop("fast", parcel=360)]
    supply = supply_of(sites, {"v0": {"slow": 1, "fast": 1}})
    policy = replace(FLAT, priority_factors=(1, 4))
    calm, vip = order(1, promised_day=1), order(1, promised_day=1, priority=1)
    assert plan(calm, supply, policy).parcels[0].location_id == "slow"
    assert plan(vip, supply, policy).parcels[0].location_id == "fast"


def test_units_dearer_to_send_than_to_owe_stay_unsent() -> None:
    supply = supply_of([shop("a", parcel=6000)], {"v0": {"a": 1}})
    assert plan(order(1), supply, FLAT).cost_cents == 5000


def test_stock_price_steers_but_is_no_true_cost() -> None:
    stock: dict[Id, dict[Id, Stock]] = {"v0": {"a": Stock(1, price_cents=300), "b": Stock(1)}}
    supply = Supply(Network([shop("a", parcel=200), shop("b", parcel=400)]), stock, 0)
    assert plan(order(1), supply, FLAT).parcels[0].location_id == "b"
    only = plan(order(1, excluded=frozenset({"b"})), supply, FLAT)
    assert (only.cost_cents, only.true_cost_cents) == (500, 200)


def test_units_that_get_cheaper_are_waited_for() -> None:
    stock: dict[Id, dict[Id, Stock]] = {"v0": {"a": Stock(1, 0, 900, ((2, 1),), None, (900, 50))}}
    supply = Supply(Network([shop("a", parcel=200)]), stock, 0)
    calm = plan(order(1, promised_day=9), supply, FLAT)
    assert parcels_of(calm) == [("a", 2, {"0": 1})]
    assert calm.terms.stock_price == 50
    assert parcels_of(plan(order(1, promised_day=0), supply, replace(FLAT, late_unit_day_cents=600))) == [
        ("a", 0, {"0": 1})
    ]


def test_demand_without_any_stock_is_unsent_with_its_price() -> None:
    result = plan(order(2), supply_of([shop("a")], {}), FLAT)
    assert (result.parcels, result.cost_cents) == ((), 10_000)


def test_huge_quantities_end_at_the_optimum_with_no_gap() -> None:
    supply = supply_of([shop("a", unit=5), shop("b", unit=3)], {"v0": {"a": 9000, "b": 2500}, "v1": {"a": 70, "b": 90}})
    result = plan(order(5000, 80), supply, FLAT)
    assert (result.cost_cents, result.gap_cents) == (400 + 400 + 60 + 2500 * 3 + 2500 * 5 + 80 * 3, 0)
    assert_feasible(order(5000, 80), supply, result)


def test_search_for_large_orders_finds_the_optimum_and_proves_it() -> None:
    proven = 0
    for seed in range(0, SEEDS, 3):
        demand, supply = world(seed)
        items, pools = items_of(demand, POLICY)
        places = find_candidates(demand, supply, POLICY, items, pools).places
        exact = plan(demand, supply, POLICY)
        problem = problem_of(demand, POLICY, items, pools)
        if not places or not exact.parcels:
            continue
        cost, _, bound = search(problem, places, exact.cost_cents + 1)
        assert bound <= exact.cost_cents <= cost, seed
        if not pools and not any(each.line_cents or each.offer.lane.weight_steps for each in places):
            assert (seed, cost, bound) == (seed, exact.cost_cents, exact.cost_cents)
            proven += 1
    assert proven >= 20


@pytest.mark.parametrize("seed", range(12))
def test_orders_too_large_for_the_program_end_at_the_optimum_too(seed: int) -> None:
    demand, supply = large_world(seed)
    result = plan(demand, supply, POLICY)
    assert (result.cost_cents, result.gap_cents) == (cheapest_by_solver(demand, supply, POLICY), 0)
    assert_feasible(demand, supply, result)


def many(places: int, lines: int, quantity: int, *, dearest: int = 0) -> tuple[Demand, Supply]:
    """A large order to stores that all send by one tariff, or by tariffs that differ a little."""
    rng = Random(1)
    sites = [Site(f"p{n}", {"DE": Lane(490 + rng.randint(0, dearest), 0, 1)}) for n in range(places)]
    stock: dict[Id, dict[Id, Stock]] = {
        f"v{n}": {f"p{m}": Stock(rng.randint(0, 20)) for m in range(places)} for n in range(lines)
    }
    wanted = tuple(DemandLine(f"l{n}", f"v{n}", quantity, 500) for n in range(lines))
    return Demand(wanted, "web", "DE", 5), Supply(Network(sites), stock, 0, 4)


def test_large_order_to_places_of_one_tariff_is_proven() -> None:
    """Hundreds of sets of places cost the same: only what a plan can cost at all tells that none is cheaper."""
    chosen = plan(*many(40, 3, 100), replace(POLICY, split_cents=50, shortage_cents=100_000))
    assert (chosen.cost_cents, len(chosen.parcels), chosen.gap_cents) == (7 * 490 + 6 * 50, 7, 0)


def test_search_ends_after_its_work_with_a_plan_and_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    given, policy = many(30, 4, 90, dearest=60), replace(POLICY, split_cents=50, shortage_cents=100_000)
    whole = plan(*given, policy)
    monkeypatch.setattr(bounding, "MAX_WORK", 1)
    short = plan(*given, policy)
    assert short.cost_cents >= whole.cost_cents >= short.cost_cents - short.gap_cents
    assert short.gap_cents > 0
    assert sum(count for parcel in short.parcels for _, count in parcel.lines) == 4 * 90
