"""What makes orders small before the exact search: a first plan, a bound by prices, places another always beats."""

from collections.abc import Sequence
from operator import le
from typing import Protocol

from kontor.routing.candidates import FORBIDDEN, Place
from kontor.routing.covering import Order, Parcel

# Prices rise in turns, so that the first item does not take all.
_ROUNDS = 8


def is_plain(order: Order, place: Place, need: int) -> bool:
    """Whether a parcel of the place costs the sum of its items, whatever it holds."""
    return (place.roof is None or place.roof >= need) and not place.offer.lane.weight_steps and not order.pools


def first_plan(order: Order, places: Sequence[Place], need: int) -> tuple[int, list[Parcel]]:
    """A feasible plan and its cost: add the plain place that saves most until none saves. FORBIDDEN or more if none."""
    usable = [place for place in places if is_plain(order, place, need)]
    remaining = [item.count for item in order.items]
    cost = sum(map(int.__mul__, order.lost, remaining)) - order.split_cents
    parcels: list[Parcel] = []
    while usable and (order.max_parcels is None or len(parcels) < order.max_parcels):
        savings = [_saving(order, place, remaining) for place in usable]
        most = max(savings)
        if most <= 0:
            break
        place = usable[savings.index(most)]
        amounts = tuple(_amount(order, place, index, left) for index, left in enumerate(remaining))
        parcels.append((place, amounts))
        remaining = list(map(int.__sub__, remaining, amounts))
        usable = [other for other in usable if other.offer.rank != place.offer.rank]
        cost -= most
    return (cost, parcels) if parcels else (FORBIDDEN, [])


def _amount(order: Order, place: Place, index: int, left: int) -> int:
    """How much of an item the place would send: all it can, unless owing that is cheaper."""
    amount = min(place.available[index], left)
    line_cents = place.line_cents if order.items[index].count > 1 else 0
    return amount if amount and place.unit[index] * amount + line_cents < order.lost[index] * amount else 0


def _saving(order: Order, place: Place, remaining: Sequence[int]) -> int:
    saving = -place.fixed - order.split_cents
    line_cents = place.line_cents
    for have, left, each, lost, item in zip(
        place.available, remaining, place.unit, order.lost, order.items, strict=True
    ):
        amount = have if have < left else left
        if amount:
            gain = (lost - each) * amount - (line_cents if item[1] > 1 else 0)
            if gain > 0:
                saving += gain
    return saving


class Offered(Protocol):
    """What a bound needs to know of a place: cents for its parcel, and for all counts of each item."""

    @property
    def fixed(self) -> int: ...
    @property
    def whole(self) -> list[int]: ...


def promising(order: Order, places: Sequence[Place], lost: Sequence[int], upper: int) -> list[Place]:
    """The places that could be part of a plan below `upper`; none of them means `upper` is the optimum."""
    prices, slack = ascend(order, places, lost)
    room = upper - sum(prices) + order.split_cents
    return [place for place, left in zip(places, slack, strict=True) if left < room]


def ascend(order: Order, places: Sequence[Offered], lost: Sequence[int]) -> tuple[list[int], list[int]]:
    """Dual ascent on the linear relaxation: a price for all of each item, and what each place lacks to earn its parcel.

    Each item gets a price, at most what owing it costs, so that no place earns more than its parcel by selling below
    the prices. The prices less one split then sum to a bound on every plan with a parcel in it, and what a place lacks
    to earn its parcel is what a plan with it costs more.
    """
    slack = [place.fixed + order.split_cents for place in places]
    offered = list(zip(*[place.whole for place in places], strict=True))
    prices = [min(most, *row) for most, row in zip(lost, offered, strict=True)]
    step = max(1, max(slack) // _ROUNDS)
    for turn in range(_ROUNDS + 1):
        moved = False
        for index, row in enumerate(offered):
            price = prices[index]
            top = min([(cents if cents > price else price) + left for cents, left in zip(row, slack, strict=True)])
            top = min(top, lost[index], price + step if turn < _ROUNDS else FORBIDDEN)
            if top > price:
                moved = True
                prices[index] = top
                slack = [
                    left if cents >= top else left - top + (cents if cents > price else price)
                    for cents, left in zip(row, slack, strict=True)
                ]
        if not moved:
            break
    return prices, slack


def undominated(order: Order, places: Sequence[Place], need: int) -> list[Place]:
    """The places without those that a plain place, with all of every item they have, beats at every price.

    Whatever such a place would send, the better one can send too, even on top of its own parcel.
    """
    kept: list[tuple[int, Place]] = []
    plain: list[Place] = []
    counts = [item.count for item in order.items]
    for number, place in sorted(enumerate(places), key=lambda each: (each[1].fixed, each[0])):
        if any(all(map(le, other.whole, place.whole)) and _has_all(other, place, counts) for other in plain):
            continue
        kept.append((number, place))
        if is_plain(order, place, need):
            plain.append(place)
    return [place for _, place in sorted(kept)]


def _has_all(better: Place, worse: Place, counts: Sequence[int]) -> bool:
    return better.line_cents <= worse.line_cents and all(
        not some or (have >= count and cheap <= dear)
        for some, have, count, cheap, dear in zip(
            worse.available, better.available, counts, better.unit, worse.unit, strict=True
        )
    )
