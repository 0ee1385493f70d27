"""Stored decisions of routing in words: with the names of places, in the currency in which places state their costs."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_key
from kontor.channels.models import SalesChannel
from kontor.locations.models import StockLocation
from kontor.returns.places import describe_places
from kontor.routing.explanation import describe


class Named(NamedTuple):
    """Names of places by id, and the company's currency."""

    names: dict[str, str]
    currency: str


async def place_names(context: Context, keys: list[str]) -> list[Named]:
    """Names of all places and the currency of their costs (`Masters.currency`); read once per call."""
    first = sa.select(SalesChannel.currency).order_by(SalesChannel.id).limit(1).scalar_subquery()
    async with context.runtime.database.read_only(context.principal) as db:
        rows = (await db.execute(sa.select(StockLocation.id, StockLocation.name, first.label("currency")))).all()
    named = Named({str(row.id): row.name for row in rows}, next((row.currency for row in rows), None) or "EUR")
    return [named for _ in keys]


async def words(info: Info, record: Any) -> list[str]:
    """A stored decision in the language asked for."""
    named = await by_key(info, place_names, "all")
    found = cast("dict[str, Any]", record)
    return describe(found, info.context.language, names=named.names, currency=named.currency)


async def place_words(info: Info, record: Any) -> list[str]:
    """A stored choice of places for a return in the language asked for."""
    named = await by_key(info, place_names, "all")
    return describe_places(record, info.context.language, named.names, named.currency)
