"""`plan`: the cheapest feasible way to serve one order, exact, pure and deterministic.

Most orders end at the first bound: the best single parcel is no dearer than any two could be. For the others the sets
of places are searched that could still be cheaper (`combining`). Orders whose parcels cost more than the sum of their
items go to the dynamic program over what is left of the order; those too large for all that go to a bounded search, and
the plan then says how far from the optimum it may be.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from kontor.routing.bounding import search
from kontor.routing.candidates import FORBIDDEN, Item, Place, Pool, items_of
from kontor.routing.combining import combine, is_combinable
from kontor.routing.costs import parcel_terms, price_on, shortage_cents, total_terms
from kontor.routing.covering import Cover, Order, Parcel, is_small, levels_of
from kontor.routing.pruning import first_plan, is_plain, promising, undominated
from kontor.routing.ruling import ruled
from kontor.routing.sifting import worthwhile
from kontor.routing.surveying import Survey
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy, Supply

# Up to here the search is quicker than pruning before it.
_FEW_PLACES = 4


class Choice(NamedTuple):
    """Parcels as (place, counts by item), their cost with shortage and split, and how far from the optimum at most."""

    cost: int
    parcels: list[Parcel]
    gap: int


def plan(demand: Demand, supply: Supply, policy: Policy) -> FulfillmentPlan:
    """The cheapest plan over all places, days and splits: cents, whole units, whole days.

    What no place can send, or what costs more to send than to owe, stays unsent. An order with `ship_complete` leaves
    whole or not at all. Never raises for a demand that cannot be served: everything is unsent then.
    """
    return _plan(demand, ruled(demand, supply, policy), policy, frozenset())


def _plan(demand: Demand, supply: Supply, policy: Policy, barred: frozenset[tuple[Id, str]]) -> FulfillmentPlan:
    """The cheapest plan without the barred carriers of places.

    Two parcels that leave a place on one day by two carriers are counted apart by the algorithms. Where that is more
    than its capacity allows, one of the carriers is barred there, in turn.
    """
    items, pools = items_of(demand, policy)
    order = problem_of(demand, policy, items, pools)
    nothing = sum([item.lost_cents * item.count for item in items])
    survey = Survey(demand, supply, policy, items, pools)
    survey.barred = barred
    places, prices = worthwhile(survey, order, nothing)
    found = assemble(demand, supply, policy, items=items, choice=choose(order, places, nothing, prices=prices))
    crowded = _crowded(found, supply)
    if not crowded:
        return found
    plans = [_plan(demand, supply, policy, barred | {each}) for each in crowded]
    best = min(plans, key=lambda each: each.cost_cents)
    bound = min(each.cost_cents - each.gap_cents for each in plans)
    return replace(best, gap_cents=best.cost_cents - bound)


def _crowded(found: FulfillmentPlan, supply: Supply) -> list[tuple[Id, str]]:
    """The carriers of the first place that would send more on a day by several than it can."""
    by_day: dict[tuple[Id, int], list[PlannedParcel]] = {}
    for parcel in found.parcels:
        if parcel.location_id in supply.capacity:
            by_day.setdefault((parcel.location_id, parcel.day), []).append(parcel)
    for (location_id, day), parcels in by_day.items():
        capacity, offset = supply.capacity[location_id], day - supply.today
        units = sum(count for parcel in parcels for _, count in parcel.lines)
        if len(parcels) > 1 and (
            (capacity.units is not None and units > price_on(capacity.units, offset))
            or (capacity.parcels is not None and len(parcels) > price_on(capacity.parcels, offset))
        ):
            return [(location_id, parcel.carrier) for parcel in parcels]
    return []


def problem_of(demand: Demand, policy: Policy, items: list[Item], pools: list[Pool]) -> Order:
    """What the algorithms need of a demand; what must leave whole may owe nothing."""
    return Order(
        items,
        pools,
        [FORBIDDEN if demand.ship_complete else item.lost_cents for item in items],
        [item.grams for item in items],
        [item.units for item in items],
        policy.split_cents,
        demand.max_parcels,
    )


def choose(order: Order, places: list[Place], nothing: int, *, prices: Sequence[int] | None = None) -> Choice:
    """The cheaper of sending nothing, one parcel, or several; prices of the items may help to find it."""
    if not places or (order.max_parcels is not None and order.max_parcels < 1):
        return Choice(nothing, [], 0)
    items = order.items
    lost = [cents * item.count for cents, item in zip(order.lost, items, strict=True)]
    need = sum([item.units * item.count for item in items])
    best, tight = _best_single(order, places, lost, nothing=nothing, need=need)
    if order.max_parcels == 1 or len(places) == 1 or (len(items) == 1 and items[0].count == 1):
        rivals = [places[n] for n, bound in tight.items() if bound < best.cost]
        return _improve(order, rivals, best) if rivals else best
    fixed = sorted([place.fixed for place in places])[:2]
    if fixed[0] + order.split_cents < 0:
        return _improve(order, places, best)  # More parcels may be cheaper without end: no bound helps.
    several = sum(fixed) + order.split_cents + sum(map(min, lost, *[place.whole for place in places]))
    if best.cost <= several and all(bound >= best.cost for bound in tight.values()):
        return best
    return _improve(order, places, best, prices)


def _improve(order: Order, places: list[Place], best: Choice, prices: Sequence[int] | None = None) -> Choice:
    """The optimum over the places, if one of them could be part of something cheaper than `best`."""
    if is_combinable(order, places):
        cost, parcels, proven, _ = combine(order, places, best.cost, prices)
        best = Choice(cost, parcels, 0) if cost < best.cost else best
        if proven:
            return best
    need = sum([item.units * item.count for item in order.items])
    if len(places) > _FEW_PLACES and min([place.fixed for place in places]) + order.split_cents >= 0:
        cost, parcels = first_plan(order, places, need)
        best = Choice(cost, parcels, 0) if cost < best.cost else best
        lost = [cents * item.count for cents, item in zip(order.lost, order.items, strict=True)]
        kept = promising(order, places, lost, best.cost)
        places = undominated(order, kept, need) if len(kept) > _FEW_PLACES else kept
    return _exhaust(order, places, best)


def _exhaust(order: Order, places: list[Place], best: Choice) -> Choice:
    """The same by the program over everything left of the order; by a bounded search where that is too large."""
    if not places:
        return best
    levels = levels_of(order, places)
    if is_small(levels, len(places)):
        cost, parcels = Cover(order, places, levels).solve()
        return Choice(cost, parcels, 0) if cost < best.cost else best
    cost, parcels, bound = search(order, places, best.cost)
    if cost >= best.cost:
        return best._replace(gap=max(0, best.cost - bound))
    return Choice(cost, parcels, max(0, cost - bound))


def _best_single(
    order: Order, places: list[Place], lost: list[int], *, nothing: int, need: int
) -> tuple[Choice, dict[int, int]]:
    """The best plan of one parcel or none; for places where one parcel is not simply the sum of its items, a bound."""
    several = [index for index, item in enumerate(order.items) if item.count > 1]
    tight: dict[int, int] = {}
    best, chosen = nothing, None
    for number, place in enumerate(places):
        cost = place.fixed + sum(map(min, place.whole, lost))
        if cost > best:
            continue
        if place.fixed < 0 or not is_plain(order, place, need):
            tight[number] = cost
            continue
        for index in several:
            cost += _partial(order, place, index, lost[index])
        if cost < best or (cost == best and chosen is None):
            best, chosen = cost, place
    amounts = () if chosen is None else _amounts(order, chosen)
    # A parcel that costs nothing ties with sending nothing; without goods it is none.
    return Choice(best, [(chosen, amounts)] if chosen is not None and any(amounts) else [], 0), tight


def _partial(order: Order, place: Place, index: int, lost: int) -> int:
    """How much dearer an item is than if the place had all of it."""
    have, count = place.available[index], order.items[index].count
    if have in (0, count):
        return 0
    sent = place.unit[index] * have + place.line_cents + order.lost[index] * (count - have)
    return min(lost, sent) - min(lost, place.whole[index])


def _amounts(order: Order, place: Place) -> tuple[int, ...]:
    """What the place sends in a single parcel: of each item all it has, unless owing it is cheaper."""
    amounts = []
    for item, have, each, lost in zip(order.items, place.available, place.unit, order.lost, strict=True):
        cost = each * have + (place.line_cents if item.count > 1 else 0)
        amounts.append(have if cost <= lost * have else 0)
    return tuple(amounts)


def assemble(
    demand: Demand, supply: Supply, policy: Policy, *, items: Sequence[Item], choice: Choice
) -> FulfillmentPlan:
    """From items back to lines, with the terms of each parcel and of the whole."""
    left = [line.quantity for line in demand.lines]
    parcels = []
    for place, amounts in sorted(choice.parcels, key=lambda each: (each[0].day, each[0].offer.rank)):
        quantities = {
            index: n * amount for item, amount in zip(items, amounts, strict=True) if amount for index, n in item.parts
        }
        for index, count in quantities.items():
            left[index] -= count
        terms = parcel_terms(demand, supply, policy, offer=place.offer, day=place.day, quantities=quantities)
        lines = tuple((demand.lines[index].line_id, count) for index, count in sorted(quantities.items()))
        arrival = place.day + place.offer.days
        parcels.append(
            PlannedParcel(place.offer.site.location_id, place.day, arrival, lines, terms, place.offer.lane.carrier)
        )
    unsent: list[tuple[Id, int]] = []
    owed = 0
    for line, count in zip(demand.lines, left, strict=True):
        if count:
            unsent.append((line.line_id, count))
            owed += shortage_cents(demand, line, policy) * count
    if len(parcels) == 1 and not owed:
        terms = parcels[0].terms
    else:
        terms = total_terms([parcel.terms for parcel in parcels], split_cents=policy.split_cents, shortage=owed)
    return FulfillmentPlan(
        parcels=tuple(parcels),
        unsent=tuple(unsent),
        terms=terms,
        cost_cents=sum(terms),
        gap_cents=choice.gap,
        policy_version=policy.version,
    )
