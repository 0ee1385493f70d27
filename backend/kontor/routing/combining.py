"""Which places send a parcel each, by branch and bound over sets of places: exact, and quick when the bound is sharp.

With the places settled, each item takes the cheapest stock there is among them, so a set has one cost. Prices of the
items bound what any larger set costs: what is dearer than its price may become cheaper, at best down to the price.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kontor.routing.ascending import Bound, Offering, Problem, ascend, sharpen, tighter
from kontor.routing.assigning import Amounts, Assigner, Assignment
from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.covering import Order, Parcel

MAX_SETS = 20_000
"""So many sets of places are looked at before the search gives up."""

MAX_COUNT = 64
"""Counts of an item that are told apart."""

# So few sets at most are quicker looked at than avoided by a sharper bound.
_FEW = 14

# So many sets whose limits bind wait until the cheapest of them are looked at: these make the others needless.
_WAITING = 8


class Found(NamedTuple):
    """The cheapest plan below the limit, if there is one (else FORBIDDEN and no parcels), and whether that is proven.

    The prices of a count of each item are those that it was found with.
    """

    cost: int
    parcels: list[Parcel]
    proven: bool
    prices: Sequence[int] | None = None


def is_combinable(order: Order, places: Sequence[Place]) -> bool:
    """Whether a set of places has a cost that does not depend on how the weight is spread or stock is shared."""
    return not order.pools and not any(
        place.offer.lane.weight_steps or place.fixed + order.split_cents < 0 for place in places
    )


def combine(order: Order, places: Sequence[Place], upper: int, prices: Sequence[int] | None = None) -> Found:
    """The cheapest plan of at least one parcel that costs less than `upper`.

    With the prices found for some of the places, or for less than they cost, it is found sooner.
    """
    pieces = _pieces_of(order, places)
    if any(not piece.whole and piece.count > MAX_COUNT for piece in pieces):
        return Found(FORBIDDEN, [], False)
    problem = _problem(order, places, pieces)
    limit = upper + order.split_cents
    bound = ascend(problem)
    if prices is not None:
        bound = tighter(problem, bound, [prices[each.item] * (each.each if each.whole else 1) for each in pieces])
    if sum([left < limit - bound.total for left in bound.slack]) > _FEW:
        bound = sharpen(problem, bound, limit)
    paid = [0] * len(order.items)
    for piece, price in zip(pieces, bound.prices, strict=True):
        paid[piece.item] = price // piece.each
    found = _Sets(order, places, problem, pieces).search(bound, limit)
    return found._replace(prices=paid)


class _Piece(NamedTuple):
    """An item as the search moves it: whole, as one of `each` counts, or count by count."""

    item: int
    whole: bool
    count: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs here
    each: int
    lost: int


def _pieces_of(order: Order, places: Sequence[Place]) -> list[_Piece]:
    """An item leaves whole where every place has all of it or none, and no place lacks room for all that is wanted.

    The whole ones come first.
    """
    need = _need(order)
    roomy = all(place.roof is None or place.roof >= need for place in places)
    pieces = []
    for index, (item, lost) in enumerate(zip(order.items, order.lost, strict=True)):
        count = item.count
        if count == 1 or (roomy and all(place.available[index] in (0, count) for place in places)):
            pieces.append(_Piece(index, True, 1, count, lost * count))
        else:
            pieces.append(_Piece(index, False, count, 1, lost))
    return sorted(pieces, key=lambda piece: (not piece.whole, piece.item))


def _problem(order: Order, places: Sequence[Place], pieces: Sequence[_Piece]) -> Problem:
    rows: list[list[Offering]] = []
    for index, whole, *_ in pieces:
        if whole:
            row = [(place.whole[index], n, 1) for n, place in enumerate(places) if place.available[index]]
        else:
            row = [
                (place.unit[index] + place.line_cents // place.available[index], n, place.available[index])
                for n, place in enumerate(places)
                if place.available[index]
            ]
        rows.append(sorted(row))
    fixed = [place.fixed + order.split_cents for place in places]
    return Problem(rows, fixed, [piece.count for piece in pieces], [piece.lost for piece in pieces], order.max_parcels)


class _Sets:
    """One search over the places whose slack leaves room, those with the least slack first.

    Costs are kept with a split for every parcel. Places are numbered by their position in that order.
    """

    def __init__(self, order: Order, places: Sequence[Place], problem: Problem, pieces: Sequence[_Piece]) -> None:
        self.order, self.places, self.problem, self.pieces = order, places, problem, pieces
        self.singles = sum([piece.whole for piece in pieces])
        self.limit, self.proven, self.left = 0, True, MAX_SETS
        self.chosen: list[int] = []
        self.best: Amounts = {}
        # Sets of which some place may lack room, by what they cost at least.
        self.limited: list[tuple[int, list[int]]] = []

    def search(self, bound: Bound, limit: int) -> Found:
        """Look at every set of places that could cost less than `limit`."""
        self.limit, self.bound = limit, bound
        room, slack = limit - bound.total, bound.slack
        numbers = sorted([n for n, left in enumerate(slack) if left < room], key=lambda n: (slack[n], n))
        self.slack = [slack[n] for n in numbers]
        self.fixed = [self.problem.fixed[n] for n in numbers]
        self.among = [self.places[n] for n in numbers]
        self.assigner = Assigner(self.order, self.among)
        need, lined = _need(self.order), self.singles < len(self.pieces)
        # Whether the place costs what its items cost where each is cheapest.
        self.plain = [
            (place.roof is None or place.roof >= need) and not (lined and place.line_cents) for place in self.among
        ]
        self._read()
        lost = [piece.lost for piece in self.pieces[: self.singles]]
        several = [[piece.lost] * piece.count for piece in self.pieces[self.singles :]]
        self._extend(0, [], 0, lost, several, bound.total)
        self._finish()
        if self.chosen:
            self.best = self.assigner.assign(sorted(self.chosen)).amounts
        parcels: list[Parcel] = [(self.among[n], tuple(row)) for n, row in sorted(self.best.items())]
        return Found(self.limit - self.order.split_cents if parcels else FORBIDDEN, parcels, self.proven)

    def _read(self) -> None:
        """What each place asks for the pieces, and what the places from each on make of a piece at best."""
        whole, several = self.pieces[: self.singles], self.pieces[self.singles :]
        self.whole = [[place.whole[piece.item] for piece in whole] for place in self.among]
        self.stock = [[_stock(place, piece.item) for piece in several] for place in self.among]
        prices = self.bound.prices
        least = [piece.lost for piece in self.pieces]
        self.worth = [list(map(max, prices, least))]
        for row, stock in zip(reversed(self.whole), reversed(self.stock), strict=True):
            least = list(map(min, least, [*row, *[units[0] if units else FORBIDDEN for units in stock]]))
            self.worth.append(list(map(max, prices, least)))
        self.worth.reverse()

    def _extend(
        self, start: int, chosen: list[int], paid: int, whole: list[int], several: list[list[int]], lower: int
    ) -> None:
        """Try every further place from `start` on; no set with the chosen ones and some of these is below `lower`."""
        most, charge = self.problem.most, self.bound.charge
        is_last = most is not None and len(chosen) + 1 >= most
        refund = charge * ((most or 0) - len(chosen) - 1)
        for n in range(start, len(self.among)):
            if lower + self.slack[n] >= self.limit:
                return
            self.left -= 1
            if self.left < 0:
                self.proven = False
                return
            now, rest = list(map(min, whole, self.whole[n])), several
            if several:
                rest = [
                    sorted(had + more)[: len(had)] if more else had
                    for had, more in zip(several, self.stock[n], strict=True)
                ]
            cost = paid + self.fixed[n]
            total = cost + sum(now) + sum([sum(row) for row in rest])
            if total < self.limit:
                self._settle([*chosen, n], total)
            if not is_last:
                below = cost + self._at_best(now, rest, self.worth[n + 1]) - refund
                if below < self.limit:
                    self._extend(n + 1, [*chosen, n], cost, now, rest, below)

    def _at_best(self, whole: list[int], several: list[list[int]], worth: list[int]) -> int:
        """What the pieces cost at least when more places come."""
        total = sum(map(min, whole, worth))
        for row, price in zip(several, worth[self.singles :], strict=True):
            total += sum([cents if cents < price else price for cents in row])
        return total

    def _settle(self, chosen: list[int], cost: int) -> None:
        """Remember a set that costs less than all before, or that it has to be looked at whether it can do its part."""
        if all(self.plain[n] for n in chosen) and len({self.among[n].offer.rank for n in chosen}) == len(chosen):
            self.limit, self.chosen = cost, chosen
            return
        found = self.assigner.quick(sorted(chosen))
        self._remember(found)
        if found.bound < found.cost:
            self.limited.append((found.bound + sum([self.fixed[n] for n in chosen]), sorted(chosen)))
            if len(self.limited) >= _WAITING:
                self._finish()

    def _finish(self) -> None:
        """Look at the sets whose limits bind, as far as they could still be cheaper than the best."""
        for bound, chosen in sorted(self.limited):
            if bound >= self.limit:
                break
            found = self.assigner.assign(chosen)
            self._remember(found)
            least = found.bound + sum([self.fixed[n] for n in chosen])
            if found.bound < found.cost and least < self.limit:
                self.proven = False
        self.limited = []

    def _remember(self, found: Assignment) -> None:
        cost = found.cost + sum([self.fixed[n] for n in found.amounts])
        if found.amounts and cost < self.limit:
            self.limit, self.chosen, self.best = cost, [], found.amounts


def _need(order: Order) -> int:
    return sum([size * item.count for size, item in zip(order.sizes, order.items, strict=True)])


def _stock(place: Place, index: int) -> list[int]:
    """What each count of an item costs at least, as many as the place has."""
    have = place.available[index]
    return [place.unit[index] + place.line_cents // have] * have if have else []
