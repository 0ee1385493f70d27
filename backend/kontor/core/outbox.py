"""Later work is a row of the same transaction: events stay as the log, deliveries and jobs are due rows.

`record` appends an event to the stream of one thing (numbered without gaps); every job that `subscribers.py` lists
for it gets a row. `schedule` adds a job for a due time. The relay leases due rows and hands their ids to workers; a
worker claims a row inside the transaction of its own work and deletes it there, so an effect in the database happens
once however often the row is delivered. Rows of one key and job are delivered in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.clock import wall
from kontor.core.db import Json, Model, SerialId, chunks
from kontor.core.ids import new_id

if TYPE_CHECKING:
    from kontor.core.db import Session
    from kontor.core.principal import Principal

EVENTS: dict[str, type[Event]] = {}
_routes: dict[str, tuple[str, ...]] = {}
Place = tuple[int, int]
START: Place = (-1, 0)
_where: Callable[[Any], dict[str, Any]] = partial(dict.fromkeys, ("sqlite_where", "postgresql_where"))


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. `stream_id` is the thing whose story it belongs to, for orders the order's id."""

    name: ClassVar[str]
    stream_id: UUID

    def __init_subclass__(cls) -> None:
        cls.name = cls.__name__
        if cls.name in EVENTS and EVENTS[cls.name].__module__ != cls.__module__:
            raise TypeError(f"Two events are named {cls.name}")
        EVENTS[cls.name] = cls

    def payload(self) -> dict[str, Any]:
        """The facts besides the stream, as the log keeps them."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name != "stream_id"}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


class EventStream(Model):
    """The last number given in a stream; its row serializes the writers of one stream."""

    __tablename__ = "event_stream"
    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_seq: Mapped[int]


class EventRecord(Model):
    """The log: who did what to which thing, numbered per stream without gaps, never changed."""

    __tablename__ = "event"
    __table_args__ = (
        sa.UniqueConstraint("stream_id", "seq"),
        sa.UniqueConstraint("id"),
        sa.Index("ix_event_transaction_position", "transaction", "position"),
        sa.Index("ix_event_name_position", "name", "position"),
    )
    position: Mapped[int] = mapped_column(SerialId, primary_key=True, autoincrement=True)
    id: Mapped[UUID]
    stream_id: Mapped[UUID]
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    occurred_at: Mapped[datetime]
    principal_kind: Mapped[str] = mapped_column(sa.String(20))
    principal_id: Mapped[UUID | None]
    principal_name: Mapped[str] = mapped_column(sa.String(200))
    request_id: Mapped[str | None] = mapped_column(sa.String(80))
    # Readers of the log must not pass a transaction that commits later with a lower position.
    transaction: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))

    @property
    def place(self) -> Place:
        """Where a reader of the log goes on after this event."""
        return self.transaction, self.position


class OutboxRow(Model):
    """A job to be done. Leased rows have a later `available_at`; finished rows are deleted; dead ones stay."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "due_at", "available_at", **_where(sa.text("NOT dead"))),
        sa.Index("ix_outbox_key", "key", "job", "id"),
        sa.Index("ix_outbox_dead", "id", **_where(sa.text("dead"))),
        sa.Index("uq_outbox_unique_key", "unique_key", unique=True),
        # SQLite gives a deleted row's number to the next one: whoever holds it yet would take the new row for the old.
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(SerialId, primary_key=True, autoincrement=True)
    job: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    args: Mapped[dict[str, Any] | None] = mapped_column(Json)
    due_at: Mapped[datetime]
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    dead: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    unique_key: Mapped[str | None] = mapped_column(sa.String(120))


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job to be written with the unit of work."""

    job: str
    args: Mapping[str, Any]
    key: UUID | None
    due_at: datetime | None
    unique_key: str | None


def route(routes: Mapping[str, Iterable[str]]) -> None:
    """Tell which jobs react to which event; called once when the application is put together."""
    _routes.clear()
    _routes.update({name: tuple(jobs) for name, jobs in routes.items()})


def record(db: Session, event: Event, *, principal: Principal | None = None, request_id: str | None = None) -> None:
    """Append a fact to the log of its stream, in this transaction; `principal` where it is not the unit's own."""
    db.recorded.append((event, principal or db.principal, request_id or db.request_id))


def schedule(
    db: Session,
    job: str,
    args: Mapping[str, Any],
    *,
    key: UUID | None = None,
    due_at: datetime | None = None,
    unique_key: str | None = None,
) -> None:
    """Do `job` after the commit, or at `due_at` by the business clock.

    Jobs of one `key` are done in the order they were scheduled. A `unique_key` names a timer, so that it can be
    replaced or taken back; a second row of the same name is not written.
    """
    db.scheduled.append(Scheduled(job, args, key, due_at, unique_key))


async def unschedule(db: Session, unique_keys: Iterable[str]) -> None:
    """Take back jobs by their unique key; those that ran already are not there any more."""
    keys = list(unique_keys)
    db.scheduled[:] = [item for item in db.scheduled if item.unique_key not in keys]
    for part in chunks(keys):
        await db.execute(sa.delete(ROWS).where(ROWS.c.unique_key.in_(part)))


