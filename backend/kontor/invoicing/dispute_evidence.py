"""What an order itself says in a dispute: who bought, where it went and how, and its invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.fulfillment.models import Parcel, Shipment
from kontor.invoicing.models import Invoice
from kontor.orders.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class OrderEvidence:
    """Texts by the names of `payments.evidence.TEXTS`, and documents by what they show."""

    texts: Mapping[str, str]
    documents: Mapping[str, UUID]


async def evidence_of(db: Session, order_id: UUID) -> OrderEvidence:
    """What is known of an order that speaks for us; nothing is sent by this."""
    order = await db.get_one(Order, order_id)
    texts = {
        "customer_name": str(order.billing_address.get("name") or ""),
        "customer_email_address": order.email or "",
        "billing_address": _lines(order.billing_address),
        "shipping_address": _lines(order.shipping_address or {}),
        "product_description": await _goods(db, order_id),
        **await _delivery(db, order_id),
    }
    invoice = sa.select(Invoice.document_id).where(Invoice.order_id == order_id, Invoice.document_id.is_not(None))
    document_id = await db.scalar(invoice.order_by(Invoice.issued_at, Invoice.id).limit(1))
    return OrderEvidence(
        {name: text for name, text in texts.items() if text}, {"receipt": document_id} if document_id else {}
    )


def _lines(address: Mapping[str, Any]) -> str:
    names = ("name", "street", "postal_code", "city", "country")
    return ", ".join(str(address[name]) for name in names if address.get(name))


async def _goods(db: Session, order_id: UUID) -> str:
    rows = await db.execute(
        sa.select(OrderLine.ordered, OrderLine.name)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .limit(50)
    )
    return "; ".join(f"{row.ordered} × {row.name}" for row in rows)


async def _delivery(db: Session, order_id: UUID) -> dict[str, str]:
    """How the goods went, parcel by parcel."""
    rows = list(
        await db.execute(
            sa.select(Parcel.carrier, Parcel.tracking_number, Shipment.shipped_at, LegalEntity.timezone)
            .join(Shipment, Shipment.id == Parcel.shipment_id)
            .join(Order, Order.id == Shipment.order_id)
            .join(SalesChannel, SalesChannel.id == Order.channel_id)
            .join(LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id)
            .where(Shipment.order_id == order_id, Shipment.recalled_at.is_(None))
            .order_by(Shipment.shipped_at, Parcel.id)
            .limit(50)
        )
    )
    texts = {
        "shipping_carrier": [row.carrier for row in rows],
        "shipping_tracking_number": [row.tracking_number for row in rows],
        "shipping_date": [local_day(row.shipped_at, row.timezone).isoformat() for row in rows],
    }
    return {name: ", ".join(dict.fromkeys(filter(None, found))) for name, found in texts.items()}
