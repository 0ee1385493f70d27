"""Files of sales channels and of the legal entities that sell through them."""

from typing import Any

from kontor import bootstrap
from kontor.auth import audit
from kontor.channels import queries
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.imports.kinds import kind_named
from kontor.imports.service import Importer, apply_file

ENTITIES = (
    "code,name,street,postal code,city,country,VAT id,footer\n"
    'DE,Hanse GmbH,Kai 1,20457,Hamburg,DE,de123,"{""court"": ""Hamburg""}"\n'
)
CHANNELS = (
    "code;name;kind;legal entity;country;currency;languages;gross;shortage;"
    "payment methods;priority;return days;settings\n"
    'shop;Shop;WEB_SHOP;DE;DE;EUR;de|en;nein;backorder;CARD|INVOICE;5;14;"{""hours"": 4}"\n'
    "x;X;WEB_SHOP;none;DE;EUR;de;;;;;;\n"
    "y;Y;WEB_SHOP;DE;DE;EUR;de;maybe;;;;;\n"
)


async def load(database: Database, kind: str, content: str) -> tuple[dict[str, int], list[Any]]:
    bootstrap.load()
    summary = await apply_file(Importer(database, SYSTEM, audit.note), kind_named(kind), content.encode())
    assert summary.ignored_columns == []
    counts = {str(outcome): count for outcome, count in summary.counts.items()}
    return counts, [(row.line, row.field, row.code) for row in summary.problems]


async def test_channels_and_their_legal_entities_are_imported_and_again_unchanged(database: Database) -> None:
    assert await load(database, "legal_entities", ENTITIES) == ({"CREATED": 1}, [])
    assert await load(database, "legal_entities", ENTITIES) == ({"UNCHANGED": 1}, [])
    refused = [(3, "legalEntity", "UNKNOWN_REFERENCE"), (4, "gross", "INVALID_FIELD")]
    assert await load(database, "channels", CHANNELS) == ({"CREATED": 1, "REFUSED": 2}, refused)
    assert await load(database, "channels", CHANNELS) == ({"UNCHANGED": 1, "REFUSED": 2}, refused)
    async with database.read_only() as db:
        shop = await queries.get_sales_channel(db, code="shop")
        (entity,) = await queries.list_legal_entities(db)
    assert (entity.vat_id, entity.footer, shop.legal_entity_id) == ("DE123", {"court": "Hamburg"}, entity.id)
    assert (shop.gross, shop.shortage, shop.languages) == (False, ShortagePolicy.BACKORDER, ["de", "en"])
    assert (shop.payment_methods, shop.priority, shop.return_days) == (["CARD", "INVOICE"], 5, 14)
    assert (shop.payment_days, shop.settings, shop.active) == (14, {"hours": 4}, True)


async def test_file_does_not_change_what_prices_rely_on(database: Database) -> None:
    await load(database, "legal_entities", ENTITIES)
    await load(database, "channels", CHANNELS)
    found = await load(database, "channels", "code,currency,name\nshop,CHF,Laden\n")
    assert found == ({"REFUSED": 1}, [(2, "currency", "CHANNEL_FIXED")])
