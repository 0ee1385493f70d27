"""Joint plans: always feasible, never above one by one, never below the bound, and the cheapest where all are tried."""

import sys
from collections.abc import Iterator, Mapping
from itertools import product
from random import Random

import pytest

from kontor.routing.batch import BatchPlan, optimize
from kontor.routing.planner import plan
from kontor.routing.seeking import seek, seeker_of
from kontor.routing.sharing import Ledger
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
from routing.worlds import CHANNELS, POLICY, REGIONS, world

LONG = 1e9


def batch_of(seed: int, orders: int) -> tuple[dict[Id, Demand], Supply]:
    """The supply of one random world and demands of others, whose variants and regions have the same names."""
    _, supply = world(seed)
    return {f"o{n}": world(seed * 1000 + n)[0] for n in range(orders)}, supply


def errors_of(demands: Mapping[Id, Demand], supply: Supply, plans: Mapping[Id, FulfillmentPlan]) -> list[str]:
    """What a joint plan takes beyond stock, reservations and capacity, counted from its parcels alone."""
    found: list[str] = []
    units: dict[tuple[Id, int], int] = {}
    parcels: dict[tuple[Id, int], int] = {}
    used: dict[tuple[Id, Id], list[tuple[int, str, int]]] = {}
    for name, chosen in plans.items():
        lines = {line.line_id: line for line in demands[name].lines}
        for parcel in chosen.parcels:
            where = (parcel.location_id, parcel.day)
            parcels[where] = parcels.get(where, 0) + 1
            for line, count in parcel.lines:
                units[where] = units.get(where, 0) + count
                shelf = used.setdefault((lines[line].variant_id, parcel.location_id), [])
                shelf.append((parcel.day, demands[name].channel, count))
    for (place, day), count in units.items():
        limit = supply.capacity.get(place, Capacity())
        if limit.units is not None and count > limit.units[day - supply.today]:
            found.append(f"{place} sends {count} units on {day}")
        if limit.parcels is not None and parcels[place, day] > limit.parcels[day - supply.today]:
            found.append(f"{place} sends {parcels[place, day]} parcels on {day}")
    for (variant, place), rows in used.items():
        stock = supply.stock[variant][place]
        kept = stock.reserved or {}
        for day in range(supply.today, supply.today + supply.horizon_days):
            there = stock.on_hand - stock.safety + sum(n for eta, n in stock.inbound if eta <= day)
            gone = {channel: sum(n for d, c, n in rows if c == channel and d <= day) for channel in CHANNELS}
            beyond = sum(max(0, n - kept.get(channel, 0)) for channel, n in gone.items())
            if sum(gone.values()) > max(0, there) or beyond > max(0, there - sum(kept.values())):
                found.append(f"{variant} at {place} by {day}: {gone} of {stock}")
    return found


def whole_and_priced(demands: Mapping[Id, Demand], batch: BatchPlan) -> bool:
    """Whether every unit is sent or owed, and the terms sum to the cost."""
    for name, demand in demands.items():
        chosen = batch.plans[name]
        sent = dict(chosen.unsent)
        for parcel in chosen.parcels:
            for line, count in parcel.lines:
                sent[line] = sent.get(line, 0) + count
        if sent != {line.line_id: line.quantity for line in demand.lines} or chosen.cost_cents != sum(chosen.terms):
            return False
    return batch.cost_cents == sum(chosen.cost_cents for chosen in batch.plans.values())


def one_by_one(demands: Mapping[Id, Demand], supply: Supply) -> int:
    """What the orders cost when each takes the best of what those before it left."""
    ledger = Ledger(supply)
    seekers = [seeker_of(each, supply, POLICY, ledger) for each in demands.values()]
    cost = 0
    for seeker in sorted(seekers, key=lambda each: (-each.demand.priority, each.demand.promised_day)):
        option, _, _ = seek(seeker, ledger, None)
        assert ledger.fits(option.draw)
        ledger.take(option.draw)
        cost += option.cost
    return cost


@pytest.mark.parametrize("seed", range(12))
def test_joint_plan_is_feasible_within_bound_and_one_by_one(seed: int) -> None:
    demands, supply = batch_of(seed, 14)
    batch = optimize(demands, supply, POLICY, seconds=LONG, rounds=8)
    assert errors_of(demands, supply, batch.plans) == []
    assert whole_and_priced(demands, batch)
    assert batch.bound_cents <= batch.cost_cents <= one_by_one(demands, supply)
    assert batch.bound_cents >= sum(plan(each, supply, POLICY).cost_cents for each in demands.values())


