"""Goods come back: received at any place that takes returns, looked at piece by piece, kept or put back on the shelf.

Receipt and inspection can be one call. What comes back is counted when it arrives; what it is worth follows from what
was found.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.outbox import record, unschedule
from kontor.core.principal import Principal
from kontor.core.statemachine import TransitionRefused, transition
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Key
from kontor.locations.models import StockLocation
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.returns import queries
from kontor.returns.errors import NotAnnounced, NothingToInspect, PlaceTakesNoReturns, ReturnLineNotFound
from kontor.returns.events import ReturnInspected, ReturnReceived
from kontor.returns.inspection import is_complete, state_after
from kontor.returns.labels import expiry
from kontor.returns.models import Return, ReturnInspection, ReturnLine, ReturnReceipt
from kontor.returns.service import approve_at_the_counter
from kontor.returns.states import RETURN, Disposition, ReturnState

R = ReturnState
COMING = frozenset({R.APPROVED, R.IN_TRANSIT, R.PARTIALLY_RECEIVED, R.INSPECTED})
THERE = frozenset({R.PARTIALLY_RECEIVED, R.RECEIVED, R.INSPECTED})


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: pieces, what happens to them, and whether they are paid for. The place only if there are two.

    `told` says that the customer is told of it at once, so that the arrival alone is no news.
    """

    line_id: UUID
    quantity: int
    disposition: Disposition
    refundable: bool = True
    condition: str | None = None
    location_id: UUID | None = None
    reason: str | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pieces of a return line that arrived."""

    line_id: UUID
    quantity: int


@dataclass(slots=True)
class _Desk:
    """A locked return with everything that taking it in changes."""

    order: Order
    order_lines: list[OrderLine]
    found: Return
    lines: dict[UUID, ReturnLine]

    def line(self, line_id: UUID, *path: str | int) -> ReturnLine:
        """The return's line; raises `ReturnLineNotFound`."""
        if line_id not in self.lines:
            raise ReturnLineNotFound("The return has no such line.", path=path, line_id=str(line_id))
        return self.lines[line_id]


async def _open_desk(db: Session, return_id: UUID, principal: Principal | None) -> _Desk:
    order, found = await queries.lock_return(db, return_id, principal)
    lines = (await queries.lines_of(db, [found.id]))[found.id]
    order_lines = (await orders.lines_of(db, [order.id]))[order.id]
    return _Desk(order, order_lines, found, {line.id: line for line in lines})


async def receive_return(
    db: Session,
    return_id: UUID,
    location_id: UUID,
    arrived: Sequence[Arrived],
    *,
    now: datetime,
    findings: Sequence[Finding] = (),
    principal: Principal | None = None,
) -> Return:
    """Pieces arrived at a place, and what was found if somebody looked at once.

    Raises `NotAnnounced` for more pieces than announced, `ReturnLineNotFound` for others, `PlaceTakesNoReturns`; then
    nothing is changed. Who is bound to stores receives there only; the return itself may be for anywhere.
    """
    desk = await _open_desk(db, return_id, None)
    await _check_place(db, location_id, principal)
    return await _take_in(db, desk, location_id, arrived, now=now, findings=findings, principal=principal)


async def count_as_back(
    db: Session,
    return_id: UUID,
    location_id: UUID,
    arrived: Sequence[Arrived],
    *,
    now: datetime,
    findings: Sequence[Finding],
) -> Return:
    """Pieces that never come count as back at the place they left, whether that takes returns or not."""
    desk = await _open_desk(db, return_id, None)
    return await _take_in(db, desk, location_id, arrived, now=now, findings=findings)


async def _take_in(
    db: Session,
    desk: _Desk,
    location_id: UUID,
    arrived: Sequence[Arrived],
    *,
    now: datetime,
    findings: Sequence[Finding],
    principal: Principal | None = None,
) -> Return:
    await approve_at_the_counter(db, desk.order, desk.found, now=now)
    if desk.found.state not in COMING:
        raise TransitionRefused("Return", desk.found.state, R.RECEIVED)
    if not arrived:
        raise InvalidInput("Name at least one piece.", code="NOTHING_ARRIVED", path=("lines",))
    for index, each in enumerate(arrived):
        line = desk.line(each.line_id, "lines", index, "lineId")
        if not 1 <= each.quantity <= line.quantity - line.received:
            raise NotAnnounced(
                f"{line.quantity - line.received} more pieces are announced.",
                path=("lines", index, "quantity"), announced=line.quantity, received=line.received,
                quantity=each.quantity,
            )  # fmt: skip
        line.received += each.quantity
        db.add(
            ReturnReceipt(
                id=new_id(), return_line_id=line.id, location_id=location_id, quantity=each.quantity, received_at=now,
                received_by=db.by,
            )
        )  # fmt: skip
    await db.flush()
    await _count_returned(db, desk, arrived, now=now)
    complete = is_complete(desk.lines.values())
    target = R.RECEIVED if complete else R.PARTIALLY_RECEIVED
    if desk.found.state is R.INSPECTED:
        transition(db, desk.found, R.PARTIALLY_RECEIVED, table=RETURN, now=now)
    if desk.found.state is not target:
        transition(db, desk.found, target, table=RETURN, now=now)
    desk.found.location_id, desk.found.updated_at = desk.found.location_id or location_id, now
    desk.found.arrived_at = desk.found.arrived_at or now
    await unschedule(db, [expiry(desk.found.id)])
    told = any(each.told for each in findings)
    record(db, ReturnReceived(stream_id=desk.order.id, return_id=desk.found.id, complete=complete, decided=told))
    if findings:
        await _inspect(db, desk, findings, now=now, principal=principal)
    return desk.found


