"""One past decision made twice: under the policy that made it and under another, on the same situation. Pure.

Each side carries on what it did: units that it would have left at a place are there for the orders that follow, units
that it would have taken are not. So a replay of many orders shares stock as the season did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kontor.routing.candidates import offer_at
from kontor.routing.costs import parcel_terms, shortage_cents, total_terms
from kontor.routing.explanation import explain
from kontor.routing.pooling import Together, plan_and_price
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy, Stock, Supply, Terms

MOST_CANDIDATES = 10
"""How many places the explanation of a changed order lists."""

Carried = dict[Id, dict[Id, int]]
Taken = Mapping[tuple[Id, Id], int]


@dataclass(slots=True)
class Side:
    """What one policy did over all orders so far. Money in cents, units of goods; `load` is parcels and units by place.

    `cost` is at the weights of the policy itself, `valued` at those of the policy that decided, without its rules: only
    that can be compared. `paid` is shipping, handling and bulky goods. A promise is kept when all of an order arrives
    by its day.
    """

    orders: int = 0
    cost: int = 0
    true_cost: int = 0
    valued: int = 0
    paid: int = 0
    kept: int = 0
    parcels: int = 0
    units: int = 0
    late_units: int = 0
    unsent_units: int = 0
    gap: int = 0
    terms: dict[str, int] = field(default_factory=dict)
    load: dict[str, list[int]] = field(default_factory=dict)

    def add(self, demand: Demand, found: Together, valued: int) -> None:
        """Count one order; a parcel of a dispatch group is one, but work for each place that gives to it."""
        chosen, terms = found.plan, found.plan.terms
        unsent = sum(count for _, count in chosen.unsent)
        late = sum(_units(parcel) for parcel in chosen.parcels if parcel.arrival_day > demand.promised_day)
        self.orders += 1
        self.cost += chosen.cost_cents
        self.true_cost += chosen.true_cost_cents
        self.valued += valued
        self.paid += terms.shipping + terms.handling + terms.bulky
        self.kept += not unsent and not late
        self.parcels += len(found.priced.parcels)
        self.late_units += late
        self.unsent_units += unsent
        self.gap += chosen.gap_cents
        for name, cents in terms._asdict().items():
            if cents:
                self.terms[name] = self.terms.get(name, 0) + cents
        for parcel in chosen.parcels:
            load = self.load.setdefault(str(parcel.location_id), [0, 0])
            load[0] += 1
            load[1] += _units(parcel)
            self.units += _units(parcel)


def _units(parcel: PlannedParcel) -> int:
    return sum(count for _, count in parcel.lines)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Both plans of one decision; the records explain them where they differ. `saving` is in valued cents."""

    before: FulfillmentPlan
    after: FulfillmentPlan
    saving: int
    records: tuple[dict[str, Any], dict[str, Any]] | None


@dataclass(slots=True)
class Replay:
    """Both sides of a simulation; each carries on units by variant and place, more or fewer than there were."""

    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    carried: tuple[Carried, Carried] = field(default_factory=lambda: ({}, {}))
    changed: int = 0
    as_decided: int = 0

    def step(self, demand: Demand, supply: Supply, policies: tuple[Policy, Policy], decided: Taken) -> Replayed:
        """Make one decision twice and count it; `decided` is what was really taken, by line and place."""
        yardstick = replace(policies[0], rules=None)
        plans, values, supplies = [], [], []
        for policy, carried, side in zip(policies, self.carried, (self.before, self.after), strict=True):
            asked, there = as_priced(demand, with_carried(supply, demand, carried), policy)
            found = plan_and_price(asked, there, policy)
            worth = value_of(found.priced, demand, found.supply, yardstick)
            side.add(demand, found, worth)
            carry(carried, demand, taken_by(found.plan), decided)
            plans.append(found.plan)
            values.append(worth)
            supplies.append(there)
        before, after = plans
        self.as_decided += taken_by(before) == decided
        records = None
        if _work(before) != _work(after):
            self.changed += 1
            one, other = (
                explain(demand, there, policy, chosen, most_candidates=MOST_CANDIDATES)
                for chosen, policy, there in zip(plans, policies, supplies, strict=True)
            )
            records = one, other
        return Replayed(before, after, values[0] - values[1], records)


