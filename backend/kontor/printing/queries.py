"""Statements of printing, within what a principal may see."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.channels.branding import brands_of_channels, logos_of_papers, shown_on_papers
from kontor.channels.models import Brand, LegalEntity, SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.documents.frozen import SELLER_COLUMNS
from kontor.documents.models import Document
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine
from kontor.fulfillment.states import FulfillmentState
from kontor.inventory.models import StockLevel
from kontor.invoicing.models import Invoice
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.printing.contents import Back, Goods, Work, written_in
from kontor.printing.errors import PrintBatchNotFound
from kontor.printing.models import PrintBatch, PrintedPaper
from kontor.returns.models import Return, ReturnLine
from kontor.returns.states import ReturnState

S = FulfillmentState
R = ReturnState
ON_ITS_WAY = frozenset({R.APPROVED, R.IN_TRANSIT})
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
    brands = await brands_of_channels(db, {channel.id for _, _, channel, _ in rows.values()})
    return [
        Found(row, order, channel, _work(row, order, channel, entity, brands.get(channel.id), goods[row.id]),
              left[row.id].shipped_at if row.id in left else None)
        for row_id in ids
        if row_id in rows
        for row, order, channel, entity in [rows[row_id]]
    ]  # fmt: skip


def _work(
    row: FulfillmentOrder,
    order: Order,
    channel: SalesChannel,
    entity: LegalEntity,
    brand: Brand | None,
    goods: Sequence[Goods],
) -> Work:
    return Work(
        id=row.id,
        number=row.number,
        location_id=row.location_id,
        order_number=order.number,
        language=order.language,
        recipient=order.shipping_address or order.billing_address,
        seller={name: getattr(entity, name) for name in SELLER_COLUMNS},
        brand=shown_on_papers(brand, channel.name, entity.brand_color, entity.id, written_in(order.language)),
        goods=goods,
        gift_message=str(order.facts.get("gift_message") or ""),
    )


async def _goods(db: Session, rows: Sequence[FulfillmentOrder]) -> dict[UUID, list[Goods]]:
    """What each fulfillment order holds, and what of its order lines follows in other deliveries."""
    found: dict[UUID, list[Goods]] = {row.id: [] for row in rows}
    gone = {row.id for row in rows if row.state in LEFT}
    for part in chunks(in_key_order(found)):
        statement = (
            sa.select(FulfillmentLine, OrderLine, ProductVariant.gtin, StockLevel.shelf)
            .join(OrderLine, OrderLine.id == FulfillmentLine.order_line_id)
            .join(ProductVariant, ProductVariant.id == FulfillmentLine.variant_id)
            .join(FulfillmentOrder, FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id)
            .outerjoin(
                StockLevel,
                sa.and_(
                    StockLevel.location_id == FulfillmentOrder.location_id,
                    StockLevel.variant_id == FulfillmentLine.variant_id,
                ),
            )
            .where(FulfillmentLine.fulfillment_order_id.in_(part), FulfillmentLine.quantity > 0)
            .order_by(OrderLine.position, FulfillmentLine.id)
        )
        for line, ordered, gtin, shelf in await db.execute(statement):
            here = 0 if line.fulfillment_order_id in gone else line.quantity
            follows = max(0, ordered.open_quantity - here)
            found[line.fulfillment_order_id].append(
                Goods(line.sku, line.name, line.quantity, gtin or "", follows, shelf or "")
            )
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


async def logos_of(db: Session, brands: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Logos as SVG: of versions of brands by their id, where there was none by that of the legal entity."""
    ids = {UUID(brand["entity"]) for brand in brands if brand.get("entity")}
    rows = await db.execute(sa.select(LegalEntity.id, LegalEntity.logo_svg).where(LegalEntity.id.in_(ids)))
    return {**{str(row.id): row.logo_svg or "" for row in rows}, **await logos_of_papers(db, brands)}


async def ways_back(db: Session, found: Sequence[Found]) -> dict[UUID, Back]:
    """How goods of each come back: the return that was approved last, else to its own place or the first of ours that
    takes returns. Those that can come back nowhere are left out."""
    announced = await _announced(db, [each.row.id for each in found])
    own = sa.select(StockLocation).where(StockLocation.street.is_not(None), StockLocation.active)
    places = list(await db.scalars(own.order_by(StockLocation.priority, StockLocation.code)))
    by_id = {place.id: place for place in places}
    ways: dict[UUID, Back] = {}
    for each in found:
        back = announced.get(each.row.id)
        place = by_id.get(back[0].location_id) if back and back[0].location_id else _home(each, places)
        if place is not None:
            number, lines = (back[0].number, back[1]) if back else (each.row.number, [])
            ways[each.row.id] = Back(number, _address(place), announced=back is not None, lines=lines)
    return ways


def _home(found: Found, places: Sequence[StockLocation]) -> StockLocation | None:
    """Where goods come back that nobody asked about: the place they left, else the first of the company's own."""

    def takes(place: StockLocation) -> bool:
        served = place.channel_codes is None or found.channel.code in place.channel_codes
        mine = place.partner_id is None or place.partner_id == found.row.partner_id
        return place.accepts_returns and served and mine

    fitting = [place for place in places if takes(place)]
    return next((place for place in fitting if place.id == found.row.location_id), fitting[0] if fitting else None)


def _address(place: StockLocation) -> dict[str, str]:
    return {
        "company": place.name, "street": place.street or "", "postal_code": place.postal_code or "",
        "city": place.city or "", "country": place.country,
    }  # fmt: skip


async def _announced(db: Session, row_ids: Iterable[UUID]) -> dict[UUID, tuple[Return, list[dict[str, Any]]]]:
    """The return that was approved last for goods of each fulfillment order, with its lines."""
    found: dict[UUID, tuple[Return, list[dict[str, Any]]]] = {}
    for part in chunks(in_key_order(row_ids)):
        rows = await db.execute(
            sa.select(Shipment.fulfillment_order_id, Return, ReturnLine, OrderLine.name, OrderLine.sku)
            .join(ShipmentLine, ShipmentLine.id == ReturnLine.shipment_line_id)
            .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
            .join(Return, Return.id == ReturnLine.return_id)
            .join(OrderLine, OrderLine.id == ReturnLine.order_line_id)
            .where(Shipment.fulfillment_order_id.in_(part), Return.state.in_(ON_ITS_WAY))
            .order_by(Return.requested_at, Return.id, OrderLine.position)
        )
        for row_id, back, line, name, sku in rows:
            if row_id is None:
                continue
            if row_id not in found or found[row_id][0].id != back.id:
                found[row_id] = (back, [])
            said = {"name": name, "sku": sku, "quantity": line.quantity, "reason": line.reason.value}
            found[row_id][1].append(said)
    return found
