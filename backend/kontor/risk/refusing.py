"""What a refused VAT id means for orders that were placed with it."""

from datetime import datetime

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import Order
from kontor.orders.states import OVER, FulfillmentStatus, HoldKind
from kontor.tax.determination import TaxTreatment

SETTING = "hold_refused_vat_ids"


async def hold_untaxed(db: Session, number: str, *, now: datetime) -> int:
    """Hold what has not left yet of orders untaxed for that VAT id, in channels whose settings say so; how many.

    Their amounts stay: whoever looks at the hold decides whether the customer proves the VAT id or the order ends.
    """
    candidates = await db.scalars(
        sa.select(Order.id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(
            Order.vat_id == number,
            Order.state.not_in(OVER),
            Order.fulfillment_status == FulfillmentStatus.UNFULFILLED,
            SalesChannel.settings[SETTING].as_boolean(),
        )
    )
    locked = await orders.lock_orders(db, candidates.all())
    held = await orders.open_holds(db, locked)
    count = 0
    for order in locked.values():
        place = order.place_of_supply
        if place is None or place.treatment is not TaxTreatment.REVERSE_CHARGE or order.state in OVER:
            continue
        if any(hold.kind is HoldKind.RISK and number in hold.reason for hold in held.get(order.id, ())):
            continue
        order_service.place_hold(
            db, order, kind=HoldKind.RISK, reason=f"VAT id {number} is not in its register", now=now
        )
        count += 1
    return count
