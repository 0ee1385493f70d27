"""Source orders: plan again on today's supply, move what gains, and give the work to places.

A batch is planned on one book of supply. What an order holds already counts as available to itself; it is moved only
when that saves more than the policy's `move_gain_cents`, and pieces it lacks (a place refused them, say) are found
without moving the rest unless moving it saves that much. Everything but the planning is a fixed number of statements
per batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.core.db import Session, chunks
from kontor.core.errors import Unavailable
from kontor.fulfillment import queries
from kontor.fulfillment.codes import issue_codes
from kontor.fulfillment.releasing import Release, Released, create_fulfillment_orders
from kontor.fulfillment.work import Capacity
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Pick, try_allocate
from kontor.inventory.models import Allocation
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import OrderState
from kontor.routing import masters as routing_masters
from kontor.routing.masters import region_key
from kontor.routing.service import Owner, SupplyBook, decision_row, load_supply, store_decisions
from kontor.routing.values import FAR_AHEAD, Demand, DemandLine, FulfillmentPlan, Id, Stock

MAX_ROUNDS = 6
WORKABLE = frozenset({OrderState.CONFIRMED, OrderState.IN_FULFILLMENT})


class SourceOutcome(StrEnum):
    """How much of what an order still needs was given to places."""

    ALL = "ALL"
    PART = "PART"
    WAIT = "WAIT"


@dataclass(frozen=True, slots=True)
class Sourced:
    """The answer for one order; `missing` pieces wait for stock, codes, a hold or the rest of the order.

    `given` are the pieces that places got, by order line.
    """

    outcome: SourceOutcome
    fulfillment_orders: tuple[UUID, ...] = ()
    missing: int = 0
    missing_codes: int = 0
    given: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(slots=True)
class Open:
    """What one order still needs routed: by line, and the allocations that hold it already."""

    order: Order
    lines: list[OrderLine]
    pending: list[Allocation] = field(default_factory=list)
    wanted: dict[UUID, int] = field(default_factory=dict)
    backordered: int = 0
    groups: list[tuple[Demand, FulfillmentPlan]] = field(default_factory=list)
    picks: list[Pick] = field(default_factory=list)
    given_up: list[Allocation] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wish:
    """What narrows a sourcing: why it is done, places not to ask, and the only place to ask if there is one.

    `freed` is what the places that are not asked need to release no more.
    """

    occasion: str = "RELEASE"
    excluded: frozenset[UUID] = frozenset()
    only: UUID | None = None
    freed: Capacity = ({}, {})


async def source_orders(
    db: Session, order_ids: Iterable[UUID], *, now: datetime, wish: Wish | None = None
) -> dict[UUID, Sourced]:
    """Give what the orders still need to places; the outcome of each.

    Held orders and those that are not to be worked on release nothing (WAIT). Non-physical lines get their codes.
    Raises `Unavailable` when stock changes faster than can be planned.
    """
    wish, asked = wish or Wish(), list(order_ids)
    found = {
        order_id: order
        for order_id, order in (await orders.lock_releasable(db, asked)).items()
        if order.state in WORKABLE
    }
    lines = await orders.lines_of(db, found)
    issued = await issue_codes(db, found, lines, now=now)
    works = await _route(db, found, lines, wish)
    await store_decisions(db, [row for work in works.values() for row in work.decisions])
    releases = [_release_of(work) for work in works.values()]
    made = await create_fulfillment_orders(db, releases, now=now, freed=wish.freed)
    for order_id, work in works.items():
        _recount(db, work, made.allocations.get(order_id, []), now=now)
    nothing = Sourced(SourceOutcome.WAIT)
    return {
        order_id: _outcome(works[order_id], made, issued.missing.get(order_id, 0)) if order_id in works else nothing
        for order_id in asked
    }


async def _route(
    db: Session, found: Mapping[UUID, Order], lines: Mapping[UUID, list[OrderLine]], wish: Wish
) -> dict[UUID, Open]:
    """Plan every order on what the ones before it left, then take all that moves; again on fresh figures if needed."""
    if not found:
        return {}
    masters = await routing_masters.load(db)
    refusals = await queries.refusals_of(db, found)
    articles = await articles_of(db, {line.variant_id for rows in lines.values() for line in rows if _physical(line)})
    for _ in range(MAX_ROUNDS):
        works = _open(found, lines, await stock.of_orders(db, found))
        busy = sorted((work for work in works.values() if work.wanted), key=_importance)
        if not busy:
            return works
        variants = {line.variant_id for work in busy for line in work.lines if line.id in work.wanted}
        book = await load_supply(db, masters, variants)
        for work in busy:
            _plan(book, work, articles, refusals, wish)
        moving = [work for work in busy if work.given_up or work.picks]
        gone = [stock.Slice(row, row.quantity, row.from_reservation) for work in moving for row in work.given_up]
        if gone:
            await stock.release(db, gone, reason="moved to a better place")
        picks = [pick for work in moving for pick in work.picks]
        if not picks or await try_allocate(db, picks):
            return works
    raise Unavailable("Stock is changing too fast; the orders are sourced again later.", code="TRY_AGAIN")


def _importance(work: Open) -> tuple[int, datetime, UUID]:
    """Who chooses first where stock is short: the most important order, then the oldest."""
    return -work.order.priority, work.order.placed_at, work.order.id


def _open(
    found: Mapping[UUID, Order], lines: Mapping[UUID, list[OrderLine]], allocations: Sequence[Allocation]
) -> dict[UUID, Open]:
    works = {order_id: Open(order, lines[order_id]) for order_id, order in found.items()}
    taken: dict[UUID, int] = {}
    for row in allocations:
        work = works[row.order_id]
        if row.fulfillment_order_id is not None:
            taken[row.order_line_id] = taken.get(row.order_line_id, 0) + row.quantity
        elif row.inbound_id is not None:
            taken[row.order_line_id] = taken.get(row.order_line_id, 0) + row.quantity
            work.backordered += row.quantity
        else:
            work.pending.append(row)
    for work in works.values():
        for line in work.lines:
            open_pieces = line.open_quantity - taken.get(line.id, 0)
            if open_pieces > 0 and _physical(line):
                work.wanted[line.id] = open_pieces
    return works


def _physical(line: OrderLine) -> bool:
    return line.kind == ProductKind.PHYSICAL


async def articles_of(db: Session, variant_ids: Iterable[UUID]) -> dict[UUID, tuple[bool, bool]]:
    """Whether articles are hazardous, and whether they are bulky."""
    found: dict[UUID, tuple[bool, bool]] = {}
    for part in chunks(sorted(set(variant_ids))):
        rows = await db.execute(
            sa.select(ProductVariant.id, Product.hazmat, Product.bulky)
            .join(Product, Product.id == ProductVariant.product_id)
            .where(ProductVariant.id.in_(part))
        )
        found.update({variant_id: (hazmat, bulky) for variant_id, hazmat, bulky in rows})
    return found


def _plan(
    book: SupplyBook,
    work: Open,
    articles: Mapping[UUID, tuple[bool, bool]],
    refusals: Mapping[UUID, set[UUID]],
    wish: Wish,
) -> None:
    """Decide for one order: keep what it holds, or move; takes the decision off the book."""
    before = _give_back(book, work)
    groups: dict[frozenset[Id], list[OrderLine]] = {}
    for line in work.lines:
        if line.id in work.wanted:
            shut = book.excluded_for(work.order.id, line.variant_id)
            groups.setdefault(frozenset(refusals.get(line.id, ())) | shut, []).append(line)
    for refused, members in groups.items():
        excluded: frozenset[Id] = frozenset(refused | wish.excluded)
        if wish.only is not None:
            excluded |= {place for place in book.masters.locations if place != wish.only}
        demand = replace(demand_of(book, work, members, articles), excluded=excluded)
        channel = work.order.channel_id
        best = book.plan(demand, channel)
        # Mostly nothing has changed since the order was placed; then the best is what it holds.
        kept = best if _holds(book, work, best) else _plan_kept(book, demand, work, channel)
        gain = book.policy(channel).move_gain_cents
        keep = bool(work.pending) and kept.cost_cents - best.cost_cents <= gain
        chosen = kept if keep else best
        if work.pending and not keep and kept.unsent:
            filled = book.plan_pinned(demand, channel, _held(work))
            chosen = filled if filled.cost_cents - best.cost_cents <= gain else best
        record = book.explain(demand, channel, chosen)
        now = book.now
        work.decisions.append(decision_row(work.order.id, wish.occasion[:20], chosen, record, now))
        work.groups.append((demand, chosen))
        _take(book, work, demand, chosen, keep=keep, before=before)


def _give_back(book: SupplyBook, work: Open) -> dict[tuple[UUID, UUID], Stock]:
    """Put what the order holds back into the book, and remember how the rows were."""
    before: dict[tuple[UUID, UUID], Stock] = {}
    code = book.masters.channels_by_id[work.order.channel_id].code
    for held in work.pending:
        places = book.stock.setdefault(held.variant_id, {})
        row = places.get(held.location_id, Stock(0))
        before.setdefault((held.variant_id, held.location_id), row)
        reserved = row.reserved
        if held.from_reservation:
            reserved = {**(reserved or {}), code: (reserved or {}).get(code, 0) + held.from_reservation}
        places[held.location_id] = row._replace(on_hand=row.on_hand + held.quantity, reserved=reserved)
    return before


def demand_of(
    book: SupplyBook, work: Open, members: Sequence[OrderLine], articles: Mapping[UUID, tuple[bool, bool]]
) -> Demand:
    """What the router has to serve: the wanted pieces of these lines."""
    order = work.order
    address = order.shipping_address or order.billing_address
    return Demand(
        lines=tuple(
            DemandLine(
                line.id, line.variant_id, work.wanted[line.id], line.weight_g, None, line.group_key, line.no_split,
                *articles.get(line.variant_id, (False, False)),
            )
            for line in members
        ),
        channel=book.masters.channels_by_id[order.channel_id].code,
        region=region_key(address["country"], address.get("latitude"), address.get("longitude")),
        promised_day=order.promised_on.toordinal() if order.promised_on else book.today + FAR_AHEAD,
        priority=order.priority,
        max_parcels=order.max_parcels,
        ship_complete=order.ship_complete,
        pickup_location_id=order.pickup_location_id,
    )  # fmt: skip


def _holds(book: SupplyBook, work: Open, best: FulfillmentPlan) -> bool:
    """Whether the order holds exactly what the plan sends, piece by piece, and nothing that is still to come."""
    variants = {line.id: line.variant_id for line in work.lines}
    sent: dict[tuple[Id, Id], int] = {}
    for parcel in best.parcels:
        for line_id, quantity in parcel.lines:
            assert isinstance(line_id, UUID)
            row = book.stock.get(variants[line_id], {}).get(parcel.location_id)
            if row is None or row.inbound:
                return False  # the plan may wait for them, though the order holds pieces that are there
            key = (line_id, parcel.location_id)
            sent[key] = sent.get(key, 0) + quantity
    lines = {line_id for line_id, _ in sent}
    for held in work.pending:
        if held.order_line_id in lines:
            key = (held.order_line_id, held.location_id)
            sent[key] = sent.get(key, 0) - held.quantity
    return bool(sent) and not best.unsent and not any(sent.values())


def _held(work: Open) -> dict[Id, dict[Id, int]]:
    """The pieces an order holds, by line and place."""
    held: dict[Id, dict[Id, int]] = {}
    for row in work.pending:
        places = held.setdefault(row.order_line_id, {})
        places[row.location_id] = places.get(row.location_id, 0) + row.quantity
    return held


def _plan_kept(book: SupplyBook, demand: Demand, work: Open, channel_id: UUID) -> FulfillmentPlan:
    """The cheapest way to serve the demand from nothing but what the order holds."""
    own: dict[Id, dict[Id, Stock]] = {line.variant_id: {} for line in demand.lines}
    lines = {line.line_id for line in demand.lines}
    for held in work.pending:
        if held.order_line_id in lines:
            there = own[held.variant_id].get(held.location_id, Stock(0)).on_hand
            own[held.variant_id][held.location_id] = Stock(there + held.quantity)
    return replace(book, stock=own).plan(demand, channel_id)


def _take(
    book: SupplyBook,
    work: Open,
    demand: Demand,
    chosen: FulfillmentPlan,
    *,
    keep: bool,
    before: Mapping[tuple[UUID, UUID], Stock],
) -> None:
    """Take the decision off the book; what a move gives up stays in it for the orders that follow."""
    lines = {line.line_id for line in demand.lines}
    held = [row for row in work.pending if row.order_line_id in lines]
    if not keep:
        owner = Owner(work.order.id, work.order.channel_id, work.order.priority)
        picks = book.book(chosen, demand, owner)
        stays = _stays(held, picks, dict(chosen.unsent))
        work.given_up.extend(row for row in held if row not in stays)
        work.picks.extend(picks)
        return
    for row in held:
        places = book.stock[row.variant_id]
        was, kept = places[row.location_id], before[row.variant_id, row.location_id].reserved
        places[row.location_id] = was._replace(on_hand=was.on_hand - row.quantity, reserved=kept)


def _stays(held: Sequence[Allocation], picks: list[Pick], unsent: dict[Id, int]) -> list[Allocation]:
    """What a move leaves alone: what is picked again as it is (that pick goes), and what nobody can send now.

    A promise is never given up for nothing.
    """
    stays: list[Allocation] = []
    for row in held:
        twin = next(
            (
                pick
                for pick in picks
                if (pick.order_line_id, pick.location_id, pick.quantity, pick.from_reservation, pick.inbound_id)
                == (row.order_line_id, row.location_id, row.quantity, row.from_reservation, None)
            ),
            None,
        )
        if twin is not None:
            picks.remove(twin)
            stays.append(row)
        elif unsent.get(row.order_line_id, 0) >= row.quantity:
            unsent[row.order_line_id] -= row.quantity
            stays.append(row)
    return stays


def _release_of(work: Open) -> Release:
    complete = not work.backordered and all(plan.is_complete for _, plan in work.groups)
    if work.order.ship_complete and not (complete and all(pick.inbound_id is None for pick in work.picks)):
        return Release(work.order, work.lines, [], {})
    decisions = [row[0] for row in work.decisions]
    plans = [plan for _, plan in work.groups]
    return Release(work.order, work.lines, plans, dict(zip(range(len(plans)), decisions, strict=True)))


def _recount(db: Session, work: Open, allocations: Sequence[Allocation], *, now: datetime) -> None:
    """The counters follow from the allocations, whatever was moved."""
    held: dict[UUID, list[int]] = {}
    for row in allocations:
        sums = held.setdefault(row.order_line_id, [0, 0])
        sums[row.inbound_id is not None] += row.quantity
    changes = {}
    for line in work.lines:
        there = held.get(line.id, [0, 0])
        if (there[0], there[1]) != (line.allocated, line.backordered):
            changes[line.id] = {"allocated": there[0] - line.allocated, "backordered": there[1] - line.backordered}
    if changes:
        progress.count(db, work.order, work.lines, changes, now=now)


def _outcome(work: Open, made: Released, missing_codes: int) -> Sourced:
    ids = tuple(made.ids.get(work.order.id, ()))
    given = made.pieces.get(work.order.id, {})
    missing = sum(work.wanted.values()) - sum(given.values()) + work.backordered
    if not missing and not missing_codes:
        return Sourced(SourceOutcome.ALL, ids, given=given)
    outcome = SourceOutcome.PART if given else SourceOutcome.WAIT
    return Sourced(outcome, ids, missing, missing_codes, given)
