"""Statements over the labels of returns."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.carriers.models import CarrierAccount
from kontor.catalog.models import ProductVariant
from kontor.core.db import Session
from kontor.locations.models import StockLocation
from kontor.orders.models import OrderLine
from kontor.returnlabels.models import ReturnLabel
from kontor.returns.models import ReturnLine


async def label_of(db: Session, return_id: UUID) -> ReturnLabel | None:
    """The label of a return, if one was ever asked for."""
    return await db.scalar(sa.select(ReturnLabel).where(ReturnLabel.return_id == return_id))


async def lock_label(db: Session, label_id: UUID) -> ReturnLabel:
    """A label, locked, as it is now."""
    found = sa.select(ReturnLabel).where(ReturnLabel.id == label_id).with_for_update()
    return (await db.scalars(found.execution_options(populate_existing=True))).one()


async def accounts_of(db: Session, place: StockLocation) -> Sequence[CarrierAccount]:
    """The active accounts parcels of a place go by, those of the place alone first."""
    whose = CarrierAccount.partner_id == place.partner_id if place.partner_id else CarrierAccount.partner_id.is_(None)
    where = sa.or_(CarrierAccount.location_id.is_(None), CarrierAccount.location_id == place.id)
    found = sa.select(CarrierAccount).where(whose, where, CarrierAccount.active)
    own_first = sa.case((CarrierAccount.location_id.is_(None), 1), else_=0)
    return (await db.scalars(found.order_by(own_first, CarrierAccount.code))).all()


async def weight_of(db: Session, lines: Sequence[ReturnLine]) -> int:
    """What announced pieces weigh, in grams; articles whose weight nobody knows weigh nothing."""
    line_ids = {row.order_line_id for row in lines}
    ordered = sa.select(OrderLine.id, OrderLine.variant_id).where(OrderLine.id.in_(line_ids))
    sold = {row.id: row.variant_id for row in await db.execute(ordered)}
    coming = [(row.variant_id or sold.get(row.order_line_id), row.quantity) for row in lines]
    ids = {variant_id for variant_id, _ in coming if variant_id is not None}
    found = await db.execute(sa.select(ProductVariant.id, ProductVariant.weight_g).where(ProductVariant.id.in_(ids)))
    weights: Mapping[UUID | None, int] = {row.id: row.weight_g for row in found}
    return sum(weights.get(variant_id, 0) * quantity for variant_id, quantity in coming)
