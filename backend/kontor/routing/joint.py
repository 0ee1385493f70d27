"""Orders that wait together are planned together: one mixed integer program over shared stock and capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from kontor.routing.candidates import offer_of
from kontor.routing.costs import freight_cents, price_on, shortage_cents
from kontor.routing.planner import plan
from kontor.routing.solver import UNLIMITED, Program
from kontor.routing.values import Capacity, Demand, Id, Policy, Stock, Supply

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

Sent: TypeAlias = dict[tuple[Id, int], dict[Id, int]]
"""Units by line, by the place and day of a parcel."""

Price: TypeAlias = Callable[[Id, Id, int], float]
Days: TypeAlias = Callable[[Id, Demand], tuple[int, ...]]

# The search ends at this relative gap or after so many nodes; the clock only guards against a stuck solver, because
# an answer that depends on how busy the machine is could not be repeated.
_GAP, _NODES, _SECONDS = 2e-3, 30, 30.0


def settle(
    demands: Mapping[str, Demand], supply: Supply, policy: Policy, *, days: Days, price: Price
) -> dict[str, Sent]:
    """What leaves where and when for each order, never dearer than one after the other at the same prices.

    Lines are free to be split (no groups, no weight steps, no reservations). `days` are the release days of a place for
    an order, `price` the stock price of a unit at a place on a day. Raises `OptimizerMissing`.
    """
    start = in_turn(demands, supply, policy, days=days)
    model = _Joint(supply, policy, days, price)
    for name in sorted(demands):
        model.add(name, demands[name])
    return model.solve(start) if model.sent else start


def in_turn(demands: Mapping[str, Demand], supply: Supply, policy: Policy, *, days: Days) -> dict[str, Sent]:
    """The orders planned one after the other, the urgent first, each from what the ones before left."""
    found: dict[str, Sent] = {}
    for name in sorted(demands, key=lambda each: (-demands[each].priority, demands[each].promised_day, each)):
        demand = demands[name]
        seen = replace(supply, release_days={place: days(place, demand) for place in supply.network.sites})
        parcels = plan(demand, seen, policy).parcels
        found[name] = {(parcel.location_id, parcel.day): dict(parcel.lines) for parcel in parcels}
        supply = without(supply, demand, found[name])
    return found


def without(supply: Supply, demand: Demand, sent: Sent) -> Supply:
    """What is left of the supply once the parcels are promised; a later promise leaves earlier days what they had."""
    stock = {variant: dict(rows) for variant, rows in supply.stock.items()}
    capacity = dict(supply.capacity)
    variants = {line.line_id: line.variant_id for line in demand.lines}
    for (place, day), lines in sent.items():
        for line, units in lines.items():
            rows = stock[variants[line]]
            rows[place] = _less(rows[place], units, day, supply.today)
        roofs = capacity[place].units if place in capacity else None
        if roofs is not None:
            left = list(roofs)
            left[day - supply.today] -= sum(lines.values())
            capacity[place] = capacity[place]._replace(units=tuple(left))
    return replace(supply, stock=stock, capacity=capacity)


def _less(stock: Stock, units: int, day: int, today: int) -> Stock:
    """Promised units leave on their day; what may be promised before is what every later day can spare."""
    levels = {today: stock.on_hand}
    for eta, count in sorted(stock.inbound):
        levels[eta] = levels[max(levels)] + count
    levels.setdefault(day, levels[max(each for each in levels if each <= day)])
    left = [(each, levels[each] - (units if each >= day else 0)) for each in sorted(levels)]
    for n in range(len(left) - 2, -1, -1):
        left[n] = (left[n][0], min(left[n][1], left[n + 1][1]))
    steps = pairwise(left)
    return stock._replace(on_hand=left[0][1], inbound=tuple((later, b - a) for (_, a), (later, b) in steps if b > a))


class _Joint:
    """The program: parcels that open, units in them, units unsent, and what all orders share."""

    def __init__(self, supply: Supply, policy: Policy, days: Days, price: Price) -> None:
        self.supply, self.policy, self.days, self.price = supply, policy, days, price
        self.program = Program()
        self.np = self.program.np
        self.sent: dict[tuple[str, Id, int, Id], int] = {}
        self.parcel: dict[tuple[str, Id, int], int] = {}
        self.unsent: dict[tuple[str, Id], tuple[int, int]] = {}
        self.spared: dict[str, int] = {}
        self.users: dict[tuple[Id, Id], list[tuple[int, int]]] = {}
        self.loads: dict[tuple[Id, int], list[int]] = {}

    def _column(self, cost: float, upper: float) -> int:
        return int(self.program.column(self.np.array([float(cost)]), float(upper))[0])

    def _row(self, low: float, high: float, terms: Mapping[int, float]) -> None:
        row = int(self.program.row(1, low, high)[0])
        columns = self.np.array(list(terms), int)
        self.program.entry(self.np.full(len(terms), row), columns, self.np.array(list(terms.values()), float))

    def add(self, name: str, demand: Demand) -> None:
        """An order: each line is sent or owed, and each parcel beyond the first costs the split."""
        terms: dict[Id, dict[int, float]] = {}
        for line in demand.lines:
            column = self._column(shortage_cents(demand, line, self.policy), line.quantity)
            self.unsent[name, line.line_id] = column, line.quantity
            terms[line.line_id] = {column: 1.0}
        opened: dict[int, float] = {}
        for place in self.supply.network.sites:
            for day in self.days(place, demand):
                parcel = self._place(name, demand, place, day, terms=terms)
                if parcel is not None:
                    opened[parcel] = -1.0
        for line in demand.lines:
            self._row(line.quantity, line.quantity, terms[line.line_id])
        self.spared[name] = self._column(-self.policy.split_cents, 1)
        self._row(-UNLIMITED, 0, {self.spared[name]: 1.0, **opened})
        if demand.max_parcels is not None:
            self._row(-UNLIMITED, demand.max_parcels, dict.fromkeys(opened, 1.0))

    def _place(
        self, name: str, demand: Demand, place: Id, day: int, *, terms: dict[Id, dict[int, float]]
    ) -> int | None:
        offer = offer_of(self.supply.network, demand, place)
        capacity = self.supply.capacity.get(place, Capacity())
        offset = day - self.supply.today
        roof = None if capacity.units is None else price_on(capacity.units, offset)
        have = [self._units(line.variant_id, place, day) for line in demand.lines]
        if offer.reason is not None or not any(have) or (roof is not None and roof <= 0):
            return None
        late = self.policy.factor(demand.priority) * max(0, day + offer.days - demand.promised_day)
        fixed = offer.parcel_cents + late * self.policy.late_parcel_day_cents + self.policy.split_cents
        parcel = self.parcel[name, place, day] = self._column(fixed, 1)
        each = offer.site.handling_unit_cents + late * self.policy.late_unit_day_cents
        each += price_on(capacity.unit_price, offset)
        for line, units in zip(demand.lines, have, strict=True):
            most = min(units, line.quantity)
            if most <= 0 or (line.hazmat and not offer.site.hazmat) or (line.bulky and not offer.site.bulky):
                continue
            cents = each + freight_cents(offer.lane, line.weight_g) + self.price(place, line.variant_id, day)
            cents += (self.policy.bulky_unit_cents + offer.lane.bulky_unit_cents) if line.bulky else 0
            column = self.sent[name, place, day, line.line_id] = self._column(cents, most)
            self._row(-UNLIMITED, 0, {column: 1.0, parcel: -float(most)})
            terms[line.line_id][column] = 1.0
            self.users.setdefault((place, line.variant_id), []).append((day, column))
            if roof is not None:
                self.loads.setdefault((place, day), []).append(column)
        return parcel

    def _units(self, variant: Id, place: Id, day: int) -> int:
        stock = self.supply.stock.get(variant, {}).get(place, Stock(0))
        return stock.on_hand - stock.safety + sum(units for eta, units in stock.inbound if eta <= day)

    def solve(self, start: dict[str, Sent]) -> dict[str, Sent]:
        for (place, variant), users in self.users.items():
            for day in sorted({each for each, _ in users}):
                terms = {column: 1.0 for each, column in users if each <= day}
                self._row(-UNLIMITED, self._units(variant, place, day), terms)
        for (place, day), columns in self.loads.items():
            roofs = self.supply.capacity[place].units or ()
            self._row(-UNLIMITED, price_on(roofs, day - self.supply.today), dict.fromkeys(columns, 1.0))
        chosen = self.program.whole(self._columns_of(start), seconds=_SECONDS, nodes=_NODES, gap=_GAP)
        found: dict[str, Sent] = {name: {} for name in start}
        for (name, place, day, line), column in self.sent.items():
            if units := int(chosen[column]):
                found[name].setdefault((place, day), {})[line] = units
        return found

    def _columns_of(self, start: dict[str, Sent]) -> Array:
        """A plan as the program's columns."""
        values = self.np.zeros(self.program.columns)
        for column, quantity in self.unsent.values():
            values[column] = quantity
        for name, parcels in start.items():
            values[self.spared[name]] = 1 if parcels else 0
            for (place, day), lines in parcels.items():
                values[self.parcel[name, place, day]] = 1
                for line, units in lines.items():
                    values[self.sent[name, place, day, line]] = units
                    values[self.unsent[name, line][0]] -= units
        return values  # type: ignore[no-any-return]
