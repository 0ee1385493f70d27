"""Statements over invoices, credit notes and the journal."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.invoicing.errors import InvoiceNotFound
from kontor.invoicing.interest import BaseRate
from kontor.invoicing.models import CreditNote, Invoice
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.queries import visible_to as orders_visible_to
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind, TransactionState

Rows = list[Mapping[str, Any]]
INVOICE_SORTS: dict[str, Any] = {
    "DUE_ON": Invoice.due_on,
    "ISSUED_AT": Invoice.issued_at,
    "NUMBER": Invoice.number,
    "UPDATED_AT": Invoice.updated_at,
}


@cache
def base_rates() -> tuple[BaseRate, ...]:
    """The base rates of § 247 BGB up to that of 1 January 2026, each day on which the rate changed.

    Those up to 1 July 2025 are as in the Deutsche Bundesbank's series BBIN1.M.DE.BBK.BBKBAS2.EUR.ME, read on 2 October
    2025; that of 1 January 2026 as in its notice of December 2025 (unchanged).
    """
    with (files("kontor.invoicing") / "data" / "base_rates_de.csv").open(encoding="utf-8") as file:
        return tuple(
            BaseRate(date.fromisoformat(row["valid_from"]), Decimal(row["percent"])) for row in csv.DictReader(file)
        )


def invoices_visible_to(principal: Principal) -> sa.Select[Any]:
    """Invoices of the orders a principal may see."""
    return _of_visible_orders(sa.select(Invoice), Invoice.order_id, principal)


def credit_notes_visible_to(principal: Principal) -> sa.Select[Any]:
    """Credit notes of the orders a principal may see."""
    return _of_visible_orders(sa.select(CreditNote), CreditNote.order_id, principal)


def _of_visible_orders(found: sa.Select[Any], column: Any, principal: Principal) -> sa.Select[Any]:
    if not principal.restricted:
        return found
    return found.where(column.in_(orders_visible_to(principal).with_only_columns(Order.id)))


async def get_invoice(db: Session, invoice_id: UUID, principal: Principal) -> Invoice:
    """The invoice, if the principal may see it; raises `InvoiceNotFound`."""
    invoice: Invoice | None = await db.scalar(invoices_visible_to(principal).where(Invoice.id == invoice_id))
    if invoice is None:
        raise InvoiceNotFound("There is no such invoice.", invoice_id=str(invoice_id))
    return invoice


async def rows_of(db: Session, found: Any, column: Any, ids: Iterable[UUID]) -> Rows:
    """The statement's rows whose column is one of the ids."""
    rows: Rows = []
    for part in chunks(in_key_order(ids)):
        rows.extend(cast("Rows", (await db.execute(found.where(column.in_(part)))).mappings().all()))
    return rows


async def shipments_of(db: Session, shipment_ids: Iterable[UUID]) -> Rows:
    """Shipments that were not recalled, oldest first, with what their invoice is called if they have one."""
    found = (
        sa.select(
            Shipment.id, Shipment.number, Shipment.order_id, Shipment.shipped_at, Shipment.amount,
            StockLocation.timezone, Invoice.id.label("invoice_id"), Invoice.number.label("invoice_number"),
        )
        .outerjoin(Invoice, Invoice.shipment_id == Shipment.id)
        .outerjoin(StockLocation, StockLocation.id == Shipment.location_id)
        .where(Shipment.recalled_at.is_(None))
        .order_by(Shipment.shipped_at, Shipment.id)
    )  # fmt: skip
    return await rows_of(db, found, Shipment.id, shipment_ids)


async def lines_of(db: Session, shipment_ids: Iterable[UUID]) -> dict[UUID, Rows]:
    """What was sent, by shipment, in the order of the order's lines."""
    found = (
        sa.select(
            ShipmentLine.id, ShipmentLine.shipment_id, ShipmentLine.order_line_id, ShipmentLine.quantity,
            ShipmentLine.net, ShipmentLine.tax, ShipmentLine.gross, ShipmentLine.tax_rate,
            OrderLine.sku, OrderLine.name, OrderLine.unit_price, OrderLine.tax_class,
        )
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .order_by(ShipmentLine.shipment_id, OrderLine.position)
    )  # fmt: skip
    return _grouped(await rows_of(db, found, ShipmentLine.shipment_id, shipment_ids), "shipment_id")


