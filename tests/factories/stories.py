"""Orders with shipments, returns and refunds as rows, for those who only read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.inventory import make_order_line, make_order_row
from factories.locations import make_location
from kontor import bootstrap
from kontor.channels.models import SalesChannel
from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Parcel, Shipment, ShipmentLine
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import DeliveryType
from kontor.subscribers import SUBSCRIBERS

ADDRESS = {
    "name": "Greta Fock", "street": "Deichstraße 7", "postal_code": "20459", "city": "Hamburg", "country": "DE",
}  # fmt: skip


@contextmanager
def only(*jobs: str) -> Iterator[None]:
    """Of all reactions to events only these jobs, so that a story goes no further than it is told."""
    bootstrap.load()  # which puts all of them in force, once
    outbox.route({name: [each for each in reactions if each in jobs] for name, reactions in SUBSCRIBERS.items()})
    yield
    outbox.route(SUBSCRIBERS)


@dataclass
class Story:
    """An order of two lines: three lamps and one oil."""

    channel: SalesChannel
    place: StockLocation
    order: Order
    lines: list[OrderLine]


async def make_story(db: Session, *, channel: SalesChannel | None = None, **order: Any) -> Story:
    """An order of 40.00 by greta@fock.example, in German."""
    channel = channel or await make_channel(db)
    place = await make_location(db, name="Store Hamburg", street="Jungfernstieg 1", postal_code="20354", city="Hamburg")
    row = await make_order_row(
        db,
        channel,
        **{
            "number": f"K-{new_id().hex[-8:]}",
            "email": "greta@fock.example",
            "billing_address": ADDRESS,
            "shipping_address": ADDRESS,
            "goods_total": 4000,
            "total": 4000,
            "tax_total": 639,
            **order,
        },
    )
    lines = []
    for position, (name, quantity, total) in enumerate((("Lampe", 3, 3000), ("Öl", 1, 1000)), 1):
        variant = await make_variant(db, product={"name": name})
        amounts = {"unit_price": 1000, "net_total": total, "gross_total": total}
        lines.append(await make_order_line(db, row, variant, quantity, position=position, **amounts))
    return Story(channel, place, row, lines)


async def make_task(db: Session, story: Story, *, partner_id: UUID | None = None, **given: Any) -> FulfillmentOrder:
    """All lines of the order given to its place."""
    values: dict[str, Any] = {
        "id": new_id(),
        "number": f"{story.order.number}-{new_id().hex[-4:]}",
        "order_id": story.order.id,
        "location_id": story.place.id,
        "partner_id": partner_id,
        "channel_id": story.channel.id,
        "state": FulfillmentState.OPEN,
        "delivery_type": story.order.delivery_type,
        "priority": 0,
        "created_at": db.now,
        "updated_at": db.now,
    }
    task = FulfillmentOrder(**(values | given))
    db.add(task)
    await db.flush()
    for line in story.lines:
        db.add(
            FulfillmentLine(
                id=new_id(), fulfillment_order_id=task.id, order_line_id=line.id, variant_id=line.variant_id,
                sku=line.sku, name=line.name, quantity=line.ordered,
            )
        )  # fmt: skip
    await db.flush()
    return task


async def make_shipment(
    db: Session, story: Story, task: FulfillmentOrder | None, *quantities: int, delivery: DeliveryType | None = None
) -> Shipment:
    """So many pieces of each line went; parcels of the task get a tracking number."""
    shipment = Shipment(
        id=new_id(), number=new_id().hex, order_id=story.order.id, fulfillment_order_id=task.id if task else None,
        location_id=story.place.id, delivery_type=delivery or story.order.delivery_type, shipped_at=db.now, amount=0,
    )  # fmt: skip
    db.add(shipment)
    await db.flush()
    for line, quantity in zip(story.lines, quantities, strict=False):
        if quantity:
            db.add(
                ShipmentLine(
                    id=new_id(), shipment_id=shipment.id, order_line_id=line.id, quantity=quantity, net=0, tax=0,
                    gross=0, tax_rate=19,
                )
            )  # fmt: skip
            shipped = sa.update(OrderLine).where(OrderLine.id == line.id).values(shipped=OrderLine.shipped + quantity)
            await db.execute(shipped)
    if task is not None and shipment.delivery_type is DeliveryType.SHIP:
        db.add(
            Parcel(
                id=new_id(), fulfillment_order_id=task.id, shipment_id=shipment.id, state=ParcelState.IN_TRANSIT,
                carrier="DHL", tracking_number="00340", tracking_url="https://dhl.example/00340", created_at=db.now,
                updated_at=db.now,
            )
        )  # fmt: skip
    await db.flush()
    return shipment