_EVENT_COLUMNS = (
    "id", "stream_id", "seq", "name", "payload", "occurred_at", "principal_kind", "principal_id", "principal_name",
    "request_id",
)  # fmt: skip
_OUTBOX_COLUMNS = ("job", "key", "event_id", "args", "due_at", "available_at", "attempts", "dead", "unique_key")
ROWS = Model.metadata.tables["outbox"]  # written without the mapper: no session holds rows to bring up to date


async def write(db: Session) -> None:
    """Write the recorded events and scheduled jobs; called by the unit of work just before it commits."""
    events, db.recorded = db.recorded, []
    jobs, db.scheduled = db.scheduled, []
    moment = wall()
    outbox_rows: list[tuple[Any, ...]] = []
    if events:
        numbers = await _take_numbers(db, [event for event, *_ in events])
        rows = []
        for event, principal, request_id in events:
            number = numbers[event.stream_id] = numbers[event.stream_id] + 1
            event_id = new_id()
            rows.append(
                (event_id, event.stream_id, number, event.name, event.payload(), db.now, str(principal.kind),
                 principal.id, principal.name[:200], request_id)
            )  # fmt: skip
            for job in _routes.get(event.name, ()):
                outbox_rows.append((job, event.stream_id, event_id, None, db.now, moment, 0, False, None))
        await db.bulk_insert(EventRecord, _EVENT_COLUMNS, rows)
    for item in await _without_known_keys(db, jobs):
        outbox_rows.append(
            (item.job, item.key, None, _plain(item.args), item.due_at or db.now, moment, 0, False, item.unique_key)
        )
    await db.bulk_insert(OutboxRow, _OUTBOX_COLUMNS, outbox_rows)


async def _without_known_keys(db: Session, jobs: Sequence[Scheduled]) -> Sequence[Scheduled]:
    keys = [item.unique_key for item in jobs if item.unique_key]
    if not keys:
        return jobs
    known: set[str | None] = set()
    for part in chunks(keys):
        known.update(await db.scalars(sa.select(OutboxRow.unique_key).where(OutboxRow.unique_key.in_(part))))
    result = []
    for item in jobs:
        if item.unique_key is None or item.unique_key not in known:
            result.append(item)
            known.add(item.unique_key or "")
    return result


async def _take_numbers(db: Session, events: Sequence[Event]) -> dict[UUID, int]:
    """The last number used in each stream; the streams' rows stay locked until the commit."""
    counts: dict[UUID, int] = {}
    for event in events:
        counts[event.stream_id] = counts.get(event.stream_id, 0) + 1
    last: dict[UUID, int] = {}
    take = _numbers_sqlite if db.sqlite else _numbers_postgres
    for part in chunks(sorted(counts)):
        last.update(await take(db, part, counts))
    return last


_TAKE = sa.text(
    "INSERT INTO event_stream (stream_id, last_seq) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:counts AS int[])) "
    "ON CONFLICT (stream_id) DO UPDATE SET last_seq = event_stream.last_seq + excluded.last_seq "
    "RETURNING stream_id, last_seq"
)


async def _numbers_postgres(db: Session, ids: Sequence[UUID], counts: Mapping[UUID, int]) -> dict[UUID, int]:
    rows = await db.execute(_TAKE, {"ids": list(ids), "counts": [counts[item] for item in ids]})
    return {UUID(bytes=row[0].bytes): row[1] - counts[row[0]] for row in rows}


async def _numbers_sqlite(db: Session, ids: Sequence[UUID], counts: Mapping[UUID, int]) -> dict[UUID, int]:
    found = sa.select(EventStream.stream_id, EventStream.last_seq).where(EventStream.stream_id.in_(ids))
    known = {row.stream_id: row.last_seq for row in await db.execute(found)}
    connection = await db.connection()
    await connection.exec_driver_sql(
        "INSERT INTO event_stream (stream_id, last_seq) VALUES (?, ?) "
        "ON CONFLICT (stream_id) DO UPDATE SET last_seq = last_seq + excluded.last_seq",
        [(item.hex, counts[item]) for item in ids],
    )
    return {item: known.get(item, 0) for item in ids}


@dataclass(frozen=True, slots=True)
class Item:
    """A due row as a job sees it: its arguments, or the event it reacts to."""

    id: int
    job: str
    key: UUID | None
    args: Mapping[str, Any]
    attempts: int
    event: str | None = None
    event_id: UUID | None = None
    seq: int | None = None
    occurred_at: datetime | None = None


LEASE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Lease:
    """A due row handed out by the relay."""

    id: int
    job: str
    key: UUID | None


