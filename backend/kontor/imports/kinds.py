"""What can be imported: each kind names its columns and the service that saves its rows."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontor.core.db import Session
from kontor.core.errors import KontorError, camel
from kontor.imports.errors import UnknownImportKind, UnreadableFile
from kontor.imports.fields import Field
from kontor.imports.saving import RowResult

Save = Callable[[Session, Sequence[Any]], Awaitable[list[RowResult]]]
_WORDS = re.compile(r"[^a-z0-9]+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Column:
    """A column fills one field of a row."""

    name: str
    field: Field
    target: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A line of a file as the values of its fields, or why it could not be read."""

    line: int
    values: dict[str, Any]
    problem: KontorError | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """What is saved as one, and the lines it comes from."""

    data: Mapping[str, Any]
    rows: Sequence[FileRow]


def one_by_one(rows: Sequence[FileRow]) -> list[Grouped]:
    """Each line is one thing."""
    return [Grouped(row.values, [row]) for row in rows]


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of file. `group` makes one thing of several lines; `same` tells lines that must stay together.

    `noun` is what the audit trail calls the things whose ids the results of `save` carry.
    """

    name: str
    permission: str
    columns: Sequence[Column]
    save: Save
    needed: Sequence[Sequence[str]]
    noun: str
    group: Callable[[Sequence[FileRow]], list[Grouped]] = one_by_one
    same: Callable[[FileRow], Any] = field(default=lambda row: row.line)

    def mapped(self, header: Sequence[str]) -> tuple[dict[int, Column], list[str]]:
        """Columns by position, and the headers nobody knows.

        Raises `UnreadableFile` when a needed column is missing or one stands twice.
        """
        known = {spelling(name): column for column in self.columns for name in (column.name, *column.field.aliases)}
        found: dict[int, Column] = {}
        for position, title in enumerate(header):
            column = known.get(spelling(title))
            if column is None:
                continue
            if column.target in {other.target for other in found.values()}:
                raise UnreadableFile(
                    f"The column {title} stands twice.", code="DUPLICATE_COLUMN", path=("content",), column=title
                )
            found[position] = column
        targets = {column.target for column in found.values()}
        for choices in self.needed:
            if not targets & set(choices):
                raise UnreadableFile(
                    f"The file has no column {choices[0]}.", code="MISSING_COLUMN", path=("content",), column=choices[0]
                )
        return found, [title for position, title in enumerate(header) if position not in found and title]


def columns_of(fields: Mapping[str, Field]) -> list[Column]:
    """A column per field, of the same name."""
    return [Column(name, spec, name) for name, spec in fields.items()]


def spelling(title: str) -> str:
    """A header as it is compared: `Valid from`, `valid_from` and `validFrom` are one."""
    return _WORDS.sub("_", _HUMPS.sub("_", title).lower()).strip("_")


def read_cell(column: Column, text: str) -> Any:
    """The value of a cell; an empty one is None. Raises `InvalidField` naming the column."""
    if not text:
        return None
    try:
        return column.field.read(text)
    except KontorError as problem:
        problem.path = (camel(column.name),)
        raise


_kinds: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> None:
    """Make a kind known; called when its package is loaded."""
    _kinds[kind.name] = kind


def kinds() -> list[str]:
    """The names of all kinds."""
    return sorted(_kinds)


def kind_named(name: str) -> ImportKind:
    """A kind by name; raises `UnknownImportKind`."""
    kind = _kinds.get(spelling(name))
    if kind is None:
        raise UnknownImportKind(
            f"There is no import of {name}; there are {', '.join(kinds())}.", path=("kind",), allowed=kinds()
        )
    return kind
