"""Stock read line by line: what each location's goods cost at least, before any location is looked at closely.

Every location is glimpsed as if all its stock, expected goods included, could leave today without any limit.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kontor.routing.ascending import Offering, Problem
from kontor.routing.candidates import FORBIDDEN, Item, available
from kontor.routing.costs import is_weighed, weighed_cents
from kontor.routing.covering import Order
from kontor.routing.surveying import Survey
from kontor.routing.values import Door, Doors, Id, Kind, Offer, Stock


class Glimpse(NamedTuple):
    """The problem over all locations that may serve, and which of them hold any of the goods."""

    problem: Problem
    held: Sequence[int]
    doors: Doors


def glimpse(survey: Survey, order: Order) -> Glimpse:
    """What every location could do for the order at best. Offers dearer than a price can become are left out, unless
    only one parcel is allowed."""
    doors = survey.view.doors
    if doors is None:
        doors = survey.view.doors = _doors(survey)
    fixed = _fixed(survey, doors)
    held = bytearray(len(fixed))
    readers: Mapping[Id, Door] = doors.by_location
    if survey.demand.excluded:
        readers = {key: door for key, door in readers.items() if key not in survey.demand.excluded}
    reader = _Reader(survey, doors.kinds, readers, held)
    rows = [
        _row(reader, item, lost, fixed, order.max_parcels) for item, lost in zip(order.items, order.lost, strict=True)
    ]
    counts = [item.count for item in order.items]
    return Glimpse(Problem(rows, fixed, counts, order.lost, order.max_parcels), held, doors)


def _doors(survey: Survey) -> Doors:
    """What the channel and region see of every site that may serve."""
    by_location: dict[Id, Door] = {}
    kinds: dict[Kind, int] = {}
    offers = []
    for location_id in survey.supply.network.sites:
        offer = survey.offer(location_id)
        if offer.reason is not None:
            continue
        if offer.others:
            offer = _best_of(offer)
        site, lane = offer.site, offer.lane
        kind = Kind(lane.cents_per_kg, offer.days, lane.bulky_unit_cents, site.hazmat, site.bulky)
        unit = site.handling_unit_cents
        by_location[location_id] = Door(
            len(offers), unit, unit + site.handling_line_cents, kinds.setdefault(kind, len(kinds))
        )
        offers.append(offer)
    return Doors(by_location, list(kinds), offers, [offer.parcel_cents for offer in offers])


def _best_of(offer: Offer) -> Offer:
    """The best of all carriers of a location: no parcel by any of them is cheaper or sooner."""
    all_of_them = (offer, *offer.others)
    lane = offer.lane._replace(
        cents_per_kg=min(each.lane.cents_per_kg for each in all_of_them),
        bulky_unit_cents=min(each.lane.bulky_unit_cents for each in all_of_them),
    )
    days, cents = min(each.days for each in all_of_them), min(each.parcel_cents for each in all_of_them)
    return offer._replace(lane=lane, days=days, parcel_cents=cents)


def _fixed(survey: Survey, doors: Doors) -> list[int]:
    """What a parcel of each location costs today, with the split."""
    policy, split = survey.policy, survey.policy.split_cents
    fixed = [cents + split for cents in doors.parcel_cents]
    on_time = survey.demand.promised_day - survey.supply.today
    if any([kind.days > on_time for kind in doors.kinds]):
        per_day = survey.weight * policy.late_parcel_day_cents
        fixed = [
            cents + (offer[4] - on_time) * per_day if offer[4] > on_time else cents
            for cents, offer in zip(fixed, doors.offers, strict=True)
        ]
    if is_weighed(policy):
        fixed = [cents + weighed_cents(offer, policy) for cents, offer in zip(fixed, doors.offers, strict=True)]
    return fixed


class _Reader(NamedTuple):
    """What reading the stock of a line needs; it marks in `held` who holds any goods."""

    survey: Survey
    kinds: Sequence[Kind]
    doors: Mapping[Id, Door]
    held: bytearray

    def extras(self, index: int) -> list[int | None]:
        """By kind what a unit of the line costs for freight, delay and bulk; None where it may not be sent."""
        survey, line = self.survey, self.survey.demand.lines[index]
        on_time = survey.demand.promised_day - survey.supply.today
        per_day = survey.weight * survey.policy.late_unit_day_cents
        extras: list[int | None] = []
        for per_kg, days, bulky_cents, hazmat, bulky in self.kinds:
            if (line.hazmat and not hazmat) or (line.bulky and not bulky):
                extras.append(None)
                continue
            cents = (per_kg * line.weight_g + 500) // 1000 + (days - on_time) * per_day * (days > on_time)
            extras.append(cents + (survey.policy.bulky_unit_cents + bulky_cents if line.bulky else 0))
        return extras

    def offerings(self, index: int, units: int, least: int, most: int) -> list[Offering]:
        """Who has so many counts of so many units of a line, in any order, and what a count costs."""
        survey, extras, held, get = self.survey, self.extras(index), self.held, self.doors.get
        channel, last_day, first = survey.demand.channel, survey.last_day, most == 1
        found: list[Offering] = []
        rows: Mapping[Id, Stock] = survey.lines[index][0]
        for location_id, (on_hand, safety, price, inbound, reserved) in rows.items():
            door = get(location_id)
            if door is None:
                continue
            have = on_hand - safety
            if inbound or reserved:
                have = available(rows[location_id], channel, last_day)
            if have < least:
                continue
            number, unit_cents, first_cents, kind = door
            extra = extras[kind]
            if extra is None:
                continue
            held[number] = 1
            if units > 1:
                found.append(((unit_cents + price + extra) * units + first_cents - unit_cents, number, 1))
            elif first:
                found.append((first_cents + price + extra, number, 1))
            else:
                found.append((unit_cents + price + extra, number, have if have < most else most))
        return found


def _row(reader: _Reader, item: Item, lost: int, fixed: Sequence[int], most: int | None) -> list[Offering]:
    """The offers of an item, cheapest first."""
    if len(item.parts) == 1:
        index, units = item.parts[0]
        found = reader.offerings(index, units, units, item.count)
    else:
        found = _together([reader.offerings(index, units, units, 1) for index, units in item.parts])
    if most == 1:
        return sorted(found)
    top = min([lost, *[cents + fixed[number] // have for cents, number, have in found]])
    return sorted([each for each in found if each[0] < top])


def _together(parts: Sequence[Sequence[Offering]]) -> list[Offering]:
    """Who has all parts of a group, and what they cost together."""
    found = {number: cents for cents, number, _ in parts[0]}
    for part in parts[1:]:
        found = {number: found[number] + cents for cents, number, _ in part if number in found}
    return [(cents, number, 1) for number, cents in found.items() if cents < FORBIDDEN]
