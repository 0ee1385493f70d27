"""One order among others: the exact planner on what the others leave, at prices for what they would have wanted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Item, Place, Pool, items_of
from kontor.routing.covering import Order
from kontor.routing.planner import Choice, assemble, choose, problem_of
from kontor.routing.pruning import ascend
from kontor.routing.ruling import ruled
from kontor.routing.sharing import NOWHERE, Draw, Ledger, draw_of
from kontor.routing.surveying import dominates, find_candidates
from kontor.routing.values import Demand, FulfillmentPlan, Policy, Supply

Parcels = tuple[tuple[int, tuple[int, ...]], ...]


class Prices(NamedTuple):
    """Whole cents per unit from a slot, and per unit or parcel through a gate; never negative."""

    slots: Sequence[int]
    gates: Sequence[int]


class Spot(NamedTuple):
    """A possible parcel with what it would draw on: the slot of each line, and the gates of its location and day.

    An earlier spot at the same location `beats` it while that one's day has room: same goods, not dearer.
    """

    place: Place
    slots: tuple[int, ...]
    units: int
    parcels: int
    beaten_by: int


class Option(NamedTuple):
    """A plan of one order: cents without prices, parcels as (spot, counts by item), and what it takes."""

    cost: int
    parcels: Parcels
    draw: Draw


class Seeker(NamedTuple):
    """One order of the batch with every spot that could serve it, on a full ledger; `near` is where it looks first.

    On what others leave an order looks only at the near spots, which are all until `narrowed`.
    """

    demand: Demand
    items: list[Item]
    pools: list[Pool]
    order: Order
    need: int
    bare: bool
    spots: list[Spot]
    near: list[Spot]
    numbers: Mapping[tuple[int, int, str], int]
    nothing: int


def seeker_of(demand: Demand, supply: Supply, policy: Policy, ledger: Ledger) -> Seeker:
    """An order as the others' rival; numbers its slots and gates in the ledger."""
    supply = ruled(demand, supply, policy)
    items, pools = items_of(demand, policy)
    order = problem_of(demand, policy, items, pools)
    need = sum(line.quantity for line in demand.lines)
    bare = not pools and [tuple(item.parts) for item in items] == [((n, 1),) for n in range(len(demand.lines))]
    spots: list[Spot] = []
    for place in find_candidates(demand, supply, policy, items, pools, shared=True).places:
        location, day = place.offer.site.location_id, place.day
        slots = tuple(ledger.slot(line.variant_id, location, day, demand.channel) for line in demand.lines)
        units, parcels = (ledger.gate(location, day, parcels=each) for each in (False, True))
        spots.append(Spot(place, slots, units, parcels, _beaten_by(spots, place, slots, need)))
    numbers = {spot_key(spot.place): number for number, spot in enumerate(spots)}
    nothing = sum(item.lost_cents * item.count for item in items)
    return Seeker(demand, items, pools, order, need, bare, spots, spots, numbers, nothing)


def spot_key(place: Place) -> tuple[int, int, str]:
    """What tells the possible parcels of an order apart: rank of the place, day, carrier."""
    return place.offer.rank, place.day, place.offer.lane.carrier


def _beaten_by(spots: list[Spot], place: Place, slots: tuple[int, ...], need: int) -> int:
    for number in range(len(spots) - 1, -1, -1):
        other = spots[number]
        if other.place.offer.rank != place.offer.rank:
            break
        roomy = other.place if other.place.roof is None else other.place._replace(roof=need)
        if other.beaten_by == NOWHERE and other.slots == slots and dominates(roomy, place, need):
            return number
    return NOWHERE


def seek(seeker: Seeker, ledger: Ledger | None, prices: Prices | None) -> tuple[Option, int, int]:
    """The cheapest plan on what is left (None: on everything) at the prices.

    Returns the plan, its cost with prices, and by how much that may miss the optimum.
    """
    return seek_in(seeker, reach(seeker, ledger, prices), prices)