def test_check_of_feasibility_finds_what_is_taken_twice() -> None:
    found = 0
    for seed in range(12):
        demands, supply = batch_of(seed, 14)
        found += bool(errors_of(demands, supply, {name: plan(each, supply, POLICY) for name, each in demands.items()}))
    assert found >= 10


def splits(line: DemandLine, places: list[Id]) -> Iterator[dict[Id, int]]:
    """Every way to send some of a line from some places."""
    for counts in product(range(line.quantity + 1), repeat=len(places)):
        if sum(counts) <= line.quantity:
            yield dict(zip(places, counts, strict=True))


def tiny(seed: int) -> tuple[dict[Id, Demand], Supply, Policy]:
    """Three orders of up to two lines, two places, one day: few enough to try every joint plan."""
    rng = Random(seed)
    sites = [
        Site(f"p{n}", {"north": Lane(rng.randint(300, 600))}, handling_unit_cents=rng.randint(0, 90)) for n in range(2)
    ]
    stock: dict[Id, dict[Id, Stock]] = {
        v: {site.location_id: Stock(rng.randint(0, 2), price_cents=rng.choice((0, 50))) for site in sites} for v in "ab"
    }
    capacity: dict[Id, Capacity] = {"p0": Capacity((rng.randint(1, 3),), (rng.randint(1, 3),))}
    demands: dict[Id, Demand] = {}
    for n in range(3):
        variants = rng.sample("ab", rng.randint(1, 2))
        lines = tuple(DemandLine(v, v, rng.choice((1, 1, 2)), shortage_cents=rng.randint(400, 2000)) for v in variants)
        demands[f"o{n}"] = Demand(lines, "web", "north", 0, rng.randint(0, 1))
    return demands, Supply(Network(sites), stock, 0, 1, capacity), Policy("t", split_cents=60, priority_factors=(1, 2))


def cost_of(demand: Demand, ways: tuple[dict[Id, int], ...], supply: Supply, policy: Policy) -> int:
    used = {place for way in ways for place, n in way.items() if n}
    cost = policy.split_cents * max(0, len(used) - 1)
    cost += sum(supply.network.sites[place].lanes["north"].parcel_cents for place in used)
    for line, way in zip(demand.lines, ways, strict=True):
        owed = line.quantity - sum(way.values())
        cost += policy.factor(demand.priority) * (line.shortage_cents or 0) * owed
        for place, n in way.items():
            each = supply.network.sites[place].handling_unit_cents + supply.stock[line.variant_id][place].price_cents
            cost += n * each
    return cost


def cheapest_of_all(demands: Mapping[Id, Demand], supply: Supply, policy: Policy) -> int:
    """The optimum by trying every state of what is left after every order."""
    places = list(supply.network.sites)
    room = supply.capacity["p0"]
    assert room.units is not None
    assert room.parcels is not None
    left = {(v, p): row.on_hand for v, rows in supply.stock.items() for p, row in rows.items()}
    keys = [*left, "units", "parcels"]
    states = {(*left.values(), room.units[0], room.parcels[0]): 0}
    for demand in demands.values():
        after: dict[tuple[int, ...], int] = {}
        for ways in product(*[splits(line, places) for line in demand.lines]):
            cost = cost_of(demand, ways, supply, policy)
            taken = dict.fromkeys(keys, 0)
            for line, way in zip(demand.lines, ways, strict=True):
                for place, n in way.items():
                    taken[line.variant_id, place] += n
            taken["units"] = sum(way["p0"] for way in ways)
            taken["parcels"] = min(1, taken["units"])
            for state, spent in states.items():
                rest = tuple(have - taken[key] for have, key in zip(state, keys, strict=True))
                if min(rest) >= 0:
                    after[rest] = min(after.get(rest, 1 << 60), spent + cost)
        states = after
    return min(states.values())


