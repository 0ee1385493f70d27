"""Saving products with their variants, and the codes that are given out for them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from kontor.catalog import queries, variants
from kontor.catalog.errors import CodesExhausted, InvalidProduct, NoCodesHere, ProductFixed
from kontor.catalog.events import PoolCodesAdded, ProductsSaved
from kontor.catalog.models import Accessory, PoolCode, Product, ProductKind, ProductVariant
from kontor.catalog.values import ACCESSORIES, PRODUCT_FIELDS, ProductData
from kontor.catalog.vouchers import VOUCHER_CLASS, VoucherKind
from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput, camel
from kontor.core.ids import new_id
from kontor.imports import fields
from kontor.imports.errors import UnknownReference
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    attempt,
    drafts_of,
    existing_rows,
    good,
    ids_of,
    insert_rows,
    lock_noun,
    match_existing,
    replace_children,
    results_of,
    writable,
    write_drafts,
)

CATALOG_STREAM = uuid5(UUID(int=0), "kontor.catalog")
CODE_KINDS = frozenset({ProductKind.DIGITAL, ProductKind.GIFT_CARD, ProductKind.LICENSE})
Known = Mapping[Any, Mapping[str, Any]]


async def save_products(db: Session, rows: Sequence[ProductData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Add or change products by code and their variants by SKU, one result per product. Records ProductsSaved.

    A product counts as one row: what is wrong with a variant refuses it whole, the path names variant and field.
    Components and accessories may be in the same call. Variants that are not named stay as they are.
    """
    await lock_noun(db, "catalog")
    plain = [{name: value for name, value in row.items() if name in PRODUCT_FIELDS} for row in rows]
    drafts = drafts_of(plain, PRODUCT_FIELDS, "code")
    _refuse_unknown(rows, drafts)
    known = await existing_rows(db, Product.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, PRODUCT_FIELDS)
    for draft in good(drafts):
        attempt(draft, lambda draft=draft: _finish(draft, known.get(draft.key)))  # type: ignore[misc]
    accessories = await _accessories(db, rows, drafts)
    work = await variants.prepare(db, rows, drafts)
    while _refuse_lost_accessories(drafts, accessories) | variants.refuse_bad_bundles(work):
        pass  # each refusal takes a product away that others may have named
    fine = writable(drafts, all_or_nothing)
    if fine:
        await _write(db, fine, known, accessories, work)
    return results_of(drafts)


def _refuse_unknown(rows: Sequence[Mapping[str, Any]], drafts: Sequence[Draft]) -> None:
    for row, draft in zip(rows, drafts, strict=True):
        for name in row:
            if name not in PRODUCT_FIELDS and name not in ("variants", "accessories"):
                draft.refuse(InvalidProduct(f"There is no field {name}.", path=(camel(name),)))


def _finish(draft: Draft, before: Mapping[str, Any] | None) -> None:
    whole = {**(before or {}), **draft.values}
    if before is not None and whole["kind"] != before["kind"]:
        raise ProductFixed("The kind of a product does not change.", path=("kind",))
    if whole["sale_from"] and whole["sale_until"] and whole["sale_until"] <= whole["sale_from"]:
        raise InvalidProduct("The sale ends after it starts.", path=("saleUntil",))
    _finish_voucher(draft, whole)
    draft.values["search_key"] = " ".join(filter(None, (whole["code"], whole["name"], whole["brand"]))).casefold()


def _finish_voucher(draft: Draft, whole: Mapping[str, Any]) -> None:
    """A gift card is a voucher of one of both kinds, of many purposes unless somebody says otherwise."""
    if whole["tax_class"] == VOUCHER_CLASS:
        raise InvalidProduct("This class is what vouchers of many purposes get by themselves.", path=("taxClass",))
    if whole["kind"] != ProductKind.GIFT_CARD:
        if whole["voucher_kind"] is not None:
            raise InvalidProduct("Only gift cards are vouchers.", path=("voucherKind",))
    elif whole["voucher_kind"] is None:
        draft.values["voucher_kind"] = VoucherKind.MULTI_PURPOSE


async def _accessories(
    db: Session, rows: Sequence[ProductData], drafts: Sequence[Draft]
) -> dict[Draft, list[tuple[str, UUID | None]]]:
    """The accessories that are named, with their ids where they exist already."""
    named: dict[Draft, list[str]] = {}
    for row, draft in zip(rows, drafts, strict=True):
        if "accessories" in row and draft.problem is None:
            try:
                codes = fields.check_field("accessories", row["accessories"], ACCESSORIES)
                named[draft] = [code for code in dict.fromkeys(codes) if code != draft.key]
            except InvalidInput as problem:
                draft.refuse(problem)
    ids = await ids_of(db, Product.code, Product.id, {code for codes in named.values() for code in codes})
    return {draft: [(code, ids.get(code)) for code in codes] for draft, codes in named.items()}


