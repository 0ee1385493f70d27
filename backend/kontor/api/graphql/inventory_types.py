"""What the API shows and takes of stock."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.catalog import ProductVariant
from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal, plain, text_of
from kontor.api.graphql.loaders import by_id, by_key
from kontor.api.graphql.scalars import JSON
from kontor.catalog.models import ProductVariant as VariantRow
from kontor.inventory import freshness, models, queries
from kontor.inventory.allocating import Key
from kontor.inventory.counting import FigureOutcome, FigureResult, StockFigure
from kontor.inventory.models import MovementKind
from kontor.locations.models import StockKind, StockLocation

strawberry.enum(StockKind, name="StockFigureKind", description="What a stock figure counts.")
strawberry.enum(MovementKind, name="StockMovementKind", description="Why a quantity changed.")
strawberry.enum(FigureResult, name="StockFigureResult", description="What became of a stock figure.")


async def code_of(info: Info, location_id: UUID) -> str:
    """The code of a place."""
    place = await by_id(info, StockLocation, location_id)
    return place.code if place is not None else ""


async def _sku_of(info: Info, variant_id: UUID) -> str:
    variant = await by_id(info, VariantRow, variant_id)
    return variant.sku if variant is not None else ""


@strawberry.interface(description="Something about one article at one place.")
class AtPlace:
    location_id: UUID
    variant_id: UUID

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        return await code_of(info, self.location_id)

    @strawberry.field
    async def sku(self, info: Info) -> str:
        return await _sku_of(info, self.variant_id)


@strawberry.type(description="Pieces of one article at one place.")
class StockLevel(AtPlace):
    on_hand: int = strawberry.field(description="On the shelf, what is promised included.")
    allocated: int = strawberry.field(description="Promised to orders.")
    reserved: int = strawberry.field(description="Kept for channels and customers.")
    safety: int = strawberry.field(description="Never promised.")
    paused: bool = strawberry.field(description="Whether nothing new is promised of it here.")
    shelf: str | None = strawberry.field(description="Where the place keeps the article.")
    available: int = strawberry.field(description="What anybody may still be promised.")
    as_of: datetime = strawberry.field(description="When the last known figure was true.")
    updated_at: datetime

    @strawberry.field
    async def variant(self, info: Info) -> ProductVariant:
        return ProductVariant.of(await by_id(info, VariantRow, self.variant_id))

    @strawberry.field(description="Who last counted or corrected it to another figure.")
    async def counted_by(self, info: Info) -> str | None:
        return await by_key(info, _counted_by, (self.location_id, self.variant_id))

    @strawberry.field(description="What is expected next.")
    async def next_inbound(self, info: Info) -> InboundStock | None:
        row = await by_key(info, _next_inbound, (self.location_id, self.variant_id))
        return None if row is None else InboundStock.of(row)

    @classmethod
    def of(cls, row: Any) -> StockLevel:
        """As the API shows it."""
        names = ("location_id", "variant_id", "on_hand", "allocated", "reserved", "shelf", "as_of", "updated_at")
        paused = row.paused_safety is not None
        return cls(
            available=queries.free_of(row),
            paused=paused,
            safety=row.paused_safety if paused else row.safety,
            **{name: getattr(row, name) for name in names},
        )


async def _counted_by(context: Context, keys: list[Key]) -> list[str | None]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await freshness.counted_by(db, keys)
    return [found.get(key) for key in keys]


async def _next_inbound(context: Context, keys: list[Key]) -> list[models.InboundStock | None]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await freshness.next_inbound(db, keys)
    return [found.get(key) for key in keys]


@strawberry.type(
    description="Articles at the places in scope: all, those counted within a day, without pieces, paused."
)
class StockFreshness:
    articles: int
    fresh: int
    empty: int
    paused: int


@strawberry.type(description="One change of one level: what was added to each counter, why, by whom and for what.")
class StockMovement(AtPlace):
    id: UUID
    kind: MovementKind
    on_hand: int
    allocated: int
    reserved: int
    order_id: UUID | None
    order_line_id: UUID | None
    reason: str | None = strawberry.field(description="Null for those who are not of the company.")
    at: datetime
    by: str = strawberry.field(description="Empty for those who are not of the company.")

    @classmethod
    def of(cls, row: models.StockMovement, *, inside: bool) -> StockMovement:
        """As the API shows it; names and words of the company's people to those `inside` alone."""
        found = {name: getattr(row, name) for name in _MOVEMENT}
        return cls(**found if inside else {**found, "reason": None, "by": ""})


