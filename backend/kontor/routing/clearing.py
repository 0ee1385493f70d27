"""The linear program behind shadow prices: whole orders and walk-ins are served from what is there and comes.

Each order mixes plans of one or two places; at the prices found it is asked for better ones, until there are few. The
value of a unit is what serving all would cost more without it: a parcel shared by two lines counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.routing.sampling import Asked
from kontor.routing.solver import UNLIMITED, Program, libraries

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

_SINGLES, _BARE_SINGLES, _PAIRS = 4, 3, 2
"""Plans of one place, and of two, that each order begins with."""
_WORTHWHILE = 20
"""Cents by which a further plan must be better than those known."""


class Market(NamedTuple):
    """Arrays by place l, region r, variant s and period b; money in cents.

    `parcel[l, r]` and `unit[l, r, s]` are what sending costs (infinite where nothing is sent) without delay; what is
    sent arrives after `days[l, r]`; `late` are cents per parcel and unit of each day. `lost[s]` is a unit not sold,
    `markdown[l, s]` one left. `supply[l, s, b]` is cumulative, `capacity[l, b]` units sent (infinite without limit).
    """

    parcel: Array
    unit: Array
    days: Array
    late: tuple[float, float]
    split: float
    lost: Array
    markdown: Array
    supply: Array
    capacity: Array


class Values(NamedTuple):
    """What a unit that leaves is worth by place, variant and period, and sending one by place and period; in cents.

    The value of a unit is what it would earn later, less its mark-down.
    """

    units: Array
    capacity: Array


def cleared(market: Market, asked: Asked, start: Values, *, rounds: int = 2) -> Values:
    """The values under one demand, found from some prices on. Raises `OptimizerMissing`.

    Orders begin with plans that are good at the start's prices and with such as would be at bare costs: otherwise
    goods that are dear at the start would look as if nobody wanted them. Then so many `rounds` ask for better plans at
    the values found; one is enough where the start is nearly right.
    """
    clearing = _Clearing(market, asked)
    np, values = clearing.np, start
    owed = np.zeros(len(asked.region))
    bare = np.broadcast_to(-market.markdown[:, :, None], start.units.shape)
    clearing.propose(start, owed - 1, _SINGLES, _PAIRS)
    clearing.propose(Values(bare, np.zeros(start.capacity.shape)), owed - 1, _BARE_SINGLES, _PAIRS)
    for turn in range(rounds + 1):
        if turn and not clearing.propose(values, owed - _WORTHWHILE, 1, 1):
            break
        solved = clearing.program.relaxed(interior=True)
        if solved is None:
            break
        values, owed = clearing.values_of(solved.duals)
    return values


class _Clearing:
    """The program of one demand: a row per order, per place and variant as supply rises, per place with a limit."""

    def __init__(self, market: Market, asked: Asked) -> None:
        np, _ = libraries()
        self.np, self.market, self.asked = np, market, asked
        self.there = market.supply > 0
        rising = self.there.copy()
        rising[:, :, :-1] &= market.supply[:, :, 1:] > market.supply[:, :, :-1]
        limited = np.isfinite(market.capacity)
        orders, shelves = len(asked.region), int(rising.sum())
        self.shelf, self.roof = np.full(rising.shape, -1), np.full(limited.shape, -1)
        self.shelf[rising] = orders + np.arange(shelves)
        self.roof[limited] = orders + shelves + np.arange(int(limited.sum()))
        high = np.concatenate([np.ones(orders), market.supply[rising], market.capacity[limited]])
        self.program = Program(np.full(len(high), -UNLIMITED), high)
        self.known: set[tuple[int, int]] = set()
        self._serve_counters()
        self._cost_lines()

    def _serve_counters(self) -> None:
        np, market, walk_ins = self.np, self.market, self.asked.walk_ins
        at, s, b = np.nonzero((walk_ins > 0) & self.there)
        takes = np.arange(len(at)), at, s, b, np.ones(len(at))
        self._add(-market.lost[s] - market.markdown[at, s], walk_ins[at, s, b], takes, orders=None)

    def _cost_lines(self) -> None:
        """Cents of each parcel [o, l] and each line [o, k, l], less what the line is owed and its mark-down."""
        np, market, asked = self.np, self.market, self.asked
        self.is_line = asked.variant >= 0
        s, r = np.where(self.is_line, asked.variant, 0), asked.region
        late = np.maximum(0, market.days[:, r].T - asked.promise[:, None]) * asked.weight[:, None]
        self.parcel = market.parcel[:, r].T + late * market.late[0]
        self.can = (self.there[:, s, asked.period[:, None]] & self.is_line[None]).transpose(1, 2, 0)
        self.can &= np.isfinite(self.parcel)[:, None, :]
        cents = market.unit[:, r[:, None], s] - market.lost[s] * asked.weight[:, None] - market.markdown[:, s]
        cents = cents.transpose(1, 2, 0) + (late * market.late[1])[:, None, :]
        self.line = np.where(self.can, cents, 0) * asked.units[:, :, None]
        self.variant = s

    def propose(self, values: Values, owed: Array, singles: int, pairs: int) -> int:
        """Let each order add the plans that are cheapest at the values, as far as below what is `owed`; how many."""
        np, b = self.np, self.asked.period[:, None]
        toll = values.units[:, self.variant, b] + self.market.markdown[:, self.variant] + values.capacity[:, b]
        paid = np.where(self.can, self.line + toll.transpose(1, 2, 0) * self.asked.units[:, :, None], 0)
        paid = np.minimum(paid, 0)
        one = self.parcel + paid.sum(axis=1)
        order, first = _best(np, one, singles)
        keep = one[order, first] < owed[order]
        found = [(order[keep], first[keep], np.full(int(keep.sum()), -1))]
        multi = np.nonzero(self.is_line.sum(axis=1) > 1)[0]
        if len(multi):
            found.append(self._pairs(paid, one, multi, owed=owed, most=pairs))
        order, first, second = (np.concatenate(each) for each in zip(*found, strict=True))
        return self._add_plans(order, first, second, paid)

    def _pairs(self, paid: Array, one: Array, multi: Array, *, owed: Array, most: int) -> tuple[Array, Array, Array]:
        """Orders of several lines with the pairs of places that serve them better than either place."""
        np = self.np
        a, b = np.triu_indices(self.parcel.shape[1], 1)
        cost = self.parcel[multi][:, a] + self.parcel[multi][:, b] + self.market.split
        for k in range(paid.shape[1]):
            line = paid[multi, k]
            cost += np.minimum(line[:, a], line[:, b])
        row, pair = _best(np, cost, most)
        order, cents = multi[row], cost[row, pair]
        better = cents < np.minimum(one[order, a[pair]], one[order, b[pair]]) - 1e-6
        keep = better & (cents < owed[order])
        return order[keep], a[pair[keep]], b[pair[keep]]

    def _add_plans(self, order: Array, first: Array, second: Array, paid: Array) -> int:
        np, asked = self.np, self.asked
        from_first = paid[order, :, first]
        from_second = np.where(second[:, None] >= 0, paid[order, :, second], 0)
        plan, k = np.nonzero(np.minimum(from_first, from_second) < 0)
        place = np.where(from_second[plan, k] < from_first[plan, k], second[plan], first[plan])
        code = np.zeros(len(order), np.int64)
        np.add.at(code, plan, (place + 1) * (self.parcel.shape[1] + 1) ** k)
        new = np.full(len(order), -1)
        for number, each in enumerate(zip(order.tolist(), code.tolist(), strict=True)):
            if each[1] and each not in self.known:
                self.known.add(each)
                new[number] = len(self.known)
        fresh = np.nonzero(new >= 0)[0]
        new[fresh] = np.arange(len(fresh))
        cost = self.parcel[order, first] + np.where(second >= 0, self.parcel[order, second] + self.market.split, 0)
        cost += np.bincount(plan, self.line[order[plan], k, place], minlength=len(order))
        mine = new[plan] >= 0
        plan, k, place, order = plan[mine], k[mine], place[mine], order[plan[mine]]
        takes = new[plan], place, asked.variant[order, k], asked.period[order], asked.units[order, k]
        first_of = np.zeros(len(fresh), int)
        first_of[new[plan]] = order
        self._add(cost[fresh], 1.0, takes, orders=first_of)
        return len(fresh)

    def _add(self, cost: Array, upper: Array | float, takes: tuple[Array, ...], *, orders: Array | None) -> None:
        """Columns that take units of (column, place, variant, period): all later limits of the shelf, and the roof."""
        np, (column, at, s, b, units) = self.np, takes
        rows = [np.where(b <= later, self.shelf[at, s, later], -1) for later in range(self.shelf.shape[2])]
        parts = [(row, column, units) for row in rows]
        if orders is not None:
            parts += [(self.roof[at, b], column, units), (orders, np.arange(len(cost)), np.ones(len(cost)))]
        row, column, units = (np.concatenate(each) for each in zip(*parts, strict=True))
        there = row >= 0
        key, which = np.unique(column[there] * self.program.rows + row[there], return_inverse=True)
        value = np.bincount(which, units[there], minlength=len(key))
        start = np.searchsorted(key // self.program.rows, np.arange(len(cost)))
        self.program.add(cost, upper, start=start, index=key % self.program.rows, value=value)

    def values_of(self, duals: Array) -> tuple[Values, Array]:
        """Values by unit and room, and what each order gains already."""
        np, market = self.np, self.market
        shelves, roofs = np.zeros(self.shelf.shape), np.zeros(self.roof.shape)
        shelves[self.shelf >= 0] = -duals[self.shelf[self.shelf >= 0]]
        roofs[self.roof >= 0] = -duals[self.roof[self.roof >= 0]]
        units = shelves[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] - market.markdown[:, :, None]
        return Values(units, roofs), duals[: len(self.asked.region)]


def _best(np: Any, cost: Array, most: int) -> tuple[Array, Array]:
    """Rows and columns of the `most` least of each row."""
    most = min(most, cost.shape[1])
    columns = np.argpartition(cost, most - 1, axis=1)[:, :most]
    return np.repeat(np.arange(len(cost)), most), columns.ravel()
