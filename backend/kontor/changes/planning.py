"""What a change would do, to the cent and to the piece: read, computed, nothing written. Confirming books this plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.changes import queries
from kontor.changes.adding import check_addable, check_deliverable, new_rows
from kontor.changes.delivering import NewDelivery, cost_of, fee_previews, phase, plan_delivery
from kontor.changes.errors import NotChangeable, NothingChanges
from kontor.changes.money import plan_difference
from kontor.changes.placing import Sending, Sourcing, check_promised, plan_pieces
from kontor.changes.pricing import NewLine, price_added
from kontor.changes.reducing import Lost, Priced, live, plan_lost, promotions_of, taken_off
from kontor.changes.tokens import stamped
from kontor.changes.values import Amounts, LinePreview, Preview, Question, Wish
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError, Path
from kontor.fulfillment.canceling import (
    WAITING,
    CancelOutcome,
    CancelPlan,
    falling_away,
    look_at_open_work,
    plan_cancel,
)
from kontor.fulfillment.work import Work
from kontor.inventory.allocating import Key
from kontor.inventory.models import Allocation
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.states import OVER, OrderState
from kontor.orders.totals import LOST_DISCOUNT
from kontor.payments.covering import falling_covers
from kontor.payments.vouchers import check_changed
from kontor.returns.rechecking import reductions_of

CANCELED_MESSAGE, CHANGED_MESSAGE = "canceled", "order_changed"


@dataclass(slots=True)
class Pieces:
    """What a wish comes to in pieces: canceled ones by line, lines to add, and where the wish names each."""

    cancel: dict[UUID, int] = field(default_factory=dict)
    adds: list[NewLine] = field(default_factory=list)
    add_paths: list[Path] = field(default_factory=list)
    paths: dict[UUID, Path] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """A preview with all that booking it needs. `off` is what the order costs less in all, `of_pieces` what of it
    canceled pieces take off; `asked_before` is work that places were asked to stop before, `levels` the stock that is
    taken or given back."""

    preview: Preview
    pieces: Pieces
    lines: list[OrderLine]
    charges: list[OrderCharge]
    work: Work
    outcome: CancelOutcome
    lost: Lost
    delivery: NewDelivery
    off: int
    of_pieces: int
    whole: bool
    asked_before: frozenset[UUID] = frozenset()
    levels: frozenset[Key] = frozenset()


def pieces_of(wish: Wish, lines: Sequence[OrderLine]) -> Pieces:
    """What is canceled and added; raises `LineNotFound` or `InvalidInput` naming the field. Pure."""
    known = {line.id: line for line in lines}
    found = Pieces()
    seen: set[UUID] = set()
    for index, line_wish in enumerate(wish.lines):
        path: Path = ("lines", index)
        line = _line(known, line_wish.line_id, path, seen)
        more = line_wish.quantity - (line.ordered - line.canceled)
        if line_wish.quantity < 0:
            raise InvalidInput("No pieces or more.", code="INVALID_QUANTITY", path=(*path, "quantity"))
        if more < 0:
            found.cancel[line.id] = -more
            found.paths[line.id] = (*path, "quantity")
        elif more:
            if line.bundle_key is not None:
                raise InvalidInput("A part of a set.", code="PART_OF_BUNDLE", path=(*path, "quantity"), sku=line.sku)
            found.adds.append(NewLine(line.sku, more))
            found.add_paths.append(path)
    for index, swap in enumerate(wish.swaps):
        path = ("swaps", index)
        line = _line(known, swap.line_id, path, seen)
        if swap.quantity < 1:
            raise InvalidInput("At least one piece.", code="INVALID_QUANTITY", path=(*path, "quantity"))
        if swap.sku == line.sku:
            raise InvalidInput("It is that article already.", code="SAME_ARTICLE", path=(*path, "sku"), sku=swap.sku)
        found.cancel[line.id] = swap.quantity
        found.paths[line.id] = (*path, "quantity")
        found.adds.append(NewLine(swap.sku, swap.quantity))
        found.add_paths.append(path)
    for index, add in enumerate(wish.adds):
        found.adds.append(NewLine(add.sku, add.quantity))
        found.add_paths.append(("adds", index))
    return found


def _line(known: Mapping[UUID, OrderLine], line_id: UUID, path: Path, seen: set[UUID]) -> OrderLine:
    line = known.get(line_id)
    if line is None:
        raise LineNotFound("The order has no such line.", path=(*path, "lineId"), line_id=str(line_id))
    if line_id in seen:
        raise InvalidInput("A line is changed once.", code="LINE_NAMED_TWICE", path=(*path, "lineId"))
    seen.add(line_id)
    return line


async def plan_change(db: Session, order: Order, wish: Wish, *, change_id: UUID | None = None) -> Plan:
    """Everything the wish does to the order as it is now.

    Raises `ChangeOpen` while another change (than `change_id`) waits, `NothingChanges`, and what the parts raise:
    `LineNotFound`, `OrderNotCancelable`, `NotChangeable`, `UnknownSku`, `OutOfStock`, `InvalidInput`, `NotFound`, each
    naming the field of the wish.
    """
    await queries.check_none_open(db, order.id, but=change_id)
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    charges = (await orders.charges_of(db, [order.id]))[order.id]
    reductions = await reductions_of(db, order.id)
    pieces = pieces_of(wish, lines)
    work = await look_at_open_work(db, order, lines)
    delivery = await plan_delivery(db, order, lines, charges, work, wish)
    _check_together(pieces, delivery)
    cuts, outcome = _cancel(work, order, lines, pieces)
    rows = await _added(db, delivery.order, lines, pieces)
    await check_changed(db, delivery.order, more={row.tax_class for row in rows})
    taken = {
        line.id: taken_off(order, line, pieces.cancel[line.id]).gross for line in lines if line.id in pieces.cancel
    }
    took = sum(taken.values())
    lost = await plan_lost(db, order, Priced(lines, reductions, charges), pieces.cancel, took=took, added=bool(rows))
    sourcing = await _sourced(db, order, delivery, lines, rows, work=work, pieces=pieces)
    of_pieces, whole, falls = await _off(db, order, [*lines, *rows], pieces.cancel, took=took)
    less, more, tax = cost_of(delivery, lines, charges)
    off = of_pieces + less + (0 if falls else max(0, -lost.more))
    more += sum(row.gross_total for row in rows) + max(0, lost.more) + await falling_covers(db, order.id, taken)
    steps: list[int | None] = [None if whole else of_pieces] if pieces.cancel else []
    steps += [off - of_pieces] if off > of_pieces else []
    difference = await plan_difference(db, order, off=off, more=more, steps=steps)
    previews = _line_previews(order, lines, rows, pieces, outcome, sourcing)
    tax += sum(each.after.tax - each.before.tax for each in previews) + lost.tax
    preview = Preview(
        order_id=order.id,
        currency=order.currency,
        lines=tuple(previews),
        promotions=tuple(promotions_of(lines, reductions, pieces.cancel)),
        charges=(*fee_previews(delivery), *queries.fees_falling(charges, whole=whole)),
        lost=lost.more,
        tax=tax,
        total_before=difference.owed_before,
        total_after=difference.owed_after,
        difference=difference,
        asks=tuple(_questions(work, cuts, await _places(db, work))),
        moves=tuple(_moves(sourcing, lines)),
        promised_before=order.promised_on,
        promised_after=delivery.order.promised_on,
        delivery=delivery.order.delivery_type,
        pickup_location_id=delivery.order.pickup_location_id,
        address=None if delivery.order.pickup_location_id else delivery.order.shipping_address,
        state_before=order.state.value,
        state_after=_state_after(order, lines, rows, pieces).value,
        messages=_messages(pieces, outcome, delivery, bool(rows)),
    )
    return Plan(
        stamped(preview, wish, _facts(order, lines)), pieces, lines, charges, work, outcome, lost, delivery, off,
        of_pieces, whole, frozenset(row.id for row in work.rows.values() if row.cancel_requested),
        _levels(work, sourcing),
    )  # fmt: skip


async def _places(db: Session, work: Work) -> dict[UUID, bool]:
    return await queries.places_of(db, [row.location_id for row in work.rows.values()])


def _levels(work: Work, sourcing: Sourcing) -> frozenset[Key]:
    held = {(row.location_id, row.variant_id) for row in work.allocations}
    return frozenset(held | {pick.key for pick in sourcing.picks})


def _check_together(pieces: Pieces, delivery: NewDelivery) -> None:
    if not (pieces.cancel or pieces.adds or delivery.what or delivery.fees):
        raise NothingChanges("The order is like that already.", path=("lines",))
    if delivery.retaxed and (pieces.cancel or pieces.adds):
        raise NotChangeable(
            "The goods are taxed anew by the address: change that first.", code="ADDRESS_FIRST", path=("address",)
        )


def _facts(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """What the token stands for besides the preview."""
    return {
        "lines": [[str(line.id), line.ordered, line.canceled, line.shipped, line.refunded] for line in lines],
        "order": [order.delivery_type.value, str(order.pickup_location_id), order.shipping_address],
    }


def _cancel(work: Work, order: Order, lines: Sequence[OrderLine], pieces: Pieces) -> tuple[CancelPlan, CancelOutcome]:
    try:
        return plan_cancel(work, order, lines, pieces.cancel)
    except KontorError as refusal:
        if refusal.path[:1] == ("lines",) and isinstance(refusal.path[1], int):
            refusal.path = pieces.paths[list(pieces.cancel)[refusal.path[1]]]
        raise


async def _added(db: Session, order: Order, lines: Sequence[OrderLine], pieces: Pieces) -> list[OrderLine]:
    if not pieces.adds:
        return []
    check_addable(order)
    try:
        priced = await price_added(db, order, lines, pieces.adds)
    except KontorError as refusal:
        raise _within(refusal, pieces) from None
    check_deliverable(order, priced)
    rows = new_rows(order, lines, priced)
    for row, line in zip(rows, priced, strict=True):
        pieces.paths[row.id] = (*pieces.add_paths[line.input_index], "quantity")
    return rows


def _within(refusal: KontorError, pieces: Pieces) -> KontorError:
    """A refusal of an added line, its path seen from the wish."""
    if refusal.path[:1] == ("lines",) and len(refusal.path) > 1 and isinstance(refusal.path[1], int):
        refusal.path = (*pieces.add_paths[refusal.path[1]], *refusal.path[2:])
    return refusal


def held_waiting(work: Work) -> list[Allocation]:
    """What an order holds that no place has begun with: places for it may be chosen anew."""
    waiting = {row.id for row in work.rows.values() if phase(row) in WAITING and not row.cancel_requested}
    return [row for row in work.allocations if row.fulfillment_order_id is None or row.fulfillment_order_id in waiting]


def open_goods(
    lines: Sequence[OrderLine], work: Work, canceled: Mapping[UUID, int], outcome: CancelOutcome
) -> dict[UUID, int]:
    """Pieces of goods by line for which places may be chosen anew: open, not with a place that has begun."""
    begun: dict[UUID, int] = {}
    for row in work.rows.values():
        if phase(row) not in WAITING or row.cancel_requested:
            for own in work.lines[row.id]:
                begun[own.order_line_id] = begun.get(own.order_line_id, 0) + own.quantity
    found = {}
    for line in lines:
        if line.kind == ProductKind.PHYSICAL:
            gone = canceled.get(line.id, 0) - outcome.asked.get(line.id, 0)
            found[line.id] = line.open_quantity - gone - begun.get(line.id, 0)
    return {line_id: count for line_id, count in found.items() if count > 0}


async def _sourced(
    db: Session, order: Order, delivery: NewDelivery, lines: Sequence[OrderLine], rows: Sequence[OrderLine], *,
    work: Work, pieces: Pieces,
) -> Sourcing:  # fmt: skip
    """Where pieces come from that are added, or for which places are chosen anew."""
    goods = {row.id: row.ordered for row in rows if row.kind == ProductKind.PHYSICAL}
    members, held = list(rows), []
    if delivery.moves:
        goods |= open_goods(lines, work, pieces.cancel, CancelOutcome())
        members, held = [*lines, *rows], held_waiting(work)
    found = await plan_pieces(db, delivery.order, members, goods, held)
    paths: dict[UUID, Path] = {line.id: ("address",) for line in lines} | pieces.paths
    if delivery.moves and "DATE" not in delivery.what:
        paths = {line.id: ("delivery",) for line in lines} | pieces.paths
    await check_promised(db, delivery.order, members, found, paths=paths)
    return found


async def _off(
    db: Session, order: Order, lines: Sequence[OrderLine], canceled: Mapping[UUID, int], *, took: int
) -> tuple[int, bool, bool]:
    """What canceled pieces take off (`took`) with the charges that nothing is left to bear; whether nothing of the
    order is left, and whether such charges are for discounts that were lost."""
    if not canceled:
        return 0, False, False
    whole = all(line.ordered == line.canceled + canceled.get(line.id, 0) for line in lines)
    fallen = await falling_away(db, order, lines, canceled)
    lost = any(charge.kind == LOST_DISCOUNT for charge in fallen)
    return took + sum(charge.gross for charge in fallen), whole, lost


def _line_previews(
    order: Order, lines: Sequence[OrderLine], rows: Sequence[OrderLine], pieces: Pieces, outcome: CancelOutcome,
    sourcing: Sourcing,
) -> list[LinePreview]:  # fmt: skip
    found = []
    for line in (*lines, *rows):
        fresh = line not in lines
        gone = pieces.cancel.get(line.id, 0)
        before = Amounts() if fresh else live(order, line)
        after = live(order, line).plus(taken_off(order, line, gone), -1) if gone else live(order, line)
        wanted = line.ordered - line.canceled
        found.append(
            LinePreview(
                line_id=None if fresh else line.id,
                position=0 if fresh else line.position,
                sku=line.sku,
                name=line.name,
                unit_price=line.unit_price,
                price_list=line.price_list,
                quantity_before=0 if fresh else wanted,
                quantity_after=wanted - gone,
                shipped=line.shipped,
                canceled=gone - outcome.asked.get(line.id, 0),
                asked=outcome.asked.get(line.id, 0),
                before=before,
                after=after,
                sendings=tuple(each for each in sourcing.sendings if fresh and each.line_id == line.id),
                missing=sourcing.missing.get(line.id, 0) if fresh else 0,
            )
        )
    return found


def _questions(work: Work, cuts: CancelPlan, places: Mapping[UUID, bool]) -> list[Question]:
    return [
        Question(row_id, work.rows[row_id].number, work.rows[row_id].location_id,
                 places.get(work.rows[row_id].location_id, False), sum(counts.values()))
        for row_id, counts in cuts.begun.items()
    ]  # fmt: skip


def _moves(sourcing: Sourcing, lines: Sequence[OrderLine]) -> list[Sending]:
    """Where pieces of lines there are already come from now."""
    known = {line.id for line in lines}
    return sorted(
        (each for each in sourcing.sendings if each.line_id in known), key=lambda each: (each.line_id, each.location_id)
    )


def _state_after(order: Order, lines: Sequence[OrderLine], rows: Sequence[OrderLine], pieces: Pieces) -> OrderState:
    if rows:
        return OrderState.IN_FULFILLMENT if order.state is OrderState.COMPLETED else order.state
    left = any(line.ordered > line.canceled + pieces.cancel.get(line.id, 0) for line in lines)
    return order.state if left or order.state in OVER else OrderState.CANCELED


def _messages(pieces: Pieces, outcome: CancelOutcome, delivery: NewDelivery, adds: bool) -> tuple[str, ...]:
    found = [CANCELED_MESSAGE] if outcome.canceled else []
    return (*found, CHANGED_MESSAGE) if adds or delivery.what or delivery.fees else tuple(found)