_MOVEMENT = (
    "id", "location_id", "variant_id", "kind", "on_hand", "allocated", "reserved", "order_id", "order_line_id",
    "reason", "at", "by",
)  # fmt: skip


@strawberry.type(description="Stock kept for a channel, or with a reference for a customer until it expires.")
class Reservation(AtPlace):
    id: UUID
    channel_id: UUID
    reference: str
    quantity: int = strawberry.field(description="Pieces still kept.")
    expires_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: models.Reservation) -> Reservation:
        """As the API shows it."""
        names = (
            "id",
            "location_id",
            "variant_id",
            "channel_id",
            "reference",
            "quantity",
            "expires_at",
            "created_at",
        )
        return cls(**{name: getattr(row, name) for name in names})


@strawberry.type(description="Goods on their way to a place.")
class InboundStock(AtPlace):
    id: UUID
    reference: str
    quantity: int = strawberry.field(description="Pieces announced.")
    received: int
    allocated: int = strawberry.field(description="Promised to orders before they come.")
    expected_on: date
    sellable: bool = strawberry.field(description="Whether they may be promised before they come.")
    closed: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: models.InboundStock) -> InboundStock:
        """As the API shows it."""
        return cls(**{name: getattr(row, name) for name in _INBOUND})


_INBOUND = (
    "id", "location_id", "variant_id", "reference", "quantity", "received", "allocated", "expected_on", "sellable",
    "closed", "created_at", "updated_at",
)  # fmt: skip


# --- filters --------------------------------------------------------------------------------------------------------


@strawberry.enum
class StockLevelSort(Enum):
    """The order of stock levels."""

    LOCATION = "LOCATION"
    ON_HAND = "ON_HAND"
    ON_HAND_DESC = "ON_HAND_DESC"
    SKU = "SKU"
    SKU_DESC = "SKU_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(
    description="What is left out does not narrow. `below`: fewer pieces are free than this. `search` looks into SKU, "
    "GTIN and name. `countedBefore`: the last figure is older than that."
)
class StockLevelsFilter:
    locations: list[str] | None = None
    skus: list[str] | None = None
    below: int | None = None
    changed_since: datetime | None = None
    search: str | None = None
    paused: bool | None = None
    counted_before: datetime | None = None

    def value(self) -> queries.StockLevelFilter:
        """As the queries take it."""
        return queries.StockLevelFilter(**vars(self))


@strawberry.enum
class StockMovementsSort(Enum):
    AT = "AT"
    AT_DESC = "AT_DESC"


@strawberry.enum
class ReservationsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    EXPIRES_AT = "EXPIRES_AT"
    EXPIRES_AT_DESC = "EXPIRES_AT_DESC"


@strawberry.enum
class InboundStockSort(Enum):
    EXPECTED_ON = "EXPECTED_ON"
    EXPECTED_ON_DESC = "EXPECTED_ON_DESC"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What is left out does not narrow. From `since` inclusive to `until` exclusive.")
class StockMovementsFilter:
    locations: list[str] | None = None
    skus: list[str] | None = None
    kinds: list[MovementKind] | None = None
    order_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def value(self) -> queries.StockMovementFilter:
        """As the queries take it."""
        return queries.StockMovementFilter(self.locations, self.skus, self.kinds, self.order_id, self.since, self.until)


