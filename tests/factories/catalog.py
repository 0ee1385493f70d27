"""Products, variants and bundles."""

from collections.abc import Mapping
from typing import Any

from kontor.catalog.models import BundleItem, Product, ProductKind, ProductVariant
from kontor.core.db import Session
from kontor.core.ids import new_id


async def make_product(db: Session, **given: Any) -> Product:
    """A physical article of the standard tax class."""
    values: dict[str, Any] = {
        "id": new_id(),
        "code": f"P-{new_id().hex[-8:]}",
        "kind": ProductKind.PHYSICAL,
        "name": "Ship's lamp",
        "tax_class": "standard",
        "texts": {},
        "images": [],
        "created_at": db.now,
        "updated_at": db.now,
    }
    product = Product(**(values | given))
    db.add(product)
    await db.flush()
    return product


async def make_variant(
    db: Session, *, sku: str | None = None, product: Mapping[str, Any] | Product | None = None, **given: Any
) -> ProductVariant:
    """A variant of 500 g; `product` is one, or overrides for the product that is made for it."""
    if not isinstance(product, Product):
        product = await make_product(db, **(product or {}))
    values: dict[str, Any] = {
        "id": new_id(),
        "product_id": product.id,
        "sku": sku or f"SKU-{new_id().hex[-8:]}",
        "name": product.name,
        "attributes": {},
        "weight_g": 500,
        "created_at": db.now,
        "updated_at": db.now,
    }
    variant = ProductVariant(**(values | given))
    db.add(variant)
    await db.flush()
    return variant


async def make_bundle(db: Session, components: Mapping[ProductVariant, int], **given: Any) -> ProductVariant:
    """A variant that explodes to `components` with their quantities per bundle."""
    bundle = await make_variant(db, bundle=True, weight_g=0, **given)
    db.add_all(
        BundleItem(bundle_id=bundle.id, component_id=component.id, quantity=quantity, position=position)
        for position, (component, quantity) in enumerate(components.items())
    )
    await db.flush()
    return bundle
