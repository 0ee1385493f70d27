"""The number of the invoice by which a partner bills its shipments to us, so that both sides speak of the same one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kontor.core.db import Session, in_key_order
from kontor.core.errors import InvalidInput
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment import queries
from kontor.fulfillment.errors import ShipmentNotFound
from kontor.fulfillment.events import PartnerInvoiceRecorded
from kontor.fulfillment.models import Shipment
from kontor.orders import queries as orders

MOST = 500
LONGEST = 60


async def record_partner_invoice(
    db: Session, shipment_ids: Sequence[UUID], number: str, issued_on: date, *, principal: Principal
) -> list[Shipment]:
    """Note the partner's invoice of shipments; said again nothing happens, another number takes the place of the old.

    Raises `InvalidInput` for a number of more than 60 characters, `ShipmentNotFound` for a shipment of others or one
    that was recalled.
    """
    number = number.strip()
    if not (1 <= len(number) <= LONGEST and number.isprintable()):
        raise InvalidInput(f"1 to {LONGEST} characters.", code="INVALID_TEXT", path=("number",))
    if not 1 <= len(shipment_ids) <= MOST:
        raise InvalidInput(f"1 to {MOST} shipments.", code="INVALID_BATCH", path=("shipmentIds",))
    found = await queries.shipments_of(db, shipment_ids, principal)
    for index, shipment_id in enumerate(shipment_ids):
        if shipment_id not in found or found[shipment_id].recalled_at is not None:
            raise ShipmentNotFound("There is no such shipment.", path=("shipmentIds", index))
    await orders.lock_orders(db, in_key_order({row.order_id for row in found.values()}))
    for row in found.values():
        if (row.partner_invoice, row.partner_invoiced_on) == (number, issued_on):
            continue
        row.partner_invoice, row.partner_invoiced_on = number, issued_on
        record(db, PartnerInvoiceRecorded(stream_id=row.order_id, shipment_id=row.id, number=number))
    return [found[shipment_id] for shipment_id in shipment_ids]