async def lease_due(
    db: Session, *, limit: int = 1000, until: timedelta = LEASE, without: Sequence[str] = ()
) -> list[Lease]:
    """Lease due rows, oldest first, at most `limit`; a row whose earlier sibling (same key and job) waits is left.

    So are jobs named in `without`. A lease that runs out makes the row due again: a dead worker loses nothing.
    """
    moment = wall()
    earlier = sa.orm.aliased(OutboxRow)
    blocked = (
        sa.select(sa.literal(1))
        .where(
            earlier.key == OutboxRow.key,
            earlier.job == OutboxRow.job,
            earlier.id < OutboxRow.id,
            sa.not_(earlier.dead),
            # A timer that is not due yet holds nobody up; an event does, whatever the writer's clock said.
            sa.or_(
                sa.and_(earlier.due_at <= db.now, earlier.available_at > moment),
                sa.and_(earlier.due_at > db.now, earlier.event_id.is_not(None)),
            ),
        )
        .exists()
    )
    found = (
        sa.select(OutboxRow.id, OutboxRow.job, OutboxRow.key)
        .where(sa.not_(OutboxRow.dead), OutboxRow.due_at <= db.now, OutboxRow.available_at <= moment, sa.not_(blocked))
        .where(OutboxRow.job.not_in(without) if without else sa.true())
        .order_by(OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = [Lease(row.id, row.job, row.key) for row in await db.execute(found)]
    rows = await _in_turn(db, rows)
    for part in chunks([row.id for row in rows]):
        await db.execute(sa.update(ROWS).where(ROWS.c.id.in_(part)).values(available_at=moment + until))
    return rows


async def _in_turn(db: Session, rows: Sequence[Lease]) -> list[Lease]:
    """Without rows that have an earlier one of their key and job which another relay or worker holds at this moment.

    Such a row is due and free as far as this transaction can see, and was passed over because it is locked.
    """
    mine = {row.id for row in rows}
    keys = sorted({row.key for row in rows if row.key is not None})
    first: dict[tuple[UUID | None, str], int] = {}
    for part in chunks(keys):
        due = sa.and_(ROWS.c.key.in_(part), sa.not_(ROWS.c.dead), ROWS.c.due_at <= db.now)
        for row_id, key, job in await db.execute(sa.select(ROWS.c.id, ROWS.c.key, ROWS.c.job).where(due)):
            if row_id not in mine:
                first[key, job] = min(row_id, first.get((key, job), row_id))
    return [row for row in rows if row.id < first.get((row.key, row.job), row.id + 1)]


async def load(db: Session, ids: Sequence[int]) -> list[Item]:
    """The rows that are still to be done, with the events they react to, in order."""
    rows = await db.execute(
        sa.select(OutboxRow, EventRecord)
        .outerjoin(EventRecord, EventRecord.id == OutboxRow.event_id)
        .where(OutboxRow.id.in_(ids), sa.not_(OutboxRow.dead))
        .order_by(OutboxRow.id)
    )
    return [
        Item(row.id, row.job, row.key, event.payload, row.attempts, event.name, event.id, event.seq, event.occurred_at)
        if event is not None
        else Item(row.id, row.job, row.key, row.args or {}, row.attempts)
        for row, event in rows
    ]


async def claim(db: Session, items: Sequence[Item]) -> list[Item]:
    """Lock the rows for this transaction; those another worker has done or holds are left out."""
    ids = [item.id for item in items]
    found = sa.select(OutboxRow.id).where(OutboxRow.id.in_(ids)).order_by(OutboxRow.id)
    mine = set(await db.scalars(found.with_for_update(skip_locked=True)))
    return [item for item in items if item.id in mine]


async def complete(db: Session, items: Sequence[Item]) -> None:
    """The work is part of this transaction: the rows go with it."""
    if items:
        await db.execute(sa.delete(ROWS).where(ROWS.c.id.in_([item.id for item in items])))


async def keep(db: Session, ids: Sequence[int]) -> None:
    """Lease rows anew whose work goes on. Rows that the work has locked need none, and are not waited for."""
    until = wall() + LEASE
    found = sa.select(ROWS.c.id).where(ROWS.c.id.in_(ids), ROWS.c.available_at < until)
    free = list(await db.scalars(found.with_for_update(skip_locked=True)))
    await db.execute(sa.update(ROWS).where(ROWS.c.id.in_(free)).values(available_at=until))


async def fail(db: Session, item: Item, error: str, *, delay: timedelta, dead: bool) -> None:
    """Note a failed attempt: due again after `delay` on the wall clock, or dead until somebody replays it."""
    await db.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.id == item.id)
        .values(attempts=item.attempts + 1, available_at=wall() + delay, dead=dead, last_error=error[:4000])
    )


async def postpone(db: Session, items: Sequence[Item], delay: timedelta) -> None:
    """Ask again later, without counting a failure."""
    ids = [item.id for item in items]
    await db.execute(sa.update(ROWS).where(ROWS.c.id.in_(ids)).values(available_at=wall() + delay))


async def replay_dead(db: Session, ids: Sequence[int] | None = None) -> int:
    """Make dead rows due again, all or the named ones; returns how many."""
    change = sa.update(OutboxRow).where(OutboxRow.dead, sa.true() if ids is None else OutboxRow.id.in_(ids))
    result = await db.execute(change.values(dead=False, attempts=0, available_at=wall()))
    return int(getattr(result, "rowcount", 0))
