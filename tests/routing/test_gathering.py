"""Many orders jointly, with one parcel a day from each dispatch group."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from kontor.core import expressions
from kontor.routing.batch import optimize
from kontor.routing.gathering import optimize_together
from kontor.routing.pooling import plan_together
from kontor.routing.ruling import Rule, RuleBook, RuleKind
from kontor.routing.sharing import Ledger, draw_of
from kontor.routing.values import Capacity, Demand, DemandLine, FulfillmentPlan, Id, Network, Site, Stock, Supply
from routing.test_pooling import room
from routing.worlds import POLICY

ROOMS = [room("a", priority=1), room("b", priority=2), room("c", priority=3)]
FAR = room("far", group=None)


def supply_of(stock: dict[str, dict[str, int]], *sites: Site, **more: object) -> Supply:
    rows: dict[Id, dict[Id, Stock]] = {
        variant: {place: Stock(units) for place, units in places.items()} for variant, places in stock.items()
    }
    return Supply(Network(sites or (*ROOMS, FAR)), rows, 0, **more)  # type: ignore[arg-type]


def order(quantity: int = 1, variant: str = "v", **more: object) -> Demand:
    return Demand((DemandLine("l", variant, quantity),), "web", "north", 5, **more)  # type: ignore[arg-type]


def together(demands: dict[Id, Demand], supply: Supply, **more: object) -> dict[Id, FulfillmentPlan]:
    return dict(optimize_together(demands, supply, replace(POLICY, **more), seconds=20, rounds=3).plans)  # type: ignore[arg-type]


def places(plan: FulfillmentPlan) -> list[Id]:
    return sorted((each.location_id for each in plan.parcels), key=str)


def test_what_a_house_sends_an_order_is_one_parcel() -> None:
    supply = supply_of({"v": {"a": 2, "b": 1, "c": 1, "far": 1}})
    found = optimize_together({"one": order(2), "two": order(2)}, supply, POLICY, seconds=20, rounds=3)
    assert found.cost_cents == found.bound_cents == 2 * (400 + 100 + 2 * 10)
    assert sorted(map(places, found.plans.values())) == [["a"], ["b", "c"]]
    assert [sorted(sum(part.terms) for part in each.parcels) for each in found.plans.values()] in (
        [[520], [0, 520]], [[0, 520], [520]],
    )  # fmt: skip
    apart = optimize({"one": order(2), "two": order(2)}, supply, POLICY, seconds=20, rounds=3)
    assert apart.cost_cents == found.cost_cents + 400 + 100 + POLICY.split_cents


def test_the_door_is_the_member_that_refuses_least() -> None:
    rooms = [replace(each, rejection_permille=n) for each, n in zip(ROOMS, (90, 10, 50), strict=True)]
    (plan,) = together(
        {"one": order(2)}, supply_of({"v": {"a": 1, "c": 1, "b": 0}}, *rooms), rejection_cents=300
    ).values()
    assert (places(plan), plan.terms.rejection) == (["a", "c"], 3)


def test_goods_that_stay_together_come_from_one_member_or_from_elsewhere() -> None:
    supply = supply_of({"v": {"a": 1, "b": 1, "far": 2}})
    kit = Demand((DemandLine("l", "v", 2, no_split=True),), "web", "north", 5)
    found = together({"loose": order(1), "kit": kit}, supply)
    assert places(found["kit"]) == ["far"]
    assert not found["loose"].unsent
    two = together({"kit": kit}, supply_of({"v": {"a": 1, "b": 2}}))
    assert places(two["kit"]) == ["b"]


@pytest.mark.parametrize("how", ["excluded", "rules", "costs", "capacity"])
def test_members_that_differ_stay_places_of_their_own(how: str) -> None:
    supply, policy, demand = supply_of({"v": {"a": 1, "b": 1}}), POLICY, order(2)
    if how == "excluded":
        demand = order(1, excluded=frozenset({"a"}))
    elif how == "rules":
        rules = (Rule("not from b", RuleKind.KEEP_OUT, 'place.code == "b"'),)
        policy = replace(POLICY, rules=RuleBook(rules, expressions.evaluate))
    elif how == "costs":
        supply = supply_of({"v": {"a": 1, "b": 1}}, ROOMS[0], replace(ROOMS[1], handling_parcel_cents=99))
    else:
        supply = replace(supply, capacity={"b": Capacity((1, 1, 1, 1))})
    jointly = optimize_together({"one": demand}, supply, policy, seconds=20, rounds=3)
    apart = optimize({"one": demand}, supply, policy, seconds=20, rounds=3)
    assert (jointly.plans, jointly.cost_cents) == (apart.plans, apart.cost_cents)


def test_a_member_that_rules_keep_out_gives_nothing_to_a_single_order_either() -> None:
    rules = (Rule("not from b", RuleKind.KEEP_OUT, 'place.code == "b"'),)
    policy = replace(POLICY, rules=RuleBook(rules, expressions.evaluate))
    supply = supply_of({"v": {"a": 1, "b": 1, "c": 1}})
    assert places(plan_together(order(3), supply, policy)) == ["a", "c"]


@pytest.mark.parametrize("seed", range(25))
def test_joint_plans_of_houses_take_what_is_there_and_cost_what_they_say(seed: int) -> None:
    rng = Random(seed)
    sites = [
        replace(room(name, priority=rng.randint(0, 3)), dispatch_group=rng.choice(("x", "x", None)))
        for name in ("a", "b", "c", "d")
    ]
    stock: dict[Id, dict[Id, Stock]] = {
        variant: {
            site.location_id: Stock(
                rng.randint(0, 3), rng.choice((0, 0, 1)), inbound=rng.choice(((), ((2, 2),))),
                reserved=rng.choice((None, None, {"web": 1}, {"app": 2})),
            )
            for site in sites
        }
        for variant in ("v", "w")
    }  # fmt: skip
    supply = Supply(Network(sites), stock, 0)
    demands: dict[Id, Demand] = {
        f"O{n}": Demand(
            (
                DemandLine("1", "v", rng.randint(1, 3), group=rng.choice((None, None, "kit"))),
                DemandLine("2", rng.choice(("v", "w")), rng.randint(1, 2), no_split=rng.random() < 0.3),
            ),
            rng.choice(("web", "app")), "north", rng.randint(0, 4),
        )
        for n in range(5)
    }  # fmt: skip
    found = optimize_together(demands, supply, POLICY, seconds=20, rounds=2)
    assert list(found.plans) == list(demands)
    assert found.bound_cents <= found.cost_cents == sum(sum(each.terms) for each in found.plans.values())
    ledger = Ledger(supply)
    for name, plan in found.plans.items():
        lines = {line.line_id: line for line in demands[name].lines}
        sent: Counter[Id] = Counter(dict(plan.unsent))
        for parcel in plan.parcels:
            slots = []
            for line_id, count in parcel.lines:
                sent[line_id] += count
                slots.append(
                    (
                        ledger.slot(lines[line_id].variant_id, parcel.location_id, parcel.day, demands[name].channel),
                        count,
                    )
                )
                if lines[line_id].no_split:
                    assert count == lines[line_id].quantity
            draw = draw_of(slots, ())
            assert ledger.fits(draw)
            ledger.take(draw)
        assert sent == {line_id: line.quantity for line_id, line in lines.items()}
