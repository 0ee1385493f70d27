"""Work at places: seeing it, and a place's answer to it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.fulfillment_changes import check_batch, checked_reason, keeps_back, row_changed, rows_changed
from kontor.api.graphql.fulfillment_filters import (
    FulfillmentOrdersFilter,
    FulfillmentOrdersSort,
    ParcelsFilter,
    ParcelsSort,
    ShipmentsFilter,
    ShipmentsSort,
)
from kontor.api.graphql.fulfillment_types import (
    AcceptFulfillmentOrderInput,
    FulfillmentOrder,
    FulfillmentOrderRerouted,
    FulfillmentOrderResult,
    FulfillmentOrdersResult,
    IssuedCode,
    Parcel,
    RejectedLineInput,
    RerouteResult,
    Shipment,
    pieces_of,
)
from kontor.api.graphql.mutation import change
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.fulfillment import answering, canceling, lists, models, queries, rerouting
from kontor.fulfillment.answering import Acceptance
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.orders import queries as orders


@strawberry.type
class FulfillmentQuery:
    @strawberry.field(extensions=[requires(Permission.FULFILLMENT_READ)])
    async def fulfillment_order(self, info: Info, id: UUID) -> FulfillmentOrder | None:
        found = queries.visible_to(info.context.principal).where(models.FulfillmentOrder.id == id)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await db.scalar(found)
        return None if row is None else FulfillmentOrder.of(row)

    @strawberry.field(extensions=[requires(Permission.FULFILLMENT_READ)])
    async def fulfillment_orders(
        self,
        info: Info,
        filter: FulfillmentOrdersFilter | None = None,
        sort: FulfillmentOrdersSort = FulfillmentOrdersSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[FulfillmentOrder]:
        wanted, principal = filter.value() if filter else lists.FulfillmentFilter(), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            page = await lists.list_fulfillment_orders(
                db, wanted, page_of(first, after), principal=principal, **sorting(sort)
            )
        return connect(page, FulfillmentOrder.of)

    @strawberry.field(description="What left places; recalled too.", extensions=[requires(Permission.FULFILLMENT_READ)])
    async def shipments(
        self,
        info: Info,
        filter: ShipmentsFilter | None = None,
        sort: ShipmentsSort = ShipmentsSort.SHIPPED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Shipment]:
        wanted, principal = filter.value() if filter else lists.ShipmentFilter(), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            page = await lists.list_shipments(db, wanted, page_of(first, after), principal=principal, **sorting(sort))
        return connect(page, Shipment.of)

    @strawberry.field(extensions=[requires(Permission.FULFILLMENT_READ)])
    async def parcels(
        self,
        info: Info,
        filter: ParcelsFilter | None = None,
        sort: ParcelsSort = ParcelsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Parcel]:
        wanted, principal = filter.value() if filter else lists.ParcelFilter(), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            page = await lists.list_parcels(db, wanted, page_of(first, after), principal=principal, **sorting(sort))
        return connect(page, Parcel.of)

    @strawberry.field(description="Codes of an order's digital lines.", extensions=[requires(Permission.ORDERS_READ)])
    async def issued_codes(self, info: Info, order_id: UUID) -> list[IssuedCode]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            order = await orders.get_order(db, order_id, principal)
            rows = await db.scalars(
                sa.select(models.IssuedCode)
                .where(models.IssuedCode.order_id == order.id)
                .order_by(models.IssuedCode.order_line_id, models.IssuedCode.unit)
            )
        return [
            IssuedCode(
                id=row.id, order_line_id=row.order_line_id, unit=row.unit, code=row.code, issued_at=row.issued_at
            )
            for row in rows
        ]


@strawberry.type
class AnsweringMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Take work on, all of it or some pieces; the others wait for an answer of their own. With "
        "`expectedOn` it leaves later than planned. People can take it back for 5 minutes; see withdrawAnswers.",
    )
    async def accept_fulfillment_order(
        self,
        info: Info,
        fulfillment_order_id: UUID,
        lines: list[LineQuantityInput] | None = None,
        expected_on: date | None = None,
        withdrawable: bool | None = None,
    ) -> FulfillmentOrderResult:
        request = Acceptance(fulfillment_order_id, pieces_of(lines), expected_on)
        kept = keeps_back(info, withdrawable)
        return await row_changed(
            info,
            lambda db: answering.accept(db, request, now=db.now, principal=db.principal, withdrawable=kept),
            [request, kept],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Take work on, up to 500 at once."
    )
    async def accept_fulfillment_orders(
        self, info: Info, inputs: list[AcceptFulfillmentOrderInput], withdrawable: bool | None = None
    ) -> FulfillmentOrdersResult:
        check_batch(inputs)
        kept = keeps_back(info, withdrawable)
        requests = [Acceptance(each.fulfillment_order_id, pieces_of(each.lines), each.expected_on) for each in inputs]
        return await rows_changed(
            info,
            lambda db: answering.accept_all(db, requests, now=db.now, principal=db.principal, withdrawable=kept),
            [requests, kept],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Refuse pieces, each with its reason; they are routed again without this place. People can take it "
        "back for 60 seconds, and so long no other place is looked for; see withdrawAnswers.",
    )
    async def reject_fulfillment_order(
        self,
        info: Info,
        fulfillment_order_id: UUID,
        lines: list[RejectedLineInput],
        withdrawable: bool | None = None,
    ) -> FulfillmentOrderResult:
        rejected = [line.value() for line in lines]
        kept = keeps_back(info, withdrawable)
        return await row_changed(
            info,
            lambda db: answering.reject(
                db, fulfillment_order_id, rejected, now=db.now, principal=db.principal, withdrawable=kept
            ),
            [fulfillment_order_id, rejected, kept],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_ROUTE)],
        description="Move work to another place, the one named or the cheapest; nothing happens if there is none.",
    )
    async def reroute_fulfillment_order(
        self, info: Info, fulfillment_order_id: UUID, reason: str, to_location_id: UUID | None = None
    ) -> RerouteResult:
        async def work(db: Session) -> FulfillmentOrderRerouted:
            row, sourced = await rerouting.reroute(
                db, fulfillment_order_id, reason=reason, now=db.now, to_location_id=to_location_id,
                principal=db.principal,
            )  # fmt: skip
            return FulfillmentOrderRerouted(
                fulfillment_order=FulfillmentOrder.of(row),
                outcome=sourced.outcome,
                made=list(sourced.fulfillment_orders),
            )

        async def again(db: Session, ids: list[UUID]) -> FulfillmentOrderRerouted:
            row = await db.get_one(models.FulfillmentOrder, ids[0])
            shown = FulfillmentOrder.of(row)
            return FulfillmentOrderRerouted(fulfillment_order=shown, outcome=SourceOutcome.ALL, made=ids[1:])

        return await change(
            info, work, body=[fulfillment_order_id, reason, to_location_id], again=again,
            targets=lambda done: [
                ("fulfillment_order", row_id) for row_id in (done.fulfillment_order.id, *done.made)
            ],
        )  # fmt: skip

    @strawberry.mutation(extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Interrupt work.")
    async def hold_fulfillment_order(
        self, info: Info, fulfillment_order_id: UUID, reason: str
    ) -> FulfillmentOrderResult:
        why = checked_reason(reason)
        return await row_changed(
            info,
            lambda db: answering.hold(db, fulfillment_order_id, reason=why, now=db.now, principal=db.principal),
            [fulfillment_order_id, reason],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Go on where work was interrupted."
    )
    async def resume_fulfillment_order(self, info: Info, fulfillment_order_id: UUID) -> FulfillmentOrderResult:
        return await row_changed(
            info,
            lambda db: answering.unhold(db, fulfillment_order_id, now=db.now, principal=db.principal),
            [fulfillment_order_id],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Stop the work that was asked back, or go on with it.",
    )
    async def answer_cancellation(self, info: Info, fulfillment_order_id: UUID, agreed: bool) -> FulfillmentOrderResult:
        return await row_changed(
            info,
            lambda db: canceling.answer_cancellation(
                db, fulfillment_order_id, agreed=agreed, now=db.now, principal=db.principal
            ),
            [fulfillment_order_id, agreed],
        )
