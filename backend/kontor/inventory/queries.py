"""Finding stock: by code and SKU, and the lists people see. Partners and stores see their own places only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.pagination import Page, PageRequest, Sort, choose, decode_cursor, encode_cursor, narrow, paginate
from kontor.core.principal import Principal
from kontor.inventory.availability import Counters, available_to_promise
from kontor.inventory.models import InboundStock, MovementKind, Reservation, StockLevel, StockMovement
from kontor.locations.models import StockKind, StockLocation


class Place(NamedTuple):
    """A place as stock knows it; `live_stock` names the system that is asked for its figures."""

    id: UUID
    code: str
    stock_kind: StockKind
    live_stock: str | None


class Article(NamedTuple):
    """A variant as stock knows it."""

    id: UUID
    bundle: bool


def visible_to(principal: Principal, column: Any = StockLevel.location_id) -> sa.ColumnElement[bool]:
    """Stock of the places in the principal's scope, by the `column` that names the place.

    Shops and customers see what can be promised, never the counters behind it.
    """
    if principal.channel_ids is not None or principal.customer_id is not None:
        return sa.false()
    conditions: list[sa.ColumnElement[bool]] = []
    if principal.location_ids is not None:
        conditions.append(column.in_(principal.location_ids))
    if principal.partner_id is not None:
        own = sa.select(StockLocation.id).where(StockLocation.partner_id == principal.partner_id)
        conditions.append(column.in_(own))
    return sa.and_(sa.true(), *conditions)


async def find_places(
    db: Session, codes: Iterable[str], *, visible: sa.ColumnElement[bool] | None = None
) -> dict[str, Place]:
    """The places of these codes whose stock the principal may see, or those that are `visible`."""
    columns = (StockLocation.id, StockLocation.code, StockLocation.stock_kind, StockLocation.live_stock)
    found = sa.select(*columns).where(
        StockLocation.code.in_(among(db, codes)),
        visible_to(db.principal, StockLocation.id) if visible is None else visible,
    )
    return {row.code: Place(*row) for row in await db.execute(found)}


async def find_articles(db: Session, skus: Iterable[str]) -> dict[str, Article]:
    """The variants of these SKUs, in one statement."""
    columns = (ProductVariant.sku, ProductVariant.id, ProductVariant.bundle)
    found = sa.select(*columns).where(ProductVariant.sku.in_(among(db, skus)))
    return {sku: Article(variant_id, bundle) for sku, variant_id, bundle in await db.execute(found)}


def among(db: Session, texts: Iterable[str]) -> Any:
    """Any number of texts as one parameter."""
    known = [text for text in texts if "\0" not in text]  # PostgreSQL keeps no such text, and refuses the question
    if db.sqlite:
        each = sa.func.json_each(orjson.dumps(known).decode()).table_valued("value")
        return sa.select(each.c.value)
    return sa.select(sa.func.unnest(sa.literal(known, sa.ARRAY(sa.Text()))))


def key_columns(keys: Sequence[tuple[UUID, UUID]]) -> str:
    """Keys as the one JSON parameter that SQLite unfolds."""
    return orjson.dumps([(key[0].hex, key[1].hex) for key in keys]).decode()


# --- lists ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StockLevelFilter:
    """Which levels are wanted; what is None does not narrow. `below`: fewer pieces are free than this.

    `search` looks into SKU, GTIN and name of the article; `counted_before`: the last figure is older than that.
    """

    locations: Sequence[str] | None = None
    skus: Sequence[str] | None = None
    location_ids: Sequence[UUID] | None = None
    variant_ids: Sequence[UUID] | None = None
    below: int | None = None
    changed_since: datetime | None = None
    search: str | None = None
    paused: bool | None = None
    counted_before: datetime | None = None


_FREE = StockLevel.on_hand - StockLevel.allocated - StockLevel.reserved - StockLevel.safety
MOVEMENT_SORTS: dict[str, Any] = {"AT": StockMovement.id}  # ids follow their writing
RESERVATION_SORTS: dict[str, Any] = {"CREATED_AT": Reservation.created_at, "EXPIRES_AT": Reservation.expires_at}
INBOUND_SORTS: dict[str, Any] = {
    "CREATED_AT": InboundStock.created_at,
    "EXPECTED_ON": InboundStock.expected_on,
    "UPDATED_AT": InboundStock.updated_at,
}
LEVEL_SORTS: dict[str, Any] = {
    "LOCATION": StockLevel.location_id,
    "ON_HAND": StockLevel.on_hand,
    "SKU": ProductVariant.sku,
    "UPDATED_AT": StockLevel.updated_at,
}


def free_of(level: Any) -> int:
    """Pieces of a level that anybody may still be promised."""
    return available_to_promise(Counters(level.on_hand, level.allocated, level.reserved, level.safety))


async def list_stock_levels(
    db: Session, wanted: StockLevelFilter, page: PageRequest, *, sort: str = "LOCATION", descending: bool = False
) -> Page[StockLevel]:
    """Levels the principal may see; raises `InvalidInput` for an unknown sort or a foreign cursor."""
    chosen = choose(LEVEL_SORTS, sort, descending=descending)
    column = chosen.column
    key = sa.tuple_(column, StockLevel.location_id, StockLevel.variant_id)
    found = sa.select(StockLevel, column.label("ordered")).where(
        visible_to(db.principal), *_level_conditions(db, wanted)
    )
    if sort == "SKU" or wanted.search:
        found = found.join(ProductVariant, ProductVariant.id == StockLevel.variant_id)
    if page.after is not None:
        found = found.where(_after(key, chosen, page.after))
    order = [part.desc() if descending else part for part in (column, StockLevel.location_id, StockLevel.variant_id)]
    rows = list(await db.execute(found.order_by(*order).limit(page.first + 1)))
    shown = rows[: page.first]
    cursors = [encode_cursor(chosen.name, [row[1], row[0].location_id], row[0].variant_id) for row in shown]
    return Page([row[0] for row in shown], cursors, len(rows) > page.first)


def _after(key: Any, sort: Sort, cursor: str) -> Any:
    column = sort.column
    pair, variant_id = decode_cursor(cursor, sort.name, list)
    try:
        value, place = pair
        first = _value(value, column.type.python_type)
        last = sa.tuple_(
            sa.literal(first, column.type), sa.literal(UUID(place), sa.Uuid()), sa.literal(variant_id, sa.Uuid())
        )
    except (ValueError, TypeError, AttributeError) as problem:
        raise InvalidInput("The cursor is not one of this list.", code="INVALID_CURSOR", path=("after",)) from problem
    return key < last if sort.descending else key > last


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is str:
        return str(value)
    return UUID(value) if kind is UUID else int(value)


def _level_conditions(db: Session, wanted: StockLevelFilter) -> list[sa.ColumnElement[bool]]:
    conditions = _by_code(db, StockLevel, wanted.locations, wanted.skus)
    if wanted.location_ids is not None:
        conditions.append(StockLevel.location_id.in_(wanted.location_ids))
    if wanted.variant_ids is not None:
        conditions.append(StockLevel.variant_id.in_(wanted.variant_ids))
    if wanted.below is not None:
        conditions.append(wanted.below > _FREE)
    if wanted.changed_since is not None:
        conditions.append(StockLevel.updated_at >= wanted.changed_since)
    if wanted.search:
        text = wanted.search.strip().casefold()
        conditions.append(ProductVariant.search_key.contains(text, autoescape=True))
    if wanted.paused is not None:
        conditions.append(
            StockLevel.paused_safety.is_not(None) if wanted.paused else StockLevel.paused_safety.is_(None)
        )
    if wanted.counted_before is not None:
        conditions.append(StockLevel.as_of < wanted.counted_before)
    return conditions


def _by_code(
    db: Session, model: Any, locations: Sequence[str] | None, skus: Sequence[str] | None
) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if locations is not None:
        ids = sa.select(StockLocation.id).where(StockLocation.code.in_(among(db, locations)))
        conditions.append(model.location_id.in_(ids))
    if skus is not None:
        ids = sa.select(ProductVariant.id).where(ProductVariant.sku.in_(among(db, skus)))
        conditions.append(model.variant_id.in_(ids))
    return conditions


@dataclass(frozen=True, slots=True)
class StockMovementFilter:
    """Which movements are wanted; what is None does not narrow. Times: from inclusive, until exclusive."""

    locations: Sequence[str] | None = None
    skus: Sequence[str] | None = None
    kinds: Sequence[MovementKind] | None = None
    order_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_stock_movements(
    db: Session, wanted: StockMovementFilter, page: PageRequest, *, sort: str = "AT", descending: bool = True
) -> Page[StockMovement]:
    """The ledger, newest first unless asked otherwise."""
    row = StockMovement
    found = sa.select(row).where(
        visible_to(db.principal, row.location_id), *_by_code(db, row, wanted.locations, wanted.skus)
    )
    if wanted.kinds is not None:
        found = found.where(row.kind.in_(wanted.kinds))
    if wanted.order_id is not None:
        found = found.where(row.order_id == wanted.order_id)
    if wanted.since is not None:
        found = found.where(row.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(row.at < wanted.until)
    return await paginate(db, found, choose(MOVEMENT_SORTS, sort, descending=descending), row.id, page)


@dataclass(frozen=True, slots=True)
class ReservationFilter:
    """Which reservations are wanted; what is None does not narrow. Used-up ones are left out unless asked for."""

    locations: Sequence[str] | None = None
    skus: Sequence[str] | None = None
    channel_ids: Sequence[UUID] | None = None
    reference: str | None = None
    used_up: bool = False
    expires_before: datetime | None = None


async def list_reservations(
    db: Session, wanted: ReservationFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Reservation]:
    """Reservations at places in scope, newest first unless asked otherwise; a shop sees those of its channels."""
    row = Reservation
    found = sa.select(row).where(
        reservations_visible_to(db.principal), *_by_code(db, row, wanted.locations, wanted.skus)
    )
    if wanted.channel_ids is not None:
        found = found.where(row.channel_id.in_(wanted.channel_ids))
    if wanted.reference is not None:
        found = found.where(row.reference == wanted.reference)
    found = narrow(found, (row.expires_at.__lt__, wanted.expires_before))
    if not wanted.used_up:
        found = found.where(row.quantity > 0)
    return await paginate(db, found, choose(RESERVATION_SORTS, sort, descending=descending), row.id, page)


def reservations_visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """Those at places in scope; a shop's own channels wherever they are."""
    if principal.channel_ids is not None and principal.customer_id is None:
        return Reservation.channel_id.in_(principal.channel_ids)
    return visible_to(principal, Reservation.location_id)


