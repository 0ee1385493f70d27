"""Statements of printing, within what a principal may see."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.documents.frozen import SELLER_COLUMNS
from kontor.documents.models import Document
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from kontor.fulfillment.states import FulfillmentState
from kontor.invoicing.models import Invoice
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.printing.contents import Goods, Work
from kontor.printing.errors import PrintBatchNotFound
from kontor.printing.models import PrintBatch, PrintedPaper

S = FulfillmentState
LEFT = frozenset({S.SHIPPED, S.DELIVERED, S.PICKED_UP})


class Found(NamedTuple):
    """A fulfillment order with its papers' facts; `left_at` is when the goods left."""

    row: FulfillmentOrder
    order: Order
    channel: SalesChannel
    work: Work
    left_at: Any


class Place(NamedTuple):
    """Where goods are picked."""

    code: str
    name: str
    timezone: str


def batches_visible_to(principal: Principal) -> sa.Select[Any]:
    """Files to print: a partner's people share theirs, who is scoped otherwise sees what it asked for itself."""
    found = sa.select(PrintBatch)
    if principal.partner_id is not None:
        return found.where(PrintBatch.partner_id == principal.partner_id)
    return found.where(PrintBatch.created_by == principal.id) if principal.restricted else found


async def get_batch(db: Session, batch_id: UUID, principal: Principal) -> PrintBatch:
    """The file to print, if the principal may see it; raises `PrintBatchNotFound`."""
    batch: PrintBatch | None = await db.scalar(batches_visible_to(principal).where(PrintBatch.id == batch_id))
    if batch is None:
        raise PrintBatchNotFound("There is no such file to print.", print_batch_id=str(batch_id))
    return batch


async def found_for(db: Session, ids: Sequence[UUID], principal: Principal) -> list[Found]:
    """The fulfillment orders that the principal may see, in the order given, with all that their papers show."""
    rows: dict[UUID, tuple[FulfillmentOrder, Order, SalesChannel, LegalEntity]] = {}
    for part in chunks(in_key_order(ids)):
        statement = (
            fulfillment.visible_to(principal)
            .add_columns(Order, SalesChannel, LegalEntity)
            .join(Order, Order.id == FulfillmentOrder.order_id)
            .join(SalesChannel, SalesChannel.id == Order.channel_id)
            .join(LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id)
            .where(FulfillmentOrder.id.in_(part))
        )
        rows.update({row[0].id: tuple(row) for row in await db.execute(statement)})
    goods = await _goods(db, [row for row, *_ in rows.values()])
    left = await fulfillment.shipments_of_rows(db, rows)
    return [
        Found(row, order, channel, _work(row, order, channel, entity, goods[row.id]),
              left[row.id].shipped_at if row.id in left else None)
        for row_id in ids
        if row_id in rows
        for row, order, channel, entity in [rows[row_id]]
    ]  # fmt: skip


def _work(
    row: FulfillmentOrder, order: Order, channel: SalesChannel, entity: LegalEntity, goods: Sequence[Goods]
) -> Work:
    return Work(
        id=row.id,
        number=row.number,
        location_id=row.location_id,
        order_number=order.number,
        language=order.language,
        recipient=order.shipping_address or order.billing_address,
        seller={name: getattr(entity, name) for name in SELLER_COLUMNS},
        brand={"name": channel.name, "color": entity.brand_color, "entity": str(entity.id)},
        goods=goods,
        gift_message=str(order.facts.get("gift_message") or ""),
    )


async def _goods(db: Session, rows: Sequence[FulfillmentOrder]) -> dict[UUID, list[Goods]]:
    """What each fulfillment order holds, and what of its order lines follows in other deliveries."""
    found: dict[UUID, list[Goods]] = {row.id: [] for row in rows}
    gone = {row.id for row in rows if row.state in LEFT}
    for part in chunks(in_key_order(found)):
        statement = (
            sa.select(FulfillmentLine, OrderLine, ProductVariant.gtin)
            .join(OrderLine, OrderLine.id == FulfillmentLine.order_line_id)
            .join(ProductVariant, ProductVariant.id == FulfillmentLine.variant_id)
            .where(FulfillmentLine.fulfillment_order_id.in_(part), FulfillmentLine.quantity > 0)
            .order_by(OrderLine.position, FulfillmentLine.id)
        )
        for line, ordered, gtin in await db.execute(statement):
            here = 0 if line.fulfillment_order_id in gone else line.quantity
            follows = max(0, ordered.open_quantity - here)
            found[line.fulfillment_order_id].append(Goods(line.sku, line.name, line.quantity, gtin or "", follows))
    return found


async def places_of(db: Session, ids: Iterable[UUID]) -> dict[UUID, Place]:
    """Places by id."""
    columns = (StockLocation.id, StockLocation.code, StockLocation.name, StockLocation.timezone)
    rows = await db.execute(sa.select(*columns).where(StockLocation.id.in_(list(ids))))
    return {row.id: Place(row.code, row.name, row.timezone) for row in rows}


async def invoices_of(db: Session, row_ids: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """By fulfillment order that left and has its invoice: the invoice's document, None while it is being drawn."""
    found: dict[UUID, UUID | None] = {}
    for part in chunks(in_key_order(row_ids)):
        statement = (
            sa.select(Shipment.fulfillment_order_id, Invoice.document_id)
            .join(Invoice, Invoice.shipment_id == Shipment.id)
            .where(Shipment.fulfillment_order_id.in_(part), Shipment.recalled_at.is_(None))
        )
        found.update({row.fulfillment_order_id: row.document_id for row in await db.execute(statement)})
    return found


async def papers_by_identity(
    db: Session, wanted: Iterable[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], PrintedPaper]:
    """Papers that exist already, by subject, kind and fingerprint."""
    keys = set(wanted)
    found: dict[tuple[UUID, str, str], PrintedPaper] = {}
    for part in chunks(in_key_order({subject for subject, _, _ in keys})):
        for paper in await db.scalars(sa.select(PrintedPaper).where(PrintedPaper.subject_id.in_(part))):
            key = (paper.subject_id, paper.kind.value, paper.fingerprint)
            if key in keys:
                found[key] = paper
    return found


async def papers_by_id(db: Session, ids: Iterable[UUID]) -> dict[UUID, PrintedPaper]:
    """Papers by id."""
    found: dict[UUID, PrintedPaper] = {}
    for part in chunks(in_key_order(ids)):
        rows = await db.scalars(sa.select(PrintedPaper).where(PrintedPaper.id.in_(part)))
        found.update({paper.id: paper for paper in rows})
    return found


async def documents_by_id(db: Session, ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Documents by id, whoever's they are: what a file holds was decided when it was asked for."""
    found: dict[UUID, Document] = {}
    for part in chunks(in_key_order(ids)):
        rows = await db.scalars(sa.select(Document).where(Document.id.in_(part)))
        found.update({document.id: document for document in rows})
    return found


async def logos_of(db: Session, entity_ids: Iterable[str]) -> Mapping[str, str]:
    """Logos by legal entity."""
    ids = [UUID(each) for each in set(entity_ids)]
    rows = await db.execute(sa.select(LegalEntity.id, LegalEntity.logo_svg).where(LegalEntity.id.in_(ids)))
    return {str(row.id): row.logo_svg or "" for row in rows}
