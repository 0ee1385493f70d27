"""Saving channels and legal entities."""

from kontor.channels import queries, service
from kontor.channels.models import ChannelKind
from kontor.channels.queries import SalesChannelFilter
from kontor.channels.service import SalesChannelData
from kontor.core.db import Database
from kontor.core.pagination import PageRequest
from support import Principals

SHOP: SalesChannelData = {
    "code": "shop",
    "name": "Shop",
    "kind": ChannelKind.WEB_SHOP,
    "legal_entity": "DE",
    "country": "DE",
    "currency": "EUR",
    "languages": ["de"],
}


async def prepare(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_legal_entities(
            db,
            [
                {
                    "code": "DE",
                    "name": "Hanse GmbH",
                    "street": "x",
                    "postal_code": "1",
                    "city": "Hamburg",
                    "country": "DE",
                }
            ],
        )


async def test_channel_names_its_legal_entity_and_keeps_currency(database: Database) -> None:
    await prepare(database)
    async with database.unit_of_work() as db:
        first = await service.save_sales_channels(db, [SHOP, {**SHOP, "code": "x", "legal_entity": "none"}])
        second = await service.save_sales_channels(db, [{"code": "shop", "currency": "CHF"}])
        third = await service.save_sales_channels(db, [{"code": "shop", "settings": {"hours": 4}}, {"code": "new"}])
    results = [*first, *second, *third]
    assert [row.problem.code if row.problem else str(row.outcome) for row in results] == [
        "CREATED",
        "UNKNOWN_REFERENCE",
        "CHANNEL_FIXED",
        "UPDATED",
        "MISSING_FIELD",
    ]


async def test_shop_sees_its_channels_only(database: Database, principals: Principals) -> None:
    await prepare(database)
    async with database.unit_of_work() as db:
        results = await service.save_sales_channels(db, [SHOP, {**SHOP, "code": "other"}])
    shop = principals.holding("channels:read", channel_ids=frozenset([results[0].id]))
    async with database.read_only(shop) as db:
        page = await queries.list_sales_channels(db, SalesChannelFilter(), PageRequest())
        assert await queries.find_sales_channel(db, code="other") is None
    assert [channel.code for channel in page.items] == ["shop"]
