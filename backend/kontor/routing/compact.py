"""A small part of a batch as one integer program over places and units, for orders with too many plans to list.

Weaker than mixing whole plans, but complete: only places that no cheaper joint plan can use are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kontor.routing.candidates import Place
from kontor.routing.mixing import Columns, Mixture, mixture
from kontor.routing.planner import Choice
from kontor.routing.pruning import ascend
from kontor.routing.relaxing import Rows
from kontor.routing.seeking import Option, Prices, Seeker, Spot, option_of, priced
from kontor.routing.sharing import Ledger, draw_of
from kontor.routing.solver import UNLIMITED, Program

_MOST_COLUMNS = 6_000


class _Parcel(NamedTuple):
    """A possible parcel with its column, and the column and the column of the line's cost (or None) of each item."""

    spot: Spot
    opened: int
    items: list[tuple[int, int | None] | None]


def settled(
    seekers: Sequence[Seeker],
    ledger: Ledger,
    limits: Sequence[int],
    *,
    prices: Prices,
    start: Mapping[int, Option],
    seconds: float,
) -> Mixture | None:
    """The cheapest joint plan from `start` on; None for weight steps, or when there would be too many columns.

    `limits` are what each order may pay at the prices in a joint plan that is cheaper than the start.
    """
    spots = [_within(seeker, prices, limit) for seeker, limit in zip(seekers, limits, strict=True)]
    size = sum(len(each) * (1 + len(seeker.items)) for each, seeker in zip(spots, seekers, strict=True))
    if size > _MOST_COLUMNS or any(spot.place.offer.lane.weight_steps for each in spots for spot in each):
        return None
    model = _Compact(_rows(ledger, [spot for each in spots for spot in each]))
    for number, (seeker, near) in enumerate(zip(seekers, spots, strict=True)):
        if not model.add(seeker, near, start[number]):
            return None
    return model.solve(start, seconds)


def _within(seeker: Seeker, prices: Prices, limit: int) -> list[Spot]:
    """The spots that a plan of at most this cost can use."""
    if not seeker.spots:
        return []
    places = [priced(seeker, spot, spot.place, prices) for spot in seeker.spots]
    lost = [cents * item.count for cents, item in zip(seeker.order.lost, seeker.items, strict=True)]
    least, slack = ascend(seeker.order, places, lost)
    room = limit - sum(least) + seeker.order.split_cents
    return [spot for spot, left in zip(seeker.spots, slack, strict=True) if left <= room]


def _rows(ledger: Ledger, spots: Iterable[Spot]) -> Rows:
    """All limits of these spots: an order may contest its own goods, by several days of a place."""
    shelves: set[int] = set()
    gates: set[int] = set()
    for spot in spots:
        shelves.update(ledger.slots[slot].shelf for slot in spot.slots if slot >= 0)
        gates.update(gate for gate in (spot.units, spot.parcels) if gate >= 0)
    return Rows(ledger, shelves, gates)


