"""What partners bill to us, by the number of their own invoice."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.fulfillment_types import Shipment
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.fulfillment import models
from kontor.fulfillment import partner_invoices as service


@strawberry.type
class PartnerInvoiceNoted:
    shipments: list[Shipment]


@strawberry.type
class PartnerInvoicesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Name the invoice by which the partner bills shipments, up to 500; another number takes the place"
        " of the old one.",
    )
    async def record_partner_invoice(
        self, info: Info, shipment_ids: list[UUID], number: str, issued_on: date
    ) -> Annotated[PartnerInvoiceNoted | Refusal, strawberry.union("RecordPartnerInvoiceResult")]:
        async def work(db: Session) -> PartnerInvoiceNoted:
            rows = await service.record_partner_invoice(
                db, shipment_ids, number, issued_on, principal=info.context.principal
            )
            return PartnerInvoiceNoted(shipments=[Shipment.of(row) for row in rows])

        async def again(db: Session, ids: list[UUID]) -> PartnerInvoiceNoted:
            rows = [await db.get_one(models.Shipment, each) for each in ids]
            return PartnerInvoiceNoted(shipments=[Shipment.of(row) for row in rows])

        return await change(
            info, work, body=[shipment_ids, number, issued_on], again=again,
            targets=lambda done: [("shipment", each.id) for each in done.shipments],
        )  # fmt: skip