def reach(seeker: Seeker, ledger: Ledger | None, prices: Prices | None) -> list[tuple[Spot, Place]]:
    """The spots that can be part of the cheapest plan at the prices, with what is left there."""
    if ledger is not None:
        return _what_is_left(seeker, ledger, prices)
    return [
        (spot, spot.place) for spot in seeker.spots if spot.beaten_by == NOWHERE or _useful(seeker, spot, None, prices)
    ]


def seek_in(seeker: Seeker, within: Sequence[tuple[Spot, Place]], prices: Prices | None) -> tuple[Option, int, int]:
    """`seek` among spots already found; those of other prices may be used again where no gate became dearer."""
    if prices is None:
        places = [place for _, place in within]
    else:
        places = [priced(seeker, spot, place, prices) for spot, place in within]
    choice = choose(seeker.order, places, seeker.nothing)
    return option_of(seeker, choice, prices), choice.cost, choice.gap


def narrowed(seeker: Seeker, prices: Prices, most: int) -> Seeker:
    """The order with only so many locations near, by what a plan with them costs more at the prices."""
    within = [spot for spot in seeker.spots if spot.beaten_by == NOWHERE]
    if len(within) <= most:
        return seeker
    places = [priced(seeker, spot, spot.place, prices) for spot in within]
    lost = [cents * item.count for cents, item in zip(seeker.order.lost, seeker.items, strict=True)]
    _, slack = ascend(seeker.order, places, lost)
    ranks: dict[int, None] = {}
    for _, number in sorted((left, number) for number, left in enumerate(slack)):
        ranks[places[number].offer.rank] = None
        if len(ranks) == most:
            break
    return seeker._replace(near=[spot for spot in seeker.spots if spot.place.offer.rank in ranks])


def _useful(seeker: Seeker, spot: Spot, ledger: Ledger | None, prices: Prices | None) -> bool:
    """Whether a later day is worth a look, because its better is full or dearer."""
    better = seeker.spots[spot.beaten_by]
    if ledger is None:
        roof = better.place.roof
    else:
        roof = None if better.units == NOWHERE else ledger.room[better.units]
        if better.parcels != NOWHERE and ledger.room[better.parcels] < 1:
            return True
    if roof is not None and roof < seeker.need:
        return True
    if prices is None:
        return False
    return any(a > b for a, b in zip(_toll(better, prices.gates), _toll(spot, prices.gates), strict=True))


def _toll(spot: Spot, gates: Sequence[int]) -> tuple[int, int]:
    return (
        0 if spot.units == NOWHERE else gates[spot.units],
        0 if spot.parcels == NOWHERE else gates[spot.parcels],
    )


