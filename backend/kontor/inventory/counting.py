"""Stock figures from outside and corrections by people: many levels at once, promises that no longer hold released."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, UtcDateTime
from kontor.core.errors import InvalidInput, KontorError
from kontor.inventory import allocations
from kontor.inventory.allocating import Key, movement_row, write_movements
from kontor.inventory.allocations import Slice
from kontor.inventory.errors import StockMoved, StockShort, UnknownStockKey
from kontor.inventory.figures import NOTHING, Level, Promised, Since, Stage, give_way
from kontor.inventory.models import Allocation, MovementKind
from kontor.inventory.promises import change_lines, record_arrivals, record_released, with_orders_locked
from kontor.inventory.queries import Article, Place, find_articles, find_places, key_columns
from kontor.inventory.since import booked_since
from kontor.locations.models import StockKind

MAX_FIGURES = 10_000
MAX_QUANTITY = 1_000_000_000
_CLOCKS_DIFFER = timedelta(minutes=5)
_WORK = sa.table(
    "fulfillment_order",
    sa.column("id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("held_from", sa.String()),
)
_PACKED = ("PACKED", "READY_FOR_PICKUP", "SHIPPED")


@dataclass(frozen=True, slots=True)
class StockFigure:
    """What a place says it has of an article, in pieces, and when that was so (`as_of`, None: now).

    `kind` None takes what the place usually counts. `expected` is the figure of the same kind that whoever counted
    has seen: with another one in the books nothing is booked.
    """

    location: str
    sku: str
    quantity: int
    kind: StockKind | None = None
    as_of: datetime | None = None
    expected: int | None = None


class FigureResult(StrEnum):
    """What became of a figure."""

    APPLIED = "APPLIED"
    UNCHANGED = "UNCHANGED"
    STALE = "STALE"
    REFUSED = "REFUSED"


@dataclass(slots=True)
class FigureOutcome:
    """The result of one row; a refused one carries its refusal, whose path names the row's field."""

    result: FigureResult
    key: Key | None = None
    on_hand: int | None = None
    refusal: KontorError | None = None


class _Asked(NamedTuple):
    """A figure that can be booked."""

    position: int
    key: Key
    quantity: int
    counts_free: bool
    as_of: datetime
    expected: int | None


async def set_stock_levels(
    db: Session, figures: Sequence[StockFigure], *, reason: str | None = None
) -> list[FigureOutcome]:
    """Book figures in the order given; the outcome of each in its position, a bad row never harms the others.

    A figure older than the last known one of its level is STALE and changes nothing. A figure below what is promised
    is booked, and the promises that no longer hold are released. Raises `InvalidInput` for more than 10,000 rows.
    """
    if len(figures) > MAX_FIGURES:
        raise InvalidInput(
            f"A call takes at most {MAX_FIGURES} figures.", code="TOO_MANY_ROWS", path=("figures",), max=MAX_FIGURES
        )
    note = None if reason is None else reason.replace("\0", "")[:300]
    asked, outcomes = await _read_all(db, figures)
    if asked:
        await _book_figures(db, asked, outcomes, note)
    return outcomes


async def repeated(db: Session, figures: Sequence[StockFigure]) -> list[FigureOutcome]:
    """What a call that was booked before is answered with: levels as they are now, nothing changed."""
    asked, outcomes = await _read_all(db, figures)
    levels = await _read_levels(db, sorted({each.key for each in asked}))
    for each in asked:
        level, outcome = levels.get(each.key), outcomes[each.position]
        outcome.result, outcome.on_hand = FigureResult.UNCHANGED, level.on_hand if level else None
    return outcomes


async def _read_all(db: Session, figures: Sequence[StockFigure]) -> tuple[list[_Asked], list[FigureOutcome]]:
    """The figures that can be booked, and the outcomes: refused ones with their refusal, the others to be filled."""
    places = await find_places(db, {figure.location for figure in figures})
    articles = await find_articles(db, {figure.sku for figure in figures})
    outcomes = [FigureOutcome(FigureResult.REFUSED) for _ in figures]
    asked: list[_Asked] = []
    for index, figure in enumerate(figures):
        try:
            asked.append(_read(db, figure, index, places, articles))
            outcomes[index].key = asked[-1].key
        except KontorError as refusal:
            outcomes[index].refusal = refusal.within("figures", index)
    return asked, outcomes


