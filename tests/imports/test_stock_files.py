"""Stock files are booked as calls that set stock levels are."""

from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.locations import make_location
from factories.partners import make_partner
from kontor import bootstrap
from kontor.auth import audit
from kontor.auth.permissions import ROLES, Role
from kontor.core.db import Database
from kontor.core.errors import Forbidden
from kontor.core.principal import SYSTEM, Principal
from kontor.imports.kinds import kind_named
from kontor.imports.service import Importer, ImportSummary, apply_file
from kontor.inventory.models import StockLevel, StockMovement
from kontor.locations.models import StockLocation
from support import Client, Principals


@pytest.fixture(autouse=True)
def _every_kind_is_known() -> None:
    bootstrap.load()


async def load(database: Database, content: str, principal: Principal = SYSTEM) -> ImportSummary:
    return await apply_file(Importer(database, principal, audit.note), kind_named("stock"), content.encode())


def told(summary: ImportSummary) -> tuple[dict[str, int], list[Any]]:
    counts = {str(outcome): count for outcome, count in summary.counts.items()}
    return counts, [(row.line, row.key, row.field, row.code) for row in summary.problems]


async def levels(database: Database) -> dict[str, int]:
    async with database.read_only() as db:
        found = await db.execute(
            sa.select(StockLocation.code, StockLevel.on_hand).join(
                StockLocation, StockLocation.id == StockLevel.location_id
            )
        )
        return {row.code: row.on_hand for row in found}


async def prepare(database: Database) -> dict[str, Any]:
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        mine = await make_location(db, code="mine", kind="DROPSHIPPER", partner_id=partner.id)
        store = await make_location(db, code="store", kind="STORE")
        await make_location(db, code="other")
        await make_variant(db, sku="LAMP")
    return {"partner": partner.id, "mine": mine.id, "store": store.id}


async def test_figures_are_booked_and_again_unchanged(database: Database) -> None:
    await prepare(database)
    lines = "Location;SKU;Quantity;As of\nmine;LAMP;12;2026-06-15T08:00:00Z\nstore;LAMP;3;2026-06-15\n"
    assert told(await load(database, lines)) == ({"UPDATED": 2}, [])
    assert told(await load(database, lines)) == ({"UNCHANGED": 2}, [])
    assert await levels(database) == {"mine": 12, "store": 3}
    async with database.read_only() as db:
        assert sorted(await db.scalars(sa.select(StockMovement.on_hand))) == [3, 12]


async def test_bad_and_stale_figures_name_their_field_and_leave_the_others(database: Database) -> None:
    await prepare(database)
    await load(database, "location,sku,quantity,as_of\nmine,LAMP,12,2026-06-15T08:00:00Z\n")
    content = (
        "location,sku,quantity,kind,as_of\n"
        "mine,LAMP,9,,2026-06-14\n"
        "none,LAMP,1,,\n"
        "store,NONE,1,,\n"
        "store,LAMP,-1,,\n"
        "store,LAMP,some,,\n"
        "store,LAMP,1,HIDDEN,\n"
        "store,LAMP,1,,2027-01-01\n"
        "store,,1,,\n"
        "store,LAMP,4,on_hand,\n"
    )
    assert told(await load(database, content)) == (
        {"REFUSED": 8, "UPDATED": 1},
        [
            (2, "mine/LAMP", "asOf", "STALE_FIGURE"),
            (3, "none/LAMP", "location", "UNKNOWN_STOCK_KEY"),
            (4, "store/NONE", "sku", "UNKNOWN_STOCK_KEY"),
            (5, "store/LAMP", "quantity", "INVALID_FIELD"),
            (6, "", "quantity", "INVALID_FIELD"),
            (7, "store/LAMP", "kind", "INVALID_FIELD"),
            (8, "store/LAMP", "asOf", "FUTURE_FIGURE"),
            (9, "store/", "sku", "MISSING_FIELD"),
        ],
    )
    assert await levels(database) == {"mine": 12, "store": 4}


async def test_who_is_scoped_books_their_own_places_only(database: Database, principals: Principals) -> None:
    known = await prepare(database)
    content = "location,sku,quantity\nmine,LAMP,1\nstore,LAMP,2\nother,LAMP,3\n"
    partner = principals.holding("stock:write", partner_id=known["partner"])
    store = principals.holding("stock:write", location_ids=frozenset({known["store"]}))
    of_partner = told(await load(database, content, partner))
    assert await levels(database) == {"mine": 1}
    of_store = told(await load(database, content, store))
    assert await levels(database) == {"mine": 1, "store": 2}
    unknown = "UNKNOWN_STOCK_KEY"
    assert of_partner == (
        {"UPDATED": 1, "REFUSED": 2},
        [(3, "store/LAMP", "location", unknown), (4, "other/LAMP", "location", unknown)],
    )
    assert of_store == (
        {"UPDATED": 1, "REFUSED": 2},
        [(2, "mine/LAMP", "location", unknown), (4, "other/LAMP", "location", unknown)],
    )


@pytest.mark.engine("sqlite")
async def test_stock_files_need_the_right_to_set_levels(database: Database, principals: Principals) -> None:
    with pytest.raises(Forbidden):
        await load(database, "location,sku,quantity\nmine,LAMP,1\n", principals.holding("imports:write"))


@pytest.mark.engine("sqlite")
async def test_mutation_tells_a_store_that_a_foreign_place_does_not_exist(
    database: Database, client: Client, principals: Principals
) -> None:
    known = await prepare(database)
    manager = principals.holding(*ROLES[Role.STORE_MANAGER], location_ids=frozenset({known["store"]}))
    query = """mutation($content: String!) { importFile(kind: "stock", content: $content) {
      ... on ImportedFile { updated problems { line code } } ... on Error { code } } }"""
    facts = {"content": "location,sku,quantity\nother,LAMP,3\nstore,LAMP,2\n"}
    answer = await client.graphql(query, facts, principal=manager)
    assert answer["data"]["importFile"] == {"updated": 1, "problems": [{"line": 2, "code": "UNKNOWN_STOCK_KEY"}]}
    assert await levels(database) == {"store": 2}
