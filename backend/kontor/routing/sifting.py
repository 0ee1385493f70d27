"""Of many locations those that the cheapest plan may need: to look closely at a place costs more than to see it cannot.

Every location is glanced at as if all its stock, expected goods included, could leave today without any limit. A bound
on these offers says what a plan with each location costs at least. The best few are looked at closely and give a plan;
of the others only those remain whose bound is not above what that plan costs.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Place, available
from kontor.routing.costs import distance_cents
from kontor.routing.covering import Order
from kontor.routing.pruning import ascend, first_plan, is_plain
from kontor.routing.surveying import Survey
from kontor.routing.values import Id, Offer

_FEW = 12
"""So few locations are looked at without sifting."""

_FIRST = 16
"""So many are looked at closely to find a first plan."""


class _Glimpse(NamedTuple):
    """The least that a location's parcel and all counts of each item can cost, as a place has them."""

    rank: int
    location_id: Id
    fixed: int
    whole: list[int]


def worthwhile(survey: Survey, order: Order, nothing: int) -> list[Place]:
    """Every place that a plan as cheap as the cheapest may have, in the order in which ties are broken.

    `nothing` is what it costs to send nothing. Some that no such plan has may be among them.
    """
    locations = survey.locations()
    if len(locations) <= _FEW or order.pools or order.split_cents < 0 or not _is_sound(survey):
        return _places(survey, locations)
    seen = _glimpses(survey, order, locations)
    if len(seen) <= _FEW or min(each.fixed for each in seen) < 0:
        return _places(survey, [each.location_id for each in seen])
    lost = [cents * item.count for cents, item in zip(order.lost, order.items, strict=True)]
    prices, slack = ascend(order, seen, lost)
    bound = sum(prices) - order.split_cents
    by_promise = sorted(zip(slack, seen, strict=True), key=lambda each: (each[0], each[1].fixed, each[1].rank))
    looked: dict[int, list[Place]] = {}
    for _, glimpse in by_promise[:_FIRST]:
        looked[glimpse.rank] = _places(survey, [glimpse.location_id])
    room = min(nothing, _first_cost(survey, order, looked)) - bound
    for left, glimpse in by_promise[_FIRST:]:
        if left > room:
            break
        looked[glimpse.rank] = _places(survey, [glimpse.location_id])
    return [place for _, places in sorted(looked.items()) for place in places]


def _places(survey: Survey, locations: Sequence[Id]) -> list[Place]:
    places: list[Place] = []
    for location_id in locations:
        survey.add(location_id, places)
    return places


def _is_sound(survey: Survey) -> bool:
    """Whether what is left out of a glimpse can only make it dearer: no price below nothing for capacity."""
    return not any(
        (each.unit_price and min(each.unit_price) < 0) or (each.parcel_price and min(each.parcel_price) < 0)
        for each in survey.supply.capacity.values()
    )


def _glimpses(survey: Survey, order: Order, locations: Sequence[Id]) -> list[_Glimpse]:
    """The locations that have any of the goods and may serve."""
    policy, weight, excluded = survey.policy, survey.weight, survey.demand.excluded
    slack = survey.demand.promised_day - survey.supply.today
    found = []
    for location_id in locations:
        offer = survey.offer(location_id)
        if offer.reason is not None or location_id in excluded:
            continue
        rank, site, lane, fixed, days, _ = offer
        late = (days - slack) * weight if days > slack else 0
        fixed += late * policy.late_parcel_day_cents
        if policy.distance_cents_per_100km:
            fixed += distance_cents(lane, policy)
        each = site.handling_unit_cents + late * policy.late_unit_day_cents
        cents = _cents(survey, location_id, each, lane.cents_per_kg)
        if survey.restricted:
            cents = _restricted(survey, offer, cents)
        if not survey.bare:
            cents = [min(FORBIDDEN, sum([cents[index] for index, _ in item.parts])) for item in order.items]
        if min(cents) < FORBIDDEN:
            found.append(_Glimpse(rank, location_id, fixed, cents))
    return found


def _cents(survey: Survey, location_id: Id, each: int, per_kg: int) -> list[int]:
    """By line what all its units cost, FORBIDDEN where there is none; or not all, of one that leaves whole."""
    cents = []
    for (rows, quantity, grams), line in zip(survey.lines, survey.demand.lines, strict=True):
        row = rows.get(location_id)
        if row is None:
            cents.append(FORBIDDEN)
            continue
        on_hand, safety, price, inbound, reserved, later = row
        if later:
            price = min(price, *later)
        have = available(row, survey.demand.channel, survey.last_day) if inbound or reserved else on_hand - safety
        if have < (quantity if line.group is not None or line.no_split else 1):
            cents.append(FORBIDDEN)
        else:
            cents.append((each + price + (per_kg * grams + 500) // 1000) * quantity)
    return cents


def _restricted(survey: Survey, offer: Offer, cents: list[int]) -> list[int]:
    """The same with what the location may not send, and what bulky goods cost more."""
    site, bulky = offer.site, survey.policy.bulky_unit_cents + offer.lane.bulky_unit_cents
    return [
        FORBIDDEN
        if (line.hazmat and not site.hazmat) or (line.bulky and not site.bulky)
        else min(FORBIDDEN, each + (bulky * line.quantity if line.bulky else 0))
        for line, each in zip(survey.demand.lines, cents, strict=True)
    ]


def _first_cost(survey: Survey, order: Order, looked: dict[int, list[Place]]) -> int:
    """The cost of the best plan of one or two of these places, or of several; FORBIDDEN or more if none is found."""
    places = [each[0] for each in looked.values() if each and is_plain(order, each[0], survey.need)]
    cost, _ = first_plan(order, places, survey.need)
    for place in places:
        if all(have == item.count for have, item in zip(place.available, order.items, strict=True)):
            cost = min(cost, place.fixed + sum(place.whole))
    if order.max_parcels != 1:
        for one, other in combinations(places, 2):
            if one.fixed + other.fixed < cost:
                cost = min(cost, _together(order, one, other))
    return cost


def _together(order: Order, one: Place, other: Place) -> int:
    """What an order costs from two plain places, each count from where it is cheaper."""
    cost = one.fixed + other.fixed + order.split_cents
    for index, (item, lost) in enumerate(zip(order.items, order.lost, strict=True)):
        left = item.count
        for place in (one, other) if one.unit[index] <= other.unit[index] else (other, one):
            take = min(left, place.available[index])
            if take and place.unit[index] < lost:
                left -= take
                cost += take * place.unit[index] + (place.line_cents if item.count > 1 else 0)
        cost += left * lost
    return cost
