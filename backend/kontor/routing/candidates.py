"""Which places may send what, and why the others may not: capability, calendar, stock, eligibility, exclusion."""

from collections.abc import Sequence
from typing import NamedTuple

from kontor.routing.costs import lightest_cents, shortage_cents
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
        # One bundle may hold two lines of it as well: each alone would find enough.
        if sum(1 for line in lines if line.variant_id == variant) > 1:
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
    offer, *others = [_by(network, site, each) for each in (lane, *lane.others)]
    return offer._replace(others=tuple(others)) if others else offer


def _by(network: Network, site: Site, lane: Lane) -> Offer:
    """The site by one carrier, as the rules make it."""
    # The lightest parcel: what more weight adds is looked at per parcel.
    parcel = lightest_cents(lane) + site.handling_parcel_cents
    offer = Offer(network.ranks[site.location_id], site, lane, parcel, site.lead_days + lane.transit_days, None)
    return offer if network.rule is None else network.rule(offer)


def offer_at(demand: Demand, supply: Supply, location_id: Id) -> Offer:
    """`offer_of`, remembered in the network."""
    offers = supply.network.view(demand.channel, demand.region, demand.pickup_location_id).offers
    offer = offers.get(location_id)
    if offer is None:
        offer = offers[location_id] = offer_of(supply.network, demand, location_id)
    return offer


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
