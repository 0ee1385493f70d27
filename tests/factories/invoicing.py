"""Shipments that can be invoiced: written as fulfillment writes them, without its work."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.amounts import of_pieces
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry, JournalLine
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.states import DeliveryType


async def ship(
    database: Database, order_id: UUID, pieces: Mapping[int, int] | None = None, *, rate: Decimal | None = None
) -> UUID:
    """Send pieces by line position (default: everything open) with the charges; the shipment's id."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        charges = (await orders.charges_of(db, [order_id]))[order_id]
        number = await db.scalar(sa.select(sa.func.count()).select_from(Shipment)) or 0
        shipment = Shipment(
            id=new_id(), number=f"{order.number}-S{number}", order_id=order_id, delivery_type=DeliveryType.SHIP,
            shipped_at=db.now, amount=0,
        )  # fmt: skip
        db.add(shipment)
        await db.flush()
        changes = {}
        for line in lines:
            count = line.open_quantity if pieces is None else pieces.get(line.position, 0)
            if not count:
                continue
            worth = of_pieces(line, line.shipped + line.canceled, count, gross=order.gross, rate=rate)
            db.add(
                ShipmentLine(
                    id=new_id(), shipment_id=shipment.id, order_line_id=line.id, quantity=count, net=worth.net,
                    tax=worth.tax, gross=worth.gross, tax_rate=worth.rate,
                )
            )  # fmt: skip
            shipment.amount += worth.gross
            changes[line.id] = {"allocated": -count, "shipped": count}
        for charge in charges:
            if charge.shipment_id is None:
                charge.shipment_id = shipment.id
                shipment.amount += charge.gross
        progress.count(db, order, lines, changes, now=db.now)
    return shipment.id


async def amount_of(database: Database, shipment_id: UUID) -> int:
    """What a shipment is worth."""
    async with database.read_only() as db:
        return (await db.get_one(Shipment, shipment_id)).amount


async def invoices(database: Database) -> list[Invoice]:
    """Every invoice in the order of its number."""
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Invoice).order_by(Invoice.number)))


async def credit_notes(database: Database) -> list[CreditNote]:
    """Every credit note in the order of its number."""
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(CreditNote).order_by(CreditNote.number)))


async def shipment_lines(database: Database, shipment_id: UUID) -> list[ShipmentLine]:
    """What a shipment holds."""
    async with database.read_only() as db:
        found = sa.select(ShipmentLine).where(ShipmentLine.shipment_id == shipment_id).order_by(ShipmentLine.id)
        return list(await db.scalars(found))


async def accounts(database: Database) -> dict[str, int]:
    """The balance of every account."""
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(JournalLine.account, sa.func.sum(JournalLine.amount)).group_by(JournalLine.account)
        )
        return {row[0]: int(row[1]) for row in rows if row[1]}


async def entries(database: Database) -> list[str]:
    """The kinds of the journal's entries, sorted."""
    async with database.read_only() as db:
        return sorted(await db.scalars(sa.select(JournalEntry.kind)))


def back(line: Any, pieces: int, gross: int) -> dict[str, Any]:
    """A refund's line for pieces of a shipment line."""
    return {"shipment_line_id": str(line.id), "quantity": pieces, "gross": gross}
