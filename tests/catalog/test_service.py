"""Saving products and variants."""

import pytest
import sqlalchemy as sa

from factories.catalog import make_product, make_variant
from kontor.catalog import queries, service
from kontor.catalog.errors import CodesExhausted, NoCodesHere
from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.catalog.values import ComponentData, ProductData
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.pagination import PageRequest
from kontor.imports.saving import Outcome, RowResult
from support import StandingClock

LAMP: ProductData = {
    "code": "LAMP",
    "name": "Ship's lamp",
    "brand": "Hansa",
    "texts": {"de": {"name": "Schiffslampe"}},
    "accessories": ["BULB"],
    "variants": [{"sku": "LAMP-RED", "gtin": "4006381333931", "weight_g": 900}, {"sku": "LAMP-BLUE"}],
}
BULB: ProductData = {"code": "BULB", "name": "Bulb", "variants": [{"sku": "BULB-1"}]}
SET: ProductData = {
    "code": "SET",
    "name": "Lamp with bulbs",
    "variants": [
        {"sku": "SET-1", "components": [{"sku": "LAMP-RED", "quantity": 1}, {"sku": "BULB-1", "quantity": 3}]}
    ],
}


def outcomes(results: list[RowResult]) -> list[str]:
    return [str(result.outcome) for result in results]


def refusals(results: list[RowResult]) -> list[tuple[str, tuple[str | int, ...]] | None]:
    return [(result.problem.code, result.problem.path) if result.problem else None for result in results]


async def test_products_with_variants_bundles_and_accessories_are_created_together(database: Database) -> None:
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [SET, LAMP, BULB])
    async with database.read_only() as db:
        facts = await queries.facts_by_sku(db, ["SET-1", "LAMP-RED", "NONE"])
        ids = await service.variant_ids_of(db, ["LAMP-RED", "BULB-1"])
        lamp = await queries.find_product(db, code="LAMP")
        assert lamp is not None
        accessories = await queries.accessories_of_products(db, [lamp.id])
    assert outcomes(results) == ["CREATED", "CREATED", "CREATED"]
    assert facts["SET-1"].components == ((ids["LAMP-RED"], 1), (ids["BULB-1"], 3))
    assert facts["LAMP-RED"].variant.name == "Ship's lamp"
    assert [product.code for product in accessories[lamp.id]] == ["BULB"]


async def test_same_products_twice_change_nothing(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [SET, LAMP, BULB])
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [SET, LAMP, BULB])
    assert outcomes(results) == ["UNCHANGED", "UNCHANGED", "UNCHANGED"]


async def test_what_belongs_to_a_product_changes_it(database: Database, clock: StandingClock) -> None:
    """Contents of a bundle stamp their variant, accessories the product, and nobody else."""
    async with database.unit_of_work() as db:
        await service.save_products(db, [SET, LAMP, BULB])
    before, at = clock.moment, clock.advance(hours=1)
    contents: list[ComponentData] = [{"sku": "BULB-1", "quantity": 2}]
    bundle: ProductData = {"code": "SET", "variants": [{"sku": "SET-1", "components": contents}]}
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [bundle, {"code": "LAMP", "accessories": []}, BULB])
    assert outcomes(results) == ["UPDATED", "UPDATED", "UNCHANGED"]
    async with database.read_only() as db:
        variants = {row.sku: row.updated_at for row in await db.scalars(sa.select(ProductVariant))}
        products = {row.code: row.updated_at for row in await db.scalars(sa.select(Product))}
    assert variants == {"SET-1": at, "LAMP-RED": before, "LAMP-BLUE": before, "BULB-1": before}
    assert products == {"SET": before, "LAMP": at, "BULB": before}


async def test_fields_that_are_not_given_stay(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [LAMP, BULB])
        results = await service.save_products(
            db, [{"code": "LAMP", "variants": [{"sku": "LAMP-RED", "weight_g": 950}]}]
        )
    async with database.read_only() as db:
        lamp, red = await queries.find_product(db, code="LAMP"), await queries.find_variant(db, sku="LAMP-RED")
    assert lamp is not None
    assert red is not None
    assert (outcomes(results), lamp.brand, red.weight_g, red.gtin) == (["UPDATED"], "Hansa", 950, "4006381333931")


async def test_null_empties_a_field(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [LAMP, BULB])
        await service.save_products(db, [{"code": "LAMP", "brand": None, "accessories": []}])
    async with database.read_only() as db:
        lamp = await queries.find_product(db, code="LAMP")
        assert lamp is not None
        assert (lamp.brand, (await queries.accessories_of_products(db, [lamp.id]))[lamp.id]) == (None, [])


async def test_one_bad_row_never_loses_the_good_ones(database: Database) -> None:
    bad: ProductData = {"code": "BAD", "name": "Bad", "variants": [{"sku": "BAD-1", "gtin": "4006381333932"}]}
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [BULB, bad, {"code": "NAMELESS"}])
    assert outcomes(results) == ["CREATED", "REFUSED", "REFUSED"]
    assert refusals(results)[1:] == [("INVALID_GTIN", ("variants", 0, "gtin")), ("MISSING_FIELD", ("name",))]