def _read(
    db: Session, figure: StockFigure, index: int, places: Mapping[str, Place], articles: Mapping[str, Article]
) -> _Asked:
    place, variant_id = place_of(places, figure.location), article_of(articles, figure.sku)
    if not 0 <= figure.quantity <= MAX_QUANTITY:
        raise InvalidInput(
            f"A stock figure is 0 to {MAX_QUANTITY} pieces.",
            code="INVALID_QUANTITY",
            path=("quantity",),
            quantity=figure.quantity,
        )
    as_of = figure.as_of or db.now
    if as_of > db.now + _CLOCKS_DIFFER:
        raise InvalidInput("A stock figure cannot be from the future.", code="FUTURE_FIGURE", path=("asOf",))
    counts_free = (figure.kind or place.stock_kind) == StockKind.AVAILABLE
    return _Asked(index, (place.id, variant_id), figure.quantity, counts_free, as_of, figure.expected)


def place_of(places: Mapping[str, Place], code: str) -> Place:
    """The place of a code; raises `UnknownStockKey` when there is none or it may not be seen."""
    place = places.get(code)
    if place is None:
        raise UnknownStockKey(f"There is no place {code[:80]}.", path=("location",), location=code[:80])
    return place


def article_of(articles: Mapping[str, Article], sku: str) -> UUID:
    """The variant of a SKU; raises `UnknownStockKey` when there is none or it is a bundle."""
    article = articles.get(sku)
    if article is None:
        raise UnknownStockKey(f"There is no article {sku[:80]}.", path=("sku",), sku=sku[:80])
    if article.bundle:
        raise UnknownStockKey(
            f"{sku} is a bundle; its components have stock.", code="BUNDLE_HAS_NO_STOCK", path=("sku",), sku=sku
        )
    return article.id


async def _book_figures(
    db: Session, asked: Sequence[_Asked], outcomes: Sequence[FigureOutcome], reason: str | None
) -> None:
    since: dict[int, Since] = {}

    async def look_back() -> None:
        past = {each.position: (each.key, each.as_of) for each in asked if each.as_of < db.now}
        since.update(await booked_since(db, past))

    def change(levels: Mapping[Key, Level]) -> list[tuple[Key, int]]:
        moves = []
        for index, key, quantity, counts_free, as_of, expected in asked:
            level, outcome = levels[key], outcomes[index]
            outcome.refusal = _moved(level, expected, counts_free=counts_free)
            if outcome.refusal is not None:
                outcome.refusal.within("figures", index)
                outcome.result = FigureResult.REFUSED
                continue
            own = since.get(index, NOTHING)
            moved = level.set(quantity, counts_free=counts_free, as_of=as_of, since=own)
            outcome.on_hand = level.on_hand
            if moved:
                outcome.result = FigureResult.APPLIED
                moves.append((key, moved))
            else:
                outcome.result = FigureResult.STALE if moved is None else FigureResult.UNCHANGED
        return moves

    keys = {each.key for each in asked}
    await book(db, keys, change, kind=MovementKind.COUNT, reason=reason, look_back=look_back)


def _moved(level: Level, expected: int | None, *, counts_free: bool) -> KontorError | None:
    """Why a figure is not booked whose level is not what was seen."""
    present = level.on_hand - (level.allocated if counts_free else 0)
    if expected is None or present == expected:
        return None
    return StockMoved(
        f"There are {present} pieces by now, not {expected}.", path=("expected",), present=present, expected=expected
    )


async def adjust_stock(db: Session, location: str, sku: str, *, delta: int, reason: str) -> tuple[Key, Level]:
    """Correct on hand by `delta` pieces; the ledger keeps reason and user. Promises it breaks are released.

    Raises `UnknownStockKey`, `InvalidInput` for no change or reason, `StockShort` when less than nothing would be left.
    """
    place = place_of(await find_places(db, {location}), location)
    key = (place.id, article_of(await find_articles(db, {sku}), sku))
    if delta == 0 or abs(delta) > MAX_QUANTITY:
        raise InvalidInput("An adjustment changes the stock.", code="INVALID_QUANTITY", path=("delta",), delta=delta)
    if not reason.strip() or "\0" in reason:
        raise InvalidInput("An adjustment needs a reason.", code="REASON_NEEDED", path=("reason",))

    def change(levels: Mapping[Key, Level]) -> list[tuple[Key, int]]:
        level = levels[key]
        if not 0 <= level.on_hand + delta <= MAX_QUANTITY:
            raise StockShort(
                f"There are only {level.on_hand} pieces.", path=("delta",), on_hand=level.on_hand, delta=delta
            )
        level.as_of = max(level.as_of, db.now)
        return [(key, level.move_to(level.on_hand + delta))]

    levels = await book(db, {key}, change, kind=MovementKind.ADJUST, reason=reason.strip()[:300])
    return key, levels[key]


