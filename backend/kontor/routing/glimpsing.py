"""Stock read line by line: what each location's goods cost at least, before any location is looked at closely.

Every location is glimpsed as if all its stock, expected goods included, could leave today without any limit.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from kontor.routing.ascending import Offering, Problem
from kontor.routing.candidates import FORBIDDEN, Item, available
from kontor.routing.costs import distance_cents
from kontor.routing.covering import Order
from kontor.routing.surveying import Survey
from kontor.routing.values import Door, Doors, Id, Kind, Offer

_CENTS = itemgetter(0)


class Glimpse(NamedTuple):
    """The problem over all locations that may serve."""

    problem: Problem
    doors: Doors


def glimpse(survey: Survey, order: Order) -> Glimpse:
    """What every location could do for the order at best.

    Offers dearer than a price can become are left out, unless only one parcel is allowed.
    """
    doors = survey.view.doors
    if doors is None:
        doors = survey.view.doors = _doors(survey)
    fixed = _fixed(survey, doors)
    readers: Mapping[Id, Door] = doors.by_location
    if survey.demand.excluded:
        readers = {key: door for key, door in readers.items() if key not in survey.demand.excluded}
    reach = [FORBIDDEN] * len(fixed) if order.max_parcels == 1 else fixed
    reader = _Reader(survey, doors.kinds, readers, reach)
    rows = [reader.row(item, lost) for item, lost in zip(order.items, order.lost, strict=True)]
    counts = [item.count for item in order.items]
    return Glimpse(Problem(rows, fixed, counts, order.lost, order.max_parcels), doors)


def _doors(survey: Survey) -> Doors:
    """What the channel and region see of every site that may serve."""
    by_location: dict[Id, Door] = {}
    kinds: dict[Kind, int] = {}
    offers: list[Offer] = []
    for location_id in survey.supply.network.sites:
        offer = survey.offer(location_id)
        if offer.reason is not None:
            continue
        site, lane = offer.site, offer.lane
        kind = Kind(lane.cents_per_kg, offer.days, lane.bulky_unit_cents, site.hazmat, site.bulky)
        unit = site.handling_unit_cents
        by_location[location_id] = Door(
            len(offers), unit, unit + site.handling_line_cents, kinds.setdefault(kind, len(kinds))
        )
        offers.append(offer)
    return Doors(by_location, list(kinds), offers, [offer.parcel_cents for offer in offers])


def _fixed(survey: Survey, doors: Doors) -> list[int]:
    """What a parcel of each location costs today, with the split."""
    policy, split = survey.policy, survey.policy.split_cents
    fixed = [cents + split for cents in doors.parcel_cents]
    on_time = survey.demand.promised_day - survey.supply.today
    if any(kind.days > on_time for kind in doors.kinds):
        per_day = survey.weight * policy.late_parcel_day_cents
        fixed = [
            cents + (offer[4] - on_time) * per_day if offer[4] > on_time else cents
            for cents, offer in zip(fixed, doors.offers, strict=True)
        ]
    if policy.distance_cents_per_100km:
        fixed = [cents + distance_cents(offer[2], policy) for cents, offer in zip(fixed, doors.offers, strict=True)]
    return fixed


class _Reader(NamedTuple):
    """What reading the stock of a line needs; `reach` is what a price may be above the cents of each location."""

    survey: Survey
    kinds: Sequence[Kind]
    doors: Mapping[Id, Door]
    reach: Sequence[int]

    def row(self, item: Item, lost: int) -> list[Offering]:
        """The offers of an item that are cheaper than owing it, cheapest first; not all that no price can reach."""
        if len(item.parts) > 1:
            apart = self._replace(reach=[FORBIDDEN] * len(self.reach))
            found = _together([apart.counts(index, units, 1, FORBIDDEN) for index, units in item.parts])
        else:
            index, units = item.parts[0]
            found = self.units(index, lost) if units == item.count == 1 else self.counts(index, units, item.count, lost)
        found.sort(key=_CENTS)
        return found

    def extras(self, index: int) -> list[int]:
        """By kind what a unit of the line costs for freight, delay and bulk; FORBIDDEN where it may not be sent."""
        survey, line = self.survey, self.survey.demand.lines[index]
        on_time = survey.demand.promised_day - survey.supply.today
        per_day = survey.weight * survey.policy.late_unit_day_cents
        extras: list[int] = []
        for per_kg, days, bulky_cents, hazmat, bulky in self.kinds:
            cents = (per_kg * line.weight_g + 500) // 1000 + (days - on_time) * per_day * (days > on_time)
            cents += survey.policy.bulky_unit_cents + bulky_cents if line.bulky else 0
            extras.append(FORBIDDEN if (line.hazmat and not hazmat) or (line.bulky and not bulky) else cents)
        return extras

    def units(self, index: int, top: int) -> list[Offering]:
        """Who has a unit of a line for less than `top`: most lines are read here."""
        extras, reach, get = self.extras(index), self.reach, self.doors.get
        channel, last_day = self.survey.demand.channel, self.survey.last_day
        found: list[Offering] = []
        top = min(top, FORBIDDEN)
        for location_id, row in self.survey.lines[index][0].items():
            on_hand, safety, price, inbound, reserved = row
            if inbound or reserved:
                if not available(row, channel, last_day):
                    continue
            elif on_hand <= safety:
                continue
            door = get(location_id)
            if door is not None:
                number, _, cents, kind = door
                cents += price + extras[kind]
                if cents < top:
                    found.append((cents, number, 1))
                    if cents + reach[number] < top:
                        top = cents + reach[number]
        return found

    def counts(self, index: int, units: int, most: int, top: int) -> list[Offering]:
        """Who has counts of so many units of a line for less than `top` each, and at most so many of them."""
        extras, reach, get = self.extras(index), self.reach, self.doors.get
        channel, last_day = self.survey.demand.channel, self.survey.last_day
        found: list[Offering] = []
        top = min(top, FORBIDDEN)
        for location_id, row in self.survey.lines[index][0].items():
            on_hand, safety, price, inbound, reserved = row
            have = available(row, channel, last_day) if inbound or reserved else on_hand - safety
            door = get(location_id) if have >= units else None
            if door is None:
                continue
            number, cents, first_cents, kind = door
            if most == 1:  # the line is paid with the only count
                have, cents = 1, (cents + price + extras[kind]) * units + first_cents - cents
            else:
                have, cents = min(have, most), cents + price + extras[kind]
            if cents < top:
                found.append((cents, number, have))
                if cents + reach[number] < top:
                    top = cents + reach[number]
        return found


def _together(parts: Sequence[Sequence[Offering]]) -> list[Offering]:
    """Who has all parts of a group, and what they cost together."""
    found = {number: cents for cents, number, _ in parts[0]}
    for part in parts[1:]:
        found = {number: found[number] + cents for cents, number, _ in part if number in found}
    return [(cents, number, 1) for number, cents in found.items()]
