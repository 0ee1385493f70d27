"""Goods that are paid back although they never come back: lost on their way, never sent, or not worth sending."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.money import of_units
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.orders.models import Order
from kontor.payments.covering import Standing
from kontor.returns import queries, receiving, service
from kontor.returns.eligibility import Hindrance
from kontor.returns.errors import NotReturnable
from kontor.returns.models import Return, ReturnInspection, ReturnLine
from kontor.returns.receiving import Arrived, Finding
from kontor.returns.refunding import due_for
from kontor.returns.service import Announcement
from kontor.returns.states import Disposition
from kontor.returns.values import RefundDue

KEPT = "not sent back"


async def write_off(db: Session, announced: Announcement, *, now: datetime) -> Return:
    """A return of which nothing travels: its pieces count as back where they left, with no effect on stock.

    The refund follows as for any return, by its process. Raises what `request_return` does.
    """
    found = await service.request_return(db, replace(announced, anyway=True), now=now)
    lines = (await queries.lines_of(db, [found.id]))[found.id]
    for place, own in (await _by_place(db, lines)).items():
        arrived = [Arrived(line.id, line.quantity) for line in own]
        findings = [
            Finding(line.id, line.quantity, Disposition.SCRAP, condition=KEPT, location_id=place, told=True)
            for line in own
        ]
        await receiving.count_as_back(db, found.id, place, arrived, now=now, findings=findings)
    return found


async def written_off(db: Session, order_id: UUID) -> int:
    """What the pieces of an order cost that were written off so far, in whatever form, gross, minor units."""
    rows = await db.execute(
        sa.select(ShipmentLine.gross, ShipmentLine.quantity, ReturnInspection.quantity)
        .join(ReturnLine, ReturnLine.shipment_line_id == ShipmentLine.id)
        .join(ReturnInspection, ReturnInspection.return_line_id == ReturnLine.id)
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id == order_id, ReturnInspection.condition == KEPT)
    )
    return sum(of_units(gross, quantity, pieces) for gross, quantity, pieces in rows)


async def _by_place(db: Session, lines: Sequence[ReturnLine]) -> dict[UUID, list[ReturnLine]]:
    found = sa.select(ShipmentLine.id, Shipment.location_id).join(Shipment, Shipment.id == ShipmentLine.shipment_id)
    rows = await db.execute(found.where(ShipmentLine.id.in_([line.shipment_line_id for line in lines])))
    places: dict[UUID, UUID] = {row[0]: row[1] for row in rows if row[1] is not None}
    grouped: dict[UUID, list[ReturnLine]] = {}
    for line in lines:
        place = places.get(line.shipment_line_id)
        if place is None:
            raise NotReturnable("What left no place does not come back.", hindrance=str(Hindrance.KIND))
        grouped.setdefault(place, []).append(line)
    return grouped


async def preview_return(
    db: Session, order: Order, announced: Announcement, *, exchanged: Standing | None = None
) -> RefundDue:
    """What a return of these pieces would be paid if all of them came back and were accepted; changes nothing.

    `exchanged` is what is to be given in exchange for them. Raises what `request_return` does of the pieces.
    """
    found, lines = await service.draft_return(db, order, announced, now=db.now)
    for line in lines:
        line.accepted = line.quantity
    return await due_for(db, found, lines, exchanged=exchanged)
