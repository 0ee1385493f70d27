"""What sending work elsewhere would cost, place by place: the planner is asked, nothing is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from kontor.core.db import Session
from kontor.fulfillment import queries
from kontor.fulfillment.errors import WrongDeliveryType
from kontor.fulfillment.holdings import articles_of, demand_of
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.rerouting import MOVABLE
from kontor.fulfillment.work import check_state
from kontor.inventory import allocations as stock
from kontor.orders import queries as orders
from kontor.orders.models import Order
from kontor.orders.states import DeliveryType
from kontor.routing import masters as routing_masters
from kontor.routing.service import SupplyBook, load_supply
from kontor.routing.values import Demand, FulfillmentPlan, Id, Reason, Stock

MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place for the work: `reason` is why it can send nothing, `missing` are pieces it lacks.

    `cost_cents` is what the router would decide by if all of the work went there.
    """

    location_id: UUID
    missing: int = 0
    reason: Reason | None = None
    cost_cents: int | None = None
    leaves_day: int | None = None
    arrival_day: int | None = None

    @property
    def feasible(self) -> bool:
        """Whether all pieces can be sent from there."""
        return self.reason is None and not self.missing


@dataclass(frozen=True, slots=True)
class Preview:
    """What the work costs where it is (None when it could not be sent from there as of now), and elsewhere."""

    fulfillment_order_id: UUID
    location_id: UUID
    cost_cents: int | None
    candidates: tuple[Candidate, ...]


async def preview_reroute(db: Session, fulfillment_order_id: UUID) -> Preview:
    """Every other place with any of the goods: the feasible ones first, the cheapest of them first, 200 at most.

    Raises `FulfillmentOrderNotFound`, `WrongState` where the work cannot be moved any more and `WrongDeliveryType` for
    goods that are collected.
    """
    row = await queries.get_fulfillment_order(db, fulfillment_order_id, db.principal)
    check_state(row, *MOVABLE)
    if row.delivery_type is DeliveryType.PICKUP:
        raise WrongDeliveryType("Goods for collection stay at the store the customer agreed to.")
    pieces = (await queries.lines_of(db, [row.id]))[row.id]
    book, demand, refused = await _question(db, row, pieces)
    own = book.at(row.location_id).plan(demand, row.channel_id)
    others = replace(demand, excluded=demand.excluded | refused)
    hurdles = book.hurdles(others, row.channel_id)
    holders = {place for line in demand.lines for place in book.stock.get(line.variant_id, {})} - {row.location_id}
    found = [
        _candidate(book, others, row.channel_id, place, hurdles)
        for place in holders
        if isinstance(place, UUID) and place in book.masters.network.ranks
    ]
    ranks = book.masters.network.ranks
    found.sort(key=lambda each: (not each.feasible, each.cost_cents is None, each.cost_cents or 0,
                                 ranks[each.location_id]))  # fmt: skip
    now_there = own.cost_cents if own.is_complete else None
    return Preview(row.id, row.location_id, now_there, tuple(found[:MOST_PLACES]))


async def _question(
    db: Session, row: FulfillmentOrder, pieces: Sequence[FulfillmentLine]
) -> tuple[SupplyBook, Demand, frozenset[Id]]:
    """Supply with what the work holds given back, what it needs, and places that refused any of it before."""
    order = await db.get_one(Order, row.order_id)
    counts = {piece.order_line_id: piece.quantity for piece in pieces if piece.quantity}
    lines = [line for line in (await orders.lines_of(db, [order.id]))[order.id] if line.id in counts]
    masters = await routing_masters.load(db)
    book = await load_supply(db, masters, {line.variant_id for line in lines})
    code = masters.channels_by_id[row.channel_id].code
    for held in await stock.of_orders(db, [order.id]):
        if held.fulfillment_order_id == row.id:
            places = book.stock.setdefault(held.variant_id, {})
            there = places.get(held.location_id, Stock(0))
            reserved = there.reserved
            if held.from_reservation:
                reserved = {**(reserved or {}), code: (reserved or {}).get(code, 0) + held.from_reservation}
            places[held.location_id] = there._replace(on_hand=there.on_hand + held.quantity, reserved=reserved)
    book.capacity.pop(row.location_id, None)  # the work has its place in the day already
    articles = await articles_of(db, {line.variant_id for line in lines})
    demand = demand_of(book, order, counts, members=lines, articles=articles)
    refusals = await queries.refusals_of(db, [order.id])
    refused = frozenset(
        place for line in lines for place in {*refusals.get(line.id, ()), *book.excluded_for(order.id, line.variant_id)}
    )
    return book, demand, refused


def _candidate(
    book: SupplyBook, demand: Demand, channel_id: UUID, place: UUID, hurdles: Mapping[Id, Reason]
) -> Candidate:
    if place in hurdles:
        return Candidate(place, reason=hurdles[place])
    chosen: FulfillmentPlan = book.at(place).plan(demand, channel_id)
    if not chosen.parcels:
        return Candidate(place, missing=sum(line.quantity for line in demand.lines))
    return Candidate(
        place, sum(count for _, count in chosen.unsent), None, chosen.cost_cents,
        min(parcel.day for parcel in chosen.parcels), chosen.arrival_day,
    )  # fmt: skip
