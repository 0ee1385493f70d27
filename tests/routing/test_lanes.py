"""Carriers of a place become lanes."""

from dataclasses import dataclass

from kontor.routing.lanes import lane_of
from kontor.routing.values import Lane


@dataclass
class Row:
    carrier: str = "post"
    country: str | None = None
    from_km: int = 0
    to_km: int | None = None
    max_weight_g: int | None = None
    parcel_cents: int = 400
    cents_per_kg: int = 0
    bulky_unit_cents: int = 0
    transit_days: int = 2


def test_a_tariff_covers_its_country_and_distance_only() -> None:
    rows = [Row(to_km=100), Row(from_km=100, parcel_cents=600), Row(country="FR", parcel_cents=900)]
    assert lane_of(rows, "DE", 99) == Lane(400, 0, 2, 99, carrier="post")
    assert lane_of(rows, "DE", 100) == Lane(600, 0, 2, 100, carrier="post")
    assert lane_of([Row(country="FR")], "DE", 5) is None


def test_rows_for_the_country_replace_the_general_ones_of_their_carrier() -> None:
    rows = [Row(parcel_cents=400), Row(country="DE", parcel_cents=500, bulky_unit_cents=70)]
    assert lane_of(rows, "DE", 1) == Lane(500, 0, 2, 1, bulky_unit_cents=70, carrier="post")


def test_weight_steps_are_those_of_one_carrier_in_order() -> None:
    rows = [Row(max_weight_g=5000, parcel_cents=700), Row(max_weight_g=1000, parcel_cents=450)]
    assert lane_of(rows, "DE", 1) == Lane(0, 0, 2, 1, ((1000, 450), (5000, 700)), carrier="post")


def test_a_faster_carrier_and_one_cheaper_for_heavy_parcels_stay_beside_the_cheapest() -> None:
    rows = [
        Row(max_weight_g=1000, parcel_cents=390),
        Row(max_weight_g=9000, parcel_cents=900),
        Row("night", parcel_cents=1200, transit_days=1),
        Row("freight", parcel_cents=600, transit_days=2),
        Row("slow and dear", parcel_cents=1000, transit_days=3),
    ]
    lane = lane_of(rows, "DE", 1)
    assert lane is not None
    assert (lane.carrier, [other.carrier for other in lane.others]) == ("post", ["freight", "night"])


def test_a_carrier_that_is_slower_and_dearer_is_no_choice() -> None:
    lane = lane_of([Row("a"), Row("b", parcel_cents=400, transit_days=3)], "DE", 1)
    assert lane == Lane(400, 0, 2, 1, carrier="a")
