"""The variants of products that are being saved: part of the service, split off by size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.bundles import Component, check_components
from kontor.catalog.errors import GtinTaken, InvalidProduct, SkuTaken
from kontor.catalog.models import BundleItem, ProductVariant
from kontor.catalog.values import VARIANT_FIELDS, ProductData
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.imports import fields
from kontor.imports.errors import DuplicateRow, MissingField, UnknownReference
from kontor.imports.saving import Draft, Outcome, existing_rows, good, replace_children, write_drafts


@dataclass(slots=True)
class Work:
    """The variants of a call: whose they are, what is known, and what bundles are to hold."""

    owner: dict[Draft, Draft] = field(default_factory=dict)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    components: dict[Draft, list[Component]] = field(default_factory=dict)
    component_rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    @property
    def fine(self) -> list[Draft]:
        """Variants of products nothing was found against."""
        return [draft for draft, owner in self.owner.items() if owner.problem is None]

    def refuse(self, draft: Draft, problem: KontorError) -> None:
        """What is wrong with a variant refuses its product; the path leads there."""
        self.owner[draft].refuse(problem.within("variants", draft.index))


async def prepare(db: Session, rows: Sequence[ProductData], products: Sequence[Draft]) -> Work:
    """Check the variants of all good products but for their bundles; refuses products whose variants are wrong."""
    work = Work()
    for row, product in zip(rows, products, strict=True):
        if product.problem is None:
            _check_variants(work, row.get("variants") or [], product)
    work.known = await existing_rows(db, ProductVariant.__table__.c.sku, {draft.key for draft in work.fine})
    _complete(work)
    await _check_gtins(db, work)
    await _load_components(db, work)
    return work


def _check_variants(work: Work, given: Sequence[Mapping[str, Any]], product: Draft) -> None:
    if len(given) > 2000:
        product.refuse(InvalidProduct("A product has at most 2000 variants in one call.", path=("variants",)))
        return
    for index, row in enumerate(given):
        draft = Draft(index, "")
        work.owner[draft] = product
        try:
            values = fields.checked(row, VARIANT_FIELDS)
            if "sku" not in values:
                raise MissingField("sku is needed.", path=("sku",))
            draft.values, draft.key = values, values["sku"]
            if draft.key in work.taken:
                raise DuplicateRow(f"{draft.key} stands twice in this call.", path=("sku",))
            work.taken.add(draft.key)
            if "components" in values:
                components = [Component(**item) for item in values.pop("components")]
                values["bundle"] = bool(components)
                work.components[draft] = components
        except KontorError as problem:
            work.refuse(draft, problem)


def _complete(work: Work) -> None:
    """Give new variants what they did not name; refuse SKUs of other products."""
    defaults = {name: spec for name, spec in VARIANT_FIELDS.items() if name != "components"}
    for draft in work.fine:
        product, before = work.owner[draft], work.known.get(draft.key)
        if before is None:
            draft.outcome = Outcome.CREATED
            # A product that exists already may be named by its code alone.
            named = {"name": product.values.get("name") or draft.key, "bundle": False}
            draft.values = fields.completed({**named, **draft.values}, defaults)
        elif before["product_id"] != product.id:
            work.refuse(draft, SkuTaken(f"{draft.key} is a variant of another product.", path=("sku",)))
            continue
        whole = {**(before or {}), **draft.values}
        draft.values["search_key"] = " ".join(filter(None, (draft.key, whole["gtin"], whole["name"]))).casefold()


async def _check_gtins(db: Session, work: Work) -> None:
    wanted = {draft.values["gtin"] for draft in work.fine if draft.values.get("gtin")}
    owners: dict[str, str] = {}
    for part in chunks(sorted(wanted)):
        found = await db.execute(
            sa.select(ProductVariant.gtin, ProductVariant.sku).where(ProductVariant.gtin.in_(part))
        )
        owners.update({row[0]: row[1] for row in found if row[0] is not None})
    for draft in work.fine:
        gtin = draft.values.get("gtin")
        if gtin and owners.setdefault(gtin, draft.key) != draft.key:
            work.refuse(draft, GtinTaken(f"{gtin} is the GTIN of {owners[gtin]}.", path=("gtin",)))


async def _load_components(db: Session, work: Work) -> None:
    wanted = {item.sku for draft in work.fine for item in work.components.get(draft, [])}
    work.component_rows = await existing_rows(db, ProductVariant.__table__.c.sku, wanted)
    bundles = [draft for draft in work.fine if work.components.get(draft) and draft.key in work.known]
    ids = {work.known[draft.key]["id"]: draft.key for draft in bundles}
    for part in chunks(sorted(ids)):
        found = await db.scalars(sa.select(BundleItem.component_id).where(BundleItem.component_id.in_(part)).distinct())
        work.used.update(ids[component_id] for component_id in found)


def refuse_bad_bundles(work: Work) -> bool:
    """Refuse products with bundles that cannot be; whether there were any, for that may spoil the bundles of others."""
    coming = {draft.key: draft for draft in work.fine}
    bundles = _bundles(work, coming)
    refused = False
    for draft in work.fine:
        try:
            _check_bundle(work, draft, coming, bundles)
        except KontorError as problem:
            work.refuse(draft, problem)
            refused = True
    return refused


def _bundles(work: Work, coming: Mapping[str, Draft]) -> set[str]:
    """The SKUs that are bundles once this call is written."""
    known = {**work.component_rows, **work.known}
    after = {sku: bool(row["bundle"]) for sku, row in known.items()}
    after.update({sku: bool(draft.values["bundle"]) for sku, draft in coming.items() if "bundle" in draft.values})
    return {sku for sku, bundle in after.items() if bundle}


def _check_bundle(work: Work, draft: Draft, coming: Mapping[str, Draft], bundles: set[str]) -> None:
    components = work.components.get(draft)
    if not components:
        return
    for index, item in enumerate(components):
        if item.sku not in coming and item.sku not in work.component_rows:
            raise UnknownReference(f"There is no variant {item.sku}.", path=("components", index, "sku"))
    check_components(draft.key, components, bundles - {draft.key})
    if draft.key in work.used:
        raise InvalidProduct(
            f"{draft.key} is part of a bundle and cannot be one.", code="NESTED_BUNDLE", path=("components",)
        )


async def write(db: Session, products: Sequence[Draft], work: Work) -> None:
    """Write the variants and bundles of products that are written already."""
    wanted = set(good(products))
    drafts = [draft for draft, owner in work.owner.items() if owner in wanted]
    for draft in drafts:
        if draft.key not in work.known:
            draft.values = {**draft.values, "product_id": work.owner[draft].id}
    await write_drafts(db, ProductVariant, drafts, work.known, key="sku")
    ids: dict[str, UUID] = {sku: row["id"] for sku, row in work.component_rows.items()}
    ids.update({draft.key: draft.id for draft in drafts if draft.id is not None})
    contents = {
        draft.id: [
            {"component_id": ids[item.sku], "quantity": item.quantity, "position": position}
            for position, item in enumerate(work.components[draft])
        ]
        for draft in drafts
        if draft in work.components and draft.id is not None
    }
    changed = await replace_children(db, BundleItem, "bundle_id", contents)
    for draft in drafts:
        if draft.outcome is not Outcome.UNCHANGED or draft.id in changed:
            work.owner[draft].changed()
