"""Saving many rows by their natural key: what is new is inserted, what differs is updated, the rest is left alone.

Every row ends in a result of its own. Everything is checked before the first row is written, so a bad row never
costs the good ones; with `all_or_nothing` it keeps them from being written at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Model, Session, chunks
from kontor.core.errors import KontorError, camel
from kontor.core.ids import new_id
from kontor.imports import fields as checks
from kontor.imports.errors import DuplicateRow
from kontor.imports.fields import Field
from kontor.imports.models import MastersVersion

MASTERS = "masters"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"
    SKIPPED = "SKIPPED"  # good, but not written because another row was refused


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of the row at `index` (from 0), its natural key, its id and why it was refused."""

    index: int
    key: str
    outcome: Outcome
    id: UUID | None = None
    problem: KontorError | None = None


@dataclass(slots=True, eq=False)
class Draft:
    """A row on its way: checked values by column, what was refused, and what it is found or made to be."""

    index: int
    key: str
    values: dict[str, Any] = field(default_factory=dict)
    problem: KontorError | None = None
    id: UUID | None = None
    outcome: Outcome = Outcome.UNCHANGED

    def refuse(self, problem: KontorError) -> None:
        """Keep the first problem."""
        self.problem = self.problem or problem

    def changed(self) -> None:
        """Something that belongs to the row was written."""
        if self.outcome is Outcome.UNCHANGED:
            self.outcome = Outcome.UPDATED

    def result(self) -> RowResult:
        """The row's result."""
        outcome = Outcome.REFUSED if self.problem else self.outcome
        return RowResult(self.index, self.key, outcome, None if self.problem else self.id, self.problem)


def drafts_of(rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Field], key: str) -> list[Draft]:
    """Check every row; a key that stands twice is refused from its second row on."""
    drafts, seen = [], set[str]()
    for index, row in enumerate(rows):
        draft = Draft(index, str(row.get(key) or "").strip()[:200])
        try:
            draft.values = checks.checked(row, fields)
            if draft.values.get(key) is None:
                checks.check_field(key, None, Field(str))
            draft.key = str(draft.values[key])
            if draft.key in seen:
                raise DuplicateRow(f"{draft.key} stands twice in this call.", path=(camel(key),))
            seen.add(draft.key)
        except KontorError as problem:
            draft.refuse(problem)
        drafts.append(draft)
    return drafts


def good(drafts: Iterable[Draft]) -> list[Draft]:
    """The rows nothing was found against."""
    return [draft for draft in drafts if draft.problem is None]


def attempt(draft: Draft, check: Callable[[], None]) -> None:
    """Run one more check of a good row and keep what it refuses."""
    if draft.problem is None:
        try:
            check()
        except KontorError as problem:
            draft.refuse(problem)


def writable(drafts: Sequence[Draft], all_or_nothing: bool) -> list[Draft]:
    """The rows to write; with `all_or_nothing` none once one is refused, the others then count as skipped."""
    fine = good(drafts)
    if all_or_nothing and len(fine) < len(drafts):
        for draft in fine:
            draft.outcome = Outcome.SKIPPED
        return []
    return fine


def results_of(drafts: Iterable[Draft]) -> list[RowResult]:
    """The results in the order of the rows."""
    return [draft.result() for draft in drafts]


async def lock_noun(db: Session, noun: str) -> None:
    """One saver of a noun at a time until the commit: what was read stays true. SQLite has one writer anyway."""
    if not db.sqlite:
        await db.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:noun))"), {"noun": f"kontor.save.{noun}"})


