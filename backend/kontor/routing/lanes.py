"""What a parcel costs from a place to a country and distance, by carrier, from shipping tariffs."""

from collections.abc import Sequence
from typing import Protocol

from kontor.routing.costs import freight_cents, weight_step_cents
from kontor.routing.values import Lane


class Tariff(Protocol):
    """A row of a carrier's tariff, as `locations.ShippingTariff` has it."""

    carrier: str
    country: str | None
    from_km: int
    to_km: int | None
    max_weight_g: int | None
    parcel_cents: int
    cents_per_kg: int
    bulky_unit_cents: int
    transit_days: int


def lane_of(tariffs: Sequence[Tariff], country: str, km: int) -> Lane | None:
    """The lane of the cheapest carrier for a light parcel, with those of others that may be better in `others`.

    Another carrier may be better for a parcel if it is faster, or cheaper at some weight. A carrier with rows for the
    country is asked by these alone. None when no carrier goes there.
    """
    by_carrier: dict[str, list[Tariff]] = {}
    for row in tariffs:
        if row.country in (None, country) and row.from_km <= km and (row.to_km is None or km < row.to_km):
            by_carrier.setdefault(row.carrier, []).append(row)
    lanes = [_of_carrier(rows, km) for _, rows in sorted(by_carrier.items())]
    if not lanes:
        return None
    lanes.sort(key=lambda lane: (_cents(lane, 1), lane.transit_days))
    first, *rest = [lane for n, lane in enumerate(lanes) if not any(_beats(other, lane) for other in lanes[:n])]
    return first._replace(others=tuple(rest)) if rest else first


def _of_carrier(rows: Sequence[Tariff], km: int) -> Lane:
    own = [row for row in rows if row.country is not None] or rows
    stepped = [row for row in own if row.max_weight_g is not None]
    first = min(stepped or own, key=lambda row: row.parcel_cents)
    steps = tuple(sorted((row.max_weight_g or 0, row.parcel_cents) for row in stepped))
    return Lane(
        parcel_cents=0 if steps else first.parcel_cents,
        cents_per_kg=first.cents_per_kg,
        transit_days=first.transit_days,
        distance_km=km,
        weight_steps=steps,
        bulky_unit_cents=first.bulky_unit_cents,
        carrier=first.carrier,
    )


def _cents(lane: Lane, grams: int) -> int:
    return lane.parcel_cents + weight_step_cents(lane.weight_steps, grams) + freight_cents(lane, grams)


def _beats(one: Lane, other: Lane) -> bool:
    """Whether the first is never slower nor dearer.

    Without steps the rates decide; with the same steps too. Of other steps the few that a parcel usually has are
    compared up to the first end of either; beyond it the lanes count as different.
    """
    if one.transit_days > other.transit_days or one.cents_per_kg > other.cents_per_kg:
        return False
    if one.bulky_unit_cents > other.bulky_unit_cents:
        return False
    if one.weight_steps == other.weight_steps:
        return one.parcel_cents <= other.parcel_cents
    if one.weight_steps:
        return False
    return all(one.parcel_cents <= other.parcel_cents + cents for _, cents in other.weight_steps)
