"""Stored decisions of routing in words: with the names of places, in the currency in which places state their costs."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_key
from kontor.api.graphql.scalars import Long, Money
from kontor.channels.models import SalesChannel
from kontor.locations.models import StockLocation
from kontor.returns.places import describe_places
from kontor.routing.explanation import describe, reason_words, term_words


class Named(NamedTuple):
    """Names of places by id, where they are as far as that is known, and the company's currency."""

    names: dict[str, str]
    currency: str
    spots: dict[str, tuple[float, float]]


async def place_names(context: Context, keys: list[str]) -> list[Named]:
    """Names of all places and the currency of their costs (`Masters.currency`); read once per call."""
    first = sa.select(SalesChannel.currency).order_by(SalesChannel.id).limit(1).scalar_subquery()
    async with context.runtime.database.read_only(context.principal) as db:
        found = sa.select(
            StockLocation.id, StockLocation.name, StockLocation.latitude, StockLocation.longitude,
            first.label("currency"),
        )  # fmt: skip
        rows = (await db.execute(found)).all()
    spots = {
        str(row.id): (row.latitude, row.longitude)
        for row in rows
        if row.latitude is not None and row.longitude is not None
    }
    currency = next((row.currency for row in rows), None) or "EUR"
    named = Named({str(row.id): row.name for row in rows}, currency, spots)
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


@strawberry.type(description="A part of what a way costs; below zero it speaks for it.")
class DecisionTerm:
    name: str
    label: str
    amount: Money


@strawberry.type(description="Where something is, in degrees north and east.")
class Spot:
    latitude: float
    longitude: float


@strawberry.type(description="Pieces of an order line.")
class DecisionPieces:
    order_line_id: UUID
    quantity: int


@strawberry.type(description="A place that was chosen, or what it would cost if it alone sent all it has.")
class DecisionPlace:
    location_id: UUID
    place: str
    spot: Spot | None
    leaves_on: date
    arrives_on: date
    carrier: str | None
    missing: int = strawberry.field(description="Pieces it lacks; 0 for a place that was chosen.")
    cost: Money
    terms: list[DecisionTerm]
    pieces: list[DecisionPieces] = strawberry.field(description="What it sends; empty for a place only considered.")


@strawberry.type
class DroppedPlace:
    location_id: UUID
    place: str
    spot: Spot | None
    reason: str


@strawberry.type(description="A place of the second best way.")
class RunnerUpPlace:
    location_id: UUID
    place: str
    spot: Spot | None


@strawberry.type(description="What was chosen, what else was considered, what was dropped and why.")
class DecisionView:
    cost: Money
    terms: list[DecisionTerm]
    chosen: list[DecisionPlace]
    considered: list[DecisionPlace]
    dropped: list[DroppedPlace]
    omitted: int = strawberry.field(description="Considered places that are not kept.")
    runner_up: Money | None = strawberry.field(description="How much dearer the second best way is.")
    runner_up_places: list[RunnerUpPlace] = strawberry.field(description="From where it would come.")


async def view(info: Info, record: Any) -> DecisionView:
    """A stored decision as numbers, with words in the language asked for."""
    named, language = await by_key(info, place_names, "all"), info.context.language
    found = cast("dict[str, Any]", record)

    def amount(cents: int) -> Money:
        return Money(amount=Long(cents), currency=named.currency)

    def spot(location: str) -> Spot | None:
        known = named.spots.get(location)
        return Spot(latitude=known[0], longitude=known[1]) if known else None

    def terms(given: dict[str, int]) -> list[DecisionTerm]:
        parts = sorted(given.items(), key=lambda term: -abs(term[1]))
        return [
            DecisionTerm(name=name, label=term_words(name, language), amount=amount(cents)) for name, cents in parts
        ]

    def place(row: dict[str, Any]) -> DecisionPlace:
        return DecisionPlace(
            location_id=UUID(row["location"]), place=named.names.get(row["location"], row["location"]),
            spot=spot(row["location"]), leaves_on=date.fromordinal(max(1, row["day"])),
            arrives_on=date.fromordinal(max(1, row["arrival"])), carrier=row.get("carrier"),
            missing=row.get("missing", 0), cost=amount(row["cost"]), terms=terms(row["terms"]),
            pieces=[DecisionPieces(order_line_id=UUID(line), quantity=count) for line, count in row.get("lines", ())],
        )  # fmt: skip

    second = found["runner_up"]
    others = dict.fromkeys(row["location"] for row in second["parcels"]) if second else {}
    return DecisionView(
        cost=amount(found["cost"]), terms=terms(found["terms"]),
        chosen=[place(row) for row in found["parcels"]], considered=[place(row) for row in found["candidates"]],
        dropped=[
            DroppedPlace(
                location_id=UUID(row["location"]), place=named.names.get(row["location"], row["location"]),
                spot=spot(row["location"]), reason=reason_words(row, language),
            )
            for row in found["eliminated"]
        ],
        omitted=found["omitted"], runner_up=amount(second["difference"]) if second and second["parcels"] else None,
        runner_up_places=[
            RunnerUpPlace(location_id=UUID(each), place=named.names.get(each, each), spot=spot(each)) for each in others
        ],
    )  # fmt: skip
