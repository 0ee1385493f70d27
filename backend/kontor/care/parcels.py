"""Parcels that stand still or came back: when nobody has to look after them any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.fulfillment.models import Parcel, ShipmentLine
from kontor.fulfillment.states import ParcelState
from kontor.returns.models import ReturnLine, ReturnReceipt


async def settled_parcels(db: Session, parcel_ids: Sequence[UUID]) -> set[UUID]:
    """Of these parcels those whose goods are paid back, replaced or taken in: all of them count as back by now.

    Claims and replacements count goods as back by a return of which nothing travels; what is only announced may never
    come. For a parcel that came back, only what arrived since counts: what was written off before has to be taken in
    still.
    """
    parcels: list[Parcel] = []
    for part in chunks(sorted(set(parcel_ids))):
        parcels += await db.scalars(sa.select(Parcel).where(Parcel.id.in_(part), Parcel.shipment_id.is_not(None)))
    shipments = sorted({each.shipment_id for each in parcels if each.shipment_id is not None})
    sent = await _sent(db, shipments)
    back = await _arrived(db, shipments)
    alone = await _alone(db, shipments)
    found = set()
    for parcel in parcels:
        assert parcel.shipment_id is not None
        since = parcel.updated_at if parcel.state is ParcelState.RETURNED else None
        pieces = _sum(back.get(parcel.shipment_id, ()), since)
        if _covered(parcel, sent.get(parcel.shipment_id, {}), pieces, alone=parcel.shipment_id in alone):
            found.add(parcel.id)
    return found


def _covered(parcel: Parcel, sent: Mapping[UUID, int], back: Mapping[UUID, int], *, alone: bool) -> bool:
    """Whether its pieces are all back. Of several parcels that name none, nobody knows which: any piece counts."""
    named: dict[UUID, int] = {}
    for each in parcel.contents:
        line_id = UUID(each["order_line_id"])
        named[line_id] = named.get(line_id, 0) + int(each["quantity"])
    if named or alone:
        inside = named or sent
        return bool(inside) and all(back.get(line_id, 0) >= count for line_id, count in inside.items())
    return any(count > 0 for count in back.values())


def _sum(rows: Sequence[tuple[UUID, int, datetime]], since: datetime | None) -> Mapping[UUID, int]:
    found: dict[UUID, int] = {}
    for line_id, quantity, at in rows:
        if since is None or at >= since:
            found[line_id] = found.get(line_id, 0) + quantity
    return found


async def _sent(db: Session, shipments: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    found: dict[UUID, dict[UUID, int]] = {}
    for part in chunks(shipments):
        row = ShipmentLine
        rows = await db.execute(
            sa.select(row.shipment_id, row.order_line_id, row.quantity).where(row.shipment_id.in_(part))
        )
        for shipment_id, line_id, quantity in rows.all():
            found.setdefault(shipment_id, {})[line_id] = quantity
    return found


async def _arrived(db: Session, shipments: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int, datetime]]]:
    found: dict[UUID, list[tuple[UUID, int, datetime]]] = {}
    for part in chunks(shipments):
        receipt = ReturnReceipt
        rows = await db.execute(
            sa.select(ShipmentLine.shipment_id, ReturnLine.order_line_id, receipt.quantity, receipt.received_at)
            .join(ReturnLine, ReturnLine.shipment_line_id == ShipmentLine.id)
            .join(receipt, receipt.return_line_id == ReturnLine.id)
            .where(ShipmentLine.shipment_id.in_(part))
        )
        for shipment_id, line_id, quantity, at in rows.all():
            found.setdefault(shipment_id, []).append((line_id, quantity, at))
    return found


async def _alone(db: Session, shipments: Sequence[UUID]) -> set[UUID]:
    """Shipments of one parcel."""
    found: set[UUID] = set()
    for part in chunks(shipments):
        grouped = sa.select(Parcel.shipment_id).where(Parcel.shipment_id.in_(part), Parcel.state != ParcelState.VOIDED)
        found.update(await db.scalars(grouped.group_by(Parcel.shipment_id).having(sa.func.count() == 1)))
    return found
