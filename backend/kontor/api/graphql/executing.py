"""Plain values by a shorter way: most of an answer are attributes that hold a text, a number, a time or such a record.

For each of these the library would note where it is, ask whether the value has to be awaited and take its type apart.
Here a selection is looked at once per request and becomes a few functions, which then read every record of a list.
Whatever is not plain, and whatever goes wrong on the short way, goes the library's own way: errors are made there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

PLAIN = frozenset({str, int, bool, float, UUID, datetime, date, Decimal})
AS_THEY_ARE = {GraphQLString: str, GraphQLBoolean: bool}
SMALL = range(-(2**31), 2**31)
Reader = Callable[[Any], Any]


class NotPlain(Exception):
    """This value goes the library's own way."""


class ShortWay(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The selected fields of one record."""
        plan = self._plan(parent_type, grouped_field_set)
        results: dict[str, Any] = {}
        rest = None
        for name, reader, details in plan:
            if reader is not None:
                try:
                    results[name] = reader(source_value)
                    continue
                except Exception:  # noqa: S110 - the library's own way says what is wrong
                    pass
            results[name] = None  # keeps the order of the selection
            rest = rest or {}
            rest[name] = details
        if rest is None:
            return results
        others: Any = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if self.is_awaitable(others):
            return _joined(results, rest, others)
        return _merged(results, rest, others)

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """The value of a field as it goes into the answer."""
        if type(result) is list:
            complete = self._kept(return_type, field_details_list)
            if complete is not None:
                try:
                    return complete(result)
                except Exception:  # noqa: S110 - as above
                    pass
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _plan(self, parent_type: GraphQLObjectType, fields: Any) -> list[tuple[str, Reader | None, Any]]:
        """How to read each field; made once for all records of a list. The fields live as long as the request."""
        plans = self.__dict__.setdefault("_plans", {})
        key = (parent_type, id(fields))
        if key not in plans:
            made = [(name, self._reader(parent_type, details), details) for name, details in fields.items()]
            plans[key] = (fields, made)
        plan: list[tuple[str, Reader | None, Any]] = plans[key][1]
        return plan

    def _reader(self, parent_type: GraphQLObjectType, details: Any) -> Reader | None:
        node = details[0].node
        if node.name.value == "__typename":
            return lambda _: parent_type.name
        field = self.schema.get_field(parent_type, node.name.value)
        name = attribute_of(field) if field is not None else None
        if field is None or name is None or node.arguments:
            return None
        complete = self._completer(field.type, details)
        return None if complete is None else lambda source: complete(getattr(source, name))

    def _kept(self, kind: Any, details: Any) -> Reader | None:
        completers = self.__dict__.setdefault("_completers", {})
        key = (id(kind), id(details))
        if key not in completers:
            completers[key] = (details, self._completer(kind, details))
        complete: Reader | None = completers[key][1]
        return complete

    def _completer(self, kind: Any, details: Any) -> Reader | None:
        """From a value to what stands in the answer; None where a value of this type may need more than reading."""
        if is_non_null_type(kind):
            inner = self._completer(kind.of_type, details)
            return inner and _never_null(inner)
        if is_leaf_type(kind):
            return _or_null(leaf_of(kind))
        if any(each.node.directives for each in details):
            return None
        if is_list_type(kind):
            item = self._completer(kind.of_type, details)
            return item and _or_null(lambda values: [item(value) for value in _listed(values)])
        return self._record(kind, details) if is_object_type(kind) else None

    def _record(self, kind: GraphQLObjectType, details: Any) -> Reader | None:
        definition = kind.extensions.get("strawberry-definition")
        fields, deferred, *_ = self.collect_subfields(kind, details)
        if definition is None or deferred:
            return None
        plan = self._plan(kind, fields)
        readers = [(name, reader) for name, reader, _ in plan if reader is not None]
        if len(readers) < len(plan):
            return None
        origin = definition.origin

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not origin:
                raise NotPlain
            return {name: reader(value) for name, reader in readers}

        return _or_null(read)


def attribute_of(field: GraphQLField) -> str | None:
    """The attribute that a field hands out; None for one that computes its value."""
    definition = field.extensions.get("strawberry-definition")
    if definition is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    name: str = definition.python_name
    return name


@lru_cache(maxsize=512)
def leaf_of(kind: Any) -> Reader:
    """From a plain value of a scalar or enum to what stands in the answer."""
    alike = AS_THEY_ARE.get(kind)
    known: dict[Any, Any] = {}

    def read(value: Any) -> Any:
        found = type(value)
        if found is alike or (kind is GraphQLInt and found is int and value in SMALL):
            return value
        if isinstance(value, Enum):
            if value not in known:
                known[value] = _present(kind.coerce_output_value(value))
            return known[value]
        if found not in PLAIN:
            raise NotPlain
        return _present(kind.coerce_output_value(value))

    return read


def _present(value: Any) -> Any:
    if value is None or value is Undefined:
        raise NotPlain
    return value


def _listed(values: Any) -> Any:
    if type(values) not in (list, tuple):
        raise NotPlain
    return values


def _or_null(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _never_null(read: Reader) -> Reader:
    def present(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return read(value)

    return present


def _merged(results: dict[str, Any], rest: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    for name in rest:
        if name in others:
            results[name] = others[name]
        else:
            del results[name]
    return results


async def _joined(results: dict[str, Any], rest: dict[str, Any], others: Any) -> dict[str, Any]:
    return _merged(results, rest, await others)
