"""Plan what an order lacks and leave what it holds where it is. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from kontor.routing.candidates import offer_of
from kontor.routing.costs import parcel_terms, shortage_cents, total_terms
from kontor.routing.planner import plan
from kontor.routing.ruling import ruled
from kontor.routing.values import (
    Demand,
    DemandLine,
    FulfillmentPlan,
    Id,
    Offer,
    Policy,
    Stock,
    Supply,
)

Held = Mapping[Id, Mapping[Id, int]]
"""Units by line and place."""

_NOTHING = Stock(0)
_MARK = "held/"


def plan_pinned(demand: Demand, supply: Supply, policy: Policy, held: Held) -> FulfillmentPlan:
    """The cheapest plan that sends the held units from where they are held, and the others from anywhere.

    The supply counts held units as there. Units at places that may not send them any more are not pinned, nor those of
    an unsplittable line of which only a part is held. The cost is that of the demand, as if planned in one.
    """
    stock: dict[Id, dict[Id, Stock]] = {
        line.variant_id: dict(supply.stock.get(line.variant_id, {})) for line in demand.lines
    }
    lines: list[DemandLine] = []
    for line in demand.lines:
        pins = _pins(demand, line, stock[line.variant_id], held.get(line.line_id, {}))
        kept = sum(pins.values())
        if kept:
            key = f"{_MARK}{line.line_id}"
            lines.append(replace(line, line_id=key, variant_id=key, quantity=kept))
            rows = stock[line.variant_id]
            stock[key] = {place: Stock(count, price_cents=rows[place].price_cents) for place, count in pins.items()}
            for place, count in pins.items():
                rows[place] = rows[place]._replace(on_hand=rows[place].on_hand - count)
        if kept < line.quantity:
            lines.append(replace(line, quantity=line.quantity - kept))
    apart = plan(replace(demand, lines=tuple(lines)), replace(supply, stock={**supply.stock, **stock}), policy)
    return _joined(demand, ruled(demand, supply, policy), policy, apart)


def _pins(demand: Demand, line: DemandLine, rows: Mapping[Id, Stock], held: Mapping[Id, int]) -> dict[Id, int]:
    pins = {
        place: count
        for place, count in held.items()
        if place not in demand.excluded and rows.get(place, _NOTHING).on_hand >= count
    }
    kept = sum(pins.values())
    return {} if kept > line.quantity or (line.no_split and kept != line.quantity) else pins


def _by(offer: Offer, carrier: str) -> Offer:
    return next((each for each in offer.others if each.lane.carrier == carrier), offer)


def _joined(demand: Demand, supply: Supply, policy: Policy, apart: FulfillmentPlan) -> FulfillmentPlan:
    """The plan in the lines of the demand, with what it costs in them."""
    positions = {str(line.line_id): index for index, line in enumerate(demand.lines)}
    parcels = []
    left = [line.quantity for line in demand.lines]
    for parcel in apart.parcels:
        quantities: dict[int, int] = {}
        for line_id, count in parcel.lines:
            index = positions[str(line_id).removeprefix(_MARK)]
            quantities[index] = quantities.get(index, 0) + count
            left[index] -= count
        offer = _by(offer_of(supply.network, demand, parcel.location_id), parcel.carrier)
        terms = parcel_terms(demand, supply, policy, offer=offer, day=parcel.day, quantities=quantities)
        sent = tuple((demand.lines[index].line_id, count) for index, count in sorted(quantities.items()))
        parcels.append(parcel._replace(lines=sent, terms=terms))
    owed = sum(shortage_cents(demand, line, policy) * count for line, count in zip(demand.lines, left, strict=True))
    terms = total_terms([parcel.terms for parcel in parcels], split_cents=policy.split_cents, shortage=owed)
    unsent = tuple((line.line_id, count) for line, count in zip(demand.lines, left, strict=True) if count)
    return FulfillmentPlan(tuple(parcels), unsent, terms, sum(terms), apart.gap_cents, policy.version)
