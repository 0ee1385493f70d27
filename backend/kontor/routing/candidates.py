"""Which places may send what, and why the others may not: capability, calendar, stock, eligibility, exclusion."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kontor.routing.costs import distance_cents, price_on, shortage_cents
from kontor.routing.values import (
    Capacity,
    Demand,
    DemandLine,
    Id,
    Lane,
    Network,
    Offer,
    Policy,
    Reason,
    Site,
    Stock,
    Supply,
)

FORBIDDEN = 1 << 58
"""The cost of what must not happen: above every amount of money, below where sums of it would grow slow."""

_ALL_DAY = Capacity()
_AT_THE_COUNTER = Lane()
_NOTHING = Stock(0)


class Item(NamedTuple):
    """What the planner moves as one: a unit of a line, or a whole group.

    `parts` are (position of the line, units) in one count of the item, `units` and `grams` what they sum to;
    `lost_cents` is a count left unsent.
    """

    parts: tuple[tuple[int, int], ...]
    count: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs here
    lost_cents: int
    units: int
    grams: int


class Pool(NamedTuple):
    """A variant that several items draw on: units in one count of each item."""

    variant_id: Id
    units: tuple[int, ...]


class Place(NamedTuple):
    """A possible parcel: leave one location on one day.

    `fixed` is paid once, `line_cents` once per item of several counts, `unit` per count; `whole` is the cost of all
    counts of an item and FORBIDDEN where there is none. `available` counts may leave by `day`; `limits` are the units
    of each pool. `roof` is the number of units the location can still release on that day.
    """

    offer: Offer
    day: int
    fixed: int
    line_cents: int
    unit: list[int]
    available: list[int]
    whole: list[int]
    roof: int | None
    limits: tuple[int, ...]


class Candidates(NamedTuple):
    """Places in the order in which ties are broken, and who was refused."""

    places: list[Place]
    eliminated: list[tuple[Id, Reason]]


def items_of(demand: Demand, policy: Policy) -> tuple[list[Item], list[Pool]]:
    """Groups and unsplittable lines become one item of count 1, every other line an item per unit."""
    lines = demand.lines
    items: list[Item] = []
    groups: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        if line.group is not None:
            groups.setdefault(line.group, []).append(index)
        elif line.no_split:
            items.append(_whole((index,), demand, policy))
        else:
            owed = shortage_cents(demand, line, policy)
            items.append(Item(((index, 1),), line.quantity, owed, 1, line.weight_g))
    items += [_whole(members, demand, policy) for members in groups.values()]
    if len(lines) == 1 or len({line.variant_id for line in lines}) == len(lines):
        return items, []
    return items, _pools(items, lines)


def _whole(members: Sequence[int], demand: Demand, policy: Policy) -> Item:
    lines = demand.lines
    parts = tuple((index, lines[index].quantity) for index in members)
    lost = sum(shortage_cents(demand, lines[index], policy) * units for index, units in parts)
    grams = sum(lines[index].weight_g * units for index, units in parts)
    return Item(parts, 1, lost, sum(units for _, units in parts), grams)


def _pools(items: list[Item], lines: tuple[DemandLine, ...]) -> list[Pool]:
    pools = []
    for variant in dict.fromkeys(line.variant_id for line in lines):
        units = tuple(sum(n for index, n in item.parts if lines[index].variant_id == variant) for item in items)
        if sum(1 for n in units if n) > 1:
            pools.append(Pool(variant, units))
    return pools


def refusal(site: Site, demand: Demand) -> Reason | None:
    """Why the site may not serve this channel, region and kind of delivery, if so."""
    if not site.active:
        return Reason.INACTIVE
    if not site.accepting:
        return Reason.NOT_ACCEPTING
    if site.channels is not None and demand.channel not in site.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    if demand.pickup_location_id is not None:
        if site.location_id != demand.pickup_location_id:
            return Reason.NOT_THE_AGREED_STORE
        return None if site.hands_over else Reason.NO_PICKUP
    if not site.ships:
        return Reason.NO_SHIPPING
    return None if demand.region in site.lanes else Reason.REGION_NOT_SERVED


def offer_of(network: Network, demand: Demand, location_id: Id) -> Offer:
    """The site as this demand sees it."""
    site = network.sites[location_id]
    reason = refusal(site, demand)
    if reason is not None:
        return Offer(network.ranks[location_id], site, _AT_THE_COUNTER, 0, 0, reason)
    lane = _AT_THE_COUNTER if demand.pickup_location_id is not None else site.lanes[demand.region]
    # The lightest parcel: what more weight adds is looked at per parcel.
    first_step = min((cents for _, cents in lane.weight_steps), default=0)
    parcel = lane.parcel_cents + first_step + site.handling_parcel_cents
    return Offer(network.ranks[location_id], site, lane, parcel, site.lead_days + lane.transit_days, None)


def available(stock: Stock, channel: str, day: int) -> int:
    """Units that may leave by `day`: the channel's own reservation, then what nobody reserved."""
    units = stock.on_hand - stock.safety
    for eta, count in stock.inbound:
        if eta <= day:
            units += count
    if stock.reserved:
        free = max(0, units - sum(stock.reserved.values()))
        units = min(units, free + stock.reserved.get(channel, 0))
    return max(0, units)