def _work(chosen: FulfillmentPlan) -> list[tuple[Any, ...]]:
    return sorted((str(parcel.location_id), parcel.day, sorted(map(str, parcel.lines))) for parcel in chosen.parcels)


def taken_by(chosen: FulfillmentPlan) -> dict[tuple[Id, Id], int]:
    """Units by line and place."""
    taken: dict[tuple[Id, Id], int] = {}
    for parcel in chosen.parcels:
        for line, units in parcel.lines:
            key = (line, parcel.location_id)
            taken[key] = taken.get(key, 0) + units
    return taken


def value_of(chosen: FulfillmentPlan, demand: Demand, supply: Supply, policy: Policy) -> int:
    """What a plan costs in truth at the weights of a policy, whoever made it; without the prices that only steer."""
    index = {line.line_id: n for n, line in enumerate(demand.lines)}
    parcels = [
        parcel_terms(
            demand, supply, policy, offer=offer_at(demand, supply, parcel.location_id), day=parcel.day,
            quantities={index[line]: units for line, units in parcel.lines},
        )
        for parcel in chosen.parcels
    ]  # fmt: skip
    owed = sum(shortage_cents(demand, demand.lines[index[line]], policy) * units for line, units in chosen.unsent)
    terms = total_terms(parcels or [Terms()], split_cents=policy.split_cents, shortage=owed)
    return sum(terms) - terms.steering


def as_priced(demand: Demand, supply: Supply, policy: Policy) -> tuple[Demand, Supply]:
    """What a policy sees of the prices of stock: nothing, or what is owed for a unit raised by its dearest price."""
    stock: dict[Id, Mapping[Id, Stock]] = dict(supply.stock)
    dearest: dict[Id, int] = {}
    for line in demand.lines:
        rows = supply.stock.get(line.variant_id) or {}
        dearest[line.variant_id] = max([0, *[row.price_cents for row in rows.values()]])
        if not policy.shadow_prices:
            stock[line.variant_id] = {place: row._replace(price_cents=0) for place, row in rows.items()}
    if not any(dearest.values()):
        return demand, supply
    if not policy.shadow_prices:
        return demand, replace(supply, stock=stock)
    lines = []
    for line in demand.lines:
        cents = policy.shortage_cents if line.shortage_cents is None else line.shortage_cents
        lines.append(replace(line, shortage_cents=cents + dearest[line.variant_id]))
    return replace(demand, lines=tuple(lines)), supply


def with_carried(supply: Supply, demand: Demand, carried: Carried) -> Supply:
    """The situation with what a side has left and taken before; never fewer than no units."""
    variants = {line.variant_id for line in demand.lines} & carried.keys()
    if not variants:
        return supply
    stock = dict(supply.stock)
    for variant in variants:
        rows = dict(stock.get(variant) or {})
        for place, units in carried[variant].items():
            if place in supply.network.sites:
                row = rows.get(place, Stock(0))
                rows[place] = row._replace(on_hand=max(0, row.on_hand + units))
        stock[variant] = rows
    return replace(supply, stock=stock)


def carry(carried: Carried, demand: Demand, taken: Taken, decided: Taken) -> None:
    """Note what a side took otherwise than was decided."""
    variants = {line.line_id: line.variant_id for line in demand.lines}
    for line, place in {*taken, *decided}:
        units = decided.get((line, place), 0) - taken.get((line, place), 0)
        if not units or line not in variants:
            continue
        places = carried.setdefault(variants[line], {})
        places[place] = places.get(place, 0) + units
        if not places[place]:
            del places[place]


def taken_of(parcels: Iterable[Mapping[str, Any]], key: Any) -> dict[tuple[Id, Id], int]:
    """Units by line and place of a stored decision's parcels; `key` makes ids of their texts."""
    taken: dict[tuple[Id, Id], int] = {}
    for parcel in parcels:
        for line, units in parcel["lines"]:
            place = (key(line), key(parcel["location"]))
            taken[place] = taken.get(place, 0) + units
    return taken
