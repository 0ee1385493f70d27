"""Engine, model base and the unit of work: the only place that commits.

A unit of work is one transaction of one principal. What services record in it (events, jobs, state changes) is
written just before the commit, so that the rows which serialize writers are held as briefly as can be.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum as PyEnum
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_session, create_async_engine
from sqlalchemy.orm import DeclarativeBase, object_session

from kontor.core.clock import Clock, SystemClock
from kontor.core.dbtroubles import is_doubled, is_transient
from kontor.core.principal import SYSTEM, Principal
from kontor.core.sets import Id, Serial

T = TypeVar("T")


class _SqliteUtc(sa.TypeDecorator[datetime]):
    """SQLite keeps no zone: store UTC, hand out aware times."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


UtcDateTime = sa.DateTime(timezone=True).with_variant(_SqliteUtc(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
BigInt = sa.BigInteger()
SerialId = Serial().with_variant(sa.Integer(), "sqlite")


@lru_cache
def state_type(states: type[StrEnum]) -> sa.Enum:
    """A text column of one enum; the values are those of the enum, the database checks them."""
    return sa.Enum(
        states,
        native_enum=False,
        length=40,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


class Model(DeclarativeBase):
    """Base of every table."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own hook
        datetime: UtcDateTime,
        date: sa.Date(),
        UUID: Id(),
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
        Decimal: sa.Numeric(9, 6),
    }


@sa.event.listens_for(Model, "before_insert", propagate=True)
@sa.event.listens_for(Model, "before_update", propagate=True)
def _stamp(mapper: Any, _connection: Any, row: Any) -> None:
    """A row that has an `updated_at` bears the moment of its last change, whoever changes it."""
    if "updated_at" not in mapper.columns or "updated_at" in sa.inspect(row).committed_state:
        return
    session = object_session(row)
    present = session and async_session(session)
    if session and isinstance(present, Session) and session.is_modified(row):
        row.updated_at = present.now


def dumps(value: Any) -> str:
    """JSON text as every JSON column stores it."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class Session(AsyncSession):
    """A database session that knows who acts, when, and what was recorded. Never shared between tasks."""

    database: Database
    principal: Principal
    now: datetime
    request_id: str | None

    def begin_work(self, database: Database, principal: Principal, now: datetime, request_id: str | None) -> None:
        """Set up by the database when a unit of work or a read begins."""
        self.database, self.principal, self.now, self.request_id = database, principal, now, request_id
        self.recorded: list[Any] = []
        self.scheduled: list[Any] = []
        self._states: list[tuple[Any, ...]] = []
        self._last: dict[tuple[type[Model], tuple[str, ...]], list[tuple[Any, ...]]] = {}
        self._touched = False

    @property
    def sqlite(self) -> bool:
        """Whether the SQLite variant of a statement is to be used."""
        return self.database.sqlite

    @property
    def by(self) -> str:
        """Who acts, as history rows keep it."""
        principal = self.principal
        return f"{principal.kind.lower()}:{principal.name or principal.id or ''}"[:200]

    def note_state(self, row: tuple[Any, ...]) -> None:
        """Keep a state history row until the commit."""
        self._states.append(row)

    def note_states(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Keep many state history rows until the commit."""
        self._states.extend(rows)

    def insert_last(self, model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Keep rows for a `bulk_insert` just before the commit: for what nobody reads within the unit."""
        self._last.setdefault((model, tuple(columns)), []).extend(rows)

    async def bulk_insert(self, model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows of plain values in one go: COPY on PostgreSQL, one prepared statement on SQLite.

        `columns` are column names; values are Python values of the column's type, JSON columns take Python data.
        """
        if not rows:
            return
        table = model.__table__
        assert isinstance(table, sa.Table)
        connection = await self.connection()
        if self.sqlite:
            await connection.exec_driver_sql(_insert_text(table, tuple(columns)), _sqlite_rows(table, columns, rows))
            return
        if not self._touched:  # the driver opens the transaction with the first ordinary statement
            await connection.exec_driver_sql("SELECT 1")
            self._touched = True
        raw: Any = (await connection.get_raw_connection()).driver_connection
        refers = len(rows) >= _MANY and bool(table.foreign_keys)
        try:
            if refers:
                await raw.execute(f"SET LOCAL plan_cache_mode = {_KEEP_PLANS}")
            await raw.copy_records_to_table(table.name, records=_copy_rows(table, columns, rows), columns=list(columns))
            if refers:
                await raw.execute(f"SET LOCAL plan_cache_mode = {_FRESH_PLANS}")
        except Exception as problem:
            _raise_as_sqlalchemy(problem)

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part of the unit that may fail alone: when the block raises, its rows and what it recorded are gone."""
        recorded, scheduled, states = len(self.recorded), len(self.scheduled), len(self._states)
        last = {kind: len(rows) for kind, rows in self._last.items()}
        try:
            async with self.begin_nested():
                yield
        except BaseException:
            del self.recorded[recorded:], self.scheduled[scheduled:], self._states[states:]
            for kind, rows in self._last.items():
                del rows[last.get(kind, 0) :]
            raise

    async def write_records(self) -> None:
        """Write what was recorded, last thing before the commit."""
        await self.flush()
        for (model, columns), last in self._last.items():
            await self.bulk_insert(model, columns, last)
        self._last.clear()
        if self.recorded or self.scheduled:
            from kontor.core import outbox  # the outbox builds on this module

            await outbox.write(self)
        if self._states:
            from kontor.core.statemachine import StateChange

            rows, self._states = self._states, []
            await self.bulk_insert(StateChange, _STATE_COLUMNS, rows)


# A cached generic plan makes batched statements many times slower. But PostgreSQL checks each foreign key of each row
# by a small statement of its own, and to plan that anew for every row costs more than the row.
_FRESH_PLANS, _KEEP_PLANS = "force_custom_plan", "auto"
_MANY = 4

_STATE_COLUMNS = ("id", "entity", "entity_id", "old", "new", "at", "by", "reason")


def _raise_as_sqlalchemy(problem: Exception) -> None:
    """COPY goes past SQLAlchemy: give its integrity errors the type that callers know."""
    import asyncpg

    if isinstance(problem, asyncpg.IntegrityConstraintViolationError):
        raise IntegrityError(str(problem), None, problem) from problem
    raise problem


@lru_cache(maxsize=512)
def _insert_text(table: sa.Table, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(columns))})'


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PyEnum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


@lru_cache(maxsize=512)
def _json_positions(table: sa.Table, columns: tuple[str, ...]) -> frozenset[int]:
    return frozenset(i for i, name in enumerate(columns) if isinstance(table.c[name].type, sa.JSON))


def _sqlite_rows(table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    json = _json_positions(table, tuple(columns))
    plain = (str, int, type(None))
    return [
        tuple(
            (None if value is None else dumps(value))
            if index in json
            else (value if type(value) in plain else _sqlite_value(value))
            for index, value in enumerate(row)
        )
        for row in rows
    ]


def _copy_rows(table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    json = _json_positions(table, tuple(columns))
    if not json:
        return rows
    return [
        tuple((None if value is None else dumps(value)) if i in json else value for i, value in enumerate(row))
        for row in rows
    ]


class Database:
    """One database as seen from one event loop."""

    def __init__(self, url: str, *, clock: Clock | None = None, pool_size: int = 10) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.engine = _engine(url, pool_size)
        self.clock: Clock = clock or SystemClock()
        self.after_commit: list[Callable[[], None]] = []
        self._write_lock = asyncio.Lock()
        self._writing = self.engine.execution_options(kontor_write=True)
        self._bare = self.engine if self.sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextlib.asynccontextmanager
    async def unit_of_work(
        self, principal: Principal = SYSTEM, *, request_id: str | None = None
    ) -> AsyncIterator[Session]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        now = await self.clock.now()
        async with contextlib.AsyncExitStack() as stack:
            if self.sqlite:  # one writer at a time: queue here in order instead of polling the file
                await stack.enter_async_context(self._write_lock)
            db = await stack.enter_async_context(Session(self._writing, expire_on_commit=False))
            db.begin_work(self, principal, now, request_id)
            try:
                yield db
                await db.write_records()
                await db.commit()
            except BaseException:
                await db.rollback()
                raise
        for call in self.after_commit:
            call()

    @contextlib.asynccontextmanager
    async def read_only(self, principal: Principal = SYSTEM, *, bare: bool = False) -> AsyncIterator[Session]:
        """A short read; nothing is written. `bare` saves the round trips of a transaction: for plain selects alone."""
        async with Session(self._bare if bare else self.engine, expire_on_commit=False, autoflush=False) as db:
            db.begin_work(self, principal, await self.clock.now(), None)
            yield db

    async def in_unit(
        self, principal: Principal, work: Callable[[Session], Awaitable[T]], *, request_id: str | None = None
    ) -> T:
        """Run `work` in a unit of work; repeat it a few times when the database asks for that (deadlock, busy).

        Two that add the same thing at once both looked before either wrote: the one that came second is repeated once,
        and finds what the first one added.
        """
        for attempt in range(5):
            try:
                async with self.unit_of_work(principal, request_id=request_id) as db:
                    return await work(db)
            except DBAPIError as problem:
                if attempt == 4 or not (is_transient(problem) or (attempt == 0 and is_doubled(problem))):
                    raise
                await asyncio.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _engine(url: str, pool_size: int) -> AsyncEngine:
    # What a failing statement was given may be a secret or somebody's address: it does not belong into a log.
    options: dict[str, Any] = {"json_serializer": dumps, "json_deserializer": orjson.loads, "hide_parameters": True}
    if not url.startswith("sqlite"):
        return create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={
                "server_settings": {"plan_cache_mode": _FRESH_PLANS, "jit": "off", "timezone": "UTC"},
                "statement_cache_size": 512,
            },
            **options,
        )
    engine = create_async_engine(url, connect_args={"timeout": 30}, **options)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("kontor_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def in_key_order(ids: Iterable[UUID]) -> list[UUID]:
    """The one order in which rows are locked."""
    return sorted(set(ids))


def chunks(rows: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    """Pieces small enough for a statement's parameters on every database."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


Row = Mapping[str, Any]