Change = Callable[[Mapping[Key, Level]], list[tuple[Key, int]]]


async def book(
    db: Session,
    keys: set[Key],
    change: Change,
    *,
    kind: MovementKind,
    reason: str | None,
    look_back: Callable[[], Awaitable[None]] | None = None,
) -> dict[Key, Level]:
    """Let `change` set locked levels, made where there were none, and write what came of it.

    `change` answers with the movements of on hand and may be called again on fresh levels; `look_back` reads what it
    needs besides them, under their locks. Promises beyond the new figure are released on the orders, which hear of it.
    """
    moves: list[tuple[Key, int]] = []

    async def read() -> tuple[tuple[dict[Key, Level], list[Slice]], set[UUID]]:
        levels = await _lock(db, keys)
        if look_back is not None:
            await look_back()
        moves[:] = change(levels)
        slices = await _giving_way(db, {key: level.missing for key, level in levels.items() if level.missing})
        return (levels, slices), {part.allocation.order_id for part in slices}

    levels, slices = await with_orders_locked(db, read)
    if slices:
        await _release(db, slices, kind.value)
    await _write(db, {key: level for key, level in levels.items() if level.changed})
    await write_movements(db, [movement_row(db, key, kind, on_hand=moved, reason=reason) for key, moved in moves])
    rises = {key: level.on_hand - level.was_on_hand for key, level in levels.items()}
    await record_arrivals(db, {key: more for key, more in rises.items() if more > 0})
    return levels


async def _release(db: Session, slices: Sequence[Slice], why: str) -> None:
    await allocations.release(db, slices, reason=why)
    await change_lines(db, [(part.allocation, -part.quantity, 0) for part in slices])
    record_released(db, [(part.allocation, part.quantity) for part in slices], reason=why)


async def _giving_way(db: Session, missing: Mapping[Key, int]) -> list[Slice]:
    """The allocations that give up the missing pieces of their levels."""
    slices: list[Slice] = []
    for (location_id, variant_id), count in sorted(missing.items()):
        rows = list(
            await db.execute(
                sa.select(Allocation, sa.func.coalesce(_WORK.c.held_from, _WORK.c.state))
                .outerjoin(_WORK, _WORK.c.id == Allocation.fulfillment_order_id)
                .where(
                    Allocation.location_id == location_id,
                    Allocation.variant_id == variant_id,
                    Allocation.inbound_id.is_(None),
                )
                .order_by(Allocation.id)
                .execution_options(populate_existing=True)
            )
        )
        promises = [
            Promised(row.quantity, _stage(row, state), row.priority, row.promised_on, row.created_at)
            for row, state in rows
        ]
        for index, part in give_way(promises, count):
            row = rows[index][0]
            slices.append(Slice(row, part, max(0, part - (row.quantity - row.from_reservation))))
    return slices


def _stage(row: Allocation, state: str | None) -> Stage:
    if row.fulfillment_order_id is None:
        return Stage.PROMISED
    return Stage.PACKED if state in _PACKED else Stage.GIVEN


