"""Records that are shown from a row: their values are made for those who ask, as a list of many shows a few of each.

What a type says here of its fields also tells which columns of the row have to be read for a selection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self


class Made(NamedTuple):
    """A field that is not a column as it stands: what of the row it needs, and its value for a record."""

    columns: frozenset[str]
    value: Callable[[Any], Any]


def made(*columns: str) -> Callable[[Callable[[Any], Any]], Made]:
    """`made("tax_rate")(lambda line: …)`: a field made of these columns of the record's row."""
    return lambda value: Made(frozenset(columns), value)


class Shown:
    """Base of such a type. `MADE` names the fields that are not columns of the row as they stand."""

    MADE: ClassVar[Mapping[str, Made]] = {}
    row: Any

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row as the API shows it."""
        shown = object.__new__(cls)
        shown.row = row
        return shown

    def __getattr__(self, name: str) -> Any:
        """The value of a field."""
        if name == "row" or name.startswith("__"):
            raise AttributeError(name)
        found = self.MADE.get(name)
        return getattr(self.row, name) if found is None else found.value(self)


def reader_of(origin: Any, name: str) -> Made | None:
    """How a field of a record that is shown from a row is read, with the columns it needs; None for other records."""
    if not issubclass(origin, Shown):
        return None
    return origin.MADE.get(name) or Made(frozenset({name}), attrgetter(f"row.{name}"))
