"""Many orders jointly, with what places of one dispatch group send on a day as one parcel.

Members that are alike in all that a parcel costs are planned as one place: the door, which is the member that refuses
least. Its goods are those of all. Afterwards each parcel is divided among the members, as few of them as possible; who
wants goods that must not be divided and that no member has by itself is planned anew, among the members as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kontor.routing.batch import BatchPlan, optimize
from kontor.routing.candidates import available
from kontor.routing.seeking import plan_of, seek, seeker_of
from kontor.routing.sharing import NOWHERE, Draw, Ledger, draw_of
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy, Site, Stock, Supply, Terms

Houses = Mapping[Id, Sequence[Id]]
"""The members that are planned as one place, by their door."""


def optimize_together(
    demands: Mapping[Id, Demand], supply: Supply, policy: Policy, *, seconds: float, rounds: int | None = None
) -> BatchPlan:
    """`optimize`, with one parcel a day from each house.

    Where the policy has rules, which may tell the members apart, every member stays a place of its own. The bound holds
    as far as one parcel is never dearer than two with the same goods.
    """
    houses = _houses(demands, supply) if supply.network.groups and policy.rules is None else {}
    if not houses:
        return optimize(demands, supply, policy, seconds=seconds, rounds=rounds)
    found = optimize(demands, _gathered(supply, houses), policy, seconds=seconds, rounds=rounds)
    plans = _Giving(demands, supply, policy, houses).divide(found.plans)
    cost = sum(each.cost_cents for each in plans.values())
    return replace(
        found, plans=plans, cost_cents=cost, bound_cents=found.bound_cents - _spread(demands, supply, houses)
    )


def _houses(demands: Mapping[Id, Demand], supply: Supply) -> dict[Id, list[Id]]:
    """The groups of which several members are alike, have some of the goods, and are open to the same orders."""
    wanted = {line.variant_id for demand in demands.values() for line in demand.lines}
    holders = {place for variant in wanted for place in supply.stock.get(variant, ())}
    excluded = {demand.excluded for demand in demands.values()}
    found: dict[Id, list[Id]] = {}
    for group in supply.network.groups:
        able = [each for each in group if each in holders and each not in supply.capacity]
        alike = [each for each in able if _is_like(supply, able[0], each)]
        open_to_same = all(len(out.intersection(alike)) in (0, len(alike)) for out in excluded)
        if len(alike) > 1 and open_to_same:
            sites = supply.network.sites
            door = min(alike, key=lambda each: (sites[each].rejection_permille, supply.network.ranks[each]))
            found[door] = alike
    return found


def _is_like(supply: Supply, one: Id, other: Id) -> bool:
    """Whether a parcel may leave from either on the same days, and costs the same but for how often it is refused."""
    sites, days = supply.network.sites, supply.release_days
    return _costs(sites[one]) == _costs(sites[other]) and days.get(one) == days.get(other)


def _costs(site: Site) -> Site:
    return replace(site, location_id="", priority=0, rejection_permille=0, hands_over=False, ruled=None)


def _gathered(supply: Supply, houses: Houses) -> Supply:
    """The supply with the goods of each house at its door."""
    stock: dict[Id, Mapping[Id, Stock]] = {}
    for variant_id, places in supply.stock.items():
        rows = dict(places)
        for door, members in houses.items():
            held = [rows.pop(each) for each in members if each in rows]
            if held:
                rows[door] = _sum(held, supply)
        stock[variant_id] = rows
    return replace(supply, stock=stock)


def _sum(held: Sequence[Stock], supply: Supply) -> Stock:
    """All units of several rows, by day, and what each channel has reserved; a unit is as dear as the dearest."""
    bare = [row._replace(reserved=None) for row in held]
    days = sorted({day for row in held for day, _ in row.inbound if day > supply.today})
    levels = [sum(available(row, "", day) for row in bare) for day in (supply.today, *days)]
    inbound = [(day, now - then) for day, then, now in zip(days, levels, levels[1:], strict=False) if now > then]
    reserved: dict[str, int] = {}
    for row, units in zip(held, [available(row, "", supply.today) for row in bare], strict=True):
        for channel, kept in sorted((row.reserved or {}).items()):
            # What a member has reserved beyond its goods is no claim on those of the others.
            reserved[channel] = reserved.get(channel, 0) + min(kept, units)
            units -= min(kept, units)
    prices = [max(row.price_after(days) for row in held) for days in range(supply.horizon_days)]
    return Stock(levels[0], 0, prices[0], tuple(inbound), reserved or None, tuple(prices[1:]))


def _spread(demands: Mapping[Id, Demand], supply: Supply, houses: Houses) -> int:
    """By how much the joint plan may be too dear because each unit of a house counts as its dearest."""
    total = 0
    for line in (line for demand in demands.values() for line in demand.lines):
        rows = supply.stock.get(line.variant_id) or {}
        held = [[rows[each] for each in members if each in rows] for members in houses.values()]
        total += line.quantity * max([_between(each, supply.horizon_days) for each in held], default=0)
    return total


def _between(held: Sequence[Stock], days: int) -> int:
    """The most that the dearest of the rows is above the cheapest on a day."""
    by_day = [[row.price_after(day) for row in held] for day in range(days)]
    return max([max(prices) - min(prices) for prices in by_day if prices], default=0)


class _Giving:
    """Divides the parcels of doors among their members, on one ledger of all that there is."""

    def __init__(self, demands: Mapping[Id, Demand], supply: Supply, policy: Policy, houses: Houses) -> None:
        self._demands, self._supply, self._policy, self._houses = demands, supply, policy, houses
        self._ledger = Ledger(supply)

    def divide(self, plans: Mapping[Id, FulfillmentPlan]) -> dict[Id, FulfillmentPlan]:
        """Every plan with the parts of its parcels. Goods that stay together choose first, then what leaves first.

        Where some cannot be had that way, these orders are planned anew before all others, which then take what is
        left as they were planned, or else are planned anew, too.
        """
        names = sorted(plans, key=lambda each: (not self._is_whole(each), _first_day(plans[each])))
        found = {name: self._parts_of(name, plans[name].parcels) for name in names}
        torn = [name for name in names if found[name] is None]
        settled: dict[Id, FulfillmentPlan] = {}
        if torn:
            self._ledger = Ledger(self._supply)
            settled = {name: self._anew(name) for name in torn}
        for name in (each for each in names if each not in settled):
            parcels = self._parts_of(name, plans[name].parcels) if torn else found[name]
            settled[name] = self._anew(name) if parcels is None else replace(plans[name], parcels=parcels)
        return {name: settled[name] for name in plans}

    def _is_whole(self, name: Id) -> bool:
        return any(line.group is not None or line.no_split for line in self._demands[name].lines)

    def _parts_of(self, name: Id, parcels: Iterable[PlannedParcel]) -> tuple[PlannedParcel, ...] | None:
        """The parts of an order's parcels, taken off the ledger; None, and nothing taken, where it cannot be."""
        found: list[PlannedParcel] = []
        taken: list[Draw] = []
        for parcel in parcels:
            parts = self._parts(name, parcel, taken)
            if parts is None:
                for draw in taken:
                    self._ledger.give(draw)
                return None
            for number, (location_id, lines) in enumerate(parts):
                terms = Terms() if number else parcel.terms
                found.append(parcel._replace(location_id=location_id, lines=tuple(lines.items()), terms=terms))
        return tuple(found)

    def _parts(self, name: Id, parcel: PlannedParcel, taken: list[Draw]) -> list[tuple[Id, dict[Id, int]]] | None:
        """The member that has most of what is left comes first, and again; the door wins ties."""
        members = self._houses.get(parcel.location_id, [parcel.location_id])
        doors_first = sorted(members, key=lambda each: each != parcel.location_id)
        left, parts = dict(parcel.lines), []
        while left:
            offers = [(self._most(name, each, parcel.day, left), each) for each in doors_first]
            lines, location_id = max(offers, key=lambda offer: sum(offer[0].values()))
            if not lines or (lines != left and self._is_torn(name, lines, left)):
                return None
            self._take(name, location_id, parcel.day, lines, taken)
            parts.append((location_id, lines))
            left = {line_id: count - lines.get(line_id, 0) for line_id, count in left.items()}
            left = {line_id: count for line_id, count in left.items() if count}
        return parts

    def _most(self, name: Id, location_id: Id, day: int, wanted: Mapping[Id, int]) -> dict[Id, int]:
        """What of the lines a member can give on the day; lines of one variant share what it has."""
        demand, ledger = self._demands[name], self._ledger
        lines: dict[Id, int] = {}
        left: dict[int, int] = {}
        for line in demand.lines:
            slot = ledger.slot(line.variant_id, location_id, day, demand.channel) if line.line_id in wanted else NOWHERE
            if slot == NOWHERE:
                continue
            units = min(wanted[line.line_id], left.setdefault(slot, ledger.units[slot]))
            if units > 0:
                lines[line.line_id] = units
                left[slot] -= units
        return lines

    def _is_torn(self, name: Id, lines: Mapping[Id, int], wanted: Mapping[Id, int]) -> bool:
        """Whether goods that must not be divided would come from several members."""
        homes: dict[str, set[bool]] = {}
        for line in self._demands[name].lines:
            if line.line_id in wanted and (line.group is not None or line.no_split):
                key = f"group {line.group}" if line.group is not None else f"line {line.line_id}"
                count = lines.get(line.line_id, 0)
                here = homes.setdefault(key, set())
                here.update({count > 0} | ({False} if count < wanted[line.line_id] else set()))
        return any(len(each) > 1 for each in homes.values())

    def _take(self, name: Id, location_id: Id, day: int, lines: Mapping[Id, int], taken: list[Draw]) -> None:
        demand, ledger = self._demands[name], self._ledger
        slots = [
            (ledger.slot(line.variant_id, location_id, day, demand.channel), lines[line.line_id])
            for line in demand.lines
            if line.line_id in lines
        ]
        gates = [
            (ledger.gate(location_id, day, parcels=False), sum(lines.values())),
            (ledger.gate(location_id, day, parcels=True), 1),
        ]
        draw = draw_of(slots, gates)
        ledger.take(draw)
        taken.append(draw)

    def _anew(self, name: Id) -> FulfillmentPlan:
        """The cheapest plan on what all others left, each member by itself."""
        seeker = seeker_of(self._demands[name], self._supply, self._policy, self._ledger)
        option, _, _ = seek(seeker, self._ledger, None)
        self._ledger.take(option.draw)
        return plan_of(seeker, option, supply=self._supply, policy=self._policy, alone=option.cost)


def _first_day(plan: FulfillmentPlan) -> int:
    return min([parcel.day for parcel in plan.parcels], default=0)
