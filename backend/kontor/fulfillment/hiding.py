"""How long a partner sees whose goods it sends: as long as shipping needs it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.states import FulfillmentState

S = FulfillmentState
NEEDS_CUSTOMER = frozenset(
    {S.SCHEDULED, S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED, S.SHIPPED, S.READY_FOR_PICKUP, S.ON_HOLD}
)
"""The goods are at the place or on their way; what arrived, was refused or called off needs no address any more."""
WITHOUT_NEWS = timedelta(days=30)
"""After so long without news of a delivery nobody at the place looks after the parcel any more."""


def shows_customer(state: FulfillmentState, hidden_at: datetime | None) -> bool:
    """Whether a partner still sees name and address."""
    return hidden_at is None and state in NEEDS_CUSTOMER


async def hide_customers(db: Session, *, now: datetime) -> int:
    """Hide whom partners sent goods to whose arrival nobody told of in 30 days; of how many orders.

    The days count from the last shipment: what is written about the order meanwhile moves nothing.
    """
    table = FulfillmentOrder.__table__
    assert isinstance(table, sa.Table)
    newer = sa.exists().where(
        Shipment.fulfillment_order_id == table.c.id,
        Shipment.recalled_at.is_(None),
        Shipment.shipped_at > now - WITHOUT_NEWS,
    )
    done = await db.execute(
        sa.update(table)
        .where(
            table.c.partner_id.is_not(None), table.c.state == S.SHIPPED, table.c.hidden_at.is_(None),
            sa.not_(newer),
        )
        .values(hidden_at=now)
    )  # fmt: skip
    return int(getattr(done, "rowcount", 0))
