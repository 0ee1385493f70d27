"""Statements over messages, and the loading of all their facts: one statement per table, however many messages."""

from collections.abc import Callable, Collection, Iterable, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.branding import brands_of_channels
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.claims.models import Claim, ClaimLine, Goodwill
from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.documents.models import Document
from kontor.exchanges.models import Exchange
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, IssuedCode, Parcel, Shipment, ShipmentLine
from kontor.locations.models import StockLocation
from kontor.notifications.errors import NotificationNotFound
from kontor.notifications.known import Known
from kontor.notifications.models import Notification, NotificationText
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.payments.models import Payment, Refund, RefundAllocation
from kontor.returns.models import Return, ReturnLine

SORTS: dict[str, Any] = {"CREATED_AT": Notification.created_at}
_SHIPMENTS = frozenset({"shipped", "picked_up", "delivered", "digital_delivery"})
_RETURNS = frozenset(
    {
        "return_approved", "return_declined", "return_received", "return_decided", "exchange_agreed",
        "exchange_received", "exchange_reminder", "exchange_overdue", "exchange_canceled",
    }
)  # fmt: skip

_ORDER = (
    Order.id, Order.number, Order.external_id, Order.channel_id, Order.language, Order.email, Order.delivery_type,
    Order.billing_address, Order.shipping_address, Order.pickup_location_id, Order.promised_on, Order.currency,
    Order.discount_total, Order.tax_total, Order.total, Order.charge_status,
)  # fmt: skip
_LINE = (
    OrderLine.id, OrderLine.order_id, OrderLine.name, OrderLine.kind, OrderLine.gross_total, OrderLine.ordered,
    OrderLine.canceled, OrderLine.shipped, OrderLine.canceled_gross,
)  # fmt: skip


def visible_to(principal: Principal) -> sa.Select[Notification]:
    """Messages of orders the principal may see."""
    found = sa.select(Notification)
    if principal.restricted:
        found = found.where(Notification.order_id.in_(orders.visible_to(principal).with_only_columns(Order.id)))
    return found


async def list_notifications(
    db: Session,
    page: PageRequest,
    *,
    order_id: UUID | None = None,
    template: str | None = None,
    failed: bool | None = None,
    descending: bool = True,
) -> Page[Notification]:
    """Messages of one order or of all the principal may see, the newest first unless asked otherwise."""
    error = Notification.error
    found = narrow(
        visible_to(db.principal),
        (Notification.order_id.__eq__, order_id),
        (Notification.template.__eq__, template),
        (lambda wanted: error.is_not(None) if wanted else error.is_(None), failed),
    )
    order = choose(SORTS, "CREATED_AT", descending=descending)
    return await paginate(db, found, order, Notification.id, page)


async def get_notification(db: Session, notification_id: UUID) -> Notification:
    """The message, if the principal may see it; raises `NotificationNotFound`."""
    row = await db.scalar(visible_to(db.principal).where(Notification.id == notification_id))
    if row is None:
        raise NotificationNotFound("There is no such message.", notification_id=str(notification_id))
    return row


async def of_orders(db: Session, order_ids: Collection[UUID]) -> list[Notification]:
    """Every message of some orders."""
    return list(await db.scalars(sa.select(Notification).where(Notification.order_id.in_(order_ids))))


async def by_ids(db: Session, ids: Collection[UUID]) -> list[Notification]:
    """Messages by id."""
    return list(await db.scalars(sa.select(Notification).where(Notification.id.in_(ids)))) if ids else []


async def texts_of(db: Session, ids: Collection[UUID]) -> dict[UUID, NotificationText]:
    """What messages say word for word, by the message; those that never were written down are missing."""
    if not ids:
        return {}
    found = sa.select(NotificationText).where(NotificationText.notification_id.in_(ids))
    return {row.notification_id: row for row in await db.scalars(found)}


async def orders_by_id(db: Session, order_ids: Collection[UUID]) -> dict[UUID, Any]:
    """The orders messages are about."""
    return {row.id: row for row in await _rows(db, _ORDER, Order.id, order_ids)}


async def channels_by_id(db: Session, ids: Collection[UUID]) -> dict[UUID, Any]:
    """The channels of the orders, with their legal entity's columns and their brand beside: whose letterhead it is."""
    if not ids:
        return {}
    found = sa.select(
        SalesChannel.id, SalesChannel.name, SalesChannel.settings, SalesChannel.return_days, SalesChannel.country,
        LegalEntity.name.label("entity"), LegalEntity.street, LegalEntity.postal_code, LegalEntity.city,
        LegalEntity.vat_id, LegalEntity.register, LegalEntity.email, LegalEntity.phone, LegalEntity.brand_color,
        LegalEntity.iban, LegalEntity.bic, LegalEntity.timezone,
    ).join(LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id)  # fmt: skip
    brands = await brands_of_channels(db, ids)
    rows = await db.execute(found.where(SalesChannel.id.in_(ids)))
    return {row.id: SimpleNamespace(**row._mapping, brand=brands.get(row.id)) for row in rows}