async def _check_place(db: Session, location_id: UUID, principal: Principal | None) -> None:
    place = await db.get(StockLocation, location_id)
    outside = principal is not None and (
        (principal.location_ids is not None and location_id not in principal.location_ids)
        or (principal.partner_id is not None and (place is None or place.partner_id != principal.partner_id))
    )
    if place is None or outside:
        raise NotFound("There is no such place.", code="LOCATION_NOT_FOUND", path=("locationId",))
    if not place.accepts_returns:
        raise PlaceTakesNoReturns(f"{place.name} does not take returns.", path=("locationId",), location=place.code)


async def _count_returned(db: Session, desk: _Desk, arrived: Sequence[Arrived], *, now: datetime) -> None:
    sent = await queries.lock_shipment_lines(db, [line.shipment_line_id for line in desk.lines.values()])
    changes: dict[UUID, dict[str, int]] = {}
    for each in arrived:
        line = desk.lines[each.line_id]
        sent[line.shipment_line_id].returned += each.quantity
        counters = changes.setdefault(line.order_line_id, {"returned": 0})
        counters["returned"] += each.quantity
    progress.count(db, desk.order, desk.order_lines, changes, now=now)


async def inspect_return(
    db: Session, return_id: UUID, findings: Sequence[Finding], *, now: datetime, principal: Principal | None = None
) -> Return:
    """Somebody looked at pieces that arrived; only RESTOCK puts them back on the shelf they lie at.

    Raises `NothingToInspect` for more pieces than arrived there and were not looked at yet: stores and partners look at
    what lies at their own places alone.
    """
    desk = await _open_desk(db, return_id, principal)
    if desk.found.state not in THERE:
        raise TransitionRefused("Return", desk.found.state, R.INSPECTED)
    if not findings:
        raise InvalidInput("Name at least one piece.", code="NOTHING_FOUND", path=("findings",))
    await _inspect(db, desk, findings, now=now, principal=principal)
    return desk.found


async def _inspect(
    db: Session, desk: _Desk, findings: Sequence[Finding], *, now: datetime, principal: Principal | None = None
) -> None:
    waiting = await waiting_for(db, list(desk.lines), principal)
    variants = {line.id: line.variant_id for line in desk.order_lines}
    restocked: list[tuple[Key, int, UUID, UUID]] = []
    for index, each in enumerate(findings):
        line = desk.line(each.line_id, "findings", index, "lineId")
        if each.condition is not None and len(each.condition) > 300:
            raise InvalidInput("At most 300 characters.", code="INVALID_TEXT", path=("findings", index, "condition"))
        place = _place_of(each, waiting[line.id], index)
        waiting[line.id][place] -= each.quantity
        line.inspected += each.quantity
        line.accepted += each.quantity if each.refundable else 0
        db.add(
            ReturnInspection(
                id=new_id(), return_line_id=line.id, location_id=place, quantity=each.quantity,
                disposition=each.disposition, condition=each.condition, refundable=each.refundable, reason=each.reason,
                partner_id=db.principal.partner_id, inspected_at=now, inspected_by=db.by,
            )
        )  # fmt: skip
        if each.disposition is Disposition.RESTOCK:
            key = (place, line.variant_id or variants[line.order_line_id])
            restocked.append((key, each.quantity, desk.order.id, line.order_line_id))
    await db.flush()
    if restocked:
        await stock.restock(db, restocked, reason=f"return {desk.found.number}")
    desk.found.updated_at = now
    after = state_after(desk.lines.values())
    if after is R.INSPECTED and desk.found.state is not after:
        transition(db, desk.found, after, table=RETURN, now=now)
        record(db, ReturnInspected(stream_id=desk.order.id, return_id=desk.found.id))


async def waiting_for(
    db: Session, line_ids: Sequence[UUID], principal: Principal | None
) -> dict[UUID, dict[UUID, int]]:
    """Those pieces of `places_of` that lie where the principal works; all of them without one."""
    waiting = await queries.places_of(db, line_ids)
    if principal is None:
        return waiting
    mine = await _own_places(db, principal, {place for counts in waiting.values() for place in counts})
    return {
        line: {place: count for place, count in counts.items() if place in mine} for line, counts in waiting.items()
    }


async def _own_places(db: Session, principal: Principal, places: Collection[UUID]) -> set[UUID]:
    """Those of the places that a principal works at: a store's own, a partner's own, any for others."""
    mine = {place for place in places if principal.location_ids is None or place in principal.location_ids}
    if principal.partner_id is None or not mine:
        return mine
    found = sa.select(StockLocation.id).where(
        StockLocation.id.in_(mine), StockLocation.partner_id == principal.partner_id
    )
    return set(await db.scalars(found))


def _place_of(each: Finding, mine: dict[UUID, int], index: int) -> UUID:
    """Where the pieces lie; raises `NothingToInspect`."""
    places = [place for place, count in mine.items() if count]
    place = each.location_id if each.location_id is not None else (places[0] if len(places) == 1 else None)
    if place is None and len(places) > 1:
        raise InvalidInput(
            "The pieces lie at several places: say which.",
            code="PLACE_MISSING",
            path=("findings", index, "locationId"),
        )
    there = mine.get(place, 0) if place is not None else 0
    if place is None or not 1 <= each.quantity <= there:
        raise NothingToInspect(
            f"{there} pieces lie there that nobody has looked at.",
            path=("findings", index, "quantity"),
            waiting=there,
            quantity=each.quantity,
        )
    return place
