"""How mutations over fulfillment orders and shipments run: a unit of work, its answer, and the answer again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import plain, text_of
from kontor.api.graphql.fulfillment_types import (
    FulfillmentOrder,
    FulfillmentOrderChanged,
    FulfillmentOrdersChanged,
    Parcel,
    ParcelChanged,
    RefusedRow,
    Shipment,
    ShipmentChanged,
    ShipmentsChanged,
)
from kontor.api.graphql.mutation import change
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.principal import PrincipalKind
from kontor.fulfillment import models, queries

MOST_ROWS = 500


async def row_changed(
    info: Info, work: Callable[[Session], Awaitable[models.FulfillmentOrder]], body: Any
) -> FulfillmentOrderChanged:
    """Do something to one fulfillment order."""

    async def run(db: Session) -> FulfillmentOrderChanged:
        return FulfillmentOrderChanged(fulfillment_order=FulfillmentOrder.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> FulfillmentOrderChanged:
        row = await queries.get_fulfillment_order(db, ids[0], info.context.principal)
        return FulfillmentOrderChanged(fulfillment_order=FulfillmentOrder.of(row))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [
            ("fulfillment_order", done.fulfillment_order.id), ("order", done.fulfillment_order.order_id),
        ],
    )  # fmt: skip


def keeps_back(info: Info, withdrawable: bool | None) -> bool:
    """Whether an answer can be taken back for a while: that of people, unless they say otherwise."""
    return info.context.principal.kind is PrincipalKind.USER if withdrawable is None else withdrawable


async def rows_changed(
    info: Info, work: Callable[[Session], Awaitable[Sequence[models.FulfillmentOrder | KontorError]]], body: Any
) -> FulfillmentOrdersChanged:
    """Do something to a batch of fulfillment orders; each row has its outcome."""

    async def run(db: Session) -> FulfillmentOrdersChanged:
        return FulfillmentOrdersChanged(
            results=[
                refused_row(info, index, each)
                if isinstance(each, KontorError)
                else FulfillmentOrderChanged(fulfillment_order=FulfillmentOrder.of(each))
                for index, each in enumerate(await work(db))
            ]
        )

    async def again(db: Session, ids: list[UUID]) -> FulfillmentOrdersChanged:
        rows = [await db.get_one(models.FulfillmentOrder, row_id) for row_id in ids]
        shown = [FulfillmentOrderChanged(fulfillment_order=FulfillmentOrder.of(row)) for row in rows]
        return FulfillmentOrdersChanged(results=list(shown))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [
            ("fulfillment_order", each.fulfillment_order.id)
            for each in done.results
            if isinstance(each, FulfillmentOrderChanged)
        ],
    )  # fmt: skip


async def shipment_changed(
    info: Info, work: Callable[[Session], Awaitable[models.Shipment]], body: Any
) -> ShipmentChanged:
    """Do something that makes or changes one shipment."""

    async def run(db: Session) -> ShipmentChanged:
        return ShipmentChanged(shipment=Shipment.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> ShipmentChanged:
        return ShipmentChanged(shipment=Shipment.of(await db.get_one(models.Shipment, ids[0])))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("shipment", done.shipment.id), ("order", done.shipment.order_id)],
    )  # fmt: skip


async def parcel_changed(info: Info, work: Callable[[Session], Awaitable[models.Parcel]], body: Any) -> ParcelChanged:
    """Do something that changes one parcel."""

    async def run(db: Session) -> ParcelChanged:
        return ParcelChanged(parcel=Parcel.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> ParcelChanged:
        return ParcelChanged(parcel=Parcel.of(await db.get_one(models.Parcel, ids[0])))

    return await change(info, run, body=body, again=again, targets=lambda done: [("parcel", done.parcel.id)])


def check_batch(inputs: Sequence[Any]) -> None:
    """Raise `InvalidInput` for a batch that is empty or too long."""
    if not 1 <= len(inputs) <= MOST_ROWS:
        raise InvalidInput(f"1 to {MOST_ROWS} rows.", code="INVALID_BATCH", path=("inputs",), max=MOST_ROWS)


async def shipments_changed(
    info: Info, work: Callable[[Session], Awaitable[list[models.Shipment | KontorError]]], body: Any
) -> ShipmentsChanged:
    """Do something to a batch; each row has its outcome."""

    async def run(db: Session) -> ShipmentsChanged:
        return ShipmentsChanged(
            results=[
                refused_row(info, index, each)
                if isinstance(each, KontorError)
                else ShipmentChanged(shipment=Shipment.of(each))
                for index, each in enumerate(await work(db))
            ]
        )

    async def again(db: Session, ids: list[UUID]) -> ShipmentsChanged:
        rows = [await db.get_one(models.Shipment, row_id) for row_id in ids]
        return ShipmentsChanged(results=[ShipmentChanged(shipment=Shipment.of(row)) for row in rows])

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [
            ("shipment", each.shipment.id) for each in done.results if isinstance(each, ShipmentChanged)
        ],
    )  # fmt: skip


def checked_reason(reason: str) -> str:
    """The trimmed reason; raises `InvalidInput` when it is empty or too long."""
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    return reason.strip()


def refused_row(info: Info, index: int, refusal: KontorError) -> RefusedRow:
    """A refusal of one row, its path seen from the mutation's arguments."""
    return RefusedRow(
        index=index,
        code=refusal.code,
        message=text_of(refusal, info.context.language),
        path=[str(part) for part in ("inputs", index, *refusal.path)],
        details=plain(refusal.params),
    )
