"""What each of a few given parcels should hold: the cheapest assignment of an order's items to them.

Without limits that bind each item simply takes the cheapest room. Where the units a place can still release are too few
for that, it is a flow of least cost: from the items through the stock of each place, which by a later day includes that
of the days before, through the place's limit of that day. Items of several units that stay whole are tried everywhere.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.costs import weight_step_cents
from kontor.routing.covering import Order

MAX_TRIES = 500
_MOST_LINED = 6  # places of whose sets the cheapest is found
_FAR = FORBIDDEN << 1

Amounts = dict[int, list[int]]


class Assignment(NamedTuple):
    """Counts of each item by place number; what they cost with what is owed, without the parcels' own cost.

    No assignment costs less than `bound`; the two are equal unless weight steps, shared stock or, where limits bind,
    line costs come in. FORBIDDEN or more when something that must leave cannot.
    """

    cost: int
    bound: int
    amounts: Amounts


class _Way(NamedTuple):
    """What an item costs with its lines, the lines alone, and counts by place number."""

    cost: int
    lines: int
    taken: dict[int, int]


class Assigner:
    """The places of one order, and what is the same for every set of them."""

    def __init__(self, order: Order, places: Sequence[Place]) -> None:
        self.order, self.places = order, places
        # Of each item the places that have it, cheapest first, if they are cheaper than owing it.
        self.ranked = [
            sorted(
                (n for n, place in enumerate(places) if place.available[i] and place.unit[i] <= order.lost[i]),
                key=lambda n, i=i: (places[n].unit[i], n),  # type: ignore[misc]
            )
            for i in range(len(order.items))
        ]
        # Items of several counts of which each further place costs its line once more.
        self.lined = [
            i
            for i, item in enumerate(order.items)
            if item.count > 1 and any(place.line_cents and place.available[i] for place in places)
        ]

    def assign(self, chosen: Sequence[int]) -> Assignment:
        """The cheapest assignment to these places."""
        found = self.quick(chosen)
        if found.cost < FORBIDDEN or found.amounts:
            return found
        if not self.order.pools:
            return self._limited(sorted(set(chosen)), found.bound)
        cost, rows = self._fill(chosen, shared=True)
        fits = all(self._fits(n, row) for n, row in rows.items())
        return self._result(cost, found.bound, rows) if fits else found

    def quick(self, chosen: Sequence[int]) -> Assignment:
        """The same if each item can take the cheapest room; else only the bound, FORBIDDEN as cost and no amounts."""
        bound, rows = self._fill(chosen, shared=False)
        lines = self._by_line(rows) if self.lined and len(chosen) <= _MOST_LINED else None
        if lines is not None:
            bound = sum(lines)
        if all(self._fits(n, row) for n, row in rows.items()):
            return self._result(bound if lines is None else lines[0], bound, rows)
        return Assignment(FORBIDDEN, bound, {})

    def _fill(self, chosen: Sequence[int], *, shared: bool) -> tuple[int, Amounts]:
        """Give each item the cheapest room there is; the cost with what stays owed. `shared` heeds shared stock."""
        rows = {n: [0] * len(self.order.items) for n in chosen}
        mates: dict[int, list[int]] = {}
        for n in rows:
            mates.setdefault(self.places[n].offer.rank, []).append(n)
        cost = 0
        for index, item in enumerate(self.order.items):
            need = item.count
            for n in self.ranked[index]:
                if n not in rows:
                    continue
                take = min(need, self._room(n, index, rows, mates[self.places[n].offer.rank], shared=shared))
                if take > 0:
                    rows[n][index] = take
                    need -= take
                    cost += take * self.places[n].unit[index]
                    if not need:
                        break
            cost += need * self.order.lost[index]
        return cost, rows

    def _by_line(self, rows: Amounts) -> tuple[int, int] | None:
        """Let each item come from the set of places that is cheapest with their lines, into `rows`.

        What that costs without and with nothing but the lines; None for several days of one location.
        """
        if len({self.places[n].offer.rank for n in rows}) < len(rows):
            return None
        cost = lines = 0
        for index in range(len(self.order.items)):
            holders = [n for n in self.ranked[index] if n in rows]
            if index not in self.lined:
                sets: list[tuple[int, ...]] = [tuple(holders)]
            else:
                sets = [each for size in range(len(holders) + 1) for each in combinations(holders, size)]
            ways = [self._from(each, index) for each in sets]
            way = min(ways, key=lambda way: way.cost)
            cost, lines = cost + way.cost - way.lines, lines + way.lines
            for n in rows:
                rows[n][index] = way.taken.get(n, 0)
        return cost, lines

    def _from(self, holders: Sequence[int], index: int) -> "_Way":
        """An item from these places, cheapest first, all of whose lines are paid if it is of several counts."""
        item = self.order.items[index]
        need, taken = item.count, {}
        lines = sum([self.places[n].line_cents for n in holders]) if item.count > 1 else 0
        cost = lines
        for n in holders:
            take = min(need, self.places[n].available[index])
            need -= take
            cost += take * self.places[n].unit[index]
            taken[n] = take
        return _Way(cost + need * self.order.lost[index], lines, taken)

    def _room(self, n: int, index: int, rows: Amounts, mates: Sequence[int], *, shared: bool) -> int:
        """Counts that the place's stock can still give, on its day and every later one; `mates` are all its days."""
        place = self.places[n]
        room = place.available[index]
        if len(mates) == 1 and not shared:
            return room
        for m in mates:
            day = self.places[m].day
            if day < place.day:
                continue
            until = [rows[k] for k in mates if self.places[k].day <= day]
            room = min(room, self.places[m].available[index] - sum(row[index] for row in until))
            if shared:
                for pool, limit in zip(self.order.pools, self.places[m].limits, strict=True):
                    if pool.units[index]:
                        drawn = sum(sum(map(int.__mul__, row, pool.units)) for row in until)
                        room = min(room, (limit - drawn) // pool.units[index])
        return room

    def _fits(self, n: int, row: Sequence[int]) -> bool:
        place = self.places[n]
        if place.roof is not None and sum(map(int.__mul__, row, self.order.sizes)) > place.roof:
            return False
        return all(
            sum(map(int.__mul__, row, pool.units)) <= limit
            for pool, limit in zip(self.order.pools, place.limits, strict=True)
        )

    def _result(self, cost: int, bound: int, rows: Amounts) -> Assignment:
        """Leave out empty parcels, and add what is not paid per count."""
        amounts = {n: row for n, row in rows.items() if any(row)}
        return Assignment(cost + sum(self._extra(n, row) for n, row in amounts.items()), bound, amounts)

    def _extra(self, n: int, row: Sequence[int]) -> int:
        place, items = self.places[n], self.order.items
        extra = place.line_cents * sum(1 for item, amount in zip(items, row, strict=True) if amount and item.count > 1)
        steps = place.offer.lane.weight_steps
        if steps:
            grams = sum(map(int.__mul__, row, self.order.weights))
            extra += weight_step_cents(steps, grams) - min(cents for _, cents in steps)
        return extra

    def _limited(self, chosen: Sequence[int], bound: int) -> Assignment:
        """The cheapest over every way to place the items of several units, the single ones flowing round them."""
        order = self.order
        bulky = [i for i, size in enumerate(order.sizes) if size > 1]
        ways = [[None, *[n for n in self.ranked[i] if n in chosen]] for i in bulky]
        tries = 1
        for way in ways:
            tries *= len(way)
        best, least = Assignment(FORBIDDEN, bound, {}), FORBIDDEN
        if tries > MAX_TRIES:
            return best
        for settled in product(*ways):
            rows = {n: [0] * len(order.items) for n in chosen}
            owed = 0
            for index, n in zip(bulky, settled, strict=True):
                if n is None:
                    owed += order.lost[index] * order.items[index].count
                else:
                    rows[n][index] = 1
                    owed += self.places[n].unit[index]
            if owed < best.cost and all(self._fits(n, row) for n, row in rows.items()):
                cost = owed + self._flow(rows, set(bulky))
                least = min(least, cost)
                if cost < best.cost:
                    best = min(best, self._result(cost, bound, rows), key=lambda each: each.cost)
        return best._replace(bound=max(least, bound))

    def _flow(self, rows: Amounts, settled: set[int]) -> int:
        """Assign the single items by a flow of least cost, into `rows`; what it costs with what stays owed."""
        net = _Network()
        order, sink = self.order, net.node()
        doors = {}
        for n, row in rows.items():
            doors[n] = net.node()
            roof, taken = self.places[n].roof, sum(map(int.__mul__, row, order.sizes))
            net.edge(doors[n], sink, room=_FAR if roof is None else roof - taken)
        source, ends = net.node(), []
        for index, item in enumerate(order.items):
            if index in settled:
                continue
            start = net.node()
            net.edge(source, start, room=item.count)
            net.edge(start, sink, room=item.count, cost=order.lost[index])
            ends += [(n, index, edge) for n, edge in self._stock(net, start, index, doors).items()]
        cost = net.send(source, sink)
        for n, index, edge in ends:
            rows[n][index] = net.sent(edge)
        return cost

    def _stock(self, net: "_Network", start: int, index: int, doors: dict[int, int]) -> dict[int, int]:
        """The ways of an item into the parcels: by place from its last day to its first, each as wide as its stock."""
        chains: dict[int, list[int]] = {}
        for n in self.ranked[index]:
            if n in doors:
                chains.setdefault(self.places[n].offer.rank, []).append(n)
        ends = {}
        for group in chains.values():
            before = start
            for n in sorted(group, key=lambda n: -self.places[n].day):
                stock = net.node()
                net.edge(before, stock, room=self.places[n].available[index])
                ends[n] = net.edge(stock, doors[n], room=_FAR, cost=self.places[n].unit[index])
                before = stock
        return ends


@dataclass(slots=True)
class _Edge:
    end: int
    room: int
    cost: int


class _Network:
    """Flow of least cost by cheapest paths, one after the other; costs may be negative, circles may not."""

    def __init__(self) -> None:
        self._edges: list[_Edge] = []
        self._ways: list[list[int]] = []
        self._rooms: list[int] = []

    def node(self) -> int:
        self._ways.append([])
        return len(self._ways) - 1

    def edge(self, start: int, end: int, *, room: int, cost: int = 0) -> int:
        number = len(self._edges)
        self._edges += [_Edge(end, room, cost), _Edge(start, 0, -cost)]
        self._rooms += [room, 0]
        self._ways[start].append(number)
        self._ways[end].append(number + 1)
        return number

    def sent(self, edge: int) -> int:
        """How much flows through an edge."""
        return self._edges[edge ^ 1].room

    def send(self, source: int, sink: int) -> int:
        """Send all that can flow; what it costs."""
        total = 0
        while True:
            reach, come = self._cheapest(source)
            if reach[sink] >= _FAR:
                return total
            path = []
            node = sink
            while node != source:
                path.append(come[node])
                node = self._edges[come[node] ^ 1].end
            amount = min(self._edges[number].room for number in path)
            for number in path:
                self._edges[number].room -= amount
                self._edges[number ^ 1].room += amount
            total += amount * reach[sink]

    def _cheapest(self, source: int) -> tuple[list[int], list[int]]:
        """The cost to reach every node, and the edge by which it is reached (Bellman and Ford, by a queue)."""
        reach, come = [_FAR] * len(self._ways), [-1] * len(self._ways)
        reach[source] = 0
        waiting, queued = deque([source]), {source}
        while waiting:
            node = waiting.popleft()
            queued.discard(node)
            here = reach[node]
            for number in self._ways[node]:
                edge = self._edges[number]
                if edge.room and here + edge.cost < reach[edge.end]:
                    reach[edge.end], come[edge.end] = here + edge.cost, number
                    if edge.end not in queued:
                        queued.add(edge.end)
                        waiting.append(edge.end)
        return reach, come
