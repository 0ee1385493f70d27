"""Routing problems are read from JSON exactly, or refused with the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from kontor.routing.instances import InvalidInstance, decision_json, read_instance
from kontor.routing.planner import plan
from kontor.routing.values import Capacity, Lane, Stock

INSTANCE: dict[str, Any] = {
    "format": "routing-instance/1",
    "mode": "independent",
    "now": 0,
    "horizon_days": 3,
    "tariff": {"bulky_unit_cents": 1500},
    "policy": {
        "split_cents": 60,
        "late_parcel_day_cents": 120,
        "late_unit_day_cents": 40,
        "priority_factor": {"0": 1, "1": 2, "2": 4},
    },
    "skus": [
        {"id": "lamp", "weight_g": 800, "value_cents": 4000, "bulky": True, "hazmat": False, "shortage_cents": 9000},
        {"id": "bulb", "weight_g": 50, "value_cents": 300, "bulky": False, "hazmat": False, "shortage_cents": 900},
    ],
    "locations": [
        {
            "id": "hall", "type": "warehouse", "lat": 52.5, "lon": 13.4, "active": True, "channels": None,
            "lead_days": 1, "hazmat": True, "bulky": True, "handling_parcel_cents": 100, "handling_unit_cents": 10,
            "unit_capacity": [0, 2, 9], "parcel_capacity": None, "unit_capacity_price": [0, 5, 0],
        },
        {
            "id": "shop", "type": "store", "lat": 48.1, "lon": 11.6, "active": True, "channels": ["web"],
            "lead_days": 0, "hazmat": False, "bulky": False, "handling_parcel_cents": 200, "handling_unit_cents": 30,
            "unit_capacity": None, "parcel_capacity": None, "unit_capacity_price": None,
        },
    ],
    "lanes": {"hall": {"south": [580, 400, 30, 2]}, "shop": {"south": [10, 390, 20, 1]}},
    "stock": [
        {"location": "hall", "sku": "lamp", "on_hand": 3, "safety": 1, "price_cents": -20},
        {"location": "shop", "sku": "bulb", "on_hand": 1, "safety": 0, "price_cents": 7},
    ],
    "inbound": [{"location": "hall", "sku": "bulb", "qty": 5, "day": 2}],
    "reservations": [{"location": "hall", "sku": "bulb", "channel": "web", "qty": 1}],
    "orders": [
        {
            "id": "O1", "channel": "web", "region": "south", "priority": 1, "promised_day": 4, "max_parcels": None,
            "ship_complete": False,
            "lines": [{"id": "1", "sku": "lamp", "qty": 1}, {"id": "2", "sku": "bulb", "qty": 1, "no_split": True}],
        }
    ],
}  # fmt: skip


def test_everything_of_an_instance_is_read() -> None:
    instance = read_instance(INSTANCE)
    supply, demand = instance.supply, instance.demands["O1"]
    assert (instance.mode, supply.today, supply.horizon_days) == ("independent", 0, 3)
    assert supply.stock["lamp"] == {"hall": Stock(3, 1, -20)}
    assert supply.stock["bulb"] == {"shop": Stock(1, 0, 7), "hall": Stock(0, 0, 0, ((2, 5),), {"web": 1})}
    assert supply.capacity == {"hall": Capacity((0, 2, 9), None, (0, 5, 0))}
    hall, shop = supply.network.sites["hall"], supply.network.sites["shop"]
    assert hall.lanes == {"south": Lane(400, 30, 2, 580)}
    assert (hall.channels, hall.lead_days, hall.handling_parcel_cents, hall.handling_unit_cents) == (None, 1, 100, 10)
    assert (shop.channels, shop.hazmat, shop.bulky) == (frozenset(["web"]), False, False)
    assert (instance.policy.priority_factors, instance.policy.bulky_unit_cents) == ((1, 2, 4), 1500)
    assert [(line.quantity, line.shortage_cents, line.bulky, line.no_split) for line in demand.lines] == [
        (1, 9000, True, False),
        (1, 900, False, True),
    ]
    assert (demand.priority, demand.promised_day, demand.max_parcels) == (1, 4, None)


def test_a_decision_names_parcels_and_costs() -> None:
    instance = read_instance(INSTANCE)
    chosen = plan(instance.demands["O1"], instance.supply, instance.policy)
    # Both from the hall on day 2, a day late at twice the price: one parcel is cheaper than two in time.
    parcel, lamp, bulb = 400 + 100 + 2 * 120, 24 + 10 + 1500 + 2 * 40 - 20, 2 + 10 + 2 * 40
    lines = [{"line": "1", "qty": 1}, {"line": "2", "qty": 1}]
    assert decision_json({"O1": chosen}) == {
        "format": "routing-decision/1",
        "orders": [
            {
                "id": "O1",
                "cost_cents": parcel + lamp + bulb,
                "gap_cents": 0,
                "parcels": [{"location": "hall", "day": 2, "lines": lines}],
            }
        ],
    }


WRONG: list[tuple[Callable[[dict[str, Any]], Any], tuple[str | int, ...]]] = [
    (lambda data: data.update(format="other/1"), ("format",)),
    (lambda data: data.update(mode="both"), ("mode",)),
    (lambda data: data.update(horizon_days=0), ("horizon_days",)),
    (lambda data: data.pop("orders"), ("orders",)),
    (lambda data: data.update(policy=[]), ("policy",)),
    (lambda data: data["skus"][0].update(weight_g="heavy"), ("skus", 0, "weight_g")),
    (lambda data: data["locations"].append(data["locations"][0]), ("locations", 2, "id")),
    (lambda data: data["lanes"]["hall"].update(south=[1, 2, 3]), ("lanes", "hall", "south")),
    (lambda data: data["stock"][0].update(location="moon"), ("stock", 0, "location")),
    (lambda data: data["inbound"][0].update(sku="cheese"), ("inbound", 0, "sku")),
    (lambda data: data["reservations"][0].update(qty=1.5), ("reservations", 0, "qty")),
    (lambda data: data["orders"][0]["lines"][0].update(qty=0), ("orders", 0, "lines", 0, "qty")),
    (lambda data: data["orders"][0]["lines"][1].update(sku="lamp"), ("orders", 0, "lines", 1, "sku")),
    (lambda data: data["orders"][0]["lines"][1].update(id="1"), ("orders", 0, "lines")),
    (lambda data: data["orders"][0].update(lines=[]), ("orders", 0, "lines")),
    (lambda data: data["orders"].append(data["orders"][0]), ("orders", 1, "id")),
    (lambda data: data["locations"][0].update(channels="web"), ("locations", 0, "channels")),
    (lambda data: data["locations"][0].update(active="yes"), ("locations", 0, "active")),
]


@pytest.mark.parametrize(
    ("spoil", "path"), WRONG, ids=lambda each: ".".join(map(str, each)) if isinstance(each, tuple) else ""
)
def test_a_wrong_field_is_named(spoil: Callable[[dict[str, Any]], Any], path: tuple[str | int, ...]) -> None:
    data = deepcopy(INSTANCE)
    spoil(data)
    with pytest.raises(InvalidInstance) as refused:
        read_instance(data)
    assert refused.value.path == path


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidInstance):
        read_instance([INSTANCE])