def _what_is_left(seeker: Seeker, ledger: Ledger, prices: Prices | None) -> list[tuple[Spot, Place]]:
    places: list[tuple[Spot, Place]] = []
    room, units = ledger.room, ledger.units
    for spot in seeker.near:
        place, slots, unit_gate, parcel_gate, beaten_by = spot
        if parcel_gate != NOWHERE and room[parcel_gate] < 1:
            continue
        roof = None
        if unit_gate != NOWHERE:
            roof = room[unit_gate]
            if roof < 1:
                continue
        if beaten_by != NOWHERE and not _useful(seeker, spot, ledger, prices):
            continue
        have = [0 if slot == NOWHERE else units[slot] for slot in slots]
        if seeker.bare:
            counts = [most if most < n else n for most, n in zip(place.available, have, strict=True)]
        else:
            counts = [
                min(most, *[have[index] // n for index, n in item.parts])
                for most, item in zip(place.available, seeker.items, strict=True)
            ]
        if not any(counts):
            continue
        if counts != place.available or roof != place.roof or seeker.pools:
            whole = [
                cents if count == most or not most else _whole(place, item, index) if count else FORBIDDEN
                for index, (cents, count, most, item) in enumerate(
                    zip(place.whole, counts, place.available, seeker.items, strict=True)
                )
            ]
            place = place._replace(available=counts, roof=roof, whole=whole, limits=_limits(seeker, have))
        places.append((spot, place))
    return places


def _whole(place: Place, item: Item, index: int) -> int:
    return place.unit[index] * item.count + (place.line_cents if item.count > 1 else 0)


def _limits(seeker: Seeker, have: Sequence[int]) -> tuple[int, ...]:
    if not seeker.pools:
        return ()
    by_variant = {line.variant_id: units for line, units in zip(seeker.demand.lines, have, strict=True)}
    return tuple(by_variant[pool.variant_id] for pool in seeker.pools)


def priced(seeker: Seeker, spot: Spot, place: Place, prices: Prices) -> Place:
    """The place of a spot with what others would give for what it takes."""
    per_unit, per_parcel = _toll(spot, prices.gates)
    more = [per_unit if slot == NOWHERE else prices.slots[slot] + per_unit for slot in spot.slots]
    if not any(more):
        return place if not per_parcel else place._replace(fixed=place.fixed + per_parcel)
    if not seeker.bare:
        more = [sum([more[index] * n for index, n in item.parts]) for item in seeker.items]
    unit = [cents + added for cents, added in zip(place.unit, more, strict=True)]
    whole = [
        cents if cents >= FORBIDDEN else cents + added * item.count
        for cents, added, item in zip(place.whole, more, seeker.items, strict=True)
    ]
    return place._replace(fixed=place.fixed + per_parcel, unit=unit, whole=whole)


def option_of(seeker: Seeker, choice: Choice, prices: Prices | None) -> Option:
    """What a choice of the planner takes, and its cost without the prices."""
    slots: list[tuple[int, int]] = []
    gates: list[tuple[int, int]] = []
    parcels: list[tuple[int, tuple[int, ...]]] = []
    for place, amounts in choice.parcels:
        number = seeker.numbers[spot_key(place)]
        spot = seeker.spots[number]
        units = 0
        for item, amount in zip(seeker.items, amounts, strict=True):
            if amount:
                units += item.units * amount
                slots += [(spot.slots[index], n * amount) for index, n in item.parts]
        gates += [(spot.units, units), (spot.parcels, 1)]
        parcels.append((number, tuple(amounts)))
    draw = draw_of(slots, gates)
    cost = choice.cost if prices is None else choice.cost - price_of(draw, prices)
    return Option(cost, tuple(sorted(parcels)), draw)


def price_of(draw: Draw, prices: Prices) -> int:
    """What a plan's goods and room cost at these prices."""
    goods = sum([prices.slots[slot] * units for slot, units in draw.slots])
    return goods + sum([prices.gates[gate] * count for gate, count in draw.gates])


def wish_of(seeker: Seeker, ledger: Ledger) -> Draw:
    """The most the order could take: of each shelf through its first slot, and of each gate."""
    shelves: dict[int, tuple[int, int]] = {}
    gates: dict[int, int] = {}
    lines = seeker.demand.lines
    for spot in seeker.spots:
        for slot, line in zip(spot.slots, lines, strict=True):
            if slot != NOWHERE:
                wanted = sum(each.quantity for each in lines if each.variant_id == line.variant_id)
                shelves.setdefault(ledger.slots[slot].shelf, (slot, wanted))
        if spot.units != NOWHERE:
            gates[spot.units] = seeker.need
        if spot.parcels != NOWHERE:
            gates[spot.parcels] = 1
    return Draw(tuple(sorted(shelves.values())), tuple(sorted(gates.items())))


def plan_of(seeker: Seeker, option: Option, *, supply: Supply, policy: Policy, alone: int) -> FulfillmentPlan:
    """The option as a plan; its gap is the distance to the order alone on everything."""
    supply = ruled(seeker.demand, supply, policy)
    parcels = [(seeker.spots[number].place, amounts) for number, amounts in option.parcels]
    choice = Choice(option.cost, parcels, max(0, option.cost - alone))
    return assemble(seeker.demand, supply, policy, items=seeker.items, choice=choice)