class _Compact:
    """The program: units unsent, parcels that open, units in them; an order's first parcel is no split."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.low = [-UNLIMITED] * len(rows.limits)
        self.high = [float(limit) for limit in rows.limits]
        self.columns = Columns()
        self.upper: list[float] = []
        self.known: dict[int, float] = {}
        self.orders: list[tuple[Seeker, list[_Parcel]]] = []
        for link in rows.links:
            for row in link.channels:
                self._column(0, UNLIMITED, {row: -1.0, link.free: 1.0})
        self.first = len(self.upper)

    def _row(self, low: float, high: float) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def _column(self, cost: float, upper: float, entries: Mapping[int, float]) -> int:
        self.columns.add(cost, entries.items())
        self.upper.append(upper)
        return len(self.upper) - 1

    def add(self, seeker: Seeker, spots: Sequence[Spot], known: Option) -> bool:
        """An order, what it may use, and the plan it has; False when that uses something else."""
        begins, order = len(self.upper), seeker.order
        counted = [self._row(item.count, item.count) for item in seeker.items]
        nothing: dict[int, float] = {}
        for row, item in zip(counted, seeker.items, strict=True):
            if seeker.demand.ship_complete:
                nothing[row] = float(item.count)
            else:
                self._column(item.lost_cents, item.count, {row: 1.0})
        if nothing:
            self._column(seeker.nothing, 1, nothing)
        spared = self._row(-UNLIMITED, 0)
        self._column(-order.split_cents, 1, {spared: 1.0})
        opens = {spared: -1.0}
        if order.max_parcels is not None:
            opens[self._row(-UNLIMITED, order.max_parcels)] = 1.0
        parcels = [self._parcel(seeker, spot, counted, opens) for spot in spots]
        self.orders.append((seeker, parcels))
        return self._start(seeker, parcels, known, begins)

    def _parcel(self, seeker: Seeker, spot: Spot, counted: Sequence[int], opens: Mapping[int, float]) -> _Parcel:
        place = spot.place
        holds = {index: self._row(-UNLIMITED, 0) for index, most in enumerate(place.available) if most}
        takes = {row: -float(place.available[index]) for index, row in holds.items()}
        room = self.rows.entries(draw_of((), [(spot.parcels, 1)]))
        opened = self._column(place.fixed + seeker.order.split_cents, 1, {**opens, **takes, **room})
        items: list[tuple[int, int | None] | None] = [None] * len(seeker.items)
        for index, row in holds.items():
            item, most = seeker.items[index], place.available[index]
            drawn = draw_of([(spot.slots[line], n) for line, n in item.parts], [(spot.units, item.units)])
            entries = {counted[index]: 1.0, row: 1.0, **self.rows.entries(drawn)}
            charged = None
            if place.line_cents and item.count > 1:
                line = self._row(-UNLIMITED, 0)
                charged = self._column(place.line_cents, 1, {line: -float(most)})
                entries[line] = 1.0
            items[index] = self._column(place.unit[index], most, entries), charged
        return _Parcel(spot, opened, items)

    def _start(self, seeker: Seeker, parcels: Sequence[_Parcel], known: Option, begins: int) -> bool:
        """The plan an order has, as columns."""
        of = {id(parcel.spot): parcel for parcel in parcels}
        left = [item.count for item in seeker.items]
        for number, amounts in known.parcels:
            parcel = of.get(id(seeker.spots[number]))
            if parcel is None:
                return False
            self.known[parcel.opened] = 1.0
            for index, amount in enumerate(amounts):
                columns = parcel.items[index]
                if amount and columns is not None:
                    left[index] -= amount
                    self.known[columns[0]] = float(amount)
                    if columns[1] is not None:
                        self.known[columns[1]] = 1.0
        unsent = [float(not known.parcels)] if seeker.demand.ship_complete else [float(count) for count in left]
        for column, value in enumerate([*unsent, float(bool(known.parcels))], begins):
            self.known[column] = value
        return True

    def solve(self, start: Mapping[int, Option], seconds: float) -> Mixture:
        """The best found."""
        program = Program(self.low, self.high)
        self.columns.hand_over(program, self.upper)
        found = program.whole(self.first, self.known, nodes=1_000_000, seconds=seconds)
        values = [round(value) for value in found.values]
        picked = {}
        for number, (seeker, parcels) in enumerate(self.orders if values else ()):
            sent = [(parcel.spot.place, _amounts(parcel, values)) for parcel in parcels]
            sent = [(place, amounts) for place, amounts in sent if any(amounts)]
            picked[number] = option_of(seeker, Choice(_cost(seeker, sent), sent, 0), None)
        return mixture(picked, start, found)


def _amounts(parcel: _Parcel, values: Sequence[int]) -> tuple[int, ...]:
    return tuple(0 if columns is None else values[columns[0]] for columns in parcel.items)


def _cost(seeker: Seeker, sent: Sequence[tuple[Place, tuple[int, ...]]]) -> int:
    """Cents of an order's parcels and of what stays unsent."""
    cost, left = seeker.order.split_cents * max(0, len(sent) - 1), [item.count for item in seeker.items]
    for place, amounts in sent:
        lines = [n for n, item in zip(amounts, seeker.items, strict=True) if n and item.count > 1]
        cost += place.fixed + place.line_cents * len(lines) + sum(map(int.__mul__, place.unit, amounts))
        left = list(map(int.__sub__, left, amounts))
    return cost + sum(item.lost_cents * count for item, count in zip(seeker.items, left, strict=True))