@pytest.mark.parametrize("seed", range(25))
def test_tiny_batch_is_optimal_and_proven(seed: int) -> None:
    demands, supply, policy = tiny(seed)
    batch = optimize(demands, supply, policy, seconds=LONG, rounds=40)
    assert batch.cost_cents == cheapest_of_all(demands, supply, policy)
    assert batch.gap_cents == 0


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_ledger_gives_back_exactly_what_was_taken(seed: int) -> None:
    demands, supply = batch_of(seed, 20)
    ledger, rng = Ledger(supply), Random(seed)
    seekers = [seeker_of(each, supply, POLICY, ledger) for each in demands.values()]
    full = ledger.left()
    taken = []
    for seeker in seekers:
        before = ledger.left()
        option, _, _ = seek(seeker, ledger, None)
        ledger.take(option.draw)
        ledger.give(option.draw)
        assert ledger.left() == before
        ledger.take(option.draw)
        assert min(map(min, filter(None, ledger.left())), default=0) >= 0
        taken.append(option.draw)
    assert ledger.left() != full
    rng.shuffle(taken)
    for draw in taken:
        ledger.give(draw)
    assert ledger.left() == full


def test_same_seed_and_rounds_give_the_same_plans() -> None:
    demands, supply = batch_of(3, 16)
    runs = [optimize(demands, supply, POLICY, seconds=LONG, rounds=12, seed=5) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("seed", range(4))
def test_without_solver_the_bound_is_each_order_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    demands, supply = batch_of(seed, 14)
    batch = optimize(demands, supply, POLICY, seconds=LONG, rounds=4)
    assert errors_of(demands, supply, batch.plans) == []
    assert batch.bound_cents == sum(plan(each, supply, POLICY).cost_cents for each in demands.values())
    assert batch.bound_cents <= batch.cost_cents <= one_by_one(demands, supply)


def test_orders_that_contest_nothing_are_planned_apart_and_proven() -> None:
    sites = [Site("p", dict.fromkeys(REGIONS, Lane(400)))]
    stock: dict[Id, dict[Id, Stock]] = {"v": {"p": Stock(5)}}
    demands: dict[Id, Demand] = {n: Demand((DemandLine("1", "v", 2),), "web", "north", 0) for n in ("a", "b")}
    batch = optimize(demands, Supply(Network(sites), stock, 0), POLICY, seconds=LONG)
    assert (batch.parts, batch.rounds, batch.gap_cents, batch.cost_cents) == (2, 0, 0, 800)


def test_every_order_is_planned_whatever_the_time() -> None:
    demands, supply = batch_of(2, 14)
    batch = optimize(demands, supply, POLICY, seconds=0)
    assert (batch.rounds, batch.cost_cents) == (0, one_by_one(demands, supply))


def test_nothing_to_plan_costs_nothing() -> None:
    _, supply = world(1)
    batch = optimize({}, supply, POLICY, seconds=1)
    assert (batch.plans, batch.cost_cents, batch.bound_cents, batch.gap) == ({}, 0, 0, 0)


def test_channel_uses_its_reservation_first_and_the_others_leave_it() -> None:
    sites = [Site("p", dict.fromkeys(REGIONS, Lane(400)))]
    stock: dict[Id, dict[Id, Stock]] = {"v": {"p": Stock(3, reserved={"market": 1})}}
    line = (DemandLine("1", "v", 2, shortage_cents=5000),)
    demands: dict[Id, Demand] = {c: Demand(line, c, "north", 0) for c in CHANNELS}
    batch = optimize(demands, Supply(Network(sites), stock, 0), POLICY, seconds=LONG, rounds=20)
    assert batch.cost_cents == 400 + 400 + 5000
    assert batch.gap_cents == 0
    assert errors_of(demands, Supply(Network(sites), stock, 0), batch.plans) == []


def test_a_kit_of_one_line_takes_its_own_goods_from_the_shelf() -> None:
    """Its item comes after the others, so items and lines are not in the same order."""
    site = Site("a", {"north": Lane(400, 0, 1)})
    lines = (DemandLine("1", "v", 1, group="kit"), DemandLine("2", "w", 2))
    demands: dict[Id, Demand] = {f"o{n}": Demand(lines, "web", "north", 5) for n in range(2)}
    supply = Supply(Network([site]), {"v": {"a": Stock(1)}, "w": {"a": Stock(4)}}, 0)
    found = optimize(demands, supply, POLICY, seconds=LONG, rounds=2)
    assert errors_of(demands, supply, found.plans) == []
    assert sum(dict(each.unsent).get("1", 0) for each in found.plans.values()) == 1