async def existing_rows(db: Session, column: Any, keys: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """The rows of a table by one of its unique columns, as plain values by column name."""
    table = column.table
    found: dict[Any, dict[str, Any]] = {}
    for part in chunks(sorted(set(keys))):
        for row in (await db.execute(sa.select(table).where(column.in_(part)))).mappings():
            values = dict(row)
            found[values[column.name]] = values
    return found


async def ids_of(db: Session, column: Any, id_column: Any, keys: Iterable[str]) -> dict[str, UUID]:
    """Ids by a unique code; the table may belong to a neighbor, then it is named and not imported."""
    found: dict[str, UUID] = {}
    for part in chunks(sorted(set(keys))):
        found.update({row[0]: row[1] for row in await db.execute(sa.select(column, id_column).where(column.in_(part)))})
    return found


def match_existing(
    drafts: Iterable[Draft], known: Mapping[Any, Mapping[str, Any]], fields: Mapping[str, Field], *, key: str = "code"
) -> None:
    """Give each good row the id of the one it updates; complete the others and refuse those that miss something."""
    for draft in good(drafts):
        before = known.get(draft.values[key])
        if before is not None:
            draft.id = before["id"]
            continue
        try:
            draft.values = checks.completed(draft.values, fields)
            draft.outcome = Outcome.CREATED
        except KontorError as problem:
            draft.refuse(problem)


async def write_drafts(
    db: Session,
    model: type[Model],
    drafts: Sequence[Draft],
    known: Mapping[Any, Mapping[str, Any]],
    *,
    key: str = "code",
    columns: Callable[[Draft], Mapping[str, Any]] | None = None,
) -> bool:
    """Insert the new rows and update the columns that differ; sets ids and outcomes. Whether anything was written.

    `known` holds the present rows by the column `key`, or by the drafts' own keys where the table has no such column.
    `columns` gives a draft's column values where they are not simply its values. Tables with `created_at` and
    `updated_at` get the business time.
    """
    table = model.__table__
    assert isinstance(table, sa.Table)
    new: list[dict[str, Any]] = []
    changes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for draft in drafts:
        values = dict(columns(draft) if columns else draft.values)
        before = known.get(draft.values.get(key, draft.key))
        if before is None:
            draft.id = new_id()
            new.append({"id": draft.id, **values})
            continue
        draft.id = before["id"]
        differing = {name: value for name, value in values.items() if before[name] != value}
        if differing:
            draft.changed()
            changes.setdefault(tuple(sorted(differing)), []).append({**differing, "row_id": before["id"]})
    await insert_rows(db, model, new)
    await _update(db, table, changes)
    return bool(new or changes)


async def insert_rows(db: Session, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of equal columns in one go, with the business time where the table keeps it."""
    if not rows:
        return
    times = [name for name in ("created_at", "updated_at") if name in model.__table__.columns]
    names = [name for name in rows[0] if name not in times]
    stamps = [db.now] * len(times)
    await db.flush()
    await db.bulk_insert(model, [*names, *times], [[*(row[name] for name in names), *stamps] for row in rows])


async def _update(db: Session, table: sa.Table, changes: Mapping[tuple[str, ...], Sequence[Mapping[str, Any]]]) -> None:
    stamp = {"updated_at": db.now} if "updated_at" in table.c else {}
    connection = await db.connection()
    for names, rows in changes.items():
        values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        statement = sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(**values, **stamp)
        parameters = [
            {"row_id": row["row_id"], **{f"new_{name}": row[name] for name in names}}
            for row in sorted(rows, key=lambda row: row["row_id"])
        ]
        for part in chunks(parameters, 1000):
            await connection.execute(statement, list(part))


async def replace_children(
    db: Session,
    model: type[Model],
    parent: str,
    wanted: Mapping[UUID, Sequence[Mapping[str, Any]]],
    *,
    ignore: frozenset[str] = frozenset(),
) -> set[UUID]:
    """Make the children of each parent exactly those wanted, touching only parents whose children differ.

    `parent` is the column that points to the parent; `ignore` names columns that are not compared. Returns the
    parents that changed; they bear the moment of it.
    """
    table = model.__table__
    assert isinstance(table, sa.Table)
    present: dict[UUID, list[dict[str, Any]]] = {key: [] for key in wanted}
    for part in chunks(sorted(wanted)):
        rows = await db.execute(sa.select(table).where(table.c[parent].in_(part)))
        for row in rows.mappings():
            present[row[parent]].append(dict(row))
    changed = {
        key
        for key, children in wanted.items()
        if _comparable(children, ignore) != _comparable(present[key], ignore | {"id", parent, "created_at"})
    }
    for part in chunks(sorted(changed)):
        await db.execute(sa.delete(table).where(table.c[parent].in_(part)))
    identified = {"id": new_id} if "id" in table.c else {}
    await insert_rows(
        db,
        model,
        [
            {**{name: make() for name, make in identified.items()}, parent: key, **child}
            for key in sorted(changed)
            for child in wanted[key]
        ],
    )
    await stamp(db, table.c[parent], changed)
    return changed


async def stamp(db: Session, child: sa.ColumnElement[Any], parents: Iterable[UUID]) -> None:
    """Parents whose children changed have changed themselves; `child` is the column that points to them."""
    (reference,) = child.foreign_keys
    table = reference.column.table
    assert isinstance(table, sa.Table)
    for part in chunks(sorted(parents)):
        await db.execute(sa.update(table).where(reference.column.in_(part)).values(updated_at=db.now))


def _comparable(rows: Iterable[Mapping[str, Any]], ignore: frozenset[str]) -> list[list[tuple[str, str]]]:
    return sorted(sorted((name, repr(value)) for name, value in row.items() if name not in ignore) for row in rows)


async def touch_masters(db: Session) -> None:
    """Tell those who keep masters in memory that something changed; one statement per unit of work."""
    if db.info.get(MASTERS):
        return
    db.info[MASTERS] = True
    raised = await db.execute(
        sa.update(MastersVersion)
        .where(MastersVersion.name == MASTERS)
        .values(version=MastersVersion.version + 1)
        .returning(MastersVersion.version)
    )
    if raised.scalar_one_or_none() is None:
        await db.execute(
            sa.text("INSERT INTO masters_version (name, version) VALUES (:name, 1) ON CONFLICT (name) "
                    "DO UPDATE SET version = masters_version.version + 1"),
            {"name": MASTERS},
        )  # fmt: skip


def changes_masters(db: Session) -> bool:
    """Whether this unit of work has changed masters itself."""
    return bool(db.info.get(MASTERS))


async def masters_version(db: Session) -> int:
    """The present number; 0 before the first master was saved."""
    return await db.scalar(_VERSION) or 0


_VERSION = sa.select(MastersVersion.__table__.c.version).where(MastersVersion.__table__.c.name == MASTERS)
