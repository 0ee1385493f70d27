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

from kontor.core.db import Session
from kontor.core.errors import Unavailable
from kontor.core.outbox import record
from kontor.fulfillment import queries
from kontor.fulfillment.codes import issue_codes
from kontor.fulfillment.events import LockedPiecesRouted
from kontor.fulfillment.holdings import articles_of, demand_of, give_back, gives_of, is_physical, plan_held, row_of
from kontor.fulfillment.releasing import Release, Released, create_fulfillment_orders
from kontor.fulfillment.work import Capacity
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Pick, try_allocate
from kontor.inventory.models import Allocation
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.orders.routing_locks import locked_orders
from kontor.orders.states import OrderState
from kontor.routing import masters as routing_masters
from kontor.routing.service import DECISION_COLUMNS, Owner, SupplyBook, decision_row, load_supply, store_decisions
from kontor.routing.values import Demand, FulfillmentPlan, Id, Stock

MAX_ROUNDS = 6
RECORD = DECISION_COLUMNS.index("record")
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
    given_up: list[stock.Slice] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces of an order that are planned together, and what it holds of them; `fixed` ones stay where they are."""

    demand: Demand
    held: list[Allocation]
    fixed: bool = False


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
    for work in works.values():
        _tell_overruled(db, work)
    releases = [_release_of(work) for work in works.values()]
    made = await create_fulfillment_orders(db, releases, now=now, freed=wish.freed)
    for order_id, work in works.items():
        recount(db, work.order, work.lines, made.allocations.get(order_id, []), now=now)
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
    locked = await locked_orders(db, found)
    refusals = await queries.refusals_of(db, found)
    articles = await articles_of(db, {line.variant_id for rows in lines.values() for line in rows if is_physical(line)})
    for _ in range(MAX_ROUNDS):
        works = _open(found, lines, await stock.of_orders(db, found))
        busy = sorted((work for work in works.values() if work.wanted), key=_importance)
        if not busy:
            return works
        variants = {line.variant_id for work in busy for line in work.lines if line.id in work.wanted}
        book = await load_supply(db, masters, variants)
        for work in busy:
            work.locked = work.order.id in locked
            _plan(book, work, _parts(book, work, articles, refusals=refusals, wish=wish), wish)
        moving = [work for work in busy if work.given_up or work.picks]
        gone = [part for work in moving for part in work.given_up]
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
            if open_pieces > 0 and is_physical(line):
                work.wanted[line.id] = open_pieces
    return works


def _parts(
    book: SupplyBook,
    work: Open,
    articles: Mapping[UUID, tuple[bool, bool]],
    *,
    refusals: Mapping[UUID, set[UUID]],
    wish: Wish,
) -> list[Part]:
    """What is planned of an order: lines refused by the same places together, and what a lock keeps in place apart."""
    groups: dict[frozenset[Id], list[OrderLine]] = {}
    for line in work.lines:
        if line.id in work.wanted:
            shut = book.excluded_for(work.order.id, line.variant_id)
            groups.setdefault(frozenset(refusals.get(line.id, ())) | shut, []).append(line)
    kept = _held_pieces(work) if work.locked else {}
    parts = []
    for refused, members in groups.items():
        excluded: frozenset[Id] = frozenset(refused | wish.excluded)
        if wish.only is not None:
            excluded |= {place for place in book.masters.locations if place != wish.only}
        ids = {line.id for line in members}
        held = [row for row in work.pending if row.order_line_id in ids]
        fixed = [line for line in members if kept.get(line.id)]
        if fixed:
            demand = demand_of(book, work.order, kept, members=fixed, articles=articles)
            parts.append(Part(replace(demand, excluded=frozenset(refused)), held, fixed=True))
        wanted = {line.id: work.wanted[line.id] - kept.get(line.id, 0) for line in members}
        free = [line for line in members if wanted[line.id]]
        if free:
            demand = demand_of(book, work.order, wanted, members=free, articles=articles)
            parts.append(Part(replace(demand, excluded=excluded), [] if work.locked else held))
    return parts


def _held_pieces(work: Open) -> dict[UUID, int]:
    pieces: dict[UUID, int] = {}
    for row in work.pending:
        pieces[row.order_line_id] = pieces.get(row.order_line_id, 0) + row.quantity
    return {line_id: min(count, work.wanted.get(line_id, 0)) for line_id, count in pieces.items()}


def _plan(book: SupplyBook, work: Open, parts: Sequence[Part], wish: Wish) -> None:
    """Decide for one order: keep what it holds, or move; takes the decision off the book."""
    channel = work.order.channel_id
    before = {(held.variant_id, held.location_id): row_of(book, held) for held in work.pending}
    give_back(book, channel, work.pending)
    for part in parts:
        demand, held = part.demand, part.held
        best = plan_held(book, demand, held, channel) if part.fixed else book.plan(demand, channel)
        # Mostly nothing has changed since the order was placed; then the best is what it holds.
        same = part.fixed or not held or _holds(book, work, best, held)
        kept = best if same else plan_held(book, demand, held, channel)
        gain = book.policy(channel, demand).move_gain_cents
        keep = bool(held) and kept.cost_cents - best.cost_cents <= gain
        chosen = kept if keep else best
        if held and not keep and kept.unsent:
            filled = book.plan_pinned(demand, channel, _places_of(held))
            chosen = filled if filled.cost_cents - best.cost_cents <= gain else best
        why = book.explain(demand, channel, chosen)
        if work.locked:
            why["locked"] = "KEPT" if part.fixed else "REFUSED" if demand.excluded else "FOUND"
        work.decisions.append(decision_row(work.order.id, wish.occasion[:20], chosen, why, book.now))
        work.groups.append((demand, chosen))
        _take(book, work, part, chosen, keep=keep, before=before)


def _holds(book: SupplyBook, work: Open, best: FulfillmentPlan, pending: Sequence[Allocation]) -> bool:
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
    for held in pending:
        if held.order_line_id in lines:
            key = (held.order_line_id, held.location_id)
            sent[key] = sent.get(key, 0) - held.quantity
    return bool(sent) and not best.unsent and not any(sent.values())


def _places_of(held: Sequence[Allocation]) -> dict[Id, dict[Id, int]]:
    """The pieces that are held, by line and place."""
    found: dict[Id, dict[Id, int]] = {}
    for row in held:
        places = found.setdefault(row.order_line_id, {})
        places[row.location_id] = places.get(row.location_id, 0) + row.quantity
    return found


def _take(
    book: SupplyBook,
    work: Open,
    part: Part,
    chosen: FulfillmentPlan,
    *,
    keep: bool,
    before: Mapping[tuple[UUID, UUID], Stock],
) -> None:
    """Take the decision off the book; what a move gives up stays in it for the orders that follow."""
    held = part.held
    if not keep:
        owner = Owner(work.order.id, work.order.channel_id, work.order.priority)
        picks = book.book(chosen, part.demand, owner)
        work.given_up.extend(gives_of(held, picks, dict(chosen.unsent)))
        work.picks.extend(picks)
        return
    for row in held:
        places = book.stock[row.variant_id]
        was, kept = places[row.location_id], before[row.variant_id, row.location_id].reserved
        places[row.location_id] = was._replace(on_hand=was.on_hand - row.quantity, reserved=kept)


def _release_of(work: Open) -> Release:
    complete = not work.backordered and all(plan.is_complete for _, plan in work.groups)
    if work.order.ship_complete and not (complete and all(pick.inbound_id is None for pick in work.picks)):
        return Release(work.order, work.lines, [], {})
    decisions = [row[0] for row in work.decisions]
    plans = [plan for _, plan in work.groups]
    return Release(work.order, work.lines, plans, dict(zip(range(len(plans)), decisions, strict=True)))


def _tell_overruled(db: Session, work: Open) -> None:
    """A lock keeps pieces where they are, but not where they were refused: say so."""
    if not work.locked:
        return
    refused = [row for row in work.decisions if row[RECORD].get("locked") == "REFUSED"]
    lines = tuple(
        {"order_line_id": line_id, "quantity": count, "location_id": parcel["location"]}
        for row in refused
        for parcel in row[RECORD]["parcels"]
        for line_id, count in parcel["lines"]
    )
    if lines:
        record(db, LockedPiecesRouted(stream_id=work.order.id, lines=lines))


def recount(
    db: Session, order: Order, lines: Sequence[OrderLine], allocations: Sequence[Allocation], *, now: datetime
) -> None:
    """The counters follow from the allocations, whatever was moved."""
    held: dict[UUID, list[int]] = {}
    for row in allocations:
        sums = held.setdefault(row.order_line_id, [0, 0])
        sums[row.inbound_id is not None] += row.quantity
    changes = {}
    for line in lines:
        there = held.get(line.id, [0, 0])
        if (there[0], there[1]) != (line.allocated, line.backordered):
            changes[line.id] = {"allocated": there[0] - line.allocated, "backordered": there[1] - line.backordered}
    if changes:
        progress.count(db, order, lines, changes, now=now)


def _outcome(work: Open, made: Released, missing_codes: int) -> Sourced:
    ids = tuple(made.ids.get(work.order.id, ()))
    given = made.pieces.get(work.order.id, {})
    missing = sum(work.wanted.values()) - sum(given.values()) + work.backordered
    if not missing and not missing_codes:
        return Sourced(SourceOutcome.ALL, ids, given=given)
    outcome = SourceOutcome.PART if given else SourceOutcome.WAIT
    return Sourced(outcome, ids, missing, missing_codes, given)