def _refuse_lost_accessories(
    drafts: Sequence[Draft], accessories: Mapping[Draft, Sequence[tuple[str, UUID | None]]]
) -> bool:
    """Refuse those whose accessory neither exists nor comes with this call; whether there were any."""
    coming, refused = {draft.key for draft in good(drafts)}, False
    for draft, named in accessories.items():
        for index, (code, found) in enumerate(named):
            if draft.problem is None and found is None and code not in coming:
                draft.refuse(UnknownReference(f"There is no product {code}.", path=("accessories", index)))
                refused = True
    return refused


async def _write(
    db: Session,
    fine: Sequence[Draft],
    known: Known,
    accessories: Mapping[Draft, Sequence[tuple[str, UUID | None]]],
    work: variants.Work,
) -> None:
    await write_drafts(db, Product, fine, known)
    await variants.write(db, fine, work)
    ids = {draft.key: draft.id for draft in fine}
    wanted = {
        draft.id: [
            {"accessory_id": found or ids[code], "position": position} for position, (code, found) in enumerate(named)
        ]
        for draft, named in accessories.items()
        if draft.problem is None and draft.id is not None
    }
    changed = await replace_children(db, Accessory, "product_id", wanted)
    for draft in fine:
        if draft.id in changed:
            draft.changed()
    codes = [draft.key for draft in fine if draft.outcome in (Outcome.CREATED, Outcome.UPDATED)]
    if codes:
        outbox.record(db, ProductsSaved(stream_id=CATALOG_STREAM, codes=tuple(codes)))


async def add_pool_codes(db: Session, sku: str, codes: Iterable[str]) -> int:
    """Add license keys or voucher codes to a variant's pool; those it has already are left alone. How many are new.

    Raises `ProductNotFound`, and `NoCodesHere` for goods and services. Records PoolCodesAdded.
    """
    variant = await queries.get_variant(db, sku=sku)
    kind = await db.scalar(sa.select(Product.kind).where(Product.id == variant.product_id))
    if kind not in CODE_KINDS:
        raise NoCodesHere(f"{sku} is of the kind {kind} and gives out no codes.", path=("sku",))
    check = fields.several(fields.text(200), 10_000)
    given = list(dict.fromkeys(fields.check_field("codes", list(codes), fields.Field(check))))
    await lock_noun(db, "pool_code")
    present: set[str] = set()
    for part in chunks(given):
        present.update(
            await db.scalars(sa.select(PoolCode.code).where(PoolCode.variant_id == variant.id, PoolCode.code.in_(part)))
        )
    new = [code for code in given if code not in present]
    await insert_rows(db, PoolCode, [{"id": new_id(), "variant_id": variant.id, "code": code} for code in new])
    if new:
        outbox.record(db, PoolCodesAdded(stream_id=variant.id, sku=variant.sku, added=len(new)))
    return len(new)


async def issue_pool_codes(db: Session, variant_id: UUID, order_line_id: UUID, units: Sequence[int]) -> dict[int, str]:
    """Give out one code per unit (numbered from 0) of an order line; a unit that has one keeps it.

    Raises `CodesExhausted` when the pool has too few, and gives out none then.
    """
    given = await db.scalars(
        sa.select(PoolCode).where(PoolCode.order_line_id == order_line_id, PoolCode.unit.in_(units))
    )
    issued = {code.unit: code.code for code in given if code.unit is not None}
    missing = [unit for unit in units if unit not in issued]
    free = (
        await db.scalars(
            sa.select(PoolCode)
            .where(PoolCode.variant_id == variant_id, PoolCode.order_line_id.is_(None))
            .order_by(PoolCode.id)
            .limit(len(missing))
            .with_for_update(skip_locked=True)
        )
    ).all()
    if len(free) < len(missing):
        raise CodesExhausted("The pool has too few codes.", free=len(free), needed=len(missing))
    for unit, code in zip(missing, free, strict=True):
        code.order_line_id, code.unit, code.issued_at = order_line_id, unit, db.now
        issued[unit] = code.code
    return issued


async def free_pool_codes(db: Session, variant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many codes are left per variant."""
    rows = await db.execute(
        sa.select(PoolCode.variant_id, sa.func.count())
        .where(PoolCode.variant_id.in_(variant_ids), PoolCode.order_line_id.is_(None))
        .group_by(PoolCode.variant_id)
    )
    counts = {row[0]: row[1] for row in rows}
    return {variant_id: counts.get(variant_id, 0) for variant_id in variant_ids}


async def variant_ids_of(db: Session, skus: Iterable[str]) -> dict[str, UUID]:
    """Ids by SKU; unknown ones are missing."""
    return await ids_of(db, ProductVariant.sku, ProductVariant.id, skus)