@strawberry.input(description="What is left out does not narrow; used-up ones only with `usedUp`.")
class ReservationsFilter:
    locations: list[str] | None = None
    skus: list[str] | None = None
    channel_ids: list[UUID] | None = None
    reference: str | None = None
    used_up: bool = False
    expires_before: datetime | None = None

    def value(self) -> queries.ReservationFilter:
        """As the queries take it."""
        return queries.ReservationFilter(**vars(self))


@strawberry.input(description="What is left out does not narrow; `closed` is false unless given.")
class InboundStockFilter:
    locations: list[str] | None = None
    skus: list[str] | None = None
    reference: str | None = None
    overdue: bool | None = None
    closed: bool | None = False
    expected_from: date | None = None
    expected_until: date | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.InboundStockFilter:
        """As the queries take it."""
        return queries.InboundStockFilter(**vars(self))


# --- figures --------------------------------------------------------------------------------------------------------


@strawberry.input(description="What a place says it has of an article.")
class StockFigureInput:
    location: str = strawberry.field(description="The place's code.")
    sku: str
    quantity: int
    kind: StockKind | None = strawberry.field(default=None, description="What it counts; else what the place does.")
    as_of: datetime | None = strawberry.field(default=None, description="When it was true; else now.")
    expected: int | None = strawberry.field(
        default=None, description="The figure of this kind that was seen: with another one nothing is booked."
    )

    def value(self) -> StockFigure:
        """As the services take it."""
        return StockFigure(self.location, self.sku, self.quantity, self.kind, self.as_of, self.expected)


@strawberry.type(description="What became of one figure.")
class StockFigureOutcome:
    index: int = strawberry.field(description="Its position in the call.")
    result: FigureResult
    on_hand: int | None
    code: str | None = strawberry.field(description="Why it was refused; stable and made for programs.")
    message: str | None
    path: list[str]
    details: JSON | None

    @classmethod
    def of(cls, index: int, outcome: FigureOutcome, language: str) -> StockFigureOutcome:
        """As the API shows it."""
        why = outcome.refusal
        return cls(
            index=index,
            result=outcome.result,
            on_hand=outcome.on_hand,
            code=None if why is None else why.code,
            message=None if why is None else text_of(why, language),
            path=[] if why is None else [str(part) for part in why.path],
            details=None if why is None else plain(why.params),
        )


@strawberry.type(description="How many figures were taken, and what became of each.")
class SetStockLevelsPayload:
    applied: int
    unchanged: int
    stale: int
    refused: int
    outcomes: strawberry.Private[list[FigureOutcome]]

    @strawberry.field(description="In the order of the call; `only` picks results.")
    def rows(self, info: Info, only: list[FigureResult] | None = None) -> list[StockFigureOutcome]:
        language = info.context.language
        return [
            StockFigureOutcome.of(index, outcome, language)
            for index, outcome in enumerate(self.outcomes)
            if only is None or outcome.result in only
        ]

    @classmethod
    def of(cls, outcomes: list[FigureOutcome]) -> SetStockLevelsPayload:
        """As the API shows it."""
        counts = dict.fromkeys(FigureResult, 0)
        for outcome in outcomes:
            counts[outcome.result] += 1
        return cls(
            applied=counts[FigureResult.APPLIED],
            unchanged=counts[FigureResult.UNCHANGED],
            stale=counts[FigureResult.STALE],
            refused=counts[FigureResult.REFUSED],
            outcomes=outcomes,
        )


@strawberry.type
class StockLevelPayload:
    stock_level: StockLevel


@strawberry.type
class ReservationPayload:
    reservation: Reservation


@strawberry.type
class InboundStockPayload:
    inbound_stock: InboundStock


SetStockLevelsResult = Annotated[SetStockLevelsPayload | Refusal, strawberry.union("SetStockLevelsResult")]
StockLevelResult = Annotated[StockLevelPayload | Refusal, strawberry.union("StockLevelResult")]
ReservationResult = Annotated[ReservationPayload | Refusal, strawberry.union("ReservationResult")]
InboundStockResult = Annotated[InboundStockPayload | Refusal, strawberry.union("InboundStockResult")]
