"""The linear program behind shadow prices: whole orders and walk-ins are served from what is there and comes.

Each order mixes plans of one or two places; at the prices found it is asked for better ones, until there are few. The
value of a unit is what serving all would cost more without it: a parcel shared by two lines counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def cleared(
    market: Market, demands: Sequence[Asked], start: Values, *, known: Asked | None = None, rounds: int = 2
) -> Values:
    """The mean values over some demands, found from some prices on. Raises `OptimizerMissing`.

    Orders that are `known` are decided before anybody knows which of the demands will come: they are served in one
    way that is good over all of them, while the orders of each demand are served as suits that demand.

    Orders begin with plans that are good at the start's prices and with such as would be at bare costs: otherwise
    goods that are dear at the start would look as if nobody wanted them. Then so many `rounds` ask for better plans at
    the values found; one is enough where the start is nearly right.
    """
    np, _ = libraries()
    asking = ([] if known is None or not len(known.region) else [known]) + list(demands)
    first = np.cumsum([0, *[len(asked.region) for asked in asking]])
    worlds = _worlds(market, len(demands), int(first[-1]))
    high = np.concatenate([np.ones(first[-1]), *[world.limits for world in worlds]])
    program = Program(np.full(len(high), -UNLIMITED), high)
    sides = [_Side(market, asked, program, int(row)) for asked, row in zip(asking, first[:-1], strict=True)]
    for side, world in zip(sides[len(sides) - len(demands) :], worlds, strict=True):
        side.worlds = [world]
        side.serve_counters()
    if len(sides) > len(demands):
        sides[0].worlds = worlds
    bare = Values(np.broadcast_to(-market.markdown[:, :, None], start.units.shape), np.zeros(start.capacity.shape))
    for side in sides:
        side.propose(start, side.owed - 1, _SINGLES, _PAIRS)
        side.propose(bare, side.owed - 1, _BARE_SINGLES, _PAIRS)
    values = start
    for turn in range(rounds + 1):
        if turn and not sum([side.propose(side.values, side.owed - _WORTHWHILE, 1, 1) for side in sides]):
            break
        solved = program.relaxed(interior=True)
        if solved is None:
            break
        for side in sides:
            side.learn(solved.duals)
        values = _mean(market, worlds, solved.duals)
    return values


class _World(NamedTuple):
    """The rows of one demand: per place and variant as supply rises, per place with a limit; -1 where there is none."""

    shelf: Array
    roof: Array
    limits: Array


def _worlds(market: Market, count: int, row: int) -> list[_World]:
    np, _ = libraries()
    rising = market.supply > 0
    rising[:, :, :-1] &= market.supply[:, :, 1:] > market.supply[:, :, :-1]
    limited = np.isfinite(market.capacity) & (market.capacity > 0)  # no room at all has no price: nobody asks for it
    limits = np.concatenate([market.supply[rising], market.capacity[limited]])
    found = []
    for _ in range(count):
        shelf, roof = np.full(rising.shape, -1), np.full(limited.shape, -1)
        shelf[rising] = row + np.arange(int(rising.sum()))
        roof[limited] = row + int(rising.sum()) + np.arange(int(limited.sum()))
        found.append(_World(shelf, roof, limits))
        row += len(limits)
    return found


def _mean(market: Market, worlds: Sequence[_World], duals: Array) -> Values:
    """The mean values by unit and room."""
    np, _ = libraries()
    shelves, roofs = np.zeros(market.supply.shape), np.zeros(market.capacity.shape)
    for world in worlds:
        shelves[world.shelf >= 0] -= duals[world.shelf[world.shelf >= 0]] / len(worlds)
        roofs[world.roof >= 0] -= duals[world.roof[world.roof >= 0]] / len(worlds)
    return Values(shelves[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] - market.markdown[:, :, None], roofs)


class _Side:
    """Those who ask together, and their columns: each counts in the rows of the demands in which they ask."""

    def __init__(self, market: Market, asked: Asked, program: Program, row: int) -> None:
        self.np, _ = libraries()
        self.market, self.asked, self.program, self.row = market, asked, program, row
        self.there = market.supply > 0
        self.worlds: Sequence[_World] = ()
        self.owed = self.np.zeros(len(asked.region))
        self.known: set[tuple[int, int]] = set()
        self._cost_lines()

    def serve_counters(self) -> None:
        """Walk-ins take what is there."""
        np, market, walk_ins = self.np, self.market, self.asked.walk_ins
        at, s, b = np.nonzero((walk_ins > 0) & self.there)
        takes = np.arange(len(at)), at, s, b, np.ones(len(at))
        self._add(-market.lost[s] - market.markdown[at, s], walk_ins[at, s, b], takes, orders=None)

    def learn(self, duals: Array) -> None:
        """Values in these demands, and what each order gains already."""
        self.values = _mean(self.market, self.worlds, duals)
        self.owed = duals[self.row : self.row + len(self.asked.region)] / len(self.worlds)

    def _cost_lines(self) -> None:
        """Cents of each parcel [o, l] and each line [o, k, l], less what the line is owed and its mark-down."""
        np, market, asked = self.np, self.market, self.asked
        self.is_line = asked.variant >= 0
        s, r = np.where(self.is_line, asked.variant, 0), asked.region
        late = np.maximum(0, market.days[:, r].T - asked.promise[:, None]) * asked.weight[:, None]
        self.parcel = market.parcel[:, r].T + late * market.late[0]
        self.can = (self.there[:, s, asked.period[:, None]] & self.is_line[None]).transpose(1, 2, 0)
        self.can &= (np.isfinite(self.parcel) & (market.capacity[:, asked.period].T > 0))[:, None, :]
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
        parts = []
        for world in self.worlds:
            rows = [np.where(b <= later, world.shelf[at, s, later], -1) for later in range(world.shelf.shape[2])]
            parts += [(row, column, units) for row in rows]
            if orders is not None:
                parts.append((world.roof[at, b], column, units))
        if orders is not None:
            parts.append((self.row + orders, np.arange(len(cost)), np.ones(len(cost))))
        row, column, units = (np.concatenate(each) for each in zip(*parts, strict=True))
        there = row >= 0
        key, which = np.unique(column[there] * self.program.rows + row[there], return_inverse=True)
        value = np.bincount(which, units[there], minlength=len(key))
        start = np.searchsorted(key // self.program.rows, np.arange(len(cost)))
        self.program.add(cost * len(self.worlds), upper, start=start, index=key % self.program.rows, value=value)


def _best(np: Any, cost: Array, most: int) -> tuple[Array, Array]:
    """Rows and columns of the `most` least of each row."""
    most = min(most, cost.shape[1])
    columns = np.argpartition(cost, most - 1, axis=1)[:, :most]
    return np.repeat(np.arange(len(cost)), most), columns.ravel()
