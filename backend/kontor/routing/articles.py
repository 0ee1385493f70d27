"""What a promise needs to know of articles, by their SKUs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import BundleItem, Product, ProductKind, ProductVariant
from kontor.core.db import Session
from kontor.core.sets import among


class Article(NamedTuple):
    """A variant that is sold."""

    variant_id: UUID
    weight_g: int
    hazmat: bool
    bulky: bool
    kind: ProductKind
    bundle: bool


# Made once: to put such a statement together costs about as much as to run it.
_VARIANT, _PRODUCT, _INSIDE = ProductVariant.__table__, Product.__table__, BundleItem.__table__
_OF_ARTICLES = sa.select(
    _VARIANT.c.sku, _VARIANT.c.id, _VARIANT.c.weight_g, _PRODUCT.c.hazmat, _PRODUCT.c.bulky, _PRODUCT.c.kind,
    _VARIANT.c.bundle,
)  # fmt: skip
_SOLD = _VARIANT.join(_PRODUCT, _PRODUCT.c.id == _VARIANT.c.product_id)
_ARTICLES = _OF_ARTICLES.select_from(_SOLD).where(among(_VARIANT.c.sku, "skus"), _VARIANT.c.active, _PRODUCT.c.active)
_COMPONENTS = (
    _OF_ARTICLES.add_columns(_INSIDE.c.bundle_id, _INSIDE.c.quantity)
    .select_from(_SOLD.join(_INSIDE, _INSIDE.c.component_id == _VARIANT.c.id))
    .where(among(_INSIDE.c.bundle_id, "bundles"))
    .order_by(_INSIDE.c.bundle_id, _INSIDE.c.position, _VARIANT.c.sku)  # as placing explodes an order
)


async def read_articles(db: Session, skus: Iterable[str]) -> tuple[dict[str, Article], dict[UUID, dict[UUID, int]]]:
    """Articles by SKU, with the components of bundles among them, and what is in each bundle, in its order."""
    rows = await db.execute(_ARTICLES, {"skus": sorted(sku for sku in skus if "\0" not in sku)})
    articles = {row[0]: Article(*row[1:]) for row in rows}
    parts: dict[UUID, dict[UUID, int]] = {}
    if bundles := [article.variant_id for article in articles.values() if article.bundle]:
        for row in await db.execute(_COMPONENTS, {"bundles": bundles}):
            article = articles.setdefault(row[0], Article(*row[1:7]))
            parts.setdefault(row.bundle_id, {})[article.variant_id] = row.quantity
    return articles, parts
