"""Finding prices: now, at any past or planned moment, for a quantity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, paginate
from kontor.core.principal import Principal
from kontor.pricing.calculation import LowestPrice, lowest_price, step_for
from kontor.pricing.models import Price

SORTS: dict[str, Any] = {"VALID_FROM": Price.valid_from, "CREATED_AT": Price.created_at, "AMOUNT": Price.amount}


@dataclass(frozen=True, slots=True)
class PriceFilter:
    """Which prices are wanted; what is None does not narrow. `at` keeps those valid at a moment."""

    channel_ids: Sequence[UUID] | None = None
    variant_ids: Sequence[UUID] | None = None
    at: datetime | None = None


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A shop sees the prices of its channels; partners see none."""
    if principal.partner_id is not None:
        return sa.false()
    return sa.true() if principal.channel_ids is None else Price.channel_id.in_(principal.channel_ids)


async def prices_for(db: Session, channel_id: UUID, quantities: Mapping[UUID, int], at: datetime) -> dict[UUID, Price]:
    """The price that counts per variant for its quantity at a moment; one statement, variants without are missing."""
    found = await db.scalars(
        sa.select(Price).where(Price.channel_id == channel_id, Price.variant_id.in_(sorted(quantities)), *_valid_at(at))
    )
    steps: dict[UUID, list[Price]] = {}
    for price in found:
        steps.setdefault(price.variant_id, []).append(price)
    reached = {variant_id: step_for(prices, quantities[variant_id]) for variant_id, prices in steps.items()}
    return {variant_id: price for variant_id, price in reached.items() if price is not None}


async def price_at(db: Session, channel_id: UUID, variant_id: UUID, at: datetime, *, quantity: int = 1) -> Price | None:
    """The unit price of one variant for a quantity at a moment."""
    return (await prices_for(db, channel_id, {variant_id: quantity}, at)).get(variant_id)


async def lowest_prices(
    db: Session, channel_id: UUID, variant_ids: Sequence[UUID], at: datetime
) -> dict[UUID, LowestPrice]:
    """What the price of one piece at a moment has to be compared with, for articles that have one; one statement.

    Reads what is visible to the principal.
    """
    found = await db.scalars(
        sa.select(Price).where(
            Price.channel_id == channel_id, Price.variant_id.in_(variant_ids), Price.min_quantity == 1,
            Price.valid_from <= at, visible_to(db.principal),
        )
    )  # fmt: skip
    rows: dict[UUID, list[Price]] = {}
    for price in found:
        rows.setdefault(price.variant_id, []).append(price)
    compared = {variant_id: lowest_price(prices, at) for variant_id, prices in rows.items()}
    return {variant_id: each for variant_id, each in compared.items() if each is not None}


async def prices_of_variants(
    db: Session, variant_ids: Sequence[UUID], at: datetime, *, principal: Principal
) -> dict[UUID, list[Price]]:
    """All visible prices of many variants at a moment, by channel and step."""
    found = await db.scalars(
        sa.select(Price)
        .where(Price.variant_id.in_(variant_ids), *_valid_at(at), visible_to(principal))
        .order_by(Price.channel_id, Price.min_quantity)
    )
    prices: dict[UUID, list[Price]] = {variant_id: [] for variant_id in variant_ids}
    for price in found:
        prices[price.variant_id].append(price)
    return prices


async def list_prices(
    db: Session,
    wanted: PriceFilter,
    page: PageRequest,
    *,
    sort: str = "VALID_FROM",
    descending: bool = True,
) -> Page[Price]:
    """Prices the principal of the session may see, closed and planned ones included unless `at` is given."""
    found = sa.select(Price).where(visible_to(db.principal))
    if wanted.channel_ids is not None:
        found = found.where(Price.channel_id.in_(wanted.channel_ids))
    if wanted.variant_ids is not None:
        found = found.where(Price.variant_id.in_(wanted.variant_ids))
    if wanted.at is not None:
        found = found.where(*_valid_at(wanted.at))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Price.id, page)


def _valid_at(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (Price.valid_from <= at, sa.or_(Price.valid_to.is_(None), Price.valid_to > at))