def find_candidates(demand: Demand, supply: Supply, policy: Policy, items: list[Item], pools: list[Pool]) -> Candidates:
    """Every place with any of the goods, as a possible parcel or with the reason against it.

    A location that has no stock row for any wanted variant is not looked at and not listed.
    """
    survey = _Survey(demand, supply, policy, items, pools)
    places: list[Place] = []
    eliminated: list[tuple[Id, Reason]] = []
    quick = survey.bare and not survey.restricted and not pools
    for location_id in survey.locations():
        if quick and survey.glance(location_id, places):
            continue
        reason = survey.look(location_id, places)
        if reason is not None:
            eliminated.append((location_id, reason))
    return Candidates(places, eliminated)


class _Survey:
    """What is the same for all places of one demand, so that looking at one place stays cheap."""

    __slots__ = (
        "bare",
        "demand",
        "items",
        "lines",
        "need",
        "offers",
        "policy",
        "pools",
        "restricted",
        "stocks",
        "supply",
        "weight",
    )

    def __init__(self, demand: Demand, supply: Supply, policy: Policy, items: list[Item], pools: list[Pool]) -> None:
        self.demand, self.supply, self.policy, self.items, self.pools = demand, supply, policy, items, pools
        self.stocks = [supply.stock.get(line.variant_id) or {} for line in demand.lines]
        self.weight = policy.factor(demand.priority)
        self.offers = supply.network.view(demand.channel, demand.region, demand.pickup_location_id)
        self.need = 0
        self.restricted = False
        self.bare = len(items) == len(demand.lines)
        # Per line: stock by location, quantity, weight.
        self.lines: list[tuple[Mapping[Id, Stock], int, int]] = []
        for line, stock in zip(demand.lines, self.stocks, strict=True):
            self.need += line.quantity
            self.restricted = self.restricted or line.hazmat or line.bulky
            self.bare = self.bare and line.group is None and not line.no_split
            self.lines.append((stock, line.quantity, line.weight_g))

    def locations(self) -> list[Id]:
        """Every location with a stock row of the wanted variants, in the order in which ties are broken."""
        ranks = self.supply.network.ranks
        found = set().union(*self.stocks) if len(self.stocks) > 1 else self.stocks[0]
        return sorted([each for each in found if each in ranks], key=ranks.__getitem__)

    def glance(self, location_id: Id, places: list[Place]) -> bool:
        """`look` for the usual place: open every day, no limits, stock on hand. False leaves it to `look`."""
        supply = self.supply
        offer = self.offers.get(location_id)
        if (
            offer is None
            or offer[5] is not None
            or location_id in supply.capacity
            or location_id in supply.release_days
            or location_id in self.demand.excluded
        ):
            return False
        late = supply.today + offer[4] - self.demand.promised_day
        late = late * self.weight if late > 0 else 0
        per_kg, policy, line_cents = offer[2][1], self.policy, offer[1].handling_line_cents
        each = offer[1].handling_unit_cents + late * policy.late_unit_day_cents
        unit: list[int] = []
        units: list[int] = []
        whole: list[int] = []
        for rows, quantity, weight_g in self.lines:
            row = rows.get(location_id, _NOTHING)
            on_hand, safety, price, inbound, reserved = row
            if inbound or reserved:
                return False
            cents = each + price + (per_kg * weight_g + 500) // 1000
            if quantity == 1:
                cents += line_cents
            unit.append(cents)
            have = on_hand - safety
            if have > 0:
                units.append(have if have < quantity else quantity)
                whole.append(cents if quantity == 1 else cents * quantity + line_cents)
            else:
                units.append(0)
                whole.append(FORBIDDEN)
        if not any(units):
            return False
        fixed = offer[3] + late * policy.late_parcel_day_cents
        if policy.distance_cents_per_100km:
            fixed += distance_cents(offer[2], policy)
        places.append(Place(offer, supply.today, fixed, line_cents, unit, units, whole, None, ()))
        return True

    def look(self, location_id: Id, places: list[Place]) -> Reason | None:
        """Add the location's possible parcels to `places`, or say why there is none."""
        offer = self.offers.get(location_id)
        if offer is None:
            offer = self.offers[location_id] = offer_of(self.supply.network, self.demand, location_id)
        if offer.reason is not None:
            return offer.reason
        if location_id in self.demand.excluded:
            return Reason.EXCLUDED
        supply = self.supply
        days: Sequence[int] | None = supply.release_days.get(location_id) if supply.release_days else None
        if days is None:
            days = range(supply.today, supply.today + supply.horizon_days)
        capacity = supply.capacity.get(location_id, _ALL_DAY) if supply.capacity else _ALL_DAY
        if not days:
            return Reason.CLOSED
        rows = [line[0].get(location_id, _NOTHING) for line in self.lines]
        first = len(places)
        for day in days:
            if not supply.today <= day < supply.today + supply.horizon_days:
                continue
            place = self._place(offer, day, rows, capacity)
            if place is not None and (
                len(places) == first or not any(_dominates(each, place, self.need) for each in places[first:])
            ):
                places.append(place)
            if capacity is _ALL_DAY and not any(row.inbound for row in rows):
                break  # Nothing changes on a later day but the delay.
        if len(places) > first:
            return None
        return self._why_none(offer, rows, days, capacity)

    def _place(self, offer: Offer, day: int, rows: list[Stock], capacity: Capacity) -> Place | None:
        roof = None
        parcel_price = unit_price = 0
        if capacity is not _ALL_DAY:
            offset = day - self.supply.today
            roof = None if capacity.units is None else price_on(capacity.units, offset)
            if (roof is not None and roof <= 0) or (
                capacity.parcels is not None and price_on(capacity.parcels, offset) <= 0
            ):
                return None
            parcel_price = price_on(capacity.parcel_price, offset)
            unit_price = price_on(capacity.unit_price, offset)
        site, lane, policy = offer.site, offer.lane, self.policy
        late = day + offer.days - self.demand.promised_day
        late = late * self.weight if late > 0 else 0
        each = site.handling_unit_cents + late * policy.late_unit_day_cents + unit_price
        per_kg, channel = lane.cents_per_kg, self.demand.channel
        bulky = policy.bulky_unit_cents + lane.bulky_unit_cents
        stock_units, unit = [], []
        some = False
        for line, row in zip(self.demand.lines, rows, strict=True):
            on_hand, safety, price, inbound, reserved = row
            have = available(row, channel, day) if inbound or reserved else on_hand - safety
            if have > 0:
                some = True
                stock_units.append(min(have, line.quantity))
            else:
                stock_units.append(0)
            unit.append(each + price + (bulky if line.bulky else 0) + (per_kg * line.weight_g + 500) // 1000)
        if not some:
            return None
        if self.restricted:
            self._restrict(site, stock_units)
        fixed = offer.parcel_cents + parcel_price + late * policy.late_parcel_day_cents
        if policy.distance_cents_per_100km:
            fixed += distance_cents(lane, policy)
        return self._in_items(Place(offer, day, fixed, site.handling_line_cents, unit, stock_units, [], roof, ()), rows)

    def _restrict(self, site: Site, stock_units: list[int]) -> None:
        for index, line in enumerate(self.demand.lines):
            if (line.hazmat and not site.hazmat) or (line.bulky and not site.bulky):
                stock_units[index] = 0

    def _in_items(self, place: Place, rows: list[Stock]) -> Place | None:
        """From lines to items: what one count costs, and how many counts may leave."""
        offer, day, fixed, line_cents, unit, units, whole, roof, limits = place
        items = self.items
        if self.bare:
            have, cost = units, unit
        else:
            have = [min(units[index] // n for index, n in item.parts) for item in items]
            cost = [sum(unit[index] * n for index, n in item.parts) for item in items]
        if self.pools:
            limits = self._limits(rows, day)
        if line_cents:
            cost = [
                cents + line_cents * len(item.parts) if item.count == 1 else cents
                for cents, item in zip(cost, items, strict=True)
            ]
        whole = [
            (cents if item[1] == 1 else cents * item[1] + line_cents) if count else FORBIDDEN
            for cents, count, item in zip(cost, have, items, strict=True)
        ]
        return Place(offer, day, fixed, line_cents, cost, have, whole, roof, limits) if any(have) else None

    def _limits(self, rows: list[Stock], day: int) -> tuple[int, ...]:
        by_variant = {line.variant_id: row for line, row in zip(self.demand.lines, rows, strict=True)}
        return tuple(available(by_variant[pool.variant_id], self.demand.channel, day) for pool in self.pools)

    def _why_none(self, offer: Offer, rows: list[Stock], days: Sequence[int], capacity: Capacity) -> Reason:
        """The reason against a location that may serve but has no possible parcel."""
        start, end = self.supply.today, self.supply.today + self.supply.horizon_days
        open_days = [day for day in days if start <= day < end]
        if not open_days:
            return Reason.CLOSED
        held = [
            line
            for line, row in zip(self.demand.lines, rows, strict=True)
            if any(available(row, self.demand.channel, day) for day in open_days)
        ]
        if not held:
            return Reason.NO_STOCK
        if all(line.hazmat and not offer.site.hazmat for line in held):
            return Reason.HAZMAT_NOT_ALLOWED
        if all((line.bulky and not offer.site.bulky) or (line.hazmat and not offer.site.hazmat) for line in held):
            return Reason.BULKY_NOT_ALLOWED
        if any(self._place(offer, day, rows, _ALL_DAY) is not None for day in open_days):
            return Reason.NO_CAPACITY
        return Reason.NO_STOCK


def _dominates(earlier: Place, later: Place, need: int) -> bool:
    """Whether the later day of one location cannot help: same reach, not cheaper, no capacity reason to wait."""
    return (
        (earlier.roof is None or earlier.roof >= need)
        and earlier.fixed <= later.fixed
        and all(a >= b for a, b in zip(earlier.available, later.available, strict=True))
        and all(a >= b for a, b in zip(earlier.limits, later.limits, strict=True))
        and all(a <= b for a, b in zip(earlier.unit, later.unit, strict=True))
    )
