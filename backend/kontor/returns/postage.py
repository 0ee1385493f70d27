"""Who bears the postage of a return: we, or the partner that shipped the goods, as was agreed with it."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.fulfillment.models import FulfillmentOrder, Shipment, ShipmentLine
from kontor.partners.agreements import agreements_of, in_force, postage_payer
from kontor.partners.models import ReturnPostage
from kontor.returns.eligibility import OUR_FAULT
from kontor.returns.states import ReturnReason


async def payer_of(
    db: Session, shipment_line_ids: Iterable[UUID], reasons: Iterable[ReturnReason]
) -> ReturnPostage | None:
    """Who pays by today's agreement; None when no partner, or more than one, shipped the pieces: then it is ours."""
    partners = set(
        await db.scalars(
            sa.select(FulfillmentOrder.partner_id)
            .join(Shipment, Shipment.fulfillment_order_id == FulfillmentOrder.id)
            .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
            .where(ShipmentLine.id.in_(set(shipment_line_ids)))
            .distinct()
        )
    )
    if len(partners) != 1 or (partner_id := partners.pop()) is None:
        return None
    agreed = in_force((await agreements_of(db, [partner_id]))[partner_id], utc_day(db.now))
    return postage_payer(agreed, our_fault=any(reason in OUR_FAULT for reason in reasons))
