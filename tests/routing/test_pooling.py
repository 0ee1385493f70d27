"""Places of one dispatch group leave in one parcel."""

from dataclasses import replace
from random import Random

import pytest

from kontor.routing.candidates import available
from kontor.routing.planner import plan
from kontor.routing.pooling import plan_together
from kontor.routing.replaying import Replay
from kontor.routing.values import Capacity, Demand, DemandLine, Id, Lane, Network, Site, Stock, Supply
from routing.worlds import POLICY, world

LANE = Lane(400, 0, 1)


def room(name: str, *, priority: int = 0, group: str | None = "house", hazmat: bool = True, lead_days: int = 0) -> Site:
    return Site(
        name,
        {"north": LANE},
        priority=priority,
        dispatch_group=group,
        hazmat=hazmat,
        lead_days=lead_days,
        handling_parcel_cents=100,
        handling_unit_cents=10,
    )


def three_rooms(*sites: Site, quantity: int = 3, **changes: object) -> tuple[Demand, Supply]:
    """An article of which each room has one piece."""
    rows: dict[Id, Stock] = {site.location_id: Stock(1) for site in sites}
    demand = Demand((DemandLine("l", "v", quantity),), "web", "north", 5)
    return demand, replace(Supply(Network(sites), {"v": rows}, 0), **changes)  # type: ignore[arg-type]


def test_three_units_from_three_rooms_of_one_house_are_one_parcel() -> None:
    demand, supply = three_rooms(room("a"), room("b"), room("c"))
    together = plan_together(demand, supply, POLICY)
    assert together.cost_cents == 400 + 100 + 3 * 10
    assert plan(demand, supply, POLICY).cost_cents == 3 * (400 + 100 + 10) + 2 * POLICY.split_cents
    assert [(each.location_id, each.lines) for each in together.parcels] == [
        ("a", (("l", 1),)), ("b", (("l", 1),)), ("c", (("l", 1),)),
    ]  # fmt: skip
    assert [sum(each.terms) for each in together.parcels] == [530, 0, 0]
    assert sum(together.terms) == together.cost_cents
    assert together.is_complete


def test_a_replay_counts_and_values_one_parcel_of_a_house() -> None:
    demand, supply = three_rooms(room("a"), room("b"), room("c"))
    decided: dict[tuple[Id, Id], int] = {("l", name): 1 for name in ("a", "b", "c")}
    replay = Replay()
    found = replay.step(demand, supply, (POLICY, replace(POLICY, version="other", split_cents=9_000)), decided)
    side = replay.before
    assert (side.cost, side.valued, side.paid, side.parcels, side.units) == (530, 530, 530, 1, 3)
    assert side.load == {"a": [1, 1], "b": [1, 1], "c": [1, 1]}
    assert (replay.after.cost, replay.as_decided, replay.changed, found.saving) == (530, 1, 0, 0)


def test_a_place_outside_the_group_still_costs_a_parcel_of_its_own() -> None:
    demand, supply = three_rooms(room("a"), room("b"), room("c", group=None))
    together = plan_together(demand, supply, POLICY)
    assert together.cost_cents == (400 + 100 + 20) + (400 + 100 + 10) + POLICY.split_cents


def test_as_few_members_as_possible_are_asked() -> None:
    demand, supply = three_rooms(room("a"), room("b"), room("c"), quantity=2)
    stock: dict[Id, dict[Id, Stock]] = {"v": {**supply.stock["v"], "c": Stock(2)}}
    far = replace(supply, stock=stock)
    assert [each.location_id for each in plan_together(demand, far, POLICY).parcels] == ["c"]


@pytest.mark.parametrize(
    ("other", "changes"),
    [
        (room("b", hazmat=False), {}),
        (room("b", lead_days=1), {}),
        (room("b"), {"capacity": {"b": Capacity((5, 5, 5, 5))}}),
        (room("b"), {"release_days": {"b": (1, 2)}}),
    ],
    ids=["other abilities", "slower", "a capacity of its own", "closed when the door works"],
)
def test_a_member_that_differs_from_the_door_stays_a_place_of_its_own(other: Site, changes: dict[str, object]) -> None:
    demand, supply = three_rooms(room("a"), other, quantity=2, **changes)
    assert plan_together(demand, supply, POLICY) == plan(demand, supply, POLICY)


def test_goods_that_stay_together_come_from_one_member() -> None:
    demand, supply = three_rooms(room("a"), room("b"), quantity=2)
    whole = replace(demand, lines=(replace(demand.lines[0], no_split=True),))
    assert plan_together(whole, supply, POLICY) == plan(whole, supply, POLICY)


def test_expected_goods_of_one_member_wait_for_their_day() -> None:
    sites = (room("a"), room("b"))
    stock: dict[Id, dict[Id, Stock]] = {"v": {"a": Stock(1), "b": Stock(0, inbound=((2, 1),))}}
    demand = Demand((DemandLine("l", "v", 2),), "web", "north", 5)
    together = plan_together(demand, Supply(Network(sites), stock, 0), POLICY)
    assert {(each.location_id, each.day) for each in together.parcels} == {("a", 2), ("b", 2)}
    assert together.cost_cents == 400 + 100 + 20


@pytest.mark.parametrize("seed", range(60))
def test_groups_never_cost_more_and_send_only_what_their_places_have(seed: int) -> None:
    demand, supply = world(seed)
    rng = Random(seed)
    sites = [replace(site, dispatch_group=rng.choice(("x", "y"))) for site in supply.network.sites.values()]
    grouped = replace(supply, network=Network(sites), capacity={}, release_days={})
    alone = plan(demand, grouped, POLICY)
    found = plan_together(demand, grouped, POLICY)
    assert found.cost_cents == sum(found.terms) <= alone.cost_cents
    variants = {line.line_id: line.variant_id for line in demand.lines}
    sent: dict[Id, int] = dict(found.unsent)
    for day in sorted({parcel.day for parcel in found.parcels}):
        used: dict[tuple[Id, Id], int] = {}
        for parcel in (each for each in found.parcels if each.day <= day):
            for line_id, count in parcel.lines:
                key = (parcel.location_id, variants[line_id])
                used[key] = used.get(key, 0) + count
        for (location_id, variant_id), count in used.items():
            assert count <= available(supply.stock[variant_id][location_id], demand.channel, day)
    for parcel in found.parcels:
        for line_id, count in parcel.lines:
            sent[line_id] = sent.get(line_id, 0) + count
    assert sent == {line.line_id: line.quantity for line in demand.lines}
