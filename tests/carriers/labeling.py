"""Parcels that wait for labels, and labels asked for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import Company, put_stock
from factories.stories import Story, make_story, make_task
from kontor.adapters.carriers.dhl_parcel_de import NAME
from kontor.carriers import service
from kontor.carriers.models import CarrierLabel
from kontor.carriers.service import AccountDraft
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.models import Parcel
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import pack
from kontor.fulfillment.states import FulfillmentState

ADAPTERS = ("own", NAME)
OWN = {"own": True, NAME: False}


async def packed(database: Database, *parcels: ParcelInput, **given: Any) -> tuple[Story, list[Parcel]]:
    """A packed fulfillment order of a seller with a GS1 company prefix."""
    async with database.unit_of_work() as db:
        story = await make_story(db)
        entity = await db.get_one(LegalEntity, story.channel.legal_entity_id)
        entity.gs1_prefix = "4012345"
        row = await make_task(db, story, state=FulfillmentState.ACCEPTED, **given)
    async with database.unit_of_work() as db:
        await pack(db, row.id, parcels or (ParcelInput(weight_g=2400),), now=db.now)
    async with database.read_only() as db:
        found = sa.select(Parcel).where(Parcel.fulfillment_order_id == row.id).order_by(Parcel.id)
        return story, list(await db.scalars(found))


async def account(database: Database, adapter: str = "own", **given: Any) -> None:
    settings = {"billing_number": "33333333330102"} if adapter == NAME else {"prefix": "NL"}
    draft = AccountDraft(given.pop("code", adapter), adapter.upper(), adapter, **{"settings": settings, **given})
    async with database.unit_of_work() as db:
        await service.save_account(db, draft, adapters=ADAPTERS, now=db.now)


async def asked(database: Database, parcel: Parcel, carrier: str = "own", **given: Any) -> CarrierLabel:
    size = {"size_mm": (100, 150), **given}
    async with database.unit_of_work() as db:
        return await service.create_label(
            db, parcel.id, carrier, own_numbers=OWN, now=db.now, principal=db.principal, **size
        )


async def label_of(database: Database, label_id: UUID) -> tuple[CarrierLabel, Parcel]:
    async with database.read_only() as db:
        label = await db.get_one(CarrierLabel, label_id)
        return label, await db.get_one(Parcel, label.parcel_id)


async def ready_to_leave(database: Database, company: Company, *parcels: ParcelInput) -> tuple[UUID, list[Parcel]]:
    """Accepted work over real stock, packed."""
    async with database.unit_of_work() as db:
        variant = await make_variant(db)
    await put_stock(database, company.warehouse.id, variant.id, 5)
    _, row_id = await released(database, company, (variant.sku, 1))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id, None), now=db.now)
        await pack(db, row_id, parcels, now=db.now)
    async with database.read_only() as db:
        return row_id, (await fulfillment.parcels_of(db, [row_id]))[row_id]