async def charges_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, Rows]:
    """Charged fees, by shipment."""
    found = sa.select(OrderCharge.__table__).where(OrderCharge.shipment_id.is_not(None)).order_by(OrderCharge.id)
    return _grouped(await rows_of(db, found, OrderCharge.order_id, order_ids), "shipment_id")


async def sellers_of(db: Session, channel_ids: Iterable[UUID]) -> dict[UUID, tuple[SalesChannel, LegalEntity]]:
    """Channel and legal entity, by channel."""
    found = sa.select(SalesChannel, LegalEntity).join(LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id)
    rows = await db.execute(found.where(SalesChannel.id.in_(list(channel_ids))))
    return {channel.id: (channel, entity) for channel, entity in rows}


async def payments_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[Payment]]:
    """Payments by order, in their position."""
    found: dict[UUID, list[Payment]] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.scalars(
            sa.select(Payment).where(Payment.order_id.in_(part)).order_by(Payment.order_id, Payment.position)
        )
        for payment in rows:
            found.setdefault(payment.order_id, []).append(payment)
    return found


async def taken_off(db: Session, payments: Iterable[Payment]) -> dict[UUID, int]:
    """What of the payments' income pays no invoice any more, by order, minor units.

    That is what banks took back, what went back for canceled or returned pieces, and what went back with a credit note,
    which lowers what is owed. Other refunds (goodwill, corrections) leave an invoice paid.
    """
    row, found, kind = PaymentTransaction, dict[UUID, int](), TransactionKind
    signed = sa.case((row.kind.in_((kind.REINSTATE, kind.REFUND_RETURN)), -row.amount), else_=row.amount)
    noted = sa.exists().where(CreditNote.order_id == row.order_id, CreditNote.refund_id == row.refund_id)
    given_up = sa.exists().where(Refund.id == row.refund_id, Refund.kind.in_(("CANCELLATION", "RETURN")))
    counts = sa.or_(
        row.kind.in_((kind.CHARGEBACK, kind.REINSTATE)),
        sa.and_(row.kind.in_((kind.REFUND, kind.REFUND_RETURN, kind.TRANSFER)), sa.or_(given_up, noted)),
    )
    for part in chunks(in_key_order(payment.id for payment in payments if payment.refunded)):
        rows = await db.execute(
            sa.select(row.order_id, sa.func.sum(signed))
            .where(row.payment_id.in_(part), row.outcome == TransactionState.SUCCEEDED, counts)
            .group_by(row.order_id)
        )
        for order_id, amount in rows:
            found[order_id] = found.get(order_id, 0) + int(amount)
    return found


async def sums_of(db: Session, column: Any, order_column: Any, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The sum of a column by order."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(order_column, sa.func.sum(column)).where(order_column.in_(part)).group_by(order_column)
        )
        found.update({row[0]: int(row[1]) for row in rows})
    return found


async def shipped_values(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What has left, by order, minor units; recalled shipments count for nothing."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Shipment.order_id, sa.func.sum(Shipment.amount))
            .where(Shipment.order_id.in_(part), Shipment.recalled_at.is_(None))
            .group_by(Shipment.order_id)
        )
        found.update({row[0]: int(row[1]) for row in rows})
    return found


async def lock_invoices(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[Invoice]]:
    """Invoices by order in the order of their issue, locked in key order."""
    found: dict[UUID, list[Invoice]] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.scalars(
            sa.select(Invoice)
            .where(Invoice.order_id.in_(part))
            .order_by(Invoice.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for invoice in rows:
            found.setdefault(invoice.order_id, []).append(invoice)
    return found


def _grouped(rows: Rows, name: str) -> dict[UUID, Rows]:
    groups: dict[UUID, Rows] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return groups