@dataclass(frozen=True, slots=True)
class InboundStockFilter:
    """Which expected goods are wanted; what is None does not narrow. Closed ones are left out unless asked for.

    Days: from inclusive, until exclusive.
    """

    locations: Sequence[str] | None = None
    skus: Sequence[str] | None = None
    reference: str | None = None
    overdue: bool | None = None
    closed: bool | None = False
    expected_from: date | None = None
    expected_until: date | None = None
    changed_since: datetime | None = None


async def _passed(db: Session) -> sa.ColumnElement[bool]:
    """Whether goods should have come before today, by the clock of their place."""
    row, place = InboundStock, StockLocation
    zones = await db.scalars(sa.select(place.timezone).distinct().order_by(place.timezone))
    return sa.or_(
        sa.false(),
        *(
            sa.and_(
                row.expected_on < local_day(db.now, zone),
                row.location_id.in_(sa.select(place.id).where(place.timezone == zone)),
            )
            for zone in zones
        ),
    )


async def list_inbound_stock(
    db: Session, wanted: InboundStockFilter, page: PageRequest, *, sort: str = "EXPECTED_ON", descending: bool = False
) -> Page[InboundStock]:
    """Expected goods, the soonest first unless asked otherwise; `overdue`: expected before today and not all there."""
    row = InboundStock
    found = sa.select(row).where(
        visible_to(db.principal, row.location_id), *_by_code(db, row, wanted.locations, wanted.skus)
    )
    if wanted.reference is not None:
        found = found.where(row.reference == wanted.reference)
    if wanted.closed is not None:
        found = found.where(row.closed if wanted.closed else sa.not_(row.closed))
    found = narrow(
        found,
        (row.expected_on.__ge__, wanted.expected_from),
        (row.expected_on.__lt__, wanted.expected_until),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    if wanted.overdue is not None:
        late = sa.and_(await _passed(db), sa.not_(row.closed))
        found = found.where(late if wanted.overdue else sa.not_(late))
    return await paginate(db, found, choose(INBOUND_SORTS, sort, descending=descending), row.id, page)
