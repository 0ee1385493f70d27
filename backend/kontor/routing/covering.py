"""The cheapest cover of an order by parcels: min-plus dynamic program over remaining quantities, exact.

A state says how much of each item is still to be covered, written in mixed radix, so that the rest of a state after a
parcel is a subtraction. The program may use the stock of a location twice; when its answer does, that location is
folded in once, all its days together, and the program runs again. The relaxation never costs more than the true
optimum, so the first answer that overdraws nothing is optimal.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from operator import add
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Item, Place, Pool
from kontor.routing.costs import weight_step_cents

MAX_STATES = 4096
MAX_PAIRS = 600_000
# Over many places the search for large orders has to look at too many sets of them: then a larger program is quicker.
MANY_PLACES = 24
MANY_STATES, MANY_PAIRS = 16_384, 8_000_000
_REMEMBERED_PAIRS = 70_000
_IMPOSSIBLE = FORBIDDEN >> 1

Row = list[int]
Parcel = tuple[Place, tuple[int, ...]]


class Order(NamedTuple):
    """The problem: items with what a count unsent costs, and the rules over parcels.

    `weights` are grams, `sizes` units in one count of each item.
    """

    items: Sequence[Item]
    pools: Sequence[Pool]
    lost: Sequence[int]
    weights: Sequence[int]
    sizes: Sequence[int]
    split_cents: int
    max_parcels: int | None


def levels_of(order: Order, places: Sequence[Place]) -> tuple[tuple[int, ...], ...]:
    """The amounts of each item worth a state.

    Where every place with an item has all of it, and neither capacity nor weight steps nor a shared stock make an
    amount between better, an item leaves whole or not at all: each open place would take it at its price.
    """
    need = sum(size * item.count for size, item in zip(order.sizes, order.items, strict=True))
    plain = not order.pools and all(
        (p.roof is None or p.roof >= need) and not p.offer.lane.weight_steps for p in places
    )
    levels: list[tuple[int, ...]] = []
    for index, item in enumerate(order.items):
        if item.count == 1 or (plain and all(p.available[index] in (0, item.count) for p in places)):
            levels.append((0, item.count))
        else:
            levels.append(tuple(range(item.count + 1)))
    return tuple(levels)


def is_small(levels: Sequence[Sequence[int]], places: int) -> bool:
    """Whether the dynamic program over so many places stays within its bounds of states and pairs of states."""
    pairs = prod(len(level) * (len(level) + 1) // 2 for level in levels)
    states = prod(len(level) for level in levels)
    many = places > MANY_PLACES
    return states <= (MANY_STATES if many else MAX_STATES) and pairs <= (MANY_PAIRS if many else MAX_PAIRS)


def _parts(shape: tuple[int, ...]) -> list[list[int]]:
    """For each state every state that is part of it, itself and 0 included."""
    states = list(range(prod(shape)))
    parts = [[0]]
    stride = 1
    for radix in shape:
        parts = [
            [states[part + stride * taken] for taken in range(digit + 1) for part in below]
            for digit in range(radix)
            for below in parts
        ]
        stride *= radix
    return parts


class _Pair(NamedTuple):
    """How a state can go on: parcels that hold some of its top item with what is left, or a step of it unsent."""

    parcels: list[int]
    rests: list[int]
    below: int
    item: int
    level: int


def _pairs(shape: tuple[int, ...]) -> list[_Pair]:
    parts = _parts(shape)
    states = list(range(len(parts)))
    pairs = [_Pair([0], [0], 0, 0, 0)]
    stride = 1
    for item, radix in enumerate(shape):
        for digit in range(1, radix):
            for low in range(stride):
                state = low + digit * stride
                # The first parts hold none of the top item. State 0 keeps the list from being empty.
                parcels = [0, *parts[state][len(parts[low]) :]]
                rests = [states[state - part] for part in parcels]
                pairs.append(_Pair(parcels, rests, state - stride, item, digit))
        stride *= radix
    return pairs


_remembered_pairs = lru_cache(maxsize=64)(_pairs)
_remembered_parts = lru_cache(maxsize=64)(_parts)


class Cover:
    """One run of the program over the given places; `solve` is the only entry."""

    def __init__(self, order: Order, places: Sequence[Place], levels: tuple[tuple[int, ...], ...]) -> None:
        self.order, self.places, self.levels = order, places, levels
        shape = tuple(map(len, levels))
        small = prod(radix * (radix + 1) // 2 for radix in shape) <= _REMEMBERED_PAIRS
        self.shape, self.small = shape, small
        self.pairs = _remembered_pairs(shape) if small else _pairs(shape)
        self.full = len(self.pairs) - 1
        # Without a limit a single layer stands for any number of parcels.
        self.step = 0 if order.max_parcels is None else 1
        self.limit = order.max_parcels or 0
        self.unsent = self._spread(order.lost)
        self.rows = [self._row(place) for place in places]

    def solve(self) -> tuple[int, list[Parcel]]:
        """The cheapest cover by at least one parcel and what it costs; FORBIDDEN or more if there is none."""
        folded: list[int] = []
        while True:
            cost, chosen = self._attempt(folded)
            if cost >= _IMPOSSIBLE:
                return FORBIDDEN, []
            overdrawn = self._overdrawn(chosen, folded)
            if not overdrawn:
                return cost, [(self.places[n], self._amounts(state)) for n, state in chosen]
            folded += overdrawn

    def _spread(self, per_count: Sequence[int]) -> Row:
        """The sum of a figure per count of each item, for every state."""
        row = [0]
        for level, each in zip(self.levels, per_count, strict=True):
            row = [cents + each * amount for amount in level for cents in row]
        return row

    def _amounts(self, state: int) -> tuple[int, ...]:
        amounts = []
        for level in self.levels:
            state, digit = divmod(state, len(level))
            amounts.append(level[digit])
        return tuple(amounts)

    def _row(self, place: Place) -> Row:
        """What one parcel of this place costs, for every state it could hold exactly."""
        row = [place.fixed + self.order.split_cents]
        for level, have, each, whole in zip(self.levels, place.available, place.unit, place.whole, strict=True):
            if len(level) == 2:
                row += [cents + whole for cents in row] if have >= level[1] else [FORBIDDEN] * len(row)
                continue
            base = row[:]
            for amount in level[1:]:
                more = each * amount + place.line_cents
                row += [cents + more for cents in base] if amount <= have else [FORBIDDEN] * len(base)
        row[0] = FORBIDDEN
        self._restrain(place, row)
        return row

    def _restrain(self, place: Place, row: Row) -> None:
        """Capacity, stock shared by items, and what more weight adds."""
        if place.roof is not None:
            for state, units in enumerate(self._spread(self.order.sizes)):
                if units > place.roof:
                    row[state] = FORBIDDEN
        for state in self._beyond(place):
            row[state] = FORBIDDEN
        steps = place.offer.lane.weight_steps
        if steps:
            lightest = min(cents for _, cents in steps)
            for state, grams in enumerate(self._spread(self.order.weights)):
                row[state] += weight_step_cents(steps, grams) - lightest

    def _beyond(self, place: Place) -> list[int]:
        """States that draw more on a shared stock than there is by the place's day."""
        beyond: list[int] = []
        for pool, limit in zip(self.order.pools, place.limits, strict=True):
            beyond += [state for state, units in enumerate(self._spread(pool.units)) if units > limit]
        return beyond

    def _attempt(self, folded: list[int]) -> tuple[int, list[tuple[int, int]]]:
        """The relaxed optimum with the folded locations exact: cost and (number of the place, state) per parcel."""
        free = [n for n, place in enumerate(self.places) if place.offer.rank not in folded]
        rows = [self.rows[n] for n in free]
        best = list(map(min, *rows)) if len(rows) > 1 else (rows[0] if rows else [FORBIDDEN] * (self.full + 1))
        stages = [self._layers(best)]
        nights = [_Fold(self, rank) for rank in folded]
        for fold in nights:
            stages.append(fold.onto(stages[-1]))
        return self._read(best, free, stages, nights)

    def _layers(self, best: Row) -> list[Row]:
        """For each allowed number of parcels the cheapest cover of every state; the split is counted per parcel."""
        if not self.step:
            return [self._layer(best, None)]
        layers = [self.unsent]
        for _ in range(self.limit):
            layers.append(self._layer(best, layers[-1]))
        return layers

    def _layer(self, best: Row, before: Row | None) -> Row:
        layer = [0] * (self.full + 1)
        source = layer if before is None else before
        price, rest, lost, levels = best.__getitem__, source.__getitem__, self.order.lost, self.levels
        for state in range(1, self.full + 1):
            parcels, rests, below, item, digit = self.pairs[state]
            sent = min(map(add, map(price, parcels), map(rest, rests)))
            kept = layer[below] + lost[item] * (levels[item][digit] - levels[item][digit - 1])
            layer[state] = sent if sent <= kept else kept
        return layer

    def _read(
        self, best: Row, free: list[int], stages: list[list[Row]], nights: list["_Fold"]
    ) -> tuple[int, list[tuple[int, int]]]:
        """The cheapest cover with a parcel in it, traced back through folds and pool."""
        first = self._first(best, stages, nights)
        if first is None:
            return FORBIDDEN, []
        cost, stage, parcel, used = first
        chosen: list[tuple[int, int]] = []
        state, layer = self.full - parcel, self.limit - used
        if stage:
            chosen += nights[stage - 1].trace(parcel, used)
        else:
            chosen.append((self._place_of(best, free, parcel), parcel))
        for number in range(stage - 1, 0, -1):
            state, layer, more = nights[number - 1].take(stages[number], stages[number - 1], state, layer)
            chosen += more
        chosen += self._trace(best, free, stages[0], state, layer)
        return cost - self.order.split_cents, chosen

    def _first(self, best: Row, stages: list[list[Row]], nights: list["_Fold"]) -> tuple[int, int, int, int] | None:
        """Cost, stage, state and parcels of the last stage that sends something: pool or a folded location."""
        found = []
        if not self.step or self.limit:
            rest = stages[0][self.limit - self.step]
            totals = list(map(add, best, reversed(rest)))
            cost = min(totals)
            found.append((cost, 0, max(s for s, cents in enumerate(totals) if cents == cost), self.step))
        for stage, fold in enumerate(nights, start=1):
            for used, row in enumerate(fold.last):
                if used > self.limit:
                    break
                totals = list(map(add, row, reversed(stages[stage - 1][self.limit - used])))
                totals[0] = FORBIDDEN
                cost = min(totals)
                found.append((cost, stage, totals.index(cost), used))
        return min((each for each in found if each[0] < _IMPOSSIBLE), key=lambda each: each[0], default=None)

    def _place_of(self, best: Row, free: list[int], state: int) -> int:
        return next(n for n in free if self.rows[n][state] == best[state])

    def _trace(self, best: Row, free: list[int], layers: list[Row], state: int, layer: int) -> list[tuple[int, int]]:
        chosen = []
        while state and (layer or not self.step):
            parcels, rests, below, _, _ = self.pairs[state]
            now, rest = layers[layer][state], layers[layer - self.step]
            # The fullest parcel first, so that equal costs do not split.
            for parcel, left in zip(reversed(parcels), reversed(rests), strict=True):
                if parcel and best[parcel] + rest[left] == now:
                    chosen.append((self._place_of(best, free, parcel), parcel))
                    state, layer = left, layer - self.step
                    break
            else:
                state = below
        return chosen

    def _overdrawn(self, chosen: list[tuple[int, int]], folded: list[int]) -> list[int]:
        """Ranks of locations that cannot do what the relaxed answer asks of them."""
        by_rank: dict[int, list[tuple[int, int]]] = {}
        for n, state in chosen:
            by_rank.setdefault(self.places[n].offer.rank, []).append((n, state))
        return [
            rank
            for rank, parcels in sorted(by_rank.items())
            if rank not in folded and len(parcels) > 1 and not self._together(parcels)
        ]

    def _together(self, parcels: list[tuple[int, int]]) -> bool:
        if len({n for n, _ in parcels}) < len(parcels):
            return False
        total = [0] * len(self.levels)
        for n, state in sorted(parcels, key=lambda each: self.places[each[0]].day):
            place = self.places[n]
            total = list(map(add, total, self._amounts(state)))
            if any(amount > have for amount, have in zip(total, place.available, strict=True)):
                return False
            for pool, limit in zip(self.order.pools, place.limits, strict=True):
                if sum(map(int.__mul__, total, pool.units)) > limit:
                    return False
        return True


