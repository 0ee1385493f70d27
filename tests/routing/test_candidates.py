from dataclasses import replace
from typing import Any

import pytest

from kontor.routing.candidates import FORBIDDEN, Item, Place, Pool, available, items_of
from kontor.routing.surveying import find_candidates
from kontor.routing.values import Capacity, Demand, DemandLine, Lane, Network, Reason, Site, Stock, Supply
from routing.worlds import POLICY

SITE = Site("a", {"de": Lane(400, 20, 1)}, hands_over=True, handling_parcel_cents=100, handling_unit_cents=30)
LINE = DemandLine("1", "v", 2, 500)
DEMAND = Demand((LINE,), "web", "de", 9)


def supply_of(site: Site = SITE, row: Stock = Stock(5), **more: object) -> Supply:
    return replace(Supply(Network([site]), {"v": {site.location_id: row}}, 0), **more)  # type: ignore[arg-type]


def look(demand: Demand, supply: Supply) -> tuple[list[Place], list[tuple[object, Reason]]]:
    items, pools = items_of(demand, POLICY)
    found = find_candidates(demand, supply, POLICY, items, pools)
    return found.places, list(found.eliminated)


@pytest.mark.parametrize(
    ("site", "demand", "more", "reason"),
    [
        (replace(SITE, active=False), DEMAND, {}, Reason.INACTIVE),
        (replace(SITE, accepting=False), DEMAND, {}, Reason.NOT_ACCEPTING),
        (replace(SITE, channels=frozenset({"shop"})), DEMAND, {}, Reason.CHANNEL_NOT_ALLOWED),
        (replace(SITE, ships=False), DEMAND, {}, Reason.NO_SHIPPING),
        (SITE, replace(DEMAND, region="fr"), {}, Reason.REGION_NOT_SERVED),
        (SITE, replace(DEMAND, pickup_location_id="b"), {}, Reason.NOT_THE_AGREED_STORE),
        (replace(SITE, hands_over=False), replace(DEMAND, pickup_location_id="a"), {}, Reason.NO_PICKUP),
        (SITE, replace(DEMAND, excluded=frozenset({"a"})), {}, Reason.EXCLUDED),
        (SITE, DEMAND, {"release_days": {"a": ()}}, Reason.CLOSED),
        (SITE, DEMAND, {"release_days": {"a": (4, 5)}}, Reason.CLOSED),
        (SITE, DEMAND, {"stock": {"v": {"a": Stock(1, safety=1)}}}, Reason.NO_STOCK),
        (SITE, DEMAND, {"stock": {"v": {"a": Stock(0, inbound=((4, 9),))}}}, Reason.NO_STOCK),
        (SITE, DEMAND, {"capacity": {"a": Capacity(units=(0, 0))}}, Reason.NO_CAPACITY),
        (SITE, DEMAND, {"capacity": {"a": Capacity(parcels=(0,))}}, Reason.NO_CAPACITY),
        (
            replace(SITE, hazmat=False),
            replace(DEMAND, lines=(replace(LINE, hazmat=True),)),
            {},
            Reason.HAZMAT_NOT_ALLOWED,
        ),
        (replace(SITE, bulky=False), replace(DEMAND, lines=(replace(LINE, bulky=True),)), {}, Reason.BULKY_NOT_ALLOWED),
    ],
)
def test_refused_place_names_its_reason(site: Site, demand: Demand, more: dict[str, Any], reason: Reason) -> None:
    assert look(demand, supply_of(site, **more)) == ([], [("a", reason)])


def test_usual_place_is_one_parcel_on_the_first_day() -> None:
    places, eliminated = look(DEMAND, supply_of())
    assert eliminated == []
    assert [(p.day, p.fixed, p.unit, p.available, p.whole, p.roof) for p in places] == [(0, 500, [40], [2], [80], None)]


def test_quick_and_thorough_look_agree() -> None:
    quick, _ = look(DEMAND, supply_of())
    thorough, _ = look(DEMAND, supply_of(release_days={"a": (0, 1, 2, 3)}))
    assert thorough == quick


def test_later_day_is_a_place_only_where_it_brings_more() -> None:
    places, _ = look(DEMAND, supply_of(row=Stock(1, inbound=((2, 1), (3, 5)))))
    assert [(p.day, p.available) for p in places] == [(0, [1]), (2, [2])]


def test_scarce_or_dear_day_keeps_the_later_one_open() -> None:
    scarce, _ = look(DEMAND, supply_of(capacity={"a": Capacity(units=(1, 9, 9, 9))}))
    dear, _ = look(DEMAND, supply_of(capacity={"a": Capacity(unit_price=(50, 20))}))
    assert [(p.day, p.roof) for p in scarce] == [(0, 1), (1, 9)]
    assert [(p.day, p.unit) for p in dear] == [(0, [90]), (1, [60]), (2, [40])]


def test_closed_days_are_no_release_days() -> None:
    places, _ = look(DEMAND, supply_of(release_days={"a": (1, 3)}))
    assert [p.day for p in places] == [1]


@pytest.mark.parametrize(("channel", "units"), [("market", 4), ("web", 3), ("shop", 2)])
def test_channel_uses_its_reservation_and_the_free_rest(channel: str, units: int) -> None:
    stock = Stock(6, safety=1, reserved={"market": 2, "web": 1})
    assert available(stock, channel, 0) == units


def test_reservations_beyond_the_stock_leave_the_rest_nothing() -> None:
    stock = Stock(1, reserved={"market": 5})
    assert [available(stock, channel, 0) for channel in ("market", "web")] == [1, 0]
    assert available(Stock(-3, inbound=((1, 2),)), "web", 1) == 0


def test_groups_and_unsplittable_lines_move_as_one() -> None:
    lines = (
        DemandLine("1", "v", 2, shortage_cents=100, group="kit"),
        DemandLine("2", "w", 3, shortage_cents=10, no_split=True),
        DemandLine("3", "x", 1, shortage_cents=50, group="kit"),
        DemandLine("4", "y", 4, 90, shortage_cents=7),
    )
    items, pools = items_of(replace(DEMAND, lines=lines), POLICY)
    assert items == [
        Item(((1, 3),), 1, 30, 3, 0),
        Item(((3, 1),), 4, 7, 1, 90),
        Item(((0, 2), (2, 1)), 1, 250, 3, 0),
    ]
    assert pools == []


def test_group_is_available_only_as_a_whole() -> None:
    lines = (DemandLine("1", "v", 2, group="kit"), DemandLine("2", "w", 1, group="kit"), DemandLine("3", "v", 1))
    stock = {"v": {"a": Stock(2)}, "w": {"a": Stock(0)}}
    items, pools = items_of(replace(DEMAND, lines=lines), POLICY)
    places, _ = look(replace(DEMAND, lines=lines), supply_of(stock=stock))
    assert pools == [Pool("v", (1, 2))]
    assert [(p.available, p.whole[1], p.limits) for p in places] == [([1, 0], FORBIDDEN, (2,))]
    assert len(items) == 2


def test_places_come_by_priority_then_id() -> None:
    sites = [replace(SITE, location_id=name, priority=rank) for name, rank in (("c", 0), ("b", 1), ("a", 1))]
    supply = Supply(Network(sites), {"v": {name: Stock(2) for name in "abc"}}, 0)
    assert [p.offer.site.location_id for p in look(DEMAND, supply)[0]] == ["c", "a", "b"]


def test_stock_at_an_unknown_place_is_ignored() -> None:
    assert look(DEMAND, supply_of(stock={"v": {"ghost": Stock(5)}})) == ([], [])
