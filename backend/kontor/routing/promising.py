"""How much of an article, and when: sums over places and over the components of a bundle."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from kontor.routing.values import FulfillmentPlan, Id

K = TypeVar("K")


class Arrival(NamedTuple):
    """Pieces that are with the customer from a day on."""

    on: date
    quantity: int


def arrivals_of(chosen: FulfillmentPlan, each: Mapping[Id, int]) -> tuple[Arrival, ...]:
    """When pieces of an article arrive that is made of so many units `each` of these lines, the soonest first.

    A bundle counts from the day on which all of its parts are there.
    """
    parcels = sorted(chosen.parcels, key=lambda parcel: parcel.arrival_day)
    there: dict[Id, int] = dict.fromkeys(each, 0)
    arrivals: dict[int, int] = {}
    whole = 0
    for parcel in parcels:
        for line_id, count in parcel.lines:
            if line_id in there:
                there[line_id] += count
        now_whole = bundles_of(each, there)
        if now_whole > whole:
            arrivals[parcel.arrival_day] = arrivals.get(parcel.arrival_day, 0) + now_whole - whole
            whole = now_whole
    return tuple(Arrival(date.fromordinal(day), quantity) for day, quantity in arrivals.items())


def bundles_of(contents: Mapping[K, int], pieces: Mapping[K, int]) -> int:
    """How many bundles the pieces of its components make up."""
    return min((pieces.get(part, 0) // count for part, count in contents.items()), default=0)


def latest(days: Iterable[int | None]) -> int | None:
    """The day on which everything is there; None when something never is."""
    known = list(days)
    return None if not known or None in known else max(day for day in known if day is not None)


def earliest_day(options: Iterable[tuple[int, int]], quantity: int) -> int | None:
    """The first day by which so many pieces can be there, of (day, pieces) options; None when that never is.

    >>> earliest_day([(12, 1), (10, 2)], 3)
    12
    """
    for day, pieces in sorted(options):
        quantity -= pieces
        if quantity <= 0:
            return day
    return None
