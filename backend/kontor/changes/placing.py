"""From where the pieces of a changed order come: the planner is asked as it is when an order is placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from kontor.channels.models import ShortagePolicy
from kontor.core.db import Session
from kontor.core.errors import Path, Unavailable
from kontor.fulfillment import queries as work_queries
from kontor.fulfillment.holdings import articles_of, demand_of, give_back, gives_of
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Pick, try_allocate
from kontor.inventory.models import Allocation
from kontor.orders.errors import OutOfStock
from kontor.orders.models import Order, OrderLine
from kontor.routing import masters as routing_masters
from kontor.routing.service import Owner, load_supply
from kontor.routing.values import FulfillmentPlan

MAX_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Sending:
    """Pieces of a line from one place: the days on which they leave and arrive."""

    line_id: UUID
    location_id: UUID
    quantity: int
    leaves_on: date
    arrives_on: date


@dataclass(slots=True)
class Sourcing:
    """A plan for pieces of an order: what comes from where, what is picked and given up for it, what nobody has."""

    sendings: list[Sending] = field(default_factory=list)
    picks: list[Pick] = field(default_factory=list)
    gives: list[stock.Slice] = field(default_factory=list)
    missing: dict[UUID, int] = field(default_factory=dict)

    @property
    def arrives_on(self) -> date | None:
        """The day on which the last of the pieces arrives."""
        return max((each.arrives_on for each in self.sendings), default=None)


async def plan_pieces(
    db: Session, order: Order, members: Sequence[OrderLine], wanted: Mapping[UUID, int],
    held: Sequence[Allocation] = (),
) -> Sourcing:  # fmt: skip
    """Where so many pieces of these lines come from, on what is free and what the order holds of them (`held`).

    The order is read as it is to be: its address, store or day may differ from what the database has. Nothing is
    written.
    """
    lines = [line for line in members if wanted.get(line.id)]
    if not lines:
        return Sourcing()
    masters = await routing_masters.load(db)
    variants = {line.variant_id for line in lines}
    bound = {row.inbound_id for row in held if row.inbound_id is not None}
    book = await load_supply(db, masters, variants, bound=bound)
    give_back(book, order.channel_id, held)
    demand = demand_of(book, order, wanted, members=lines, articles=await articles_of(db, variants))
    refusals = await work_queries.refusals_of(db, [order.id])
    shut = {
        place for line in lines for place in {*refusals.get(line.id, ()), *book.excluded_for(order.id, line.variant_id)}
    }
    demand = replace(demand, excluded=demand.excluded | frozenset(shut))
    chosen = book.plan(demand, order.channel_id)
    picks = book.book(chosen, demand, Owner(order.id, order.channel_id, order.priority))
    unsent = dict(chosen.unsent)
    gives = gives_of(list(held), picks, dict(unsent))
    missing = {line_id: count for line_id, count in unsent.items() if isinstance(line_id, UUID)}
    return Sourcing(_sendings(chosen), picks, gives, missing)


def _sendings(chosen: FulfillmentPlan) -> list[Sending]:
    found = []
    for parcel in chosen.parcels:
        for line_id, quantity in parcel.lines:
            assert isinstance(line_id, UUID)
            assert isinstance(parcel.location_id, UUID)
            leaves, arrives = date.fromordinal(parcel.day), date.fromordinal(parcel.arrival_day)
            found.append(Sending(line_id, parcel.location_id, quantity, leaves, arrives))
    return found


async def check_promised(
    db: Session, order: Order, members: Sequence[OrderLine], sourcing: Sourcing, *, paths: Mapping[UUID, Path]
) -> None:
    """Raise `OutOfStock` for pieces nobody can send, where the channel takes no order without stock."""
    if not sourcing.missing:
        return
    masters = await routing_masters.load(db)
    if masters.channels_by_id[order.channel_id].shortage is not ShortagePolicy.REFUSE:
        return
    for line in members:
        short = sourcing.missing.get(line.id)
        if short:
            sent = sum(each.quantity for each in sourcing.sendings if each.line_id == line.id)
            raise OutOfStock(
                f"Only {sent} of {sent + short} pieces of {line.sku} can be promised.",
                path=paths.get(line.id, ()), sku=line.sku, requested=sent + short, available=sent,
            )  # fmt: skip


async def take_pieces(
    db: Session, order: Order, members: Sequence[OrderLine], wanted: Mapping[UUID, int],
    held: Sequence[Allocation] = (), *, paths: Mapping[UUID, Path], reason: str,
) -> Sourcing:  # fmt: skip
    """Plan and allocate; again on fresh figures when others were faster. The counters are the caller's.

    Raises `OutOfStock` as `check_promised` does, `Unavailable` when stock changes faster than can be planned.
    """
    for _ in range(MAX_ROUNDS):
        found = await plan_pieces(db, order, members, wanted, held)
        await check_promised(db, order, members, found, paths=paths)
        if found.gives:
            await stock.release(db, found.gives, reason=reason[:300])
        if not found.picks or await try_allocate(db, found.picks):
            return found
        if found.gives:
            held = [row for row in await stock.of_orders(db, [order.id]) if row.id in {each.id for each in held}]
    raise Unavailable("Stock is changing too fast; please try again.", code="TRY_AGAIN")
