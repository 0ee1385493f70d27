"""Carriers and the labels of parcels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.shown import Shown
from kontor.auth.permissions import Permission
from kontor.carriers import models, queries, service
from kontor.carriers.ports import Carrier
from kontor.carriers.states import LabelState
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.printing.values import PaperSize

strawberry.enum(LabelState)


@strawberry.type(description="A way to send parcels: the carrier, the contract, the places it is for.")
class CarrierAccount(Shown):
    id: UUID
    code: str
    name: str
    adapter: str = strawberry.field(description="Who speaks to the carrier.")
    partner_id: UUID | None = strawberry.field(description="Whose it is; null: the company's own places use it.")
    location_id: UUID | None = strawberry.field(description="The one place it is for; null: all of them.")
    settings: JSON
    active: bool
    created_at: datetime
    updated_at: datetime


@strawberry.type(description="A label of one parcel, from the request on.")
class CarrierLabel(Shown):
    id: UUID
    account_id: UUID
    parcel_id: UUID
    fulfillment_order_id: UUID
    state: LabelState
    tracking_number: str | None
    tracking_url: str | None
    document_id: UUID | None
    problem_code: str | None
    problem: str | None = strawberry.field(description="In the carrier's own words.")
    progress: str | None = strawberry.field(description="What the carrier said last of the parcel.")
    closed_at: datetime | None = strawberry.field(description="When its day was closed out.")
    created_at: datetime
    updated_at: datetime


@strawberry.type(description="Parcels that are being announced to their carrier.")
class CloseOut:
    account: CarrierAccount
    parcels: int


@strawberry.input(description="An account by its code; `partner` and `location` are codes.")
class CarrierAccountInput:
    code: str
    name: str
    adapter: str
    partner: str | None = UNSET
    location: str | None = UNSET
    settings: JSON | None = UNSET
    active: bool = True

    def value(self) -> service.AccountDraft:
        """As the service takes it."""
        settings: Any = self.settings or {}
        if not isinstance(settings, dict):
            raise InvalidInput("Settings by name.", code="INVALID_TEXT", path=("settings",))
        return service.AccountDraft(
            code=self.code, name=self.name, adapter=self.adapter, partner=self.partner or None,
            location=self.location or None, settings=settings, active=self.active,
        )  # fmt: skip


SaveCarrierAccountResult = Annotated[CarrierAccount | Refusal, strawberry.union("SaveCarrierAccountResult")]
CarrierLabelResult = Annotated[CarrierLabel | Refusal, strawberry.union("CarrierLabelResult")]
CloseOutResult = Annotated[CloseOut | Refusal, strawberry.union("CloseOutResult")]


@strawberry.type
class CarriersQuery:
    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)], description="Those the caller's parcels go with, by code."
    )
    async def carrier_accounts(self, info: Info) -> list[CarrierAccount]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows = await db.scalars(queries.accounts_visible_to(principal).order_by(models.CarrierAccount.code))
            return [CarrierAccount.of(row) for row in rows]

    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="Every label of a fulfillment order's parcels, canceled ones among them, oldest first.",
    )
    async def carrier_labels(self, info: Info, fulfillment_order_id: UUID) -> list[CarrierLabel]:
        principal = info.context.principal
        found = queries.labels_visible_to(principal).where(
            models.CarrierLabel.fulfillment_order_id == fulfillment_order_id
        )
        async with info.context.runtime.database.read_only(principal) as db:
            return [CarrierLabel.of(row) for row in await db.scalars(found.order_by(models.CarrierLabel.id))]


@strawberry.type
class CarriersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)], description="Add or change a carrier account by its code."
    )
    async def save_carrier_account(self, info: Info, input: CarrierAccountInput) -> SaveCarrierAccountResult:
        draft, adapters = input.value(), info.context.runtime.ports.names(Carrier)

        async def work(db: Session) -> CarrierAccount:
            return CarrierAccount.of(await service.save_account(db, draft, adapters=adapters, now=db.now))

        async def again(db: Session, ids: list[UUID]) -> CarrierAccount:
            return CarrierAccount.of(await db.get_one(models.CarrierAccount, ids[0]))

        return await change(
            info, work, body=draft, again=again, targets=lambda done: [("carrier_account", done.id)],
            details={"code": draft.code, "adapter": draft.adapter, "active": draft.active},
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Ask a carrier for the label of a packed parcel; asked again, it is the label that is there.",
    )
    async def create_label(
        self, info: Info, parcel_id: UUID, carrier: str, size: PaperSize = PaperSize.LABEL_100X150
    ) -> CarrierLabelResult:
        ports = info.context.runtime.ports
        own = {name: ports.get(Carrier, name).abilities.own_numbers for name in ports.names(Carrier)}  # type: ignore[type-abstract]

        async def work(db: Session) -> CarrierLabel:
            label = await service.create_label(
                db, parcel_id, carrier, size_mm=size.label_millimeters, own_numbers=own, now=db.now,
                principal=db.principal,
            )  # fmt: skip
            return CarrierLabel.of(label)

        return await change(
            info, work, body=[parcel_id, carrier, size], again=_label_again,
            targets=lambda done: [("carrier_label", done.id), ("parcel", done.parcel_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Take a label back before the parcel leaves; where a carrier was asked, with the carrier.",
    )
    async def cancel_label(self, info: Info, id: UUID) -> CarrierLabelResult:
        async def work(db: Session) -> CarrierLabel:
            return CarrierLabel.of(await service.cancel_label(db, id, now=db.now, principal=db.principal))

        return await change(
            info, work, body=[id], again=_label_again,
            targets=lambda done: [("carrier_label", done.id), ("parcel", done.parcel_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Announce the parcels that left under this account to its carrier: the close-out of the day.",
    )
    async def close_out_carrier(self, info: Info, carrier: str) -> CloseOutResult:
        async def work(db: Session) -> CloseOut:
            account, count = await service.close_out(db, carrier, principal=db.principal)
            return CloseOut(account=CarrierAccount.of(account), parcels=count)

        async def again(db: Session, ids: list[UUID]) -> CloseOut:
            account = await db.get_one(models.CarrierAccount, ids[0])
            waiting = sa.select(sa.func.count()).select_from(service.open_labels(account.id).subquery())
            return CloseOut(account=CarrierAccount.of(account), parcels=int(await db.scalar(waiting) or 0))

        return await change(
            info, work, body=[carrier], again=again, targets=lambda done: [("carrier_account", done.account.id)]
        )


async def _label_again(db: Session, ids: list[UUID]) -> CarrierLabel:
    return CarrierLabel.of(await db.get_one(models.CarrierLabel, ids[0]))
