"""Looking at places for one demand: what each could send on each day, or why it cannot."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kontor.routing.candidates import FORBIDDEN, Item, Place, Pool, available, offer_of
from kontor.routing.costs import is_weighed, price_on, weighed_cents
from kontor.routing.values import Capacity, Demand, Id, Offer, Policy, Reason, Site, Stock, Supply

_ALL_DAY = Capacity()
_NOTHING = Stock(0)


class Candidates(NamedTuple):
    """Places in the order in which ties are broken, and who was refused."""

    places: list[Place]
    eliminated: list[tuple[Id, Reason]]


def find_candidates(
    demand: Demand, supply: Supply, policy: Policy, items: list[Item], pools: list[Pool], *, shared: bool = False
) -> Candidates:
    """Every place with any of the goods, as a possible parcel or with the reason against it.

    A location that has no stock row for any wanted variant is not looked at and not listed. With `shared` supply a
    later day stays even where an earlier one is better for this demand: others may want the earlier one.
    """
    survey = Survey(demand, supply, policy, items, pools)
    survey.shared = shared
    places: list[Place] = []
    eliminated: list[tuple[Id, Reason]] = []
    for location_id in survey.locations():
        reason = survey.add(location_id, places)
        if reason is not None:
            eliminated.append((location_id, reason))
    return Candidates(places, eliminated)


class Survey:
    """What is the same for all places of one demand, so that looking at one place stays cheap."""

    __slots__ = (
        "bare",
        "barred",
        "demand",
        "items",
        "lines",
        "need",
        "offers",
        "policy",
        "pools",
        "quick",
        "restricted",
        "shared",
        "stocks",
        "supply",
        "view",
        "weighed",
        "weight",
        "wishes",
    )

    def __init__(self, demand: Demand, supply: Supply, policy: Policy, items: list[Item], pools: list[Pool]) -> None:
        self.demand, self.supply, self.policy, self.items, self.pools = demand, supply, policy, items, pools
        self.stocks = [supply.stock.get(line.variant_id) or {} for line in demand.lines]
        self.weight = policy.factor(demand.priority)
        self.weighed = is_weighed(policy)
        self.view = supply.network.view(demand.channel, demand.region, demand.pickup_location_id)
        self.offers = self.view.offers
        self.wishes = [(line.quantity, line.bulky, line.weight_g) for line in demand.lines]
        self.need = 0
        self.restricted = self.shared = False
        self.barred: frozenset[tuple[Id, str]] = frozenset()
        self.bare = len(items) == len(demand.lines)
        # Per line: stock by location, quantity, weight.
        self.lines: list[tuple[Mapping[Id, Stock], int, int]] = []
        for line, stock in zip(demand.lines, self.stocks, strict=True):
            self.need += line.quantity
            self.restricted = self.restricted or line.hazmat or line.bulky
            self.bare = self.bare and line.group is None and not line.no_split
            self.lines.append((stock, line.quantity, line.weight_g))
        self.quick = self.bare and not self.restricted and not pools

    @property
    def last_day(self) -> int:
        """The last day of the horizon."""
        return self.supply.today + self.supply.horizon_days - 1

    def locations(self) -> list[Id]:
        """Every location with a stock row of the wanted variants, in the order in which ties are broken."""
        ranks = self.supply.network.ranks
        found = set().union(*self.stocks) if len(self.stocks) > 1 else self.stocks[0]
        return sorted([each for each in found if each in ranks], key=ranks.__getitem__)

    def add(self, location_id: Id, places: list[Place]) -> Reason | None:
        """Add the location's possible parcels to `places`, or say why there is none."""
        if self.quick and self.glance(location_id, places):
            return None
        return self.look(location_id, places)

    def offer(self, location_id: Id) -> Offer:
        """The location as this demand sees it."""
        offer = self.offers.get(location_id)
        if offer is None:
            offer = self.offers[location_id] = offer_of(self.supply.network, self.demand, location_id)
        return offer

    def others(self, offer: Offer) -> Sequence[Offer]:
        """The location by its other carriers.

        Where capacity is limited and orders share it, a place sends by its first carrier: parcels of a day are counted
        one by one there.
        """
        if not offer.others or (self.shared and offer.site.location_id in self.supply.capacity):
            return ()
        return [each for each in offer.others if not self.is_barred(each)]

    def is_barred(self, offer: Offer) -> bool:
        """Whether the location may not send by this carrier."""
        return bool(self.barred) and (offer.site.location_id, offer.lane.carrier) in self.barred

    def glance(self, location_id: Id, places: list[Place]) -> bool:
        """`look` for the usual place: open every day, no limits, stock on hand. False leaves it to `look`."""
        supply = self.supply
        offer = self.offers.get(location_id)
        if (
            offer is None
            or offer[5] is not None
            or offer[6]
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
            on_hand, safety, price, inbound, reserved, later = row
            if inbound or reserved or later:
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
        if self.weighed:
            fixed += weighed_cents(offer, policy)
        places.append(Place(offer, supply.today, fixed, line_cents, unit, units, whole, None, ()))
        return True

    def look(self, location_id: Id, places: list[Place]) -> Reason | None:
        """`add` for any place."""
        offer = self.offer(location_id)
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
            possible = [self._place(other, day, rows, capacity) for other in self.others(offer)]
            for each in possible if self.is_barred(offer) else (place, *possible):
                if each is not None and (
                    self.shared or not any(dominates(known, each, self.need) for known in places[first:])
                ):
                    places.append(each)
            if capacity is _ALL_DAY and not any(row.inbound or row.later_prices for row in rows):
                break  # Nothing changes on a later day but the delay.
            if place is not None and not self.shared and self._is_final(place, rows, capacity):
                break
        if len(places) > first:
            return None
        return self._why_none(offer, rows, days, capacity)

    def _is_final(self, place: Place, rows: list[Stock], capacity: Capacity) -> bool:
        """Whether a later day could not be better: no more stock that is wanted, no missing room, no lower price.

        A price that is not listed for a later day is nothing.
        """
        if place.roof is not None and place.roof < self.need:
            return False
        for row, line in zip(rows, self.demand.lines, strict=True):
            if row.inbound and (self.pools or available(row, self.demand.channel, place.day) < line.quantity):
                return False
            if row.later_prices and min(row.later_prices) < row.price_after(place.day - self.supply.today):
                return False
        if not capacity.unit_price and not capacity.parcel_price:
            return True
        offset = place.day - self.supply.today
        later = range(offset + 1, self.supply.horizon_days)
        return all(
            not prices or all(price_on(prices, day) >= price_on(prices, offset) for day in later)
            for prices in (capacity.unit_price, capacity.parcel_price)
        )

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
        for (quantity, is_bulky, grams), row in zip(self.wishes, rows, strict=True):
            on_hand, safety, price, inbound, reserved, later = row
            if later:
                price = row.price_after(day - self.supply.today)
            have = available(row, channel, day) if inbound or reserved else on_hand - safety
            if have > 0:
                some = True
                stock_units.append(have if have < quantity else quantity)
            else:
                stock_units.append(0)
            unit.append(each + price + (bulky if is_bulky else 0) + (per_kg * grams + 500) // 1000)
        if not some:
            return None
        if self.restricted:
            self._restrict(site, stock_units)
        fixed = offer.parcel_cents + parcel_price + late * policy.late_parcel_day_cents
        if self.weighed:
            fixed += weighed_cents(offer, policy)
        counts, cost, whole = self._in_items(stock_units, unit, site.handling_line_cents)
        if not any(counts):
            return None
        limits = self._limits(rows, day) if self.pools else ()
        return Place(offer, day, fixed, site.handling_line_cents, cost, counts, whole, roof, limits)

    def _restrict(self, site: Site, stock_units: list[int]) -> None:
        for index, line in enumerate(self.demand.lines):
            if (line.hazmat and not site.hazmat) or (line.bulky and not site.bulky):
                stock_units[index] = 0

    def _in_items(self, units: list[int], unit: list[int], line_cents: int) -> tuple[list[int], list[int], list[int]]:
        """From lines to items: how many counts may leave, what one costs, and what all of an item cost."""
        items = self.items
        if self.bare:
            have, cost = units, unit
        else:
            have = [min([units[index] // n for index, n in item.parts]) for item in items]
            cost = [sum([unit[index] * n for index, n in item.parts]) for item in items]
        if line_cents:
            cost = [
                cents + line_cents * len(item[0]) if item[1] == 1 else cents
                for cents, item in zip(cost, items, strict=True)
            ]
        whole = [
            (cents if item[1] == 1 else cents * item[1] + line_cents) if count else FORBIDDEN
            for cents, count, item in zip(cost, have, items, strict=True)
        ]
        return have, cost, whole

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


def dominates(earlier: Place, later: Place, need: int) -> bool:
    """Whether the later day of one location cannot help: same reach, not cheaper, no capacity reason to wait.

    Only days by the same carrier are compared: what more weight adds is not looked at.
    """
    return (
        earlier.offer.lane is later.offer.lane
        and (earlier.roof is None or earlier.roof >= need)
        and earlier.fixed <= later.fixed
        and all(a >= b for a, b in zip(earlier.available, later.available, strict=True))
        and all(a >= b for a, b in zip(earlier.limits, later.limits, strict=True))
        and all(a <= b for a, b in zip(earlier.unit, later.unit, strict=True))
    )
