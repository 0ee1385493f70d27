"""Places of one dispatch group, such as rooms of one building: what they send on a day leaves in one parcel.

For one demand the group is planned as one place: its first member, the door, with the stock of all. Costs, lanes and
working days are those of the door. Afterwards the parcel is divided among the members, as few of them as possible.
Members with a capacity of their own stay places of their own, and so do those that may send other goods than the door
or need longer, or that are closed on days on which the door works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from kontor.routing.candidates import available, offer_at
from kontor.routing.planner import plan
from kontor.routing.ruling import ruled
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy, Stock, Supply, Terms

Doors = dict[Id, list[Id]]
"""The members of each group, the door first, by the door."""


class Together(NamedTuple):
    """A plan, and what its cost is made of: `priced` has the parcels of a group as one at its door, on `supply`."""

    plan: FulfillmentPlan
    priced: FulfillmentPlan
    supply: Supply


def plan_together(demand: Demand, supply: Supply, policy: Policy) -> FulfillmentPlan:
    """The cheapest plan, with what a dispatch group sends on a day as one parcel; its first part bears the cost.

    A group that cannot make it cheaper changes nothing. Goods that must not be divided come from one member, and a
    member that rules keep out gives nothing.
    """
    return plan_and_price(demand, supply, policy).plan


def plan_and_price(demand: Demand, supply: Supply, policy: Policy) -> Together:
    """The same, with the parcels that are paid for."""
    if not supply.network.groups:
        found = plan(demand, supply, policy)
        return Together(found, found, supply)
    seen = ruled(demand, supply, policy)
    apart = plan(demand, seen, policy)
    doors = _doors(demand, seen)
    if not doors:
        return Together(apart, apart, supply)
    there = _pooled(demand, seen, doors)
    pooled = plan(demand, there, policy)
    if pooled.cost_cents >= apart.cost_cents:
        return Together(apart, apart, supply)
    parcels = _Division(demand, seen, doors).divide(pooled.parcels)
    if parcels is None:
        return Together(apart, apart, supply)
    return Together(replace(pooled, parcels=parcels), pooled, there.before_rules or there)


def _doors(demand: Demand, supply: Supply) -> Doors:
    """The groups of which several members have some of the goods and could send them through the same door."""
    if demand.pickup_location_id is not None:
        return {}
    found: Doors = {}
    for group in supply.network.groups:
        members = [each for each in group if _has_any(demand, supply, each)]
        if len(members) > 1:
            door = members[0]
            joined = [each for each in members if _like(supply, door, each)]
            if len(joined) > 1:
                found[door] = joined
    return found


def _has_any(demand: Demand, supply: Supply, location_id: Id) -> bool:
    if location_id in demand.excluded or location_id in supply.capacity:
        return False
    if not any(location_id in supply.stock.get(line.variant_id, ()) for line in demand.lines):
        return False
    return offer_at(demand, supply, location_id).reason is None


def _like(supply: Supply, door: Id, other: Id) -> bool:
    sites, days = supply.network.sites, supply.release_days
    one, two = sites[door], sites[other]
    if (one.hazmat, one.bulky) != (two.hazmat, two.bulky) or two.lead_days > one.lead_days:
        return False
    return other not in days or (door in days and set(days[door]) <= set(days[other]))


def _pooled(demand: Demand, supply: Supply, doors: Doors) -> Supply:
    """The supply with all stock of a group at its door, as far as this demand may have it."""
    stock: dict[Id, Mapping[Id, Stock]] = {}
    for variant_id in {line.variant_id for line in demand.lines}:
        rows = dict(supply.stock.get(variant_id, {}))
        for door, members in doors.items():
            held = [rows.pop(each) for each in members if each in rows]
            if held:
                rows[door] = _sum(held, demand.channel, supply)
        stock[variant_id] = rows
    before = None if supply.before_rules is None else _pooled(demand, supply.before_rules, doors)
    return replace(supply, stock=stock, before_rules=before)


def _sum(held: Sequence[Stock], channel: str, supply: Supply) -> Stock:
    """What the channel may have of several rows, by day; a unit is as dear as the dearest of them."""
    days = sorted({max(day, supply.today) for row in held for day, _ in row.inbound})
    before = now = sum(available(row, channel, supply.today) for row in held)
    inbound = []
    for day in days:
        units = sum(available(row, channel, day) for row in held)
        if units > before:
            inbound.append((day, units - before))
        before = units
    return Stock(now, price_cents=max(row.price_cents for row in held), inbound=tuple(inbound))


class _Division:
    """Gives the parcels of doors to the members that have the goods."""

    def __init__(self, demand: Demand, supply: Supply, doors: Doors) -> None:
        self._lines = {line.line_id: line for line in demand.lines}
        self._demand, self._supply, self._doors = demand, supply, doors
        self._taken: dict[tuple[Id, Id], int] = {}

    def divide(self, parcels: Sequence[PlannedParcel]) -> tuple[PlannedParcel, ...] | None:
        """The parts of all parcels; None where goods that belong together would come from two members."""
        found: list[PlannedParcel] = []
        for parcel in sorted(parcels, key=lambda each: each.day):
            members = self._doors.get(parcel.location_id)
            parts = [(parcel.location_id, dict(parcel.lines))] if members is None else self._parts(parcel, members)
            if len(parts) > 1 and self._torn([lines for _, lines in parts]):
                return None
            for number, (location_id, lines) in enumerate(parts):
                terms = Terms() if number else parcel.terms
                found.append(parcel._replace(location_id=location_id, lines=tuple(lines.items()), terms=terms))
        return tuple(found)

    def _parts(self, parcel: PlannedParcel, members: Sequence[Id]) -> list[tuple[Id, dict[Id, int]]]:
        """The member that has most of what is left comes first, and again; the door wins ties."""
        left = dict(parcel.lines)
        parts = []
        while left:
            offers = [(self._most(each, parcel.day, left), each) for each in members]
            lines, location_id = max(offers, key=lambda offer: sum(offer[0].values()))
            if not lines:
                raise AssertionError("a group was planned to send more than its places have")
            parts.append((location_id, lines))
            for line_id, count in lines.items():
                key = (location_id, self._lines[line_id].variant_id)
                self._taken[key] = self._taken.get(key, 0) + count
                left[line_id] -= count
            left = {line_id: count for line_id, count in left.items() if count}
        return parts

    def _most(self, location_id: Id, day: int, wanted: Mapping[Id, int]) -> dict[Id, int]:
        lines: dict[Id, int] = {}
        used: dict[Id, int] = {}
        for line_id, count in wanted.items():
            variant_id = self._lines[line_id].variant_id
            row = self._supply.stock[variant_id].get(location_id)
            if row is None:
                continue
            gone = self._taken.get((location_id, variant_id), 0) + used.get(variant_id, 0)
            units = min(count, available(row, self._demand.channel, day) - gone)
            if units > 0:
                lines[line_id] = units
                used[variant_id] = used.get(variant_id, 0) + units
        return lines

    def _torn(self, parts: Sequence[Mapping[Id, int]]) -> bool:
        """Whether a line that must stay whole, or a group of lines, is in several parts."""
        homes: dict[str, set[int]] = {}
        for number, lines in enumerate(parts):
            for line_id in lines:
                line = self._lines[line_id]
                if line.group is not None or line.no_split:
                    homes.setdefault(f"group {line.group}" if line.group else f"line {line_id}", set()).add(number)
        return any(len(numbers) > 1 for numbers in homes.values())