async def test_all_or_nothing_writes_nothing_beside_a_bad_row(database: Database) -> None:
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [BULB, {"code": "NAMELESS"}], all_or_nothing=True)
    async with database.read_only() as db:
        assert await queries.find_product(db, code="BULB") is None
    assert outcomes(results) == ["SKIPPED", "REFUSED"]


@pytest.mark.parametrize(
    ("components", "refusal"),
    [
        ([{"sku": "LAMP-RED", "quantity": 0}], ("INVALID_QUANTITY", ("variants", 0, "components", 0, "quantity"))),
        ([{"sku": "SET-1", "quantity": 1}], ("NESTED_BUNDLE", ("variants", 0, "components", 0, "sku"))),
        ([{"sku": "NONE", "quantity": 1}], ("UNKNOWN_REFERENCE", ("variants", 0, "components", 0, "sku"))),
        (
            [{"sku": "BULB-1", "quantity": 1}, {"sku": "BULB-1", "quantity": 1}],
            ("DUPLICATE_COMPONENT", ("variants", 0, "components", 1, "sku")),
        ),
    ],
)
async def test_bundles_that_cannot_be_are_refused(
    database: Database, components: list[dict[str, object]], refusal: tuple[str, tuple[str | int, ...]]
) -> None:
    other: ProductData = {"code": "X", "name": "X", "variants": [{"sku": "X-1", "components": components}]}  # type: ignore[typeddict-item]
    async with database.unit_of_work() as db:
        await service.save_products(db, [SET, LAMP, BULB])
        results = await service.save_products(db, [other])
    assert refusals(results) == [refusal]


async def test_component_of_a_bundle_cannot_become_a_bundle(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [SET, LAMP, BULB])
        row: ProductData = {
            "code": "LAMP",
            "variants": [{"sku": "LAMP-RED", "components": [{"sku": "LAMP-BLUE", "quantity": 2}]}],
        }
        results = await service.save_products(db, [row])
    assert refusals(results) == [("NESTED_BUNDLE", ("variants", 0, "components"))]


async def test_bundle_of_a_refused_product_is_refused_too(database: Database) -> None:
    lost: ProductData = {**LAMP, "accessories": ["NONE"]}
    async with database.unit_of_work() as db:
        results = await service.save_products(db, [SET, lost, BULB])
    assert outcomes(results) == ["REFUSED", "REFUSED", "CREATED"]


async def test_sku_and_gtin_of_others_are_refused(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [LAMP, BULB])
        results = await service.save_products(
            db,
            [
                {"code": "A", "name": "A", "variants": [{"sku": "BULB-1"}]},
                {"code": "B", "name": "B", "variants": [{"sku": "B-1", "gtin": "4006381333931"}]},
            ],
        )
    assert [found and found[0] for found in refusals(results)] == ["SKU_TAKEN", "GTIN_TAKEN"]


async def test_kind_of_a_product_is_fixed(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [BULB])
        results = await service.save_products(db, [{"code": "BULB", "kind": ProductKind.SERVICE}])
    assert refusals(results) == [("PRODUCT_FIXED", ("kind",))]


@pytest.mark.parametrize("search", ["schif", "SHIP", "lamp-r", "4006381", "hans"])
async def test_search_finds_parts_of_code_name_brand_sku_and_gtin(database: Database, search: str) -> None:
    async with database.unit_of_work() as db:
        await service.save_products(db, [{**LAMP, "name": "Ship's lamp (Schiffslampe)"}, BULB])
    async with database.read_only() as db:
        page = await queries.list_products(db, queries.ProductFilter(search=search), PageRequest())
    assert [product.code for product in page.items] == ["LAMP"]


async def test_pool_codes_are_given_out_once(database: Database) -> None:
    line = new_id()
    async with database.unit_of_work() as db:
        product = await make_product(db, kind=ProductKind.LICENSE)
        variant = await make_variant(db, sku="KEY", product=product)
        added = await service.add_pool_codes(db, "KEY", ["A", "B", "A"])
        again = await service.add_pool_codes(db, "KEY", ["B", "C"])
        first = await service.issue_pool_codes(db, variant.id, line, [0, 1])
        second = await service.issue_pool_codes(db, variant.id, line, [1, 2])
        with pytest.raises(CodesExhausted):
            await service.issue_pool_codes(db, variant.id, new_id(), [0])
    assert (added, again) == (2, 1)
    assert first == {0: "A", 1: "B"}
    assert second == {1: "B", 2: "C"}


async def test_goods_have_no_codes(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_variant(db, sku="LAMP-RED")
        with pytest.raises(NoCodesHere):
            await service.add_pool_codes(db, "LAMP-RED", ["A"])


async def test_thousands_of_products_are_one_call(database: Database) -> None:
    rows: list[ProductData] = [
        {"code": f"P{index}", "name": f"Product {index}", "variants": [{"sku": f"P{index}-1"}]} for index in range(3000)
    ]
    async with database.unit_of_work() as db:
        created = await service.save_products(db, rows)
        repeated = await service.save_products(db, rows)
    assert {result.outcome for result in created} == {Outcome.CREATED}
    assert {result.outcome for result in repeated} == {Outcome.UNCHANGED}
