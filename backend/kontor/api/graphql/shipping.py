"""What leaves places and arrives: picking, packing, shipping, recall, delivery and collection."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.fulfillment_changes import (
    check_batch,
    checked_reason,
    parcel_changed,
    row_changed,
    shipment_changed,
    shipments_changed,
)
from kontor.api.graphql.fulfillment_types import (
    FulfillmentOrderResult,
    ParcelInput,
    ParcelNews,
    ParcelResult,
    RecordDeliveryInput,
    ShipFulfillmentOrderInput,
    ShipmentResult,
    ShipmentsResult,
    pieces_of,
)
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.principal import PrincipalKind
from kontor.fulfillment import codes, delivering, models, pickup, recalling, stalling
from kontor.fulfillment import shipping as sending
from kontor.fulfillment.delivering import Delivery
from kontor.fulfillment.shipping import How, Shipping
from kontor.orders import queries as orders


def _shipping(each: ShipFulfillmentOrderInput) -> Shipping:
    parcels = tuple(parcel.value() for parcel in each.parcels or ())
    return Shipping(each.fulfillment_order_id, pieces_of(each.lines), parcels, each.shipped_at)


def _how(info: Info, recallable: bool | None) -> How:
    """People at pages can recall for a minute and answer work before; machines report what is done."""
    person = info.context.principal.kind is PrincipalKind.USER
    return How(recallable=person if recallable is None else recallable, accepts_open=not person)


@strawberry.type
class ShippingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Pieces were taken from the shelf; without lines all that were missing.",
    )
    async def pick_fulfillment_order(
        self, info: Info, fulfillment_order_id: UUID, lines: list[LineQuantityInput] | None = None
    ) -> FulfillmentOrderResult:
        pieces = pieces_of(lines)
        return await row_changed(
            info,
            lambda db: sending.pick(db, fulfillment_order_id, pieces, now=db.now, principal=db.principal),
            [fulfillment_order_id, pieces],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Everything is in parcels; without a word about them it is one.",
    )
    async def pack_fulfillment_order(
        self, info: Info, fulfillment_order_id: UUID, parcels: list[ParcelInput] | None = None
    ) -> FulfillmentOrderResult:
        given = [parcel.value() for parcel in parcels or ()]
        return await row_changed(
            info,
            lambda db: sending.pack(db, fulfillment_order_id, given, now=db.now, principal=db.principal),
            [fulfillment_order_id, given],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Goods left, all or some pieces. From a page it can be recalled for 60 seconds; machines get no "
        "wait unless they ask for one, and may ship open work without accepting it first.",
    )
    async def ship_fulfillment_order(
        self,
        info: Info,
        fulfillment_order_id: UUID,
        lines: list[LineQuantityInput] | None = None,
        parcels: list[ParcelInput] | None = None,
        shipped_at: datetime | None = None,
        recallable: bool | None = None,
    ) -> ShipmentResult:
        how = _how(info, recallable)
        request = Shipping(
            fulfillment_order_id, pieces_of(lines), tuple(parcel.value() for parcel in parcels or ()), shipped_at
        )
        return await shipment_changed(
            info,
            lambda db: sending.ship(db, request, now=db.now, how=how, principal=db.principal),
            [request, how],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Goods left, up to 500 fulfillment orders at once; a refused one leaves the others alone.",
    )
    async def ship_fulfillment_orders(
        self, info: Info, inputs: list[ShipFulfillmentOrderInput], recallable: bool | None = None
    ) -> ShipmentsResult:
        check_batch(inputs)
        how, requests = _how(info, recallable), [_shipping(each) for each in inputs]
        return await shipments_changed(
            info,
            lambda db: sending.ship_all(db, requests, now=db.now, how=how, principal=db.principal),
            [requests, how],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Take a shipment back within its 60 seconds; nobody will have heard of it.",
    )
    async def recall_shipment(self, info: Info, shipment_id: UUID) -> ShipmentResult:
        return await shipment_changed(
            info,
            lambda db: recalling.recall(db, shipment_id, now=db.now, principal=db.principal),
            [shipment_id],
        )


@strawberry.type
class ArrivingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Goods arrived, by fulfillment order or tracking number; said twice, it is true once.",
    )
    async def record_delivery(
        self,
        info: Info,
        fulfillment_order_id: UUID | None = None,
        tracking_number: str | None = None,
        delivered_at: datetime | None = None,
    ) -> ShipmentResult:
        request = Delivery(fulfillment_order_id, tracking_number, delivered_at)
        return await shipment_changed(
            info,
            lambda db: delivering.record_delivery(db, request, now=db.now, principal=db.principal),
            request,
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Goods arrived, up to 500 at once."
    )
    async def record_deliveries(self, info: Info, inputs: list[RecordDeliveryInput]) -> ShipmentsResult:
        check_batch(inputs)
        requests = [Delivery(each.fulfillment_order_id, each.tracking_number, each.delivered_at) for each in inputs]
        return await shipments_changed(
            info,
            lambda db: delivering.record_deliveries(db, requests, now=db.now, principal=db.principal),
            requests,
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE, Permission.ORDERS_WRITE)],
        description="What became of a parcel whose carrier tells nothing: stuck, moving again, lost or back with us.",
    )
    async def report_parcel(self, info: Info, id: UUID, state: ParcelNews, reason: str = "") -> ParcelResult:
        return await parcel_changed(
            info,
            lambda db: stalling.report_parcel(db, id, state.value, reason=reason, now=db.now, principal=db.principal),
            [id, state.value, reason],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Goods wait for the customer, who gets a code."
    )
    async def mark_ready_for_pickup(self, info: Info, fulfillment_order_id: UUID) -> FulfillmentOrderResult:
        return await row_changed(
            info,
            lambda db: pickup.mark_ready(db, fulfillment_order_id, now=db.now, principal=db.principal),
            [fulfillment_order_id],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="The customer shows the code and takes the goods, or some pieces of them.",
    )
    async def hand_over_pickup(
        self, info: Info, fulfillment_order_id: UUID, code: str, lines: list[LineQuantityInput] | None = None
    ) -> ShipmentResult:
        pieces = pieces_of(lines)
        return await shipment_changed(
            info,
            lambda db: pickup.hand_over(
                db, fulfillment_order_id, code=code, now=db.now, pieces=pieces, principal=db.principal
            ),
            [fulfillment_order_id, code, pieces],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Nobody came: the goods go back on the shelf and the pieces are canceled.",
    )
    async def cancel_uncollected_pickup(
        self, info: Info, fulfillment_order_id: UUID, reason: str = "not collected"
    ) -> FulfillmentOrderResult:
        why = checked_reason(reason)
        return await row_changed(
            info,
            lambda db: pickup.cancel_uncollected(
                db, fulfillment_order_id, reason=why, now=db.now, principal=db.principal
            ),
            [fulfillment_order_id, reason],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_WRITE)],
        description="A provider has rendered services of an order; without lines all that are open.",
    )
    async def confirm_service(
        self, info: Info, order_id: UUID, lines: list[LineQuantityInput] | None = None
    ) -> ShipmentResult:
        wanted = None if lines is None else {line.line_id: line.quantity for line in lines}

        async def work(db: Session) -> models.Shipment:
            await orders.lock_order(db, order_id, db.principal)
            return (await codes.confirm_service(db, order_id, wanted, now=db.now)).sent

        return await shipment_changed(info, work, [order_id, wanted])