class _Fold:
    """One location, used at most once a day within its stock: tables[day][parcels][state]."""

    def __init__(self, cover: Cover, rank: int) -> None:
        self.cover = cover
        self.numbers = sorted(
            (n for n, place in enumerate(cover.places) if place.offer.rank == rank), key=lambda n: cover.places[n].day
        )
        self.parts = _remembered_parts(cover.shape) if cover.small else _parts(cover.shape)
        most = min(len(self.numbers), cover.limit) if cover.step else 0
        nothing = [0] + [FORBIDDEN] * cover.full
        self.tables = [[nothing] * (most + 1)]
        for n in self.numbers:
            self.tables.append(self._day(n, self.tables[-1]))
        self.last = self.tables[-1]

    def _day(self, number: int, before: list[Row]) -> list[Row]:
        cover = self.cover
        within = self._within(cover.places[number])
        price = cover.rows[number].__getitem__
        table = []
        for used, old in enumerate(before):
            if used < cover.step:
                table.append(old)
                continue
            rest = before[used - cover.step]
            row = old[:]
            for state in within:
                parts = self.parts[state]
                row[state] = min(
                    old[state], min(map(add, map(price, parts), map(rest.__getitem__, (state - p for p in parts))))
                )
            table.append(row)
        return table

    def _within(self, place: Place) -> list[int]:
        """States whose amounts have all left by the place's day."""
        inside = [True]
        for level, have in zip(self.cover.levels, place.available, strict=True):
            inside = [ok and amount <= have for amount in level for ok in inside]
        beyond = set(self.cover._beyond(place))
        return [state for state, ok in enumerate(inside) if state and ok and state not in beyond]

    def onto(self, layers: list[Row]) -> list[Row]:
        """The layers with this location added."""
        return [
            [self._best(layers, state, layer)[0] for state in range(len(self.parts))] for layer in range(len(layers))
        ]

    def _best(self, layers: list[Row], state: int, layer: int) -> tuple[int, int, int]:
        """Cost, part and parcels this location contributes to a state."""
        found = (FORBIDDEN * 4, 0, 0)
        for used, row in enumerate(self.last[: layer + 1] if self.cover.step else self.last):
            rest = layers[layer - used]
            parts = self.parts[state]
            costs = [row[part] + rest[state - part] for part in parts]
            cost = min(costs)
            if cost < found[0]:
                found = (cost, parts[costs.index(cost)], used)
        return found

    def take(
        self, after: list[Row], before: list[Row], state: int, layer: int
    ) -> tuple[int, int, list[tuple[int, int]]]:
        """What is left for the stages before, and the parcels of this one."""
        _, part, used = self._best(before, state, layer)
        return state - part, layer - used, self.trace(part, used)

    def trace(self, state: int, used: int) -> list[tuple[int, int]]:
        """The parcels by which this location covers a state."""
        chosen = []
        for day in range(len(self.numbers), 0, -1):
            now, before = self.tables[day], self.tables[day - 1]
            if now[used][state] == before[used][state]:
                continue
            number = self.numbers[day - 1]
            row, rest = self.cover.rows[number], before[used - self.cover.step]
            part = next(p for p in self.parts[state] if row[p] + rest[state - p] == now[used][state])
            chosen.append((number, part))
            state, used = state - part, used - self.cover.step
        return chosen