async def delivery_types(db: Session, shipment_ids: Collection[UUID]) -> dict[UUID, Any]:
    """How the goods of shipments go."""
    return {
        row.id: row.delivery_type
        for row in await _rows(db, (Shipment.id, Shipment.delivery_type), Shipment.id, shipment_ids)
    }


async def label_keys(db: Session, document_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Where the bytes of documents lie."""
    columns = (Document.id, Document.key, Document.number, Document.content_type)
    return {row.id: row for row in await _rows(db, columns, Document.id, document_ids)}


async def load_facts(
    db: Session, wanted: Iterable[tuple[str, UUID, UUID | None]], order_rows: dict[UUID, Any], channels: dict[UUID, Any]
) -> Known:
    """What the messages (template, order id, subject) tell of. Tables no message of the batch needs are not read."""
    subjects: dict[str, set[UUID]] = {}
    of_template: dict[str, set[UUID]] = {}
    for template, order_id, subject in wanted:
        of_template.setdefault(template, set()).add(order_id)
        if subject is not None:
            subjects.setdefault(template, set()).add(subject)

    def about(*templates: str) -> set[UUID]:
        return {item for template in templates for item in subjects.get(template, ())}

    known = Known(orders=order_rows, channels=channels)
    lines = await _rows(db, _LINE, OrderLine.order_id, order_rows, order=(OrderLine.order_id, OrderLine.position))
    known.lines, known.lines_of = _by_id(lines), _grouped(lines, lambda line: line.order_id)
    confirmed = of_template.get("order_confirmed", set()) | of_template.get("order_changed", set())
    charges = (OrderCharge.order_id, OrderCharge.gross, OrderCharge.canceled)
    known.charges_of = _grouped(await _rows(db, charges, OrderCharge.order_id, confirmed), lambda row: row.order_id)
    boxes = await _load_parcels(db, known, about("parcel_returned", "parcel_lost"))
    tasks = about("ready_for_pickup", "pickup_reminder", "promise_passed") | boxes
    came_back = {row.shipment_id for row in known.parcels.values() if row.shipment_id is not None}
    await _load_shipments(db, known, about(*_SHIPMENTS) | came_back, tasks)
    await _load_claims(db, known, about("claim_received", "claim_approved", "claim_denied"))
    exchanged = await _rows(db, (Exchange.return_id,), Exchange.return_id, about("return_received"))
    known.exchanged = {row.return_id for row in exchanged}
    await _load_returns(db, known, about(*_RETURNS), about("refunded", "goodwill"))
    await _load_payments(db, known, confirmed, about("payment_failed", "payment_awaited"))
    await _load_places(db, known, confirmed)
    columns = (Goodwill.id, Goodwill.code, Goodwill.amount, Goodwill.currency)
    known.goodwill = _by_id(await _rows(db, columns, Goodwill.id, about("goodwill_voucher")))
    return known


async def _load_parcels(db: Session, known: Known, parcel_ids: set[UUID]) -> set[UUID]:
    """Parcels with all others of the work they belong to; the ids of that work."""
    columns = (
        Parcel.id, Parcel.fulfillment_order_id, Parcel.shipment_id, Parcel.state, Parcel.carrier,
        Parcel.tracking_number, Parcel.contents,
    )  # fmt: skip
    known.parcels = _by_id(await _rows(db, columns, Parcel.id, parcel_ids))
    work = {row.fulfillment_order_id for row in known.parcels.values()}
    boxes = await _rows(db, (Parcel.id, Parcel.fulfillment_order_id), Parcel.fulfillment_order_id, work)
    known.boxes_of = _grouped(boxes, lambda row: row.fulfillment_order_id)
    return work


async def _load_claims(db: Session, known: Known, claim_ids: set[UUID]) -> None:
    columns: Sequence[Any] = (
        Claim.id, Claim.number, Claim.state, Claim.remedy, Claim.returns_goods, Claim.decision,
    )  # fmt: skip
    known.claims = _by_id(await _rows(db, columns, Claim.id, claim_ids))
    columns = (ClaimLine.claim_id, ClaimLine.order_line_id, ClaimLine.quantity)
    rows = await _rows(db, columns, ClaimLine.claim_id, claim_ids, order=(ClaimLine.id,))
    known.claim_lines_of = _grouped(rows, lambda row: row.claim_id)


async def _load_shipments(db: Session, known: Known, shipment_ids: set[UUID], task_ids: set[UUID]) -> None:
    columns: Sequence[Any] = (
        Shipment.id, Shipment.fulfillment_order_id, Shipment.location_id, Shipment.shipped_at, Shipment.delivered_at,
        Shipment.recalled_at,
    )  # fmt: skip
    known.shipments = _by_id(await _rows(db, columns, Shipment.id, shipment_ids))
    columns = (ShipmentLine.shipment_id, ShipmentLine.order_line_id, ShipmentLine.quantity, ShipmentLine.returned)
    rows = await _rows(db, columns, ShipmentLine.shipment_id, shipment_ids)
    known.shipped_of = _grouped(rows, lambda row: row.shipment_id)
    columns = (Parcel.shipment_id, Parcel.carrier, Parcel.tracking_number, Parcel.tracking_url)
    parcels = await _rows(db, columns, Parcel.shipment_id, shipment_ids, order=(Parcel.id,))
    known.parcels_of = _grouped(parcels, lambda row: row.shipment_id)
    digital = {row.order_line_id for row in rows if known.lines[row.order_line_id].kind != "PHYSICAL"}
    columns = (IssuedCode.order_line_id, IssuedCode.code, IssuedCode.issued_at)
    codes = await _rows(
        db, columns, IssuedCode.order_line_id, digital, order=(IssuedCode.order_line_id, IssuedCode.unit)
    )
    known.codes_of = _grouped(codes, lambda row: row.order_line_id)
    task_ids = task_ids | {row.fulfillment_order_id for row in known.shipments.values() if row.fulfillment_order_id}
    columns = (
        FulfillmentOrder.id, FulfillmentOrder.location_id, FulfillmentOrder.promised_on, FulfillmentOrder.pickup_code,
        FulfillmentOrder.state, FulfillmentOrder.delivery_type,
    )  # fmt: skip
    known.tasks = _by_id(await _rows(db, columns, FulfillmentOrder.id, task_ids))
    columns = (FulfillmentLine.fulfillment_order_id, FulfillmentLine.order_line_id, FulfillmentLine.quantity)
    task_lines = await _rows(db, columns, FulfillmentLine.fulfillment_order_id, task_ids)
    known.task_lines_of = _grouped(task_lines, lambda row: row.fulfillment_order_id)


async def _load_returns(db: Session, known: Known, return_ids: set[UUID], refund_ids: set[UUID]) -> None:
    columns: Sequence[Any] = (Refund.id, Refund.return_id, Refund.amount, Refund.currency)
    known.refunds = _by_id(await _rows(db, columns, Refund.id, refund_ids))
    columns = (RefundAllocation.refund_id, RefundAllocation.payment_id, RefundAllocation.amount)
    known.shares_of = _grouped(
        await _rows(db, columns, RefundAllocation.refund_id, refund_ids, order=(RefundAllocation.payment_id,)),
        lambda row: row.refund_id,
    )
    behind = {row.return_id for row in known.refunds.values() if row.return_id}
    columns = (
        Return.id, Return.number, Return.state, Return.location_id, Return.label_document_id, Return.expires_at,
    )  # fmt: skip
    known.returns = _by_id(await _rows(db, columns, Return.id, return_ids | behind))
    columns = (
        ReturnLine.return_id, ReturnLine.order_line_id, ReturnLine.quantity, ReturnLine.received, ReturnLine.accepted,
    )  # fmt: skip
    known.return_lines_of = _grouped(
        await _rows(db, columns, ReturnLine.return_id, return_ids), lambda row: row.return_id
    )


async def _load_payments(db: Session, known: Known, order_ids: set[UUID], payment_ids: set[UUID]) -> None:
    columns = (Payment.id, Payment.order_id, Payment.kind, Payment.label, Payment.amount, Payment.captured)
    named = payment_ids | {share.payment_id for shares in known.shares_of.values() for share in shares}
    known.payments = _by_id(await _rows(db, columns, Payment.id, named))
    rows = await _rows(db, columns, Payment.order_id, order_ids, order=(Payment.order_id, Payment.position))
    known.payments_of = _grouped(rows, lambda row: row.order_id)


async def _load_places(db: Session, known: Known, confirmed: set[UUID]) -> None:
    ids = {known.orders[order_id].pickup_location_id for order_id in confirmed}
    ids |= {task.location_id for task in known.tasks.values()}
    ids |= {shipment.location_id for shipment in known.shipments.values()}
    ids |= {back.location_id for back in known.returns.values()}
    columns = (
        StockLocation.id, StockLocation.name, StockLocation.street, StockLocation.postal_code, StockLocation.city,
    )  # fmt: skip
    known.places = _by_id(await _rows(db, columns, StockLocation.id, ids - {None}))


async def _rows(
    db: Session, columns: Sequence[Any], key: Any, values: Collection[Any], *, order: Sequence[Any] = ()
) -> Sequence[Any]:
    if not values:
        return ()
    return (await db.execute(sa.select(*columns).where(key.in_(values)).order_by(*order))).all()


def _by_id(rows: Iterable[Any]) -> dict[UUID, Any]:
    return {row.id: row for row in rows}


def _grouped(rows: Iterable[Any], key: Callable[[Any], UUID]) -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