_LEVEL: dict[str, Any] = {
    "location_id": sa.Uuid(), "variant_id": sa.Uuid(), "on_hand": sa.Integer(), "allocated": sa.Integer(),
    "as_of": UtcDateTime,
}  # fmt: skip
_LOCK_PG = sa.text(
    "SELECT s.location_id, s.variant_id, s.on_hand, s.allocated, s.as_of FROM stock_level AS s "
    "JOIN unnest(CAST(:locations AS uuid[]), CAST(:variants AS uuid[])) AS k(location_id, variant_id) "
    "ON s.location_id = k.location_id AND s.variant_id = k.variant_id "
    "ORDER BY s.location_id, s.variant_id FOR UPDATE OF s"
)
_READ_SQLITE = sa.text(
    "SELECT s.location_id, s.variant_id, s.on_hand, s.allocated, s.as_of FROM json_each(:keys) AS k "
    "CROSS JOIN stock_level AS s ON s.location_id = k.value ->> 0 AND s.variant_id = k.value ->> 1"
).columns(**_LEVEL)
_MAKE_PG = sa.text(
    "INSERT INTO stock_level (location_id, variant_id, on_hand, allocated, reserved, safety, as_of, updated_at) "
    "SELECT k.location_id, k.variant_id, 0, 0, 0, 0, CAST(:never AS timestamptz), CAST(:now AS timestamptz) "
    "FROM unnest(CAST(:locations AS uuid[]), CAST(:variants AS uuid[])) AS k(location_id, variant_id) "
    "ORDER BY 1, 2 ON CONFLICT (location_id, variant_id) DO NOTHING"
)
_MAKE_SQLITE = (
    "INSERT INTO stock_level (location_id, variant_id, on_hand, allocated, reserved, safety, as_of, updated_at) "
    "VALUES (?, ?, 0, 0, 0, 0, ?, ?)"
)
_WRITE_PG = sa.text(
    "UPDATE stock_level AS s SET on_hand = d.on_hand, as_of = d.as_of, "
    "updated_at = CASE WHEN s.on_hand <> d.on_hand THEN :now ELSE s.updated_at END "
    "FROM unnest(CAST(:locations AS uuid[]), CAST(:variants AS uuid[]), CAST(:on_hand AS int[]), "
    "CAST(:as_of AS timestamptz[])) AS d(location_id, variant_id, on_hand, as_of) "
    "WHERE s.location_id = d.location_id AND s.variant_id = d.variant_id"
)
_WRITE_SQLITE = (
    "UPDATE stock_level SET updated_at = CASE WHEN on_hand <> ?1 THEN ?3 ELSE updated_at END, on_hand = ?1, "
    "as_of = ?2 WHERE location_id = ?4 AND variant_id = ?5"
)


async def _lock(db: Session, keys: set[Key]) -> dict[Key, Level]:
    """The levels of the keys, locked in key order; those there were not are made, as of long ago."""
    wanted = sorted(keys)
    levels = await _read_levels(db, wanted)
    if unknown := [key for key in wanted if key not in levels]:
        await _make(db, unknown)
        levels |= await _read_levels(db, unknown)
    return levels


async def _read_levels(db: Session, keys: Sequence[Key]) -> dict[Key, Level]:
    rows: Any
    if db.sqlite:
        rows = await db.execute(_READ_SQLITE, {"keys": key_columns(keys)})
    else:
        rows = await db.execute(_LOCK_PG, _columns(keys))
    return {
        (location_id, variant_id): Level.read(on_hand, allocated, as_of)
        for location_id, variant_id, on_hand, allocated, as_of in rows
    }


async def _make(db: Session, keys: Sequence[Key]) -> None:
    if not db.sqlite:
        await db.execute(_MAKE_PG, {**_columns(keys), "never": allocations.NEVER, "now": db.now})
        return
    connection = await db.connection()
    await connection.exec_driver_sql(
        _MAKE_SQLITE, [(key[0].hex, key[1].hex, _stamp(allocations.NEVER), _stamp(db.now)) for key in keys]
    )


async def _write(db: Session, levels: Mapping[Key, Level]) -> None:
    if not levels:
        return
    keys = sorted(levels)
    if db.sqlite:
        now, connection = _stamp(db.now), await db.connection()
        await connection.exec_driver_sql(
            _WRITE_SQLITE,
            [(levels[key].on_hand, _stamp(levels[key].as_of), now, key[0].hex, key[1].hex) for key in keys],
        )
        return
    values = {"on_hand": [levels[key].on_hand for key in keys], "as_of": [levels[key].as_of for key in keys]}
    await db.execute(_WRITE_PG, {**_columns(keys), **values, "now": db.now})


def _columns(keys: Sequence[Key]) -> dict[str, list[UUID]]:
    return {"locations": [key[0] for key in keys], "variants": [key[1] for key in keys]}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
