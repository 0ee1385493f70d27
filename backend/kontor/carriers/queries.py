"""Statements over carrier accounts and labels, within what a principal may see."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.carriers.errors import LabelNotFound
from kontor.carriers.models import CarrierAccount, CarrierLabel
from kontor.carriers.states import LIVE, LabelState
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.errors import ParcelNotFound
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.locations.models import StockLocation


def accounts_visible_to(principal: Principal) -> sa.Select[Any]:
    """Accounts: a partner sees its own, a store those for its places, shops and customers none."""
    found = sa.select(CarrierAccount)
    if principal.channel_ids is not None or principal.customer_id is not None:
        return found.where(sa.false())
    if principal.partner_id is not None:
        return found.where(CarrierAccount.partner_id == principal.partner_id)
    if principal.location_ids is not None:
        mine = sa.select(StockLocation.partner_id).where(StockLocation.id.in_(principal.location_ids))
        return found.where(
            sa.or_(CarrierAccount.location_id.is_(None), CarrierAccount.location_id.in_(principal.location_ids)),
            sa.or_(CarrierAccount.partner_id.is_(None), CarrierAccount.partner_id.in_(mine)),
        )
    return found


def for_work(row: FulfillmentOrder) -> sa.ColumnElement[bool]:
    """Accounts under which parcels of a fulfillment order go."""
    whose = CarrierAccount.partner_id == row.partner_id if row.partner_id else CarrierAccount.partner_id.is_(None)
    return sa.and_(whose, sa.or_(CarrierAccount.location_id.is_(None), CarrierAccount.location_id == row.location_id))


def labels_visible_to(principal: Principal) -> sa.Select[Any]:
    """Labels of the fulfillment orders a principal may see."""
    found = sa.select(CarrierLabel)
    if not principal.restricted:
        return found
    seen = fulfillment.visible_to(principal).with_only_columns(FulfillmentOrder.id)
    return found.where(CarrierLabel.fulfillment_order_id.in_(seen))


async def lock_parcel(db: Session, parcel_id: UUID, principal: Principal) -> tuple[Parcel, FulfillmentOrder]:
    """A parcel with its fulfillment order, locked; raises `ParcelNotFound`. Voided ones too: their labels go back."""
    seen = fulfillment.parcels_visible_to(principal).where(Parcel.id == parcel_id)
    found = await db.scalar(seen)
    rows = await fulfillment.lock_rows(db, [found.fulfillment_order_id]) if found is not None else {}
    if found is None or not rows:
        raise ParcelNotFound("There is no such parcel.", path=("parcelId",))
    parcel = await db.scalar(
        sa.select(Parcel).where(Parcel.id == parcel_id).with_for_update().execution_options(populate_existing=True)
    )
    assert parcel is not None
    return parcel, rows[found.fulfillment_order_id]


async def lock_label(db: Session, label_id: UUID, principal: Principal | None = None) -> CarrierLabel:
    """A label, locked; raises `LabelNotFound`."""
    found = sa.select(CarrierLabel) if principal is None else labels_visible_to(principal)
    label: CarrierLabel | None = await db.scalar(
        found.where(CarrierLabel.id == label_id).with_for_update().execution_options(populate_existing=True)
    )
    if label is None:
        raise LabelNotFound("There is no such label.", path=("id",))
    return label


async def live_label(db: Session, parcel_id: UUID) -> CarrierLabel | None:
    """The label a parcel has, whatever its outcome will be."""
    found = sa.select(CarrierLabel).where(CarrierLabel.parcel_id == parcel_id, CarrierLabel.state.in_(LIVE))
    return await db.scalar(found.order_by(CarrierLabel.id.desc()).limit(1))


async def labels_to_take_back(db: Session, parcel_ids: Iterable[UUID]) -> list[UUID]:
    """Live labels of these parcels that nobody asked to take back yet, in key order."""
    found: list[UUID] = []
    for part in chunks(in_key_order(parcel_ids)):
        found += await db.scalars(
            sa.select(CarrierLabel.id)
            .where(CarrierLabel.parcel_id.in_(part), CarrierLabel.state.in_(LIVE - {LabelState.CANCELING}))
            .order_by(CarrierLabel.id)
        )
    return sorted(found)


async def labels_of(db: Session, row_ids: Iterable[UUID]) -> dict[UUID, list[CarrierLabel]]:
    """Live labels by fulfillment order, in the order of their parcels; not of parcels that were voided."""
    found: dict[UUID, list[CarrierLabel]] = {}
    for part in chunks(in_key_order(row_ids)):
        for label in await db.scalars(
            sa.select(CarrierLabel)
            .join(Parcel, Parcel.id == CarrierLabel.parcel_id)
            .where(CarrierLabel.fulfillment_order_id.in_(part), CarrierLabel.state.in_(LIVE), fulfillment.IS_PARCEL)
            .order_by(CarrierLabel.parcel_id, CarrierLabel.id)
        ):
            found.setdefault(label.fulfillment_order_id, []).append(label)
    return found


async def accounts_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, CarrierAccount]:
    """Accounts by id."""
    rows = await db.scalars(sa.select(CarrierAccount).where(CarrierAccount.id.in_(ids)))
    return {row.id: row for row in rows}
